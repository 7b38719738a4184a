package open

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	icerest "github.com/apache/iceberg-go/catalog/rest"
	icetable "github.com/apache/iceberg-go/table"
)

func TestAnAnswerThatIsCutOffByAStopSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/v1/config" {
			w.Write([]byte("{}")) //nolint:errcheck // the client notices
			return
		}
		w.Write([]byte(`{"metadata": {`)) //nolint:errcheck // the same
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		time.AfterFunc(100*time.Millisecond, cancel) // by then the client reads the body
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	library, err := icerest.NewCatalog(t.Context(), "lake", server.URL)
	if err != nil {
		t.Fatal(err)
	}
	r := &remote{Catalog: library}
	if _, err := r.LoadTable(ctx, icetable.Identifier{"music", "listens"}); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped while the table was sent: %v", err)
	}
}
