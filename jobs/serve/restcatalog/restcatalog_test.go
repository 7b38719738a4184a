package restcatalog_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/serve/access"
	"github.com/lakectl/lakectl/jobs/serve/restcatalog"
)

// world is a lake and the catalog that is served over it.
type world struct {
	*testing.T
	*laketest.Lake
	*httptest.Server
	env jobs.Env
	log *laketest.Journal
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, Lake: laketest.New(t), log: &laketest.Journal{}}
	w.env = jobs.Env{
		Lake: w.Lake.Lake, Duck: w.Duck, Log: slog.New(slog.NewTextHandler(w.log, nil)), Now: func() time.Time { return time.Now().UTC() }, Progress: func(string) {},
	}
	s, err := restcatalog.New(w.env, restcatalog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.Server = httptest.NewServer(s.Handler())
	t.Cleanup(w.Close)
	return w
}

// put commits sources; each is one row.
func (w *world) put(names ...string) {
	w.Helper()
	var rows [][]any
	for _, name := range names {
		rows = append(rows, []any{name, int64(1), time.Now().UTC()})
	}
	w.Put(w, "test", catalog.Sources, nil, rows...)
}

// answered is what came back.
type answered struct {
	status int
	header http.Header
	body   string
}

// ask sends a request; headers are names and values in turn.
func (w *world) ask(method, path string, headers ...string) answered {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), method, w.URL+path, nil)
	if err != nil {
		w.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer got.Body.Close() //nolint:errcheck // a test
	body, err := io.ReadAll(got.Body)
	if err != nil {
		w.Fatal(err)
	}
	return answered{got.StatusCode, got.Header, string(body)}
}

// refused tells whether an answer is an error as the protocol writes it, of this status and kind.
func (w *world) refused(what string, a answered, status int, kind string) {
	w.Helper()
	var e struct {
		Error struct {
			Message, Type string
			Code          int
		}
	}
	err := json.Unmarshal([]byte(a.body), &e)
	if err != nil || a.status != status || e.Error.Code != status || e.Error.Type != kind || e.Error.Message == "" {
		w.Errorf("%s: %d %s, want %d %s (%v)", what, a.status, a.body, status, kind, err)
	}
}

// metadata is what a table's answer has of it.
type metadata struct {
	Location string `json:"metadata-location"`
	Metadata struct {
		Current   int64 `json:"current-snapshot-id"`
		Snapshots []struct {
			ID int64 `json:"snapshot-id"`
		} `json:"snapshots"`
		Log  []any          `json:"snapshot-log"`
		Past []any          `json:"metadata-log"`
		Refs map[string]any `json:"refs"`
		UUID string         `json:"table-uuid"`
	} `json:"metadata"`
}

func (w *world) table(name, query string) (m metadata, a answered) {
	w.Helper()
	a = w.ask("GET", "/v1/namespaces/music/tables/"+name+query)
	if err := json.Unmarshal([]byte(a.body), &m); err != nil || a.status != 200 {
		w.Fatalf("%s: %v, %d %s", name, err, a.status, a.body)
	}
	return m, a
}

const sources = "/v1/namespaces/music/tables/sources"

func TestNoRouteWritesAndClientsAreToldOfNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put("one")
	config := w.ask("GET", "/v1/config?warehouse=x")
	for _, word := range []string{"POST", "DELETE", "PUT", "prefix\":"} {
		if config.status != 200 || strings.Contains(config.body, word) {
			t.Errorf("the configuration has %s: %s", word, config.body)
		}
	}
	before, _ := w.table("sources", "")
	for _, path := range []string{
		"/v1/namespaces", "/v1/namespaces/music", "/v1/namespaces/music/properties", "/v1/namespaces/music/tables", sources, sources + "?purgeRequested=true",
		"/v1/tables/rename", "/v1/transactions/commit", "/v1/namespaces/music/register", "/v1/oauth/tokens", "/elsewhere",
	} {
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
			w.refused(method+" "+path, w.ask(method, path), 403, "ForbiddenException")
		}
		w.refused(path, w.ask("OPTIONS", path), 405, "UnsupportedOperationException")
	}
	if a := w.ask("POST", sources+"/metrics"); a.status != 204 {
		t.Errorf("metrics: %d", a.status)
	}
	if after, _ := w.table("sources", ""); after.Location != before.Location {
		t.Error("something was written")
	}
}

func TestWhatIsNotThereIsNamedAsClientsKnowIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, kind := range map[string]string{
		"/v1/namespaces/nobody": "NoSuchNamespaceException", "/v1/namespaces/nobody/tables": "NoSuchNamespaceException",
		"/v1/namespaces?parent=nobody": "NoSuchNamespaceException", "/v1/namespaces/music%1Fdeeper": "NoSuchNamespaceException",
		"/v1/namespaces/nobody/tables/sources": "NoSuchNamespaceException", "/v1/namespaces/music/tables/nothing": "NoSuchTableException",
		"/v1/namespaces/music/tables/%2e%2e%2fx": "NoSuchTableException", "/v1/namespaces/music/tables/'": "NoSuchTableException",
		"/v1/namespaces/music/views/sources": "NoSuchViewException", "/v1/elsewhere": "NotFoundException", "/": "NotFoundException",
	} {
		w.refused(path, w.ask("GET", path), 404, kind)
		if a := w.ask("HEAD", path); a.status != 404 || a.body != "" {
			t.Errorf("HEAD %s: %d %q", path, a.status, a.body)
		}
	}
	for path, want := range map[string]string{
		"/v1/namespaces": `{"namespaces":[["music"]]}`, "/v1/namespaces?parent=": `{"namespaces":[["music"]]}`, "/v1/namespaces?parent=music": `{"namespaces":[]}`,
		"/v1/namespaces/music": `{"namespace":["music"],"properties":{}}`, "/v1/namespaces/music/views": `{"identifiers":[]}`,
	} {
		if a := w.ask("GET", path); a.status != 200 || strings.TrimSpace(a.body) != want {
			t.Errorf("%s: %d %s, want %s", path, a.status, a.body, want)
		}
	}
	for _, path := range []string{"/v1/namespaces/music", sources} {
		if a := w.ask("HEAD", path); a.status != 204 {
			t.Errorf("HEAD %s: %d", path, a.status)
		}
	}
}

func TestPagesHaveEachTableOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	type page struct {
		Identifiers []struct{ Name string }
		Next        string `json:"next-page-token"`
	}
	list := func(query string) (names []string, next string) {
		var p page
		if a := w.ask("GET", "/v1/namespaces/music/tables"+query); json.Unmarshal([]byte(a.body), &p) != nil {
			t.Fatalf("%s: %d %s", query, a.status, a.body)
		}
		for _, i := range p.Identifiers {
			names = append(names, i.Name)
		}
		return names, p.Next
	}
	all, next := list("")
	if len(all) != len(catalog.Specs()) || next != "" {
		t.Errorf("%d tables and %q, want %d at once", len(all), next, len(catalog.Specs()))
	}
	var paged []string
	for token, pages := "", 0; pages == 0 || token != ""; pages++ {
		var names []string
		if names, token = list("?pageSize=4&pageToken=" + token); len(names) > 4 || pages > len(all) {
			t.Fatalf("page %d has %v", pages, names)
		}
		paged = append(paged, names...)
	}
	if diff := cmp.Diff(all, paged); diff != "" {
		t.Error(diff)
	}
	for _, query := range []string{"?pageToken=!", "?pageToken=&pageSize=0", "?pageToken=&pageSize=x"} {
		w.refused(query, w.ask("GET", "/v1/namespaces/music/tables"+query), 400, "BadRequestException")
	}
}

func TestAClientThatHasTheNewestMetadataIsToldSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put("one")
	m, a := w.table("sources", "")
	tag := a.header.Get("ETag")
	if tag != `"`+m.Location+`"` {
		t.Errorf("the tag is %s, the metadata lies at %s", tag, m.Location)
	}
	if again := w.ask("GET", sources, "If-None-Match", tag); again.status != 304 || again.body != "" {
		t.Errorf("the same tag: %d %q", again.status, again.body)
	}
	if refs := w.ask("GET", sources+"?snapshots=refs", "If-None-Match", tag); refs.status != 200 {
		t.Errorf("the tag of all snapshots is taken for that of some: %d", refs.status)
	}
	w.put("two")
	if moved := w.ask("GET", sources, "If-None-Match", tag); moved.status != 200 || moved.header.Get("ETag") == tag {
		t.Errorf("after a commit: %d %s", moved.status, moved.header.Get("ETag"))
	}
}

func TestTheHistoryOfATableIsNamedUnlessItHasErasedRows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, table := range []string{catalog.RoyaltyLines, catalog.Listens, catalog.DeletionRequests} {
		tagged := w.Put(t, "test", table, nil)
		if err := w.Tag(t.Context(), "then", tagged, time.Hour); err != nil {
			t.Fatal(err)
		}
		w.Put(t, "test", table, nil)
		w.Put(t, "test", table, nil)
	}
	for _, c := range []struct {
		table, query    string
		snapshots, refs int
	}{
		{catalog.RoyaltyLines, "", 3, 2},
		{catalog.RoyaltyLines, "?snapshots=all", 3, 2},
		{catalog.RoyaltyLines, "?snapshots=refs", 2, 2},
		{catalog.Listens, "?snapshots=all", 1, 1},
		{catalog.Listens, "?snapshots=refs", 1, 1},
		{catalog.DeletionRequests, "", 1, 1},
	} {
		m, _ := w.table(c.table, c.query)
		want := w.Lake.Snapshot(t, c.table).Table()
		if len(m.Metadata.Snapshots) != c.snapshots || len(m.Metadata.Log) != c.snapshots || len(m.Metadata.Refs) != c.refs {
			t.Errorf("%s%s: %+v, want %d snapshots and %d refs", c.table, c.query, m.Metadata, c.snapshots, c.refs)
		}
		if m.Metadata.Current != want.Current().ID() || m.Location != want.MetadataURI() || m.Metadata.UUID == "" {
			t.Errorf("%s%s: snapshot %d at %s, want %d at %s", c.table, c.query, m.Metadata.Current, m.Location, want.Current().ID(), want.MetadataURI())
		}
		if personal := c.table != catalog.RoyaltyLines; personal != (len(m.Metadata.Past) == 0) {
			t.Errorf("%s: %d older metadata files are named", c.table, len(m.Metadata.Past))
		}
	}
	w.refused("half", w.ask("GET", sources+"?snapshots=half"), 400, "BadRequestException")
	if m, _ := w.table(catalog.Quarantine, ""); len(m.Metadata.Snapshots) != 0 {
		t.Errorf("a table without a snapshot: %+v", m.Metadata)
	}
}

func TestOperatorsAndAnalystsOpenTheTablesAndNobodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if a := w.ask("GET", sources); a.status != 200 {
		t.Fatalf("nobody was given access, and this machine is answered %d", a.status)
	}
	w.refused("a proxy", w.ask("GET", sources, "X-Forwarded-For", "10.0.0.1"), 403, "ForbiddenException")
	give := func(sees access.Sees, id string) access.Made {
		made, err := access.CreateToken(t.Context(), w.env, access.Scope{Sees: sees, ID: id}, "", 0)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	operator, analyst, artist, label := give(access.Operator, ""), give(access.Analyst, ""), give(access.Artist, "A"), give(access.Label, "L")
	s, err := restcatalog.New(w.env, restcatalog.Options{}) // which has not looked before
	if err != nil {
		t.Fatal(err)
	}
	w.Server = httptest.NewServer(s.Handler())
	t.Cleanup(w.Close)
	for _, made := range []access.Made{operator, analyst} {
		for _, path := range []string{"/v1/config", "/v1/namespaces", sources} {
			if a := w.ask("GET", path, "Authorization", "Bearer "+made.Secret); a.status != 200 {
				t.Errorf("%s as %s: %d %s", path, made.Scope, a.status, a.body)
			}
		}
		w.refused("a write", w.ask("POST", sources, "Authorization", "Bearer "+made.Secret), 403, "ForbiddenException")
	}
	for _, path := range []string{"/v1/config", "/v1/namespaces", sources, "/v1/elsewhere"} {
		for _, made := range []access.Made{artist, label} {
			w.refused(made.Scope, w.ask("GET", path, "Authorization", "Bearer "+made.Secret), 403, "ForbiddenException")
		}
		w.refused("without a token", w.ask("GET", path, "Accept", "text/html"), 401, "NotAuthorizedException")
		w.refused("PyIceberg without a token", w.ask("GET", path, "Authorization", "Bearer None"), 401, "NotAuthorizedException")
	}
	if a := w.ask("GET", "/healthz"); a.status != 200 {
		t.Errorf("healthz: %d", a.status)
	}
}
