package serve_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/serve"
	"github.com/lakectl/lakectl/jobs/serve/access"
)

// guarded is a server with its guard, as it runs, and who may ask it.
type guarded struct {
	*service
	log     laketest.Journal
	secrets map[string]string // by whom
	addr    string
}

func newGuarded(t *testing.T) *guarded {
	t.Helper()
	g := &guarded{service: &service{T: t, Lake: laketest.New(t)}}
	var mu sync.Mutex
	now := time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)
	env := jobs.Env{Lake: g.Lake.Lake, Duck: g.Duck, Log: slog.New(slog.NewTextHandler(&g.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Progress: func(string) {}, Now: func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(11 * time.Second)
		return now
	}}
	give := func(sees access.Sees, id string, life time.Duration) access.Made {
		made, err := access.CreateToken(t.Context(), env, access.Scope{Sees: sees, ID: id}, "", life)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	artist := give(access.Artist, "A", 0)
	revoked := give(access.Artist, "A", 0)
	if _, err := access.Revoke(t.Context(), env, revoked.TokenID); err != nil {
		t.Fatal(err)
	}
	tampered := []byte(artist.Secret)
	tampered[10] ^= 1
	g.secrets = map[string]string{
		"artist": artist.Secret, "revoked": revoked.Secret, "operator": give(access.Operator, "", 0).Secret, "analyst": give(access.Analyst, "", 0).Secret, "label": give(access.Label, "L1", 0).Secret, "expired": give(access.Artist, "A", time.Second).Secret,
		"forged": "lkt_" + strings.Repeat("A", len(artist.Secret)-4), "tampered": string(tampered),
	}
	server, err := serve.NewServer(env, serve.Options{CacheBytes: 1 << 20, Access: access.Options{Limits: access.Limits{Failures: access.Rate{PerSecond: 1e6, Burst: 1e6}, Scope: access.Rate{PerSecond: 1e6, Burst: 1e6}}}})
	if err != nil {
		t.Fatal(err)
	}
	running := httptest.NewUnstartedServer(server.Handler())
	running.Config.MaxHeaderBytes = 16 << 10
	running.Config.ErrorLog = slog.NewLogLogger(env.Log.Handler(), slog.LevelDebug)
	running.Start()
	t.Cleanup(running.Close)
	g.addr = running.Listener.Addr().String()
	return g
}

// probe sends a request as it is written, and gives what comes back.
func (g *guarded) probe(who, method, path string, headers ...string) (int, http.Header, string) {
	g.Helper()
	c, err := new(net.Dialer).DialContext(g.Context(), "tcp", g.addr)
	if err != nil {
		g.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // answered
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		g.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n", method, path)
	if secret := g.secrets[who]; secret != "" {
		fmt.Fprintf(&b, "Authorization: Bearer %s\r\n", secret)
	}
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	io.WriteString(c, b.String()+"\r\n") //nolint:errcheck // the answer tells
	answer, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		g.Errorf("%s %s %.60s: %v", who, method, path, err)
		return 0, http.Header{}, ""
	}
	defer answer.Body.Close() //nolint:errcheck // read only
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		g.Errorf("%s %s %.60s: %v", who, method, path, err)
	}
	return answer.StatusCode, answer.Header, string(body)
}

// cursor is that of the second page of a list, as an operator is given it.
func (g *guarded) cursor(path string) string {
	g.Helper()
	code, _, body := g.probe("operator", "GET", path)
	var answer struct{ Next string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil || answer.Next == "" {
		g.Fatalf("%s: %d %v: %s", path, code, err, body)
	}
	return answer.Next
}

// leaks is what no answer and no log has: how it was made, and figures of another.
var leaks = regexp.MustCompile(`goroutine|\.go:\d|runtime error|hidden-track|/warehouse/`)

func TestEveryProbeHasItsAnswerAndNoOther(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	plays := anyPlays(rand.New(rand.NewPCG(1, 1)), 40)
	for i := range plays {
		if plays[i].artist = "A"; i%2 == 0 {
			plays[i].artist, plays[i].track = "B", "hidden-track"
		}
	}
	lost := time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC)
	for i, id := range []string{"own", "former"} {
		plays = append(plays, played{lost.Add(-time.Hour), "A", id, "DE", "web", uint64(i)}, played{lost, "A", id, "DE", "web", uint64(i)})
	}
	for i := range 3 { // more artists of another label, for a second page of its roster
		plays = append(plays, played{lost, fmt.Sprint("other", i), "hidden-track", "DE", "web", 1})
	}
	g.own([]validity{{track: "own", label: "L1"}, {track: "former", label: "L1", to: &lost}, {track: "former", label: "L2", from: &lost}, {track: "hidden-track", label: "L2"}})
	g.publish(plays, nil)
	text, err := os.ReadFile("testdata/probes.txt")
	if err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer("{other}", g.cursor("/v1/labels/L2/roster?limit=1"), "{forged}", base64.RawURLEncoding.EncodeToString([]byte("0/plays/B")), "{long}", strings.Repeat("x", 4000), "{huge}", strings.Repeat("x", 40_000), "{secret}", g.secrets["artist"])
	notFound := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		at := strings.LastIndex(line, " = ")
		parts := strings.Split(line[:at], " | ")
		asked := strings.Fields(parts[0])
		for i, h := range parts[1:] {
			parts[i+1] = fill.Replace(h)
		}
		code, header, body := g.probe(asked[0], asked[1], fill.Replace(asked[2]), parts[1:]...)
		if got := strconv.Itoa(code); got != line[at+3:] {
			t.Errorf("%.100s: got %s %.300s", line, got, body)
			continue
		}
		checkProbe(t, line, code, header, body)
		if page := strings.Contains(header.Get("Content-Type"), "html"); code == 404 && !page {
			notFound[body] = true
		}
	}
	if len(notFound) != 1 {
		t.Errorf("404 has %d bodies: %v", len(notFound), notFound)
	}
	log := g.log.String()
	for who, secret := range g.secrets {
		if strings.Contains(log, secret) {
			t.Errorf("the secret of %s is in the log", who)
		}
	}
	if found := leaks.FindString(log); found != "" || strings.Contains(log, "passwd") {
		t.Errorf("the log has %s", found)
	}
}

// checkProbe looks at what every answer must have, and must not.
func checkProbe(t *testing.T, line string, code int, h http.Header, body string) {
	t.Helper()
	if found := leaks.FindString(body + fmt.Sprint(h)); found != "" {
		t.Errorf("%.100s: the answer has %s", line, found)
	}
	if code == 431 || code == 400 && h.Get("X-Content-Type-Options") == "" && strings.Contains(line, "%zz") {
		return // no request yet
	}
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY",
	} {
		if !strings.Contains(h.Get(name), want) || strings.Contains(h.Get(name), "unsafe") {
			t.Errorf("%.100s: %s is %q", line, name, h.Get(name))
		}
	}
	if code >= 400 && h.Get("Cache-Control") != "no-store" {
		t.Errorf("%.100s: Cache-Control is %q", line, h.Get("Cache-Control"))
	}
	if code == 405 && h.Get("Allow") == "" {
		t.Errorf("%.100s: no Allow", line)
	}
	if code == 401 && h.Get("WWW-Authenticate") == "" && !strings.Contains(line, "/signin") {
		t.Errorf("%.100s: no WWW-Authenticate", line)
	}
}

// Where there are no figures, whatever looks for some is 503. So a 404 tells that nothing was looked for.
func TestAnotherIdIsRefusedBeforeAnythingIsLookedFor(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	bodies := map[string]bool{}
	for _, id := range []string{"A", "B", "nobody"} {
		for _, name := range []string{"/v1/artists/%s/summary", "/v1/artists/%s/live", "/v1/artists/%s/tracks", "/artists/%s", "/artists/%s/tracks/t"} {
			code, header, body := g.probe("artist", "GET", fmt.Sprintf(name, id))
			if want := map[bool]int{true: 503, false: 404}[id == "A"]; code != want {
				t.Errorf(name+": %d, want %d: %s", id, code, want, body)
			}
			if id != "A" {
				bodies[fmt.Sprint(body, len(header))] = true
			}
		}
	}
	if len(bodies) != 1 {
		t.Errorf("%v", bodies)
	}
}

func TestPeopleAreToldInTheStyleOfThePage(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	for _, c := range []struct{ who, path, want string }{
		{"none", "/artists/A", `<form method="post" action="/signin"`},
		{"none", "/signin", "lakectl token link"},
		{"none", "/signin", "Without JavaScript"},
		{"artist", "/artists/B", "Nothing here"},
		{"artist", "/artists/A", "lakectl job rollup"},
		{"artist", "/artists/A?x=1", "Nothing was heard yet"},
	} {
		code, _, body := g.probe(c.who, "GET", c.path, "Accept: text/html")
		if !strings.Contains(body, c.want) || !strings.Contains(body, `<b class="wm">lakectl</b>`) || strings.Contains(body, "<script>") {
			t.Errorf("%s %s: %d without %q: %s", c.who, c.path, code, c.want, body)
		}
	}
}

// An answer that was written for one scope is never given to another, however often each asks.
func TestWhatWasWrittenForOneIsNotGivenToAnother(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	g.own([]validity{{track: "t1", label: "L1"}, {track: "t2", label: "L2"}})
	g.publish([]played{
		{time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC), "A", "t1", "DE", "web", 1}, {time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC), "B", "t2", "DE", "web", 2},
	}, nil)
	paths := []string{"/v1/artists/A/summary", "/v1/artists/B/summary", "/v1/artists/B/changes", "/v1/labels/L1/roster", "/v1/labels/L2/roster", "/v1/labels/L1/artists/A/tracks"}
	sees := map[string][]string{"operator": paths, "artist": {paths[0]}, "label": {paths[3], paths[5]}, "revoked": {}, "expired": {}}
	for range 3 {
		known := map[string]string{}
		for _, who := range []string{"operator", "artist", "label", "revoked", "expired"} {
			for _, path := range paths {
				code, header, body := g.probe(who, "GET", path)
				if may := slices.Contains(sees[who], path); may != (code == http.StatusOK) {
					t.Errorf("%s asks for %s: %d %s", who, path, code, body)
				} else if !may {
					continue
				}
				if was, ok := known[path]; ok && was != body {
					t.Errorf("%s: %s, and for %s %s", path, was, who, body)
				}
				known[path] = body
				if code, _, again := g.probe(who, "GET", path, "If-None-Match: "+header.Get("ETag")); code != http.StatusNotModified || again != "" {
					t.Errorf("%s asks again for %s: %d %s", who, path, code, again)
				}
			}
		}
	}
}
