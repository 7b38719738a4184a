package trino_test

import (
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/trino"
)

func TestOnlyASingleQueryIsSent(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.WriteHeader(http.StatusBadRequest)
	}))
	defer server.Close()
	c := laketest.TrinoClient(t, trino.Options{URL: server.URL, Catalog: "lake", Namespace: "music", User: "test"})
	for _, text := range []string{
		"", ";", "-- SELECT 1", "/* SELECT 1", "DELETE FROM sources", "INSERT INTO sources SELECT 1", "CALL x()", "EXPLAIN ANALYZE DELETE FROM sources",
		"/* SELECT */ DROP TABLE sources", "SELECTED", "USE music", "SET SESSION x = 1", "'SELECT'", "SELECT 'x", "SELECT \xff", "SELECT 1 /* ",
	} {
		if _, err := rows(t, c, trino.Query{Text: text}); err == nil || asked > 0 {
			t.Errorf("%q: %v, the server was asked %d times", text, err, asked)
		}
	}
	if _, err := rows(t, c, trino.Query{Text: "SELECT ?", Args: []any{[]byte("x")}}); err == nil || asked > 0 {
		t.Errorf("bytes as a parameter: %v, the server was asked %d times", err, asked)
	}
	if _, err := rows(t, c, trino.Query{Text: "SELECT 1"}); err == nil || asked != 1 {
		t.Errorf("a query: %v, the server was asked %d times", err, asked)
	}
}

func TestASecretIsSentOverTLSAndNeverShown(t *testing.T) {
	for _, o := range []trino.Options{
		{URL: "http://127.0.0.1:1", Password: "sesame"},
		{URL: "http://127.0.0.1:1", Token: "sesame"},
		{URL: "https://user:sesame@127.0.0.1:1"},
		{URL: "127.0.0.1:1", Password: "sesame"},
		{URL: "https://127.0.0.1:1", Password: "sesame", CAFile: "/sesame/none.pem"},
	} {
		if _, err := ask(t, o); err == nil || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: %v", strings.ReplaceAll(o.URL, "sesame", "*"), err)
		}
	}
	for _, o := range []trino.Options{{Password: "sesame"}, {Token: "sesame"}} {
		o.URL, o.User, o.Patience = "https://127.0.0.1:1", "test", time.Millisecond
		_, err := ask(t, o)
		if !errors.Is(err, trino.ErrLost) || lake.Hint(err) == "" || strings.Contains(err.Error()+lake.Hint(err), "sesame") {
			t.Errorf("a server that is not there: %v, hint %q", err, lake.Hint(err))
		}
	}
}

func TestAServerIsKnownByTheAuthoritiesOfTheFile(t *testing.T) {
	asked := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.WriteHeader(http.StatusBadRequest)
	}))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0) // it would tell of the client that does not know it
	server.StartTLS()
	defer server.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, ca := range []string{"", file} {
		if _, err := ask(t, trino.Options{URL: server.URL, Password: "sesame", User: "test", CAFile: ca, Patience: time.Millisecond}); err == nil || asked != want {
			t.Errorf("file %q: the server was asked %d times, %v", ca, asked, err)
		}
	}
}

// ask makes a client and has it run a query.
func ask(t *testing.T, o trino.Options) ([][]any, error) {
	t.Helper()
	c, err := trino.Open(o)
	if err != nil {
		return nil, err
	}
	defer c.Close() //nolint:errcheck // nothing is kept
	return rows(t, c, trino.Query{Text: "SELECT 1"})
}

func TestALostWorkerIsToldFromAFailedQuery(t *testing.T) {
	for name, want := range map[string]error{
		"REMOTE_HOST_GONE": trino.ErrLost, "NO_NODES_AVAILABLE": trino.ErrLost, "SERVER_SHUTTING_DOWN": trino.ErrLost,
		"CLUSTER_OUT_OF_MEMORY": trino.ErrMemory, "COLUMN_NOT_FOUND": trino.ErrQuery, "PERMISSION_DENIED": trino.ErrQuery,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"id":"1","stats":{"state":"FAILED"},"error":{"message":"it failed","errorCode":1,"errorName":%q,"errorType":"EXTERNAL"}}`, name) //nolint:errcheck // a test server
		}))
		_, err := ask(t, trino.Options{URL: server.URL, User: "test"})
		server.Close()
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, kind := range []error{trino.ErrLost, trino.ErrMemory, trino.ErrQuery} {
			if errors.Is(err, kind) != errors.Is(want, kind) || errors.Is(want, trino.ErrQuery) != (lake.Hint(err) == "") {
				t.Errorf("%s: %v, hint %q", name, err, lake.Hint(err))
			}
		}
	}
}
