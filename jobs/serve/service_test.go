package serve_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/serve"
	"github.com/lakectl/lakectl/jobs/serve/access"
)

// service is a server on a lake whose dashboard the test fills.
type service struct {
	*testing.T
	*laketest.Lake
	url       string
	hoursFrom time.Time // plays before have no hours
	routes    *serve.Routes
}

func newService(t *testing.T) *service {
	t.Helper()
	return newServiceOf(t, 1<<20)
}

// newServiceOf is a server that keeps so many bytes of decoded rows.
func newServiceOf(t *testing.T, cacheBytes int64) *service {
	t.Helper()
	s := &service{T: t, Lake: laketest.New(t)}
	// Every look at the clock is eleven seconds later, so that each request waits for the newest cut.
	var mu sync.Mutex
	now := time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)
	env := jobs.Env{Lake: s.Lake.Lake, Duck: s.Duck, Log: slog.New(slog.DiscardHandler), Progress: func(string) {}, Now: func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(11 * time.Second)
		return now
	}}
	guard, err := access.New(env, access.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.routes = serve.New(env, guard, serve.Options{CacheBytes: cacheBytes}).Routes()
	server := httptest.NewServer(guard.Wrap(s.routes))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// commit adds rows to a table, with state.
func (s *service) commit(table string, state map[string]string, rows ...[]any) {
	s.Helper()
	s.Put(s.T, catalog.RollupJob, table, state, rows...)
}

// played is a play that the test makes up.
type played struct {
	at                             time.Time
	artist, track, country, device string
	listener                       uint64
}

// publish writes plays to all tables and publishes them, with state of plays_by_day.
func (s *service) publish(plays []played, state map[string]string) {
	s.Helper()
	var hours, days, audience, people [][]any
	for _, p := range plays {
		raw := binary.BigEndian.AppendUint64(nil, p.listener)
		day := p.at.Truncate(24 * time.Hour)
		if !p.at.Before(s.hoursFrom) {
			hours = append(hours, []any{p.at.Truncate(time.Hour), p.artist, p.track, p.country, p.device, int64(1), int64(30_000), raw})
		}
		days = append(days, []any{day, p.artist, p.track, int64(1), int64(30_000)})
		audience = append(audience, []any{day, p.artist, p.country, p.device, int64(1), int64(30_000), raw})
		people = append(people, []any{day, p.artist, p.track, raw}, []any{day, p.artist, "", raw})
	}
	s.commit(catalog.Listens, map[string]string{catalog.Watermarks: fmt.Sprintf(`{"listens":{"0":%d}}`, time.Date(2026, 3, 31, 11, 0, 0, 0, time.UTC).UnixMicro())})
	s.commit(catalog.PlaysByHour, nil, hours...)
	s.commit(catalog.AudienceByDay, nil, audience...)
	s.commit(catalog.ListenersByDay, nil, people...)
	named := catalog.Cut{}
	for _, table := range catalog.Dashboard[:len(catalog.Dashboard)-1] {
		named[table] = s.Snapshot(s.T, table).ID()
	}
	all := map[string]string{catalog.CutKey: named.String(), catalog.CoversListens: strconv.FormatInt(s.Snapshot(s.T, catalog.Listens).ID(), 10)}
	for k, v := range state {
		all[k] = v
	}
	s.commit(catalog.PlaysByDay, all, days...)
}

// get asks and gives status, headers and body.
func (s *service) get(path string, headers ...string) (int, http.Header, string) {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		s.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // read only
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		s.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(body)
}

// reply is what the test reads of any answer.
type reply struct {
	Status       string  `json:"status"`
	ExactThrough *string `json:"exact_through"`
	SnapshotID   string  `json:"snapshot_id"`
	From, To     string
	Plays        int64  `json:"plays"`
	Listeners    *int64 `json:"listeners"`
	Below        int64  `json:"listeners_below"`
	Compared     *struct {
		Plays    int64  `json:"plays"`
		Previous int64  `json:"previous_plays"`
		Percent  *int64 `json:"change_percent"`
		Whole    bool   `json:"whole"`
	} `json:"compared"`
	Points, Parts, Tracks []struct {
		Plays   int64  `json:"plays"`
		TrackID string `json:"track_id"`
		Other   bool   `json:"other"`
	}
	Other   *struct{ Plays int64 } `json:"other"`
	Next    string                 `json:"next"`
	Changes []changed
}

// changed is a figure before and after, of a day or of a statement.
type changed struct {
	Kind, Day, Period, Currency string
	Before                      int64     `json:"plays_before"`
	After                       int64     `json:"plays_after"`
	Was                         string    `json:"minor_before"`
	Is                          string    `json:"minor_after"`
	Noticed                     time.Time `json:"noticed_at"`
	Causes                      []struct {
		Cause string
		Plays int64
		Minor string `json:"amount_minor"`
	}
}

func (s *service) ask(path string) reply {
	s.Helper()
	code, _, body := s.get(path)
	if code != http.StatusOK {
		s.Fatalf("%s: %d %s", path, code, body)
	}
	var r reply
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		s.Fatalf("%s: %v", path, err)
	}
	return r
}

// shownPlays is a point of a series.
type shownPlays struct {
	From  time.Time
	Plays int64
}

func (s *service) points(path string) []shownPlays {
	s.Helper()
	_, _, body := s.get(path)
	var answer struct{ Points []shownPlays }
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		s.Fatal(err)
	}
	return answer.Points
}
