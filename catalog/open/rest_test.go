package open_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/lake"
)

// restServer answers as a REST catalog without a lake that wants a login. It keeps what it was asked with.
func restServer(t *testing.T) (o open.Options, asked *[]*http.Request) {
	t.Helper()
	asked = new([]*http.Request)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		*asked = append(*asked, r)
		answer := func(status int, body any) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			json.NewEncoder(w).Encode(body) //nolint:errcheck // the client notices
		}
		switch {
		case r.URL.Path == "/login":
			answer(http.StatusOK, map[string]any{"access_token": "made", "token_type": "bearer"})
		case r.Header.Get("Authorization") != "Bearer made":
			answer(http.StatusUnauthorized, map[string]any{"error": map[string]any{"message": "who are you", "type": "NotAuthorizedException", "code": 401}})
		case r.URL.Path == "/v1/config":
			answer(http.StatusOK, map[string]any{"defaults": map[string]string{}, "overrides": map[string]string{}})
		default:
			answer(http.StatusNotFound, map[string]any{"error": map[string]any{"message": "no", "type": "NoSuchNamespaceException", "code": 404}})
		}
	}))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	return open.Options{
		Type: "rest", URI: server.URL, Name: "lake", Warehouse: filepath.Join(dir, "warehouse"), SubjectKeyFile: filepath.Join(dir, "subject.key"),
		Log: slog.New(slog.DiscardHandler),
	}, asked
}

func TestARestCatalogIsLoggedInToByTokenOrByCredential(t *testing.T) {
	o, asked := restServer(t)
	_, err := open.Connect(t.Context(), o)
	if err == nil || !strings.Contains(lake.Hint(err), "catalog.rest.token") {
		t.Errorf("without a login: %v, hint %q", err, lake.Hint(err))
	}
	o.Rest = open.Rest{Token: "made", Warehouse: "music"}
	if _, err := open.Connect(t.Context(), o); !errors.Is(err, lake.ErrNotFound) || !strings.Contains(lake.Hint(err), "lakectl init") {
		t.Errorf("a catalog without a lake: %v, hint %q", err, lake.Hint(err))
	}
	for _, r := range *asked {
		if delegated := r.Header.Get("X-Iceberg-Access-Delegation"); delegated != "" {
			t.Errorf("%s asks for %s: credentials come from the AWS chain alone", r.URL, delegated)
		}
		if r.URL.Path == "/v1/config" && r.Header.Get("Authorization") != "" && r.URL.Query().Get("warehouse") != "music" {
			t.Errorf("%s does not name the warehouse", r.URL)
		}
	}
	o.Rest = open.Rest{Credential: "someone:secret", AuthURI: o.URI + "/login", Scope: "PRINCIPAL_ROLE:ALL"}
	if _, err := open.Connect(t.Context(), o); !errors.Is(err, lake.ErrNotFound) {
		t.Errorf("%v", err)
	}
	form := (*asked)[len(*asked)-1].Form
	for _, r := range *asked {
		if r.URL.Path == "/login" {
			form = r.PostForm
		}
	}
	if form.Get("client_id") != "someone" || form.Get("client_secret") != "secret" || form.Get("scope") != "PRINCIPAL_ROLE:ALL" || form.Get("grant_type") != "client_credentials" {
		t.Errorf("the login was %v", form)
	}
}

func TestALakeInARestCatalogIsNotMovedFromHere(t *testing.T) {
	o, _ := restServer(t)
	o.Rest.Token = "made"
	if _, err := open.Relocate(t.Context(), o, open.RelocateOptions{}); err == nil || lake.Hint(err) == "" {
		t.Errorf("relocate: %v", err)
	}
	if _, err := open.Restore(t.Context(), o, open.RestoreOptions{}); err == nil || lake.Hint(err) == "" {
		t.Errorf("restore: %v", err)
	}
}

// A name comes from whoever asks 'catalog serve' for a table, and goes into the path of a request with lakectl's login.
func TestATablesNameLeadsToNoOtherTableOfARestCatalog(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.EscapedPath())
		w.Header().Set("Content-Type", "application/json")
		if strings.Contains(r.URL.Path, "/tables/") {
			w.WriteHeader(http.StatusNotFound)
		}
		w.Write([]byte(`{"defaults": {}, "overrides": {}, "namespace": ["music"], "identifiers": []}`)) //nolint:errcheck // the client notices
	}))
	t.Cleanup(server.Close)
	c, err := open.Connect(t.Context(), open.Options{
		Type: "rest", URI: server.URL, Name: "lake", Warehouse: t.TempDir(), SubjectKeyFile: filepath.Join(t.TempDir(), "subject.key"), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // it holds nothing
	asked = nil
	for _, name := range []string{"x/../listens", "../../theirs/tables/listens", "./listens", "%6cisten%73", "..", ".", ""} {
		if _, err := c.Lake().MetadataFile(t.Context(), name); !errors.Is(err, lake.ErrNotFound) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if len(asked) != 0 {
		t.Errorf("the catalog was asked for %q", asked)
	}
	if _, err := c.Lake().MetadataFile(t.Context(), "listens"); !errors.Is(err, lake.ErrNotFound) || len(asked) != 1 || !strings.HasSuffix(asked[0], "/music/tables/listens") {
		t.Errorf("%v, asked for %q", err, asked)
	}
}
