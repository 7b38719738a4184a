package access_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/jobs/serve/access"
	"github.com/lakectl/lakectl/lake"
)

func (a answer) asCookie() []string { return []string{"Cookie", a.cookie.Name + "=" + a.cookie.Value} }

func TestALinkSignsInOnceAndTheSessionOutlastsTheServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link, unused, withdrawn := w.link("artist", "A"), w.link("artist", "A"), w.link("label", "L")
	w.revoke(withdrawn.TokenID)
	s := w.site(w.lake.Lake, access.Options{})
	s.want("a link that was revoked", s.signIn(withdrawn.Secret), 401)

	in := s.signIn(link.Secret)
	s.want("sign in", in, 303)
	c := in.cookie
	if c == nil || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure || c.Path != "/" || c.MaxAge != 24*3600 || c.Domain != "" || in.header.Get("Location") != "/" {
		t.Fatalf("cookie %v, headers %v", c, in.header)
	}
	s.want("its own", s.get(ofA, in.asCookie()...), 200)
	s.want("another's", s.get(ofL, in.asCookie()...), 404)

	s.want("replayed", s.signIn(link.Secret), 401)
	other := w.site(w.lake.Lake, access.Options{})
	other.want("replayed on another server", other.signIn(link.Secret), 401)
	other.want("the session there", other.get(ofA, in.asCookie()...), 200)
	for what, secret := range map[string]string{
		"a token": w.given("artist", "A", 0).Secret, "the session": c.Value, "nothing": "", "made up": "lkl_" + strings.Repeat("A", 43), "cut": unused.Secret[:20],
	} {
		other.want(what, other.signIn(secret), 401)
	}

	w.wait(access.LinkLife)
	other.want("a link after 10 minutes", other.signIn(unused.Secret), 401)
	other.want("the session after 10 minutes", other.get(ofA, in.asCookie()...), 200)
	w.wait(access.SessionLife - access.LinkLife)
	other.want("the session after 12 hours", other.get(ofA, in.asCookie()...), 401)
}

func TestWhoseAccessHasEndedIsToldSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.site(w.lake.Lake, access.Options{})
	short, revoked, ours := w.given("artist", "A", time.Hour), w.given("artist", "A", 0), s.signIn(w.link("artist", "A").Secret)
	out := s.signIn(w.link("artist", "A").Secret)
	w.revoke(revoked.TokenID)
	s.want("sign out", s.ask(http.MethodPost, "/signout", "", append(out.asCookie(), "Sec-Fetch-Site", "same-origin")...), 303)
	w.wait(access.SessionLife + time.Minute)
	const ended, over, taken = "Your access has ended", "that is over", "taken back"
	for what, c := range map[string]struct {
		with []string
		told string
	}{
		"a token that expired":     {bearer(short.Secret), over},
		"a token that was revoked": {bearer(revoked.Secret), taken},
		"a session that expired":   {ours.asCookie(), over},
		"a session that was ended": {out.asCookie(), taken},
	} {
		got := s.get(ofA, append(c.with, "Accept", "text/html")...)
		s.want(what, got, 401)
		if !strings.Contains(got.body, ended) || !strings.Contains(got.body, c.told) || !strings.Contains(got.body, `name="secret"`) {
			t.Errorf("%s: %s", what, got.body)
		}
		if program := s.get(ofA, c.with...); program.status != 401 || strings.Contains(program.body, ended) {
			t.Errorf("%s: a program has %d: %s", what, program.status, program.body)
		}
	}
	for what, with := range map[string][]string{"nothing": nil, "a made up token": bearer("lkt_" + strings.Repeat("A", 43)), "a made up session": {"Cookie", out.cookie.Name + "=lks_" + strings.Repeat("A", 43)}} {
		if got := s.get(ofA, append(with, "Accept", "text/html")...); got.status != 401 || strings.Contains(got.body, ended) {
			t.Errorf("%s: %d: %s", what, got.status, got.body)
		}
	}
}

func TestALinkThatIsPastedWholeSignsIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.site(w.lake.Lake, access.Options{})
	s.want("pasted", s.signIn(" "+access.LinkURL(s.URL, w.link("operator", "").Secret)+"\n", "Accept", "text/html"), 303)
	s.want("pasted twice, in a browser", s.signIn("x", "Accept", "text/html"), 401)
}

func TestOfTwoThatUseALinkAtOnceOneGetsIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.link("artist", "A")
	elsewhere, err := open.Connect(t.Context(), w.lake.Options)
	w.check(err)
	t.Cleanup(func() { elsewhere.Close() }) //nolint:errcheck // the folder is removed
	sites := []*site{w.site(w.lake.Lake, access.Options{}), w.site(elsewhere.Lake(), access.Options{})}
	answers := make([]answer, 6)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = sites[i%2].signIn(link.Secret) })
	}
	all.Wait()
	in := 0
	for _, a := range answers {
		switch a.status {
		case 303:
			in++
		case 401:
		default:
			t.Errorf("got %d: %s", a.status, a.body)
		}
	}
	if in != 1 {
		t.Errorf("%d got in", in)
	}
	sessions := w.lake.DB(t)
	w.check(sessions.Bind(t.Context(), "tokens", w.lake.Snapshot(t, catalog.AccessTokens)))
	var n int
	w.check(sessions.OneText(t.Context(), "SELECT count(*) FROM tokens WHERE kind = 'session'", nil, []any{&n}))
	if n != 1 {
		t.Errorf("%d sessions", n)
	}
}

// A server that is killed anywhere in a sign-in leaves the link as it was, or used with one session.
func TestASignInKilledAnywhereUsesTheLinkAtMostOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	links := 0
	for nth, whole := 1, false; !whole; nth = laketest.NextStep(nth) {
		links++
		link := w.link("artist", "A")
		ctx, killed := context.WithCancel(t.Context())
		broken := w.lake.With(laketest.CrashOnce(nth, killed))
		g, err := access.New(w.env(broken.Lake), access.Options{})
		w.check(err)
		_, err = access.Redeem(ctx, g, link.Secret)
		whole = err == nil && ctx.Err() == nil
		killed()
		after := w.site(w.lake.Lake, access.Options{})
		switch again := after.signIn(link.Secret); {
		case whole && again.status != 401:
			t.Errorf("step %d: signed in, and again: %d", nth, again.status)
		case again.status != 303 && again.status != 401:
			t.Errorf("step %d: %d", nth, again.status)
		}
		after.want("replayed", after.signIn(link.Secret), 401)
		n := 0
		list, err := access.List(t.Context(), w.env(w.lake.Lake), false)
		w.check(err)
		for _, l := range list {
			if l.Kind == "session" {
				n++
			}
		}
		if n != links {
			t.Fatalf("after %d links there are %d sessions", links, n)
		}
	}
}

func TestNoOtherSiteActsWithASession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.site(w.lake.Lake, access.Options{Limits: access.Limits{Failures: access.Rate{PerSecond: 1, Burst: 100}}})
	link := w.link("artist", "A")
	s.want("a form of another site", s.signIn(link.Secret, "Sec-Fetch-Site", "cross-site"), 403)
	s.want("a form of another origin", s.signIn(link.Secret, "Origin", "https://evil.example"), 403)
	s.want("a form without origin", s.signIn(link.Secret, "Origin", "null"), 403)
	in := s.signIn(link.Secret, "Origin", s.URL, "Sec-Fetch-Site", "same-origin")
	s.want("our own form", in, 303)
	with := func(headers ...string) []string { return append(in.asCookie(), headers...) }
	navigate := []string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}
	for _, c := range []struct {
		what, method string
		headers      []string
		status       int
	}{
		{"read by our page", "GET", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"typed", "GET", append([]string{"Sec-Fetch-Site", "none"}, navigate...), 200},
		{"read by another site", "GET", []string{"Sec-Fetch-Site", "cross-site"}, 401},
		{"opened by another site, the cookie sent all the same", "GET", append([]string{"Sec-Fetch-Site", "cross-site"}, navigate...), 401},
		{"read by a neighbour", "GET", []string{"Sec-Fetch-Site", "same-site"}, 401},
		{"opened by a neighbour", "GET", append([]string{"Sec-Fetch-Site", "same-site"}, navigate...), 200},
		{"changed by our page", "POST", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"changed by our page in an old browser", "POST", []string{"Origin", s.URL}, 200},
		{"changed by another site", "POST", []string{"Sec-Fetch-Site", "cross-site"}, 401},
		{"changed by a neighbour", "POST", append([]string{"Sec-Fetch-Site", "same-site"}, navigate...), 401},
		{"changed by another origin", "POST", []string{"Origin", "https://evil.example"}, 403},
		{"changed by nobody knows whom", "POST", nil, 403},
		{"changed from a sandbox", "POST", []string{"Origin", "null"}, 403},
		{"deleted by nobody knows whom", "DELETE", nil, 403},
	} {
		s.want(c.what, s.ask(c.method, ofA, "", with(c.headers...)...), c.status)
	}

	s.want("signed out by another site", s.ask("POST", "/signout", "", with("Sec-Fetch-Site", "cross-site")...), 403)
	s.want("signed out by nobody knows whom", s.ask("POST", "/signout", "", with()...), 403)
	s.want("signed out by a link", s.ask("GET", "/signout", "", with()...), 404)
	s.want("still in", s.get(ofA, with()...), 200)
	out := s.ask("POST", "/signout", "", with("Sec-Fetch-Site", "same-origin")...)
	s.want("signed out", out, 303)
	if out.cookie == nil || out.cookie.MaxAge >= 0 || out.cookie.Value != "" {
		t.Errorf("cookie %v", out.cookie)
	}
	s.want("out", s.get(ofA, with()...), 401)
	s.want("signed out again", s.ask("POST", "/signout", "", with("Sec-Fetch-Site", "same-origin")...), 303)
}

func TestRevokingALinkEndsItsSessionAndItsStreams(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.link("artist", "A")
	g, err := access.New(w.env(w.lake.Lake), access.Options{})
	w.check(err)
	ended := make(chan time.Time, 1)
	begun := make(chan struct{})
	mux := http.NewServeMux()
	g.Mount(mux)
	mux.Handle("/", g.Require(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		ctx, done, err := g.Stream(rw, r)
		if err != nil {
			t.Error(err)
			return
		}
		defer done()
		close(begun)
		<-ctx.Done()
		ended <- time.Now()
	})))
	s := w.serve(g, g.Wrap(mux))
	in := s.signIn(link.Secret)
	go s.get("/", in.asCookie()...)
	<-begun
	w.revoke(link.TokenID)
	at := time.Now()
	select {
	case end := <-ended:
		t.Logf("ended after %s", end.Sub(at).Round(time.Millisecond))
	case <-time.After(5 * time.Second):
		t.Error("goes on after 5 s")
	}
	s.want("the session", s.get("/", in.asCookie()...), 401)
}

func TestTheSignInPageNeedsNothingInlineAndLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.given("operator", "", 0)
	s := w.site(w.lake.Lake, access.Options{URL: "https://plays.example.com"})
	page := s.get("/signin")
	s.want("page", page, 200)
	for _, inline := range []string{"<style", " style=", "<script>", " onclick=", "javascript:", "http://", "https://"} {
		if strings.Contains(page.body, inline) {
			t.Errorf("the page has %s", inline)
		}
	}
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
		if policy := page.header.Get("Content-Security-Policy"); !strings.Contains(policy, want) || strings.Contains(policy, "unsafe") {
			t.Errorf("policy %q", policy)
		}
	}
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY", "Strict-Transport-Security": "max-age=31536000", "Cache-Control": "no-store",
	} {
		if got := page.header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	s.want("script", s.get("/signin/assets/signin.js"), 200)
	s.want("style", s.get("/signin/assets/signin.css"), 200)
	s.want("no other file", s.get("/signin/assets/..%2fsignin.html"), 404)

	browser := []string{"Accept", "text/html", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}
	led := s.get("/artist/A?x=%22%3E", browser...)
	s.want("led here by another site", led, 401)
	if !strings.Contains(led.body, `href="/artist/A"`) {
		t.Errorf("it does not lead on: %s", led.body)
	}
	g, err := access.New(w.env(w.lake.Lake), access.Options{})
	w.check(err)
	bare := w.serve(g, g.Require(http.NotFoundHandler())) // no mux in front, which would clean the path
	for _, path := range []string{"//evil.example/x", `/\evil.example`} {
		if led := bare.get(path, browser...); strings.Contains(led.body, `href="//`) || strings.Contains(led.body, `href="/\`) {
			t.Errorf("%s leads to another site: %s", path, led.body)
		}
	}

	secure := s.signIn(w.link("artist", "A").Secret).cookie
	if secure == nil || !secure.Secure || !strings.HasPrefix(secure.Name, "__Host-") {
		t.Errorf("cookie by https: %v", secure)
	}
}

func TestViewsAreDrawnInTheStyleOfThePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.given("artist", "A", 0)
	var seen []access.View
	broken := false
	s := w.site(w.lake.Lake, access.Options{Draw: func(out io.Writer, v access.View) error {
		seen = append(seen, v)
		if broken {
			return errors.New("no template")
		}
		_, err := io.WriteString(out, "styled")
		return err
	}})
	html := []string{"Accept", "text/html"}
	for _, got := range []answer{s.get("/", html...), s.get("/signin"), s.get(ofL, append(html, bearer(made.Secret)...)...), s.signIn("x", html...)} {
		if got.body != "styled" || got.header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%d: %s", got.status, got.body)
		}
	}
	if diff := cmp.Diff([]string{"401 Sign in true", "200 Sign in true", "404 Not Found false", "401 Sign in true"}, said(seen)); diff != "" {
		t.Error(diff)
	}
	broken = true
	if got := s.get("/", html...); got.status != 401 || !strings.Contains(got.body, "Sign in") || strings.Contains(got.body, "template") {
		t.Errorf("%d: %s", got.status, got.body)
	}
	broken = false
	if got := s.get("/"); got.status != 401 || got.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("a program: %d %v", got.status, got.header)
	}
}

func said(views []access.View) (list []string) {
	for _, v := range views {
		list = append(list, fmt.Sprint(v.Status, " ", v.Title, " ", v.SignIn))
	}
	return list
}

func TestWithoutTheRightToWriteNobodyIsSignedInAndTokensStillWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token, link := w.given("artist", "A", 0), w.link("artist", "A")
	refuse := &laketest.Faults{Strike: func(step laketest.Step, _ string) error {
		if step == laketest.CreateFile {
			return lake.ErrUnsupported
		}
		return nil
	}}
	s := w.site(w.lake.With(refuse).Lake, access.Options{})
	got := s.signIn(link.Secret)
	s.want("sign in", got, 503)
	if got.cookie != nil || strings.Contains(got.body, "not supported") {
		t.Errorf("%v %s", got.cookie, got.body)
	}
	s.want("token", s.get(ofA, bearer(token.Secret)...), 200)
}
