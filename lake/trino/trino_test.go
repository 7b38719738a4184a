package trino_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/trino"
)

// lastOf is the last instant of a month that a table can hold.
var lastOf = time.Date(2026, 2, 28, 23, 59, 59, 999_999_000, time.UTC)

// endless reads rows for minutes, and none of them first.
const endless = "SELECT count(DISTINCT a * 7 + b * 13 + c) FROM UNNEST(sequence(1, 10000)) x(a) CROSS JOIN UNNEST(sequence(1, 10000)) y(b) CROSS JOIN UNNEST(sequence(1, 10000)) z(c) WHERE (a * b + c) % 1000003 = 7"

func TestAQueryReadsTheSnapshotItIsPinnedTo(t *testing.T) {
	s := serve(t)
	first := s.commit(t, "a", lastOf)
	second := s.commit(t, "b", lastOf.Add(time.Microsecond))
	c := laketest.TrinoClient(t, s.options)
	for name, text := range map[string]string{
		"plain":                 "SELECT count(*) FROM sources",
		"with a header":         "-- Grain: one row.\n/* two\nlines */ select count(*) from sources ;\n",
		"with names of its own": "WITH mine AS (SELECT * FROM sources) SELECT count(*) FROM mine",
	} {
		for want, pins := range [][]trino.Pin{{{Table: catalog.Sources}}, trino.PinsOf(first), trino.PinsOf(second)} {
			got, err := rows(t, c, trino.Query{Text: text, Pins: pins})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if diff := cmp.Diff([][]any{{int64(want)}}, got); diff != "" {
				t.Errorf("%s, pinned to %d: %s", name, pins[0].Snapshot, diff)
			}
		}
	}
	if _, err := rows(t, c, trino.Query{Text: "SELECT * FROM sources"}); err == nil {
		t.Error("a table that is not pinned was read")
	}
}

func TestTheLastMicrosecondOfAMonthStaysInIt(t *testing.T) {
	s := serve(t)
	s.commit(t, "a", lastOf)
	pins := trino.PinsOf(s.commit(t, "b", lastOf.Add(time.Microsecond)))
	c := laketest.TrinoClient(t, s.options)
	table, err := s.lake.Table(t.Context(), catalog.Sources)
	if err != nil {
		t.Fatal(err)
	}
	at := table.Current().Schema().Fields()[2].Name
	text := fmt.Sprintf("SELECT %[1]s, CAST(date_trunc('month', %[1]s) AS date) = DATE '2026-02-01', %[1]s = ?, ? FROM sources WHERE %[1]s >= ? ORDER BY 1", at)
	got, err := rows(t, c, trino.Query{Text: text, Pins: pins, Args: []any{lastOf, "it's", lastOf}})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]any{{lastOf, true, true, "it's"}, {lastOf.Add(time.Microsecond), false, false, "it's"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestValuesAreExact(t *testing.T) {
	c := laketest.TrinoClient(t, trino.Options{URL: laketest.Engine(t, "TRINO_URL"), User: "test"})
	got, err := rows(t, c, trino.Query{
		Text: "SELECT DECIMAL '12345678901234567890.123456789012345678', BIGINT '9223372036854775807', INTEGER '-7', CAST(NULL AS varchar), DOUBLE '0.1', true, ?, ?, ?, " +
			"TIMESTAMP '2026-03-01 00:59:59.999999 +01:00'",
		Args: []any{int64(math.MinInt64), nil, true},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]any{{"12345678901234567890.123456789012345678", int64(math.MaxInt64), int64(-7), nil, 0.1, true, int64(math.MinInt64), nil, true, lastOf}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheEndOfAContextEndsTheQueryOnTheServer(t *testing.T) {
	server := laketest.Engine(t, "TRINO_URL")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var id atomic.Value
	c := laketest.TrinoClient(t, trino.Options{URL: server, User: "test", Progress: func(p trino.Progress) {
		id.Store(p.QueryID)
		if p.State == "RUNNING" {
			cancel()
		}
	}})
	err := c.Each(ctx, trino.Query{Text: endless}, func([]string) ([]any, error) { return []any{new(int64)}, nil }, func() error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("%v, want that it was cancelled", err)
	}
	ended(t, server, id.Load().(string))
}

func TestAFailedVisitEndsTheQueryOnTheServer(t *testing.T) {
	server := laketest.Engine(t, "TRINO_URL")
	var id atomic.Value
	c := laketest.TrinoClient(t, trino.Options{URL: server, User: "test", Progress: func(p trino.Progress) { id.Store(p.QueryID) }})
	stop := errors.New("enough")
	err := c.Each(t.Context(), trino.Query{Text: "SELECT a FROM UNNEST(sequence(1, 10000)) x(a) CROSS JOIN UNNEST(sequence(1, 10000)) y(b)"},
		func([]string) ([]any, error) { return []any{new(int64)}, nil }, func() error { return stop })
	if err != stop { //nolint:errorlint // no layer stands between
		t.Fatalf("%v, want %v", err, stop)
	}
	ended(t, server, id.Load().(string))
}

func TestAnAnswerEndsAtItsLimits(t *testing.T) {
	server := laketest.Engine(t, "TRINO_URL")
	for _, q := range []struct {
		text  string
		rows  int
		bytes int64
		cut   string
	}{
		{"SELECT a FROM UNNEST(sequence(1, 10)) x(a)", 10, 1 << 20, ""},
		{"SELECT a FROM UNNEST(sequence(1, 10000)) x(a) CROSS JOIN UNNEST(sequence(1, 10000)) y(b)", 10, 1 << 20, trino.CutRows},
		{"SELECT lpad('x', 1000, 'x') FROM UNNEST(sequence(1, 10000)) x(a) CROSS JOIN UNNEST(sequence(1, 10000)) y(b)", 9, 10_000, trino.CutBytes},
	} {
		var id atomic.Value
		c := laketest.TrinoClient(t, trino.Options{URL: server, User: "test", Progress: func(p trino.Progress) { id.Store(p.QueryID) }})
		a, err := answer(t, c, q.text, q.bytes)
		if err != nil || len(a.Rows) != q.rows || a.Cut != q.cut {
			t.Errorf("%s: %d rows, cut %q, %v", q.text, len(a.Rows), a.Cut, err)
		}
		if q.cut != "" {
			ended(t, server, id.Load().(string))
		}
	}
	c := laketest.TrinoClient(t, trino.Options{URL: server, User: "test"})
	if _, err := answer(t, c, "SELECT lpad('x', 1000, 'x')", 10); err == nil || !strings.Contains(lake.Hint(err), "substr(") {
		t.Errorf("a first row that is too wide: %v", err)
	}
}

// answer asks for ten rows at most.
func answer(t *testing.T, c *trino.Client, text string, bytes int64) (trino.Answer, error) {
	t.Helper()
	return c.Answer(t.Context(), trino.Question{
		Text: text, Limit: 10, Bytes: bytes,
		Tables: func(context.Context) ([]string, error) { return nil, nil },
		Pins:   func(context.Context, []string) ([]trino.Pin, error) { return nil, nil },
	})
}

func TestPartsOfValuesAreThoseOfAnyPrinter(t *testing.T) {
	c := laketest.TrinoClient(t, trino.Options{URL: laketest.Engine(t, "TRINO_URL"), User: "test"})
	a, err := answer(t, c, "SELECT ARRAY[1, NULL], MAP(ARRAY['a'], ARRAY[1.5e0]), CAST(ROW(1, TIMESTAMP '2026-02-28 23:59:59.999999 UTC') AS ROW(n bigint, at timestamp(6) with time zone)), "+
		"ARRAY[TIMESTAMP '2026-02-28 23:59:59.999999 UTC'], nan(), X'ff', X'61', TIME '01:02:03.500', INTERVAL '26' HOUR, REAL '0.1', DATE '2026-02-28'", 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	want := []any{
		[]any{int64(1), nil},
		map[string]any{"a": 1.5},
		map[string]any{"n": int64(1), "at": lastOf},
		[]any{lastOf},
		"NaN", "hex:ff", "a", "01:02:03.5",
		"1 days 02:00:00", 0.1, time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC),
	}
	if diff := cmp.Diff([][]any{want}, a.Rows); diff != "" {
		t.Error(diff)
	}
}

// ended waits until a query no longer runs.
func ended(t *testing.T, server, id string) {
	t.Helper()
	other := laketest.TrinoClient(t, trino.Options{URL: server, User: "test"})
	poll, deadline := time.NewTicker(200*time.Millisecond), time.Now().Add(20*time.Second)
	defer poll.Stop()
	for ; ; <-poll.C {
		got, err := rows(t, other, trino.Query{Text: "SELECT state FROM system.runtime.queries WHERE query_id = ?", Args: []any{id}})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) == 0 || got[0][0] == "FAILED" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("query is %v", got[0][0])
		}
	}
}

func TestAQueryTellsItsProgress(t *testing.T) {
	var last trino.Progress
	c := laketest.TrinoClient(t, trino.Options{URL: laketest.Engine(t, "TRINO_URL"), User: "test", Progress: func(p trino.Progress) { last = p }})
	if _, err := rows(t, c, trino.Query{Text: "SELECT count(*) FROM UNNEST(sequence(1, 10000)) x(a) CROSS JOIN UNNEST(sequence(1, 1000)) y(b)"}); err != nil {
		t.Fatal(err)
	}
	if last.State != "FINISHED" || last.QueryID == "" || last.Nodes != 1 || last.PeakMemory == 0 {
		t.Errorf("at the end: %+v", last)
	}
}

func TestOutOfMemoryNamesTheSetting(t *testing.T) {
	server := laketest.Engine(t, "TRINO_URL")
	for _, property := range []string{"query_max_memory_per_node", "query_max_memory"} {
		c := laketest.TrinoClient(t, trino.Options{URL: server, User: "test", Session: map[string]string{property: "1MB"}})
		_, err := rows(t, c, trino.Query{Text: "SELECT count(DISTINCT a * 100000 + b) FROM UNNEST(sequence(1, 10000)) x(a) CROSS JOIN UNNEST(sequence(1, 10000)) y(b)"})
		if !errors.Is(err, trino.ErrMemory) || !strings.Contains(lake.Hint(err), property) {
			t.Errorf("%s: %v, hint %q", property, err, lake.Hint(err))
		}
	}
}

// front is the address of a server between a client and Trino, which names that address in its answers.
func front(t *testing.T, server string, serve func(w http.ResponseWriter, r *http.Request, trino http.Handler)) string {
	t.Helper()
	target, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	// A test ends with requests cut off in the middle: no other test is to have their connections.
	own := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(own.CloseIdleConnections)
	forward := &httputil.ReverseProxy{Transport: own, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}}
	between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve(w, r, forward) }))
	t.Cleanup(between.Close)
	return between.URL
}

func TestALostCoordinatorIsToldFromAFailedQuery(t *testing.T) {
	server := laketest.Engine(t, "TRINO_URL")
	var down atomic.Bool
	between := front(t, server, func(w http.ResponseWriter, r *http.Request, trino http.Handler) {
		if down.Load() {
			panic(http.ErrAbortHandler) // the connection ends without an answer
		}
		trino.ServeHTTP(w, r)
	})
	var id atomic.Value
	c := laketest.TrinoClient(t, trino.Options{URL: between, User: "test", Patience: time.Second, Progress: func(p trino.Progress) {
		if p.State == "RUNNING" && id.CompareAndSwap(nil, p.QueryID) { // the first query only
			down.Store(true)
		}
	}})
	_, err := rows(t, c, trino.Query{Text: endless})
	if !errors.Is(err, trino.ErrLost) || errors.Is(err, trino.ErrStill) || lake.Hint(err) == "" {
		t.Errorf("%v, hint %q", err, lake.Hint(err))
	}
	down.Store(false)
	if _, err := rows(t, c, trino.Query{Text: "SELECT nothing"}); err == nil || errors.Is(err, trino.ErrLost) {
		t.Errorf("a mistake in a query: %v", err)
	}
	if got, err := rows(t, c, trino.Query{Text: "SELECT 1"}); err != nil || len(got) != 1 {
		t.Errorf("after the server came back: %v, %v", got, err)
	}
	if lost, is := id.Load().(string); is {
		kill(t, server, lost)
	}
}

// kill ends a query whose client is gone.
func kill(t *testing.T, server, id string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, server+"/v1/query/"+id, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Trino-User", "test")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close() //nolint:errcheck // nothing was written
	ended(t, server, id)
}
