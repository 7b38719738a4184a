package serve_test

import (
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/serve"
	"github.com/lakectl/lakectl/lake"
)

// outage is a server whose catalog can be away.
type outage struct {
	*service
	away   atomic.Bool
	unpaid atomic.Bool                   // the tables of royalties alone
	clock  atomic.Int64                  // seconds since 1970
	step   atomic.Int64                  // seconds between two looks at the clock: eleven, so that each request waits for the newest cut
	hold   atomic.Pointer[chan struct{}] // that reading a table of the cut waits for; nil: nothing
	server *serve.Server
}

func newOutage(t *testing.T) *outage {
	t.Helper()
	o := &outage{service: &service{T: t, Lake: laketest.New(t)}}
	o.clock.Store(time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC).Unix())
	o.step.Store(11)
	faults := &laketest.Faults{Strike: func(step laketest.Step, table string) error {
		if step == laketest.LoadTable && (o.away.Load() || o.unpaid.Load() && strings.HasPrefix(table, "royalty_")) {
			return laketest.ErrInjected
		}
		if hold := o.hold.Load(); hold != nil && step == laketest.LoadTable && table == catalog.AudienceByDay {
			<-*hold
		}
		return nil
	}}
	var err error
	o.server, err = serve.NewServer(jobs.Env{Lake: o.Lake.With(faults).Lake, Duck: o.Duck, Log: slog.New(slog.DiscardHandler), Progress: func(string) {}, Now: func() time.Time {
		return time.Unix(o.clock.Add(o.step.Load()), 0).UTC()
	}}, serve.Options{CacheBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	running := httptest.NewServer(o.server.Handler())
	t.Cleanup(running.Close)
	o.url = running.URL
	return o
}

func TestFiguresStayWhileTheCatalogIsAwayAndGoOnAfterIt(t *testing.T) {
	t.Parallel()
	o := newOutage(t)
	o.publish(anyPlays(rand.New(rand.NewPCG(1, 1)), 50), nil)
	paths := []string{"summary", "timeseries", "tracks", "countries", "changes"}
	known := map[string]string{}
	for _, path := range paths {
		_, _, known[path] = o.get("/v1/artists/B/" + path)
	}
	o.away.Store(true)
	o.clock.Store(time.Now().Add(10 * time.Minute).Unix())
	for _, path := range paths {
		if code, _, body := o.get("/v1/artists/B/" + path); code != http.StatusOK || body != known[path] {
			t.Errorf("%s while the catalog is away: %d %s, was %s", path, code, body, known[path])
		}
	}
	if code, _, body := o.get("/artists/B", "Accept", "text/html"); code != http.StatusOK || !strings.Contains(body, "Not updated since") {
		t.Errorf("the page does not say that it is old: %d %s", code, body)
	}
	o.away.Store(false)
	o.publish(anyPlays(rand.New(rand.NewPCG(2, 1)), 50), nil)
	if code, _, body := o.get("/v1/artists/B/summary"); code != http.StatusOK || body == known["summary"] {
		t.Errorf("after it: %d %s", code, body)
	}
}

func TestWhileACutIsOpenedTheOneBeforeAnswers(t *testing.T) {
	t.Parallel()
	o := newOutage(t)
	o.publish(anyPlays(rand.New(rand.NewPCG(1, 1)), 50), nil)
	_, header, before := o.get("/v1/artists/B/summary")
	o.publish(anyPlays(rand.New(rand.NewPCG(2, 1)), 50), nil)
	hold := make(chan struct{})
	o.hold.Store(&hold)
	o.step.Store(0)
	o.clock.Add(2)
	for range 5 { // more seconds would make it too old
		o.clock.Add(1)
		if code, h, body := o.get("/v1/artists/B/summary"); code != http.StatusOK || body != before || h.Get("ETag") != header.Get("ETag") {
			t.Errorf("while the next cut is opened: %d %s, was %s", code, body, before)
		}
	}
	o.clock.Add(9)
	answered := make(chan string)
	go func() {
		_, _, body := o.get("/v1/artists/B/summary")
		answered <- body
	}()
	select {
	case body := <-answered:
		t.Errorf("a cut that is over ten seconds old answered %s", body)
	case <-time.After(100 * time.Millisecond):
	}
	o.hold.Store(nil)
	close(hold)
	if body := <-answered; body == before {
		t.Errorf("the next cut is open and the one before answered %s", body)
	}
}

func TestReadyIsAServerWhoseFirstCutIsOpen(t *testing.T) {
	t.Parallel()
	o := newOutage(t)
	o.publish(anyPlays(rand.New(rand.NewPCG(1, 1)), 50), nil)
	hold := make(chan struct{})
	o.hold.Store(&hold)
	if code, _, _ := o.get("/readyz"); code != http.StatusServiceUnavailable {
		t.Errorf("while the first cut is opened: %d", code)
	}
	close(hold)
	o.hold.Store(nil)
	if code, _, body := o.get("/readyz"); code != http.StatusOK {
		t.Errorf("with a cut: %d %s", code, body)
	}
	o.away.Store(true)
	if code, _, _ := o.get("/readyz"); code != http.StatusServiceUnavailable {
		t.Errorf("while the catalog is away: %d", code)
	}
}

func TestPlaysDoNotDependOnStatements(t *testing.T) {
	t.Parallel()
	o := newOutage(t)
	o.publish([]played{{at: time.Date(2026, 3, 31, 10, 0, 0, 0, time.UTC), artist: "B", track: "t1", country: "DE", device: "phone", listener: 1}}, nil)
	o.unpaid.Store(true)
	for _, path := range []string{"/artists/B", "/artists/B/tracks/t1"} {
		if code, _, body := o.get(path, "Accept", "text/html"); code != http.StatusOK || !strings.Contains(body, "1 play") && !strings.Contains(body, "<b>1</b>") {
			t.Errorf("%s without royalties: %d %s", path, code, body)
		}
	}
	if code, _, _ := o.get("/v1/artists/B/statements"); code != http.StatusServiceUnavailable {
		t.Errorf("statements without royalties: %d", code)
	}
}

func TestAServerWithoutFiguresSaysWhatToRun(t *testing.T) {
	t.Parallel()
	o := newOutage(t)
	if err := o.server.Figures(t.Context()); err == nil || !strings.Contains(lake.Hint(err), "lakectl job rollup") {
		t.Errorf("an empty lake: %v", err)
	}
	o.publish(anyPlays(rand.New(rand.NewPCG(1, 1)), 5), map[string]string{catalog.FormKey: catalog.DashboardForm})
	if err := o.server.Figures(t.Context()); err != nil {
		t.Error(err)
	}
	newer := newOutage(t)
	newer.publish(anyPlays(rand.New(rand.NewPCG(1, 1)), 5), map[string]string{catalog.FormKey: "3"})
	if err := newer.server.Figures(t.Context()); err == nil || !strings.Contains(lake.Hint(err), "update") {
		t.Errorf("tables of a newer version: %v", err)
	}
	if code, header, body := newer.get("/v1/artists/B/summary"); code != http.StatusServiceUnavailable || header.Get("Retry-After") == "" || strings.Contains(body, "plays_by_day") {
		t.Errorf("tables of a newer version: %d %s", code, body)
	}
	if code, header, _ := newer.get("/artists/B", "Accept", "text/html"); code != http.StatusServiceUnavailable || header.Get("Refresh") == "" {
		t.Errorf("a page of tables of a newer version does not come by itself: %d %v", code, header)
	}
}
