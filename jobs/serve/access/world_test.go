package access_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/serve/access"
	"github.com/lakectl/lakectl/lake"
)

// world is a lake, a clock and a log. At its end no secret may stand in the log.
type world struct {
	*testing.T
	lake   *laketest.Lake
	offset atomic.Int64 // of the clock, ns
	log    *laketest.Journal
	worked atomic.Int64 // requests that reached work on an id
}

// What no log may hold: secrets of ours, and tokens of an issuer.
var secretWords = regexp.MustCompile(`lk[tls]_[A-Za-z0-9_-]{6,}|eyJ[A-Za-z0-9_-]{6,}|somebody@example`)

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, lake: laketest.New(t), log: &laketest.Journal{}}
	t.Cleanup(func() {
		if found := secretWords.FindString(w.log.String()); found != "" {
			t.Errorf("the log holds %.12s...:\n%s", found, w.log)
		}
	})
	return w
}

func (w *world) now() time.Time { return time.Now().UTC().Add(time.Duration(w.offset.Load())) }

// wait lets time pass.
func (w *world) wait(d time.Duration) { w.offset.Add(int64(d)) }

func (w *world) env(l *lake.Lake) jobs.Env {
	log := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return jobs.Env{Lake: l, Duck: w.lake.Duck, Log: log, Now: w.now, Progress: func(string) {}}
}

func (w *world) check(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// site is a server with the guard around an API of one route for artists and one for labels.
type site struct {
	*world
	*httptest.Server
	guard *access.Guard
}

func (w *world) site(l *lake.Lake, o access.Options) *site {
	w.Helper()
	g, err := access.New(w.env(l), o)
	w.check(err)
	g.SetClock(w.now)
	return w.serve(g, w.handler(g))
}

func (w *world) serve(g *access.Guard, h http.Handler) *site {
	s := httptest.NewServer(h)
	w.Cleanup(s.Close)
	return &site{w, s, g}
}

func (w *world) handler(g *access.Guard) http.Handler {
	api := http.NewServeMux()
	for path, sees := range map[string]access.Sees{"/v1/artists/{id}/summary": access.Artist, "/v1/labels/{id}/summary": access.Label} {
		api.HandleFunc(path, func(rw http.ResponseWriter, r *http.Request) {
			if !access.Allow(rw, r, sees, r.PathValue("id")) {
				return
			}
			w.worked.Add(1)
			if id := r.PathValue("id"); id != "A" && id != "L" {
				access.NotFound(rw, r)
				return
			}
			io.WriteString(rw, access.ScopeOf(r.Context()).String()) //nolint:errcheck // a test
		})
	}
	api.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic("somebody@example") })
	api.HandleFunc("/form", func(rw http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			access.Refuse(rw, r, http.StatusRequestEntityTooLarge, "too long")
		}
	})
	mux := http.NewServeMux()
	g.Mount(mux)
	mux.Handle("/", g.Require(api))
	return g.Wrap(mux)
}

// given is access, or none where the scope is of another kind.
func (w *world) given(k, id string, life time.Duration) access.Made {
	w.Helper()
	scope, err := access.NewScope(access.Sees(k), id)
	w.check(err)
	made, err := access.CreateToken(w.Context(), w.env(w.lake.Lake), scope, "", life)
	w.check(err)
	return made
}

func (w *world) link(k, id string) access.Made {
	w.Helper()
	scope, err := access.NewScope(access.Sees(k), id)
	w.check(err)
	made, err := access.CreateLink(w.Context(), w.env(w.lake.Lake), scope, "")
	w.check(err)
	return made
}

func (w *world) revoke(id string) {
	w.Helper()
	_, err := access.Revoke(w.Context(), w.env(w.lake.Lake), id)
	w.check(err)
}

// answer is what came back.
type answer struct {
	status int
	body   string
	header http.Header
	cookie *http.Cookie // of the session
}

// ask sends a request with headers, given as name and value in turn.
func (s *site) ask(method, path, body string, headers ...string) answer {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, s.URL+path, strings.NewReader(body))
	s.check(err)
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Add(headers[i], headers[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	got, err := client.Do(r)
	s.check(err)
	defer got.Body.Close() //nolint:errcheck // read only
	text, err := io.ReadAll(got.Body)
	s.check(err)
	a := answer{status: got.StatusCode, body: string(text), header: got.Header}
	for _, c := range got.Cookies() {
		if strings.HasSuffix(c.Name, "lakectl_session") {
			a.cookie = c
		}
	}
	return a
}

func (s *site) get(path string, headers ...string) answer {
	s.Helper()
	return s.ask(http.MethodGet, path, "", headers...)
}

// signIn exchanges the secret of a link as the page does.
func (s *site) signIn(secret string, headers ...string) answer {
	s.Helper()
	form := url.Values{"secret": {secret}}.Encode()
	return s.ask(http.MethodPost, "/signin", form, append([]string{"Content-Type", "application/x-www-form-urlencoded"}, headers...)...)
}

func (s *site) want(what string, got answer, status int) {
	s.Helper()
	if got.status != status {
		s.Errorf("%s: got %d, want %d: %s", what, got.status, status, got.body)
	}
}

func bearer(secret string) []string { return []string{"Authorization", "Bearer " + secret} }
