package trino_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/trino"
)

// short is a standstill for tests. Trino says about once a second how far it is.
const short = 4 * time.Second

// said has Trino answer, and returns its answer.
func said(r *http.Request, trino http.Handler) *httptest.ResponseRecorder {
	r.Header.Del("Accept-Encoding")
	answer := httptest.NewRecorder()
	trino.ServeHTTP(answer, r)
	return answer
}

// write sends an answer, which stays as it is.
func write(w http.ResponseWriter, answer *httptest.ResponseRecorder) {
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	w.Write(answer.Body.Bytes()) //nolint:errcheck // the client is of this test
}

// freezing is a front that answers no GET once frozen is set, until the test ends.
func freezing(t *testing.T, server string, frozen *atomic.Bool, serve func(w http.ResponseWriter, r *http.Request, trino http.Handler)) string {
	t.Helper()
	thaws := make(chan struct{})
	between := front(t, server, func(w http.ResponseWriter, r *http.Request, trino http.Handler) {
		if frozen.Load() && r.Method == http.MethodGet {
			<-thaws
		}
		serve(w, r, trino)
	})
	t.Cleanup(func() { close(thaws) }) // before the server is closed, which waits for its requests
	return between
}

// wait returns after that long, or with the context.
func wait(ctx context.Context, long time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(long):
	}
}

func TestAQueryThatStandsStillIsEnded(t *testing.T) {
	server := laketest.Engine(t, "TRINO_URL")
	var stuck atomic.Pointer[httptest.ResponseRecorder] // Trino's word that the query runs, which it says from then on
	between := front(t, server, func(w http.ResponseWriter, r *http.Request, trino http.Handler) {
		if r.Method != http.MethodGet {
			trino.ServeHTTP(w, r)
			return
		}
		if stuck.Load() == nil {
			if answer := said(r, trino); bytes.Contains(answer.Body.Bytes(), []byte(`"state":"RUNNING"`)) {
				stuck.Store(answer)
			} else {
				write(w, answer)
				return
			}
		}
		wait(r.Context(), time.Second) // as long as Trino lets a client wait
		write(w, stuck.Load())
	})
	var id atomic.Value
	c := laketest.TrinoClient(t, trino.Options{URL: between, User: "test", Standstill: short, Progress: func(p trino.Progress) { id.Store(p.QueryID) }})
	_, err := rows(t, c, trino.Query{Text: endless})
	if !errors.Is(err, trino.ErrStill) || !errors.Is(err, trino.ErrLost) || lake.Hint(err) == "" {
		t.Errorf("%v, hint %q", err, lake.Hint(err))
	}
	ended(t, server, id.Load().(string))
}

func TestAServerThatSaysNothingIsLost(t *testing.T) {
	server := laketest.Engine(t, "TRINO_URL")
	var frozen atomic.Bool
	between := freezing(t, server, &frozen, func(w http.ResponseWriter, r *http.Request, trino http.Handler) { trino.ServeHTTP(w, r) })
	var id atomic.Value
	c := laketest.TrinoClient(t, trino.Options{URL: between, User: "test", Standstill: short, Progress: func(p trino.Progress) {
		if p.State == "RUNNING" && id.CompareAndSwap(nil, p.QueryID) {
			frozen.Store(true)
		}
	}})
	_, err := rows(t, c, trino.Query{Text: endless})
	if !errors.Is(err, trino.ErrLost) || errors.Is(err, trino.ErrStill) || lake.Hint(err) == "" || !frozen.Load() {
		t.Errorf("%v, hint %q", err, lake.Hint(err))
	}
	ended(t, server, id.Load().(string))
}

func TestWhoHasEnoughWaitsForNoPage(t *testing.T) {
	server := laketest.Engine(t, "TRINO_URL")
	var frozen atomic.Bool
	between := freezing(t, server, &frozen, func(w http.ResponseWriter, r *http.Request, trino http.Handler) {
		if r.Header.Get("X-Trino-Query-Data-Encoding") != "" {
			t.Error("rows are to come by a spool, which the context of a query does not end")
		}
		answer := said(r, trino)
		frozen.Store(frozen.Load() || bytes.Contains(answer.Body.Bytes(), []byte(`"data":`)))
		write(w, answer)
	})
	var id atomic.Value
	c := laketest.TrinoClient(t, trino.Options{URL: between, User: "test", Progress: func(p trino.Progress) { id.Store(p.QueryID) }})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	full := errors.New("enough")
	err := c.Each(ctx, trino.Query{Text: "SELECT a FROM UNNEST(sequence(1, 10000)) x(a) CROSS JOIN UNNEST(sequence(1, 10000)) y(b)"},
		func([]string) ([]any, error) { return []any{new(int64)}, nil }, func() error { return full })
	if !errors.Is(err, full) || ctx.Err() != nil {
		t.Errorf("%v, and %v", err, ctx.Err())
	}
	kill(t, server, id.Load().(string))
}

func TestAQueryMayWaitForItsTurnAndForItsReader(t *testing.T) {
	server := laketest.Engine(t, "TRINO_URL")
	var began atomic.Int64 // Unix nanoseconds
	between := front(t, server, func(w http.ResponseWriter, r *http.Request, trino http.Handler) {
		if began.CompareAndSwap(0, time.Now().UnixNano()); r.Method != http.MethodGet || time.Since(time.Unix(0, began.Load())) > 3*short {
			trino.ServeHTTP(w, r)
			return
		}
		wait(r.Context(), time.Second)
		uri := "http://" + r.Host + r.URL.Path
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(`{"id":"waits","infoUri":"` + uri + `","nextUri":"` + uri + `","stats":{"state":"QUEUED"}}`)) //nolint:errcheck // the client is of this test
	})
	c := laketest.TrinoClient(t, trino.Options{URL: between, User: "test", Standstill: short})
	if got, err := rows(t, c, trino.Query{Text: "SELECT 1"}); err != nil || len(got) != 1 {
		t.Errorf("after its turn came: %v, %v", got, err)
	}
	seen := 0
	err := c.Each(t.Context(), trino.Query{Text: "SELECT a FROM UNNEST(sequence(1, 10000)) x(a)"}, func([]string) ([]any, error) { return []any{new(int64)}, nil }, func() error {
		if seen++; seen == 1 {
			wait(t.Context(), 2*short)
		}
		return nil
	})
	if err != nil || seen != 10_000 {
		t.Errorf("after its reader slept: %d rows, %v", seen, err)
	}
}
