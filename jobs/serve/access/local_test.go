package access_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/lakectl/lakectl/jobs/serve/access"
)

// Nobody was given access and there is no issuer.
func TestWithoutAnyTokenOnlyThisMachineIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g, err := access.New(w.env(w.lake.Lake), access.Options{})
	w.check(err)
	g.SetClock(w.now)
	if open, err := g.Open(t.Context()); err != nil || !open {
		t.Fatal(open, err)
	}
	h := w.handler(g)
	ask := func(from, host string, headers ...string) int {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, ofA, nil)
		r.RemoteAddr, r.Host = from, host
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec.Code
	}
	const here = "127.0.0.1:5000"
	for _, c := range []struct {
		what, from, host string
		headers          []string
		status           int
	}{
		{"by address", here, "127.0.0.1:8080", nil, 200},
		{"by name", here, "localhost:8080", nil, 200},
		{"by name without port", here, "LOCALHOST", nil, 200},
		{"IPv6", "[::1]:5000", "[::1]:8080", nil, 200},
		{"IPv6 without port", "[::1]:5000", "[::1]", nil, 200},
		{"IPv4 in IPv6", "[::ffff:127.0.0.1]:5000", "127.0.0.2:8080", nil, 200},
		{"another machine", "192.0.2.7:5000", "127.0.0.1:8080", nil, 403},
		{"another machine on IPv6", "[2001:db8::1]:5000", "localhost", nil, 403},
		{"the machine by its name", here, "plays.example.com", nil, 403},
		{"a name turned here", here, "evil.example:8080", nil, 403},
		{"a name that looks like here", here, "127.0.0.1.evil.example", nil, 403},
		{"a name that begins like here", here, "localhost.evil.example", nil, 403},
		{"no name", here, "", nil, 403},
		{"any address", here, "0.0.0.0:8080", nil, 403},
		{"another machine that says it is here", "192.0.2.7:5000", "localhost", []string{"X-Forwarded-For", "127.0.0.1"}, 403},
		{"through a proxy here", here, "localhost", []string{"X-Forwarded-For", "127.0.0.1"}, 403},
		{"through another", here, "localhost", []string{"Forwarded", "for=127.0.0.1"}, 403},
		{"through a third", here, "localhost", []string{"Via", "1.1 cache"}, 403},
		{"a socket", "@", "localhost", nil, 403},
		{"nobody", "", "localhost", nil, 403},
		{"read by a site", here, "localhost", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"opened by a site", here, "localhost", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 200},
		{"framed by a site", here, "localhost", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, 403},
		{"an old cookie", here, "localhost", []string{"Cookie", "lakectl_session=x"}, 200},
		{"a token that cannot be", here, "localhost", bearer("lkt_x"), 401},
	} {
		if got := ask(c.from, c.host, c.headers...); got != c.status {
			t.Errorf("%s: got %d, want %d", c.what, got, c.status)
		}
	}

	made := w.given("artist", "B", time.Hour)
	w.wait(3 * time.Second)
	if got := ask(here, "localhost"); got != 401 {
		t.Errorf("once access was given: %d", got)
	}
	w.revoke(made.TokenID)
	w.wait(3 * time.Second)
	if got := ask(here, "localhost"); got != 401 {
		t.Errorf("once it was taken back: %d", got)
	}
	later, err := access.New(w.env(w.lake.Lake), access.Options{})
	w.check(err)
	if open, err := later.Open(t.Context()); err != nil || open {
		t.Errorf("a server started later is open: %v, %v", open, err)
	}
	issuer, err := access.New(w.env(newWorld(t).lake.Lake), access.Options{OIDC: access.OIDC{Issuer: "https://id.example.com", Audience: "x", ArtistClaim: "a"}})
	w.check(err)
	if open, err := issuer.Open(t.Context()); err != nil || open {
		t.Errorf("a server with an issuer is open: %v, %v", open, err)
	}
}
