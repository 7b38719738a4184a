package e2e

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/erase"
	"github.com/lakectl/lakectl/jobs/royalty/ledger"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
	"github.com/lakectl/lakectl/lake/listen"
	"github.com/lakectl/lakectl/lake/trino"
)

// contestedCopies are copies of few listens that differ in what decides, at the ends of months, with texts whose order
// by bytes is not that of UTF-16.
func contestedCopies(seed uint64, n int) []string {
	r := rand.New(rand.NewPCG(seed, 11))
	one := func(texts ...string) string { return texts[r.IntN(len(texts))] }
	lines := make([]string, n)
	for i := range lines {
		more := []any{
			"track_id", one("t", "T", "é", "ｚ", "😀"), "artist_id", one("A", "a'b", "a\u00adb"), "device", one("phone", "web", "ß"),
			"received_time", one("2026-04-01T00:00:00Z", "2026-04-01T00:00:00.000001Z", "2026-04-02T10:00:00Z"),
			"ms_played", 29_999 + r.IntN(3), "country", one("DE", "FR"), "tier", one("free", "prémium"),
		}
		if r.IntN(3) > 0 {
			more = append(more, "track_ms", 1+r.IntN(2))
		}
		id := fmt.Sprint(one("z", "é", "日本", "😀", "a'b", "ｚ"), r.IntN(n/8))
		event := one("2026-02-28T23:59:59.999999Z", "2026-03-01T00:00:00Z", "2026-03-10T10:00:00.5Z", "2026-03-31T23:59:59.999999Z", "2026-03-31T23:59:59.9999Z")
		lines[i] = play(id, one("story-user-1", "u2", "ü3", "😀4"), event, more...)
		if i > 0 && r.IntN(6) == 0 {
			lines[i] = lines[r.IntN(i)] // the same to the letter
		}
	}
	return lines
}

// twins are the same lake twice: DuckDB computes one, Trino the other.
type twins struct {
	t           *testing.T
	duck, trino *lakeDir
}

func newTwins(t *testing.T) twins {
	w := twins{t, newLakeDir(t, false), onTrino(t)}
	for _, l := range w.each() {
		l.run(nil, "pools", "apply", l.write("pools.csv", "period,country,tier,currency,amount_minor\n2026-02,*,*,EUR,777\n2026-03,*,*,EUR,10001\n"))
	}
	return w
}

func (w twins) each() []*lakeDir { return []*lakeDir{w.duck, w.trino} }

func (w twins) ingest(source string, lines []string) {
	w.t.Helper()
	for _, l := range w.each() {
		l.ingest(lines, source)
	}
}

// updated is what 'lakectl job royalties' says of the ledger, but for snapshots.
type updated struct {
	FilesRead  int   `json:"files_read"`
	RowsRead   int64 `json:"rows_read"`
	Counted    int64 `json:"counted"`
	Replaced   int64 `json:"replaced"`
	Duplicates int64 `json:"duplicates"`
	Removed    int64 `json:"removed"`
	Rebuilt    bool  `json:"rebuilt"`
	Committed  bool  `json:"committed"`
}

// agree runs the job on both, and holds what it says and all rows against one another.
func (w twins) agree(step string) updated {
	w.t.Helper()
	var want, got struct {
		Ledger updated `json:"ledger"`
	}
	w.duck.run(&want, "job", "royalties")
	w.trino.run(&got, "job", "royalties", "--engine", "trino")
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("%s: the reports differ (-duckdb +trino)\n%s", step, diff)
	}
	for _, text := range []string{
		"SELECT * FROM listens_counted ORDER BY ALL", "SELECT * FROM listens_duplicates ORDER BY ALL", "SELECT * FROM royalty_payouts ORDER BY ALL",
		"SELECT period, arg_max(checksum, finished_at) AS checksum FROM royalty_runs GROUP BY period ORDER BY period",
	} {
		want, got := w.duck.query(text), w.trino.query(text)
		if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
			w.t.Errorf("%s: %s: %d rows (-duckdb +trino)\n%s", step, text, len(want), diff)
		}
	}
	return got.Ledger
}

func TestTheLedgerOfTrinoIsThatOfDuckDB(t *testing.T) {
	w := newTwins(t)
	w.ingest("first", contestedCopies(1, 400))
	if r := w.agree("first build"); r.Duplicates == 0 || r.Rebuilt {
		t.Errorf("%+v", r)
	}
	for _, row := range w.trino.query("SELECT DISTINCT engine FROM royalty_runs") {
		if row["engine"] != "trino" {
			t.Errorf("computed by %v", row)
		}
	}
	w.ingest("late", contestedCopies(2, 200))
	w.ingest("later", contestedCopies(3, 100))
	if r := w.agree("a night"); r.Replaced == 0 || r.Duplicates == 0 || r.Counted == 0 {
		t.Errorf("%+v", r)
	}
	w.agree("nothing new")
	w.ingest("leave", []string{leave("r1", "story-user-1", "2026-06-01T00:00:00Z")})
	for _, l := range w.each() {
		l.eraseAndEndEarly()
	}
	w.ingest("after", contestedCopies(4, 60))
	if r := w.agree("after an erasure"); r.Counted == 0 {
		t.Errorf("%+v", r)
	}
	for _, l := range w.each() {
		l.run(nil, "job", "deletions")
	}
	own := openLake(w.duck)
	const torn = "event_time < TIMESTAMP '2026-03-01 00:00:00 UTC' AND device = 'ß'"
	w.trino.engine.Execute("DELETE FROM listens WHERE " + torn)
	own.Hand(t, catalog.Listens).Delete(laketest.ByPosition, strings.Replace(torn, "TIMESTAMP", "TIMESTAMPTZ", 1))
	w.ingest("beside", contestedCopies(8, 60))
	if r := w.agree("rows of the archive that another engine deleted"); r.Removed == 0 {
		t.Errorf("%+v", r)
	}
	w.trino.engine.Execute("DELETE FROM listens_counted WHERE device = 'web'")
	own.Hand(t, catalog.ListensCounted).Delete(laketest.ByPosition, "device = 'web'")
	if r := w.agree("another engine's hand"); !r.Rebuilt {
		t.Errorf("%+v", r)
	}
	w.trino.run(nil, "job", "royalties", "--full", "--engine", "trino")
	w.trino.run(nil, "job", "royalties", "--full")
	for _, period := range []string{"2026-02", "2026-03"} {
		var result struct {
			Outcome string `json:"outcome"`
		}
		w.trino.run(&result, "royalties", "reproduce", period)
		if result.Outcome != "same" {
			t.Errorf("%s: %+v", period, result)
		}
	}
}

// connected opens the lake as jobs do.
func (l *lakeDir) connected() (*laketest.Lake, trino.Options) {
	l.t.Helper()
	o := open.Options{
		Type: "sqlite", URI: filepath.Join(l.dir, "catalog.db"), Name: "lake", Warehouse: filepath.Join(l.dir, "warehouse"),
		SubjectKeyFile: filepath.Join(l.dir, "subject.key"), Log: slog.New(slog.DiscardHandler),
	}
	var k trino.Options
	if uri, err := os.ReadFile(filepath.Join(l.dir, "catalog.uri")); err == nil {
		o.Type, o.URI, k = "postgres", string(uri), l.engine.Options
	} else {
		o.SubjectKeyFile = ""
	}
	c, err := open.Connect(l.t.Context(), o)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { c.Close() }) //nolint:errcheck // the folder is removed next
	return &laketest.Lake{
		Lake: c.Lake(), Dir: l.dir, Catalog: c, Options: o,
		Duck: duck.Options{MemoryLimit: "512MiB", Threads: laketest.Threads(), TempDir: filepath.Join(l.dir, "own-tmp")},
	}, k
}

func (l *lakeDir) envOf(c *laketest.Lake, client *trino.Client) jobs.Env {
	l.t.Helper()
	key, err := c.Catalog.SubjectKey(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	return jobs.Env{
		Lake: c.Lake, Duck: c.Duck, Trino: client, SubjectKey: listen.Key(key), Log: slog.New(slog.DiscardHandler),
		Now: time.Now, Progress: func(string) {}, Erasure: jobs.Erasure{Deadline: 30 * 24 * time.Hour},
	}
}

// eraseAndEndEarly carries out deletion requests. The ledger has the copies that take the place of erased ones when the
// run ends, and listens_duplicates has them still.
func (l *lakeDir) eraseAndEndEarly() {
	l.t.Helper()
	c, options := l.connected()
	var client *trino.Client
	if options.URL != "" {
		client = laketest.TrinoClient(l.t, options)
	}
	if _, err := erase.Delete(l.t.Context(), l.envOf(c, client)); err != nil {
		l.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(l.t.Context())
	defer cancel()
	commits := 0
	_, err := ledger.Update(ctx, l.envOf(c.With(&laketest.Faults{Strike: func(step laketest.Step, table string) error {
		if step == laketest.BeforeCommit && table == catalog.Duplicates {
			commits++
		}
		if commits < 2 {
			return nil
		}
		cancel()
		return laketest.ErrInjected
	}}), client))
	if commits < 2 || err == nil {
		l.t.Fatalf("%d commits of duplicates, %v: nothing was to be handed over", commits, err)
	}
}

// recounted holds the ledger against the copies of the archive in the published order. Of copies that are alike to the
// letter any may count.
func (l *lakeDir) recounted(step string) {
	l.t.Helper()
	want := l.query(`SELECT listen_id, user_id, track_id, artist_id, device, event_time, ms_played, track_ms, country, tier, received_time FROM listens
		QUALIFY row_number() OVER (PARTITION BY listen_id
			ORDER BY received_time, event_time, ms_played, track_id, artist_id, user_id, country, tier, device, track_ms) = 1 ORDER BY ALL`)
	got := l.query("SELECT * EXCLUDE (source_topic, source_partition, source_offset) FROM listens_counted ORDER BY ALL")
	if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
		l.t.Fatalf("%s: %d rows\n%s", step, len(want), diff)
	}
	for _, row := range l.query(`SELECT source_topic, source_offset FROM listens EXCEPT ALL
		(SELECT source_topic, source_offset FROM listens_counted UNION ALL SELECT source_topic, source_offset FROM listens_duplicates)`) {
		l.t.Fatalf("%s: a copy is in neither table: %v", step, row)
	}
	for _, row := range l.query(`SELECT d.source_topic, d.source_offset FROM listens_duplicates d LEFT JOIN listens_counted l USING (listen_id)
		WHERE l.event_time IS DISTINCT FROM d.winner_event_time OR (l.user_id <> d.user_id) IS DISTINCT FROM d.other_user`) {
		l.t.Fatalf("%s: a duplicate names another winner: %v", step, row)
	}
}

func TestALedgerByTrinoThatCrashesAtAnyStepIsMadeWhole(t *testing.T) {
	l := onTrino(t)
	l.ingest(contestedCopies(5, 120), "first")
	c, options := l.connected()
	client := laketest.TrinoClient(t, options)
	crash := func(nth int) error {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		_, err := ledger.Update(ctx, l.envOf(c.With(laketest.CrashOnce(nth, cancel)), client))
		if err != nil && !errors.Is(err, laketest.ErrInjected) && !errors.Is(err, context.Canceled) {
			t.Fatalf("crash at step %d: %v", nth, err)
		}
		return err
	}
	update := func(step string) ledger.Report {
		t.Helper()
		r, err := ledger.Update(t.Context(), l.envOf(c, client))
		if err != nil {
			t.Fatalf("%s: %v", step, err)
		}
		l.recounted(step)
		return r
	}
	const stride = 5 // a step takes seconds
	if crash(2+stride) == nil {
		t.Fatal("the faults do not reach the first build")
	}
	update("first build")
	for what, before := range map[string]func(nth int){
		"rebuild": func(int) { c.Hand(t, catalog.ListensCounted).Delete(laketest.WholeFiles, "device = 'web'") },
		"night":   func(nth int) { l.ingest(contestedCopies(uint64(nth), 40), fmt.Sprint("night-", nth)) },
	} {
		nth := 1
		for before(nth); crash(nth) != nil; before(nth) {
			update(fmt.Sprint(what, ", after a crash at step ", nth))
			nth += stride
		}
		if update(what); nth < 9 {
			t.Errorf("%s: %d steps: the faults do not reach the job", what, nth)
		}
		if r := update("nothing new"); r.Committed {
			t.Errorf("one more run commits: %+v", r)
		}
	}
}

func TestOfTwoLedgersByTrinoAtOnceOneIsCommitted(t *testing.T) {
	l := onTrino(t)
	l.ingest(contestedCopies(6, 120), "first")
	c, options := l.connected()
	client := laketest.TrinoClient(t, options)
	var other error
	met := false
	slow := &laketest.Faults{Strike: func(step laketest.Step, table string) error {
		if step == laketest.BeforeCommit && strings.HasPrefix(table, catalog.Duplicates) && !met {
			met = true
			_, other = ledger.Update(t.Context(), l.envOf(c, client))
		}
		return nil
	}}
	_, err := ledger.Update(t.Context(), l.envOf(c.With(slow), client))
	if other != nil || !met || !errors.Is(err, lake.ErrFenced) || frame.ExitCode(err) != frame.ExitFenced {
		t.Errorf("the slow one: %v, the other (met %v): %v", err, met, other)
	}
	if rows := l.query("SELECT count(*) - count(DISTINCT listen_id) AS twice, count(*) AS n FROM listens_counted")[0]; rows["twice"] != 0.0 || rows["n"] == 0.0 {
		t.Errorf("%v", rows)
	}
}

func TestALedgerOutlivesATrinoThatIsLost(t *testing.T) {
	l := onTrino(t)
	l.ingest(contestedCopies(7, 120), "first")
	c, options := l.connected()
	server, err := url.Parse(options.URL)
	if err != nil {
		t.Fatal(err)
	}
	var left atomic.Int64
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(server)
		r.Out.Host = r.In.Host // Trino sends the client on to where it was asked
	}}
	lossy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if left.Add(-1) < 0 {
			panic(http.ErrAbortHandler)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(lossy.Close)
	short := options
	short.URL, short.Patience = lossy.URL, 200*time.Millisecond
	client := laketest.TrinoClient(t, short)
	lost := 0
	for n := int64(1); ; n += 3 {
		left.Store(n)
		_, err := ledger.Update(t.Context(), l.envOf(c, client))
		if err == nil {
			break
		}
		lost++
		if !errors.Is(err, trino.ErrLost) || frame.ExitCode(err) != frame.ExitPartial || lake.Hint(err) == "" {
			t.Fatalf("lost after %d requests: %v", n, err)
		}
	}
	rows := l.query("SELECT (SELECT count(DISTINCT listen_id) FROM listens) - count(*) AS missing, count(*) - count(DISTINCT listen_id) AS twice FROM listens_counted")[0]
	if lost == 0 || rows["missing"] != 0.0 || rows["twice"] != 0.0 {
		t.Errorf("lost %d times, then %v", lost, rows)
	}
}
