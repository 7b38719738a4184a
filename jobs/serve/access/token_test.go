package access_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/serve/access"
)

const (
	ofA = "/v1/artists/A/summary"
	ofL = "/v1/labels/L/summary"
)

func TestATokenShowsItsOwnAndAnotherIdIsAsIfItDidNotExist(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	artist, label, operator := w.given("artist", "A", 0), w.given("label", "L", 0), w.given("operator", "", 0)
	s := w.site(w.lake.Lake, access.Options{})
	for _, c := range []struct {
		token, path string
		status      int
	}{
		{artist.Secret, ofA, 200},
		{label.Secret, ofL, 200},
		{operator.Secret, ofA, 200},
		{operator.Secret, ofL, 200},
		{operator.Secret, "/v1/artists/nobody/summary", 404},
	} {
		s.want(c.path, s.get(c.path, bearer(c.token)...), c.status)
	}
	w.worked.Store(0)
	nobody := s.get("/v1/artists/nobody/summary", bearer(operator.Secret)...)
	w.worked.Store(0)
	for _, c := range []struct{ token, path string }{
		{artist.Secret, "/v1/artists/B/summary"},
		{artist.Secret, "/v1/artists/nobody/summary"},
		{artist.Secret, "/v1/labels/A/summary"},
		{artist.Secret, ofL},
		{label.Secret, ofA},
		{label.Secret, "/v1/labels/l/summary"},
		{artist.Secret, "/v1/artists/A%20/summary"},
		{artist.Secret, "/v1/artists/a/summary"},
		{artist.Secret, "/v1/artists/A%00/summary"},
		{artist.Secret, "/v1/artists/%2e%2e/summary"},
		{artist.Secret, "/v1/artists/A%2Fsummary/summary"},
	} {
		got := s.get(c.path, bearer(c.token)...)
		s.want(c.path, got, 404)
		got.header.Del("Date")
		nobody.header.Del("Date")
		if got.body != nobody.body || !cmp.Equal(got.header, nobody.header) {
			t.Errorf("%s: %q, and for an id that nobody has %q\n%s", c.path, got.body, nobody.body, cmp.Diff(nobody.header, got.header))
		}
	}
	if n := w.worked.Load(); n != 0 {
		t.Errorf("%d requests for another's id reached work on it, which takes time that tells", n)
	}
}

func TestAnAnalystSeesNothingOfTheDashboard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	analyst := w.given("analyst", "", 0)
	s := w.site(w.lake.Lake, access.Options{})
	for _, path := range []string{ofA, ofL, "/v1/artists/analyst/summary", "/form", "/panic", "/elsewhere"} {
		s.want(path, s.get(path, bearer(analyst.Secret)...), 403)
	}
	if n := w.worked.Load(); n != 0 {
		t.Errorf("%d requests of an analyst reached work on an id", n)
	}
	if _, err := access.CreateLink(t.Context(), w.env(w.lake.Lake), access.Scope{Sees: access.Analyst}, ""); err == nil {
		t.Error("a browser can sign in as an analyst")
	}
	if _, err := access.NewScope(access.Analyst, "A"); err == nil {
		t.Error("an analyst of one artist can be given access")
	}
}

func TestWhatIsNoTokenShowsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good, expired, revoked, link := w.given("artist", "A", 0), w.given("artist", "A", time.Hour), w.given("artist", "A", 0), w.link("artist", "A")
	w.revoke(revoked.TokenID)
	s := w.site(w.lake.Lake, access.Options{Limits: access.Limits{Failures: access.Rate{PerSecond: 1, Burst: 100}}})
	s.want("before it expires", s.get(ofA, bearer(expired.Secret)...), 200)
	session := s.signIn(link.Secret).cookie
	if session == nil {
		t.Fatal("the link gives no session")
	}
	w.wait(time.Hour)
	flip := []byte(good.Secret)
	flip[20] ^= 1
	padded := good.Secret[:len(good.Secret)-1] + string(good.Secret[len(good.Secret)-1]+1) // other bits that are no part of the secret
	first := s.get(ofA)
	for what, headers := range map[string][]string{
		"nothing":              nil,
		"expired":              bearer(expired.Secret),
		"revoked":              bearer(revoked.Secret),
		"forged":               bearer(string(flip)),
		"spare bits":           bearer(padded),
		"truncated":            bearer(good.Secret[:len(good.Secret)-1]),
		"longer":               bearer(good.Secret + "A"),
		"upper case":           bearer(strings.ToUpper(good.Secret)),
		"without its prefix":   bearer(strings.TrimPrefix(good.Secret, "lkt_")),
		"the id":               bearer(good.TokenID),
		"empty":                bearer(""),
		"no scheme":            {"Authorization", good.Secret},
		"other scheme":         {"Authorization", "Basic " + good.Secret},
		"two":                  append(bearer(good.Secret), bearer(good.Secret)...),
		"link as token":        bearer(link.Secret),
		"session as token":     bearer(session.Value),
		"token as session":     {"Cookie", session.Name + "=" + good.Secret},
		"two sessions":         {"Cookie", session.Name + "=" + session.Value + "; " + session.Name + "=" + session.Value},
		"a cut session":        {"Cookie", session.Name + "=" + session.Value[:40]},
		"another name":         {"Cookie", "__Host-lakectl_session=" + session.Value},
		"token in a parameter": {"X-Token", good.Secret},
	} {
		got := s.get(ofA, headers...)
		s.want(what, got, 401)
		if got.body != first.body || got.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: %q, and without anything %q", what, got.body, first.body)
		}
	}
	s.want("the good one", s.get(ofA, bearer(good.Secret)...), 200)
	s.want("scheme in capitals", s.get(ofA, "Authorization", "BEARER "+good.Secret), 200)
	s.want("in the address", s.get(ofA+"?token="+good.Secret), 401)
	s.want("the session", s.get(ofA, "Cookie", session.Name+"="+session.Value), 200)
}

func TestARevokedTokenIsWorthNothingAfterThreeSeconds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.given("artist", "A", 0)
	s := w.site(w.lake.Lake, access.Options{})
	s.want("before", s.get(ofA, bearer(made.Secret)...), 200)
	w.revoke(made.TokenID)
	w.wait(3 * time.Second)
	s.want("after 3 s", s.get(ofA, bearer(made.Secret)...), 401)
	other := w.given("artist", "A", 0)
	w.wait(3 * time.Second)
	s.want("a new one", s.get(ofA, bearer(other.Secret)...), 200)
}

func TestALakeThatCannotBeReadKeepsWhatWasKnownForAMinute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.given("artist", "A", 0)
	var broken bool
	faults := &laketest.Faults{Strike: func(step laketest.Step, table string) error {
		if broken && step == laketest.LoadTable {
			return laketest.ErrInjected
		}
		return nil
	}}
	s := w.site(w.lake.With(faults).Lake, access.Options{})
	s.want("while it can be read", s.get(ofA, bearer(made.Secret)...), 200)
	broken = true
	for _, after := range []time.Duration{3 * time.Second, 40 * time.Second, 16 * time.Second} {
		w.wait(after)
		s.want("within a minute", s.get(ofA, bearer(made.Secret)...), 200)
	}
	w.wait(2 * time.Second)
	for range 2 {
		got := s.get(ofA, bearer(made.Secret)...)
		s.want("after a minute", got, 503)
		if got.header.Get("Retry-After") == "" || got.header.Get("Refresh") != "" || strings.Contains(got.body, "injected") || !strings.Contains(got.body, "could last be read at") {
			t.Errorf("%v %q", got.header, got.body)
		}
	}
	page := s.get("/", "Accept", "text/html")
	s.want("a page", page, 503)
	if page.header.Get("Refresh") != "5" || !strings.Contains(page.body, "comes by itself") {
		t.Errorf("%v %q", page.header, page.body)
	}
	if form := s.signIn("lkl_none", "Accept", "text/html"); form.header.Get("Refresh") != "" {
		t.Errorf("a form is sent again by itself: %d %v", form.status, form.header)
	}
	broken = false
	w.wait(time.Second)
	s.want("healed", s.get(ofA, bearer(made.Secret)...), 200)

	broken = true
	fresh := w.site(w.lake.With(faults).Lake, access.Options{})
	fresh.want("a server that never read it", fresh.get(ofA, bearer(made.Secret)...), 503)
}

func TestALakeThatDoesNotAnswerHoldsARequestUpForASecondAtMost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.given("artist", "A", 0)
	var hang atomic.Bool
	answer := make(chan struct{})
	faults := &laketest.Faults{Strike: func(step laketest.Step, _ string) error {
		if step == laketest.LoadTable && hang.Load() {
			<-answer
		}
		return nil
	}}
	s := w.site(w.lake.With(faults).Lake, access.Options{})
	s.want("before", s.get(ofA, bearer(made.Secret)...), 200)
	hang.Store(true)
	w.wait(4 * time.Second)
	begin := time.Now()
	for range 5 {
		s.want("while it hangs", s.get(ofA, bearer(made.Secret)...), 200)
	}
	if took := time.Since(begin); took > 4*time.Second {
		t.Errorf("five requests took %s", took)
	}
	w.wait(time.Minute)
	s.want("after a minute", s.get(ofA, bearer(made.Secret)...), 503)
	hang.Store(false)
	close(answer)
	w.wait(time.Second)
	for range 100 {
		if s.get(ofA, bearer(made.Secret)...).status == 200 {
			return
		}
	}
	t.Error("it answers again, and nobody is let in")
}

func TestTheTableStaysSmallAndEndsStayEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	env := w.env(w.lake.Lake)
	first := w.given("operator", "", time.Minute)
	w.revoke(first.TokenID)
	var last access.Made
	for i := range 16 {
		last = w.given("artist", fmt.Sprint("A", i), 0)
	}
	files, err := w.lake.Snapshot(t, catalog.AccessTokens).Files(t.Context())
	w.check(err)
	if len(files) > 16 {
		t.Errorf("%d files", len(files))
	}
	list, err := access.List(t.Context(), env, true)
	w.check(err)
	if len(list) != 17 || list[0].State != "revoked" || list[16].TokenID != last.TokenID {
		t.Errorf("%d listed, the first %s", len(list), list[0].State)
	}
	valid, err := access.List(t.Context(), env, false)
	w.check(err)
	if len(valid) != 16 {
		t.Errorf("%d valid", len(valid))
	}
	w.lake.Hand(t, catalog.AccessTokens).Delete(laketest.ByPosition, "token_id = '"+last.TokenID+"'")
	s := w.site(w.lake.Lake, access.Options{})
	s.want("taken away by another engine", s.get("/v1/artists/A15/summary", bearer(last.Secret)...), 401)

	again, err := access.Revoke(t.Context(), env, first.TokenID)
	w.check(err)
	if again.Changed {
		t.Error("revoked twice")
	}
	if _, err := access.Revoke(t.Context(), env, "nothing"); err == nil {
		t.Error("revoked what is not there")
	}
	// Long after, a merge forgets what ended; what holds stays.
	w.wait(500 * 24 * time.Hour)
	for range 16 {
		w.link("artist", "A")
	}
	list, err = access.List(t.Context(), env, true)
	w.check(err)
	if list[0].TokenID == first.TokenID || len(list) != 15+16 {
		t.Errorf("%d listed", len(list))
	}
}

func TestScopesAreIdsThatCanBe(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ sees, id string }{
		{"artist", ""}, {"label", ""}, {"operator", "x"}, {"listener", "u1"}, {"", ""}, {"artist", "a\nb"}, {"artist", "\xff"}, {"label", strings.Repeat("x", 257)},
	} {
		if _, err := access.NewScope(access.Sees(c.sees), c.id); err == nil {
			t.Errorf("%q %.20q can be given", c.sees, c.id)
		}
	}
	if (access.Scope{}).May(access.Artist, "") || (access.Scope{}).May("", "") {
		t.Error("nothing shows something")
	}
	if access.ScopeOf(t.Context()) != (access.Scope{}) {
		t.Error("a request that nobody looked at shows something")
	}
}
