package access_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/lakectl/lakectl/jobs/serve/access"
	"github.com/lakectl/lakectl/lake"
)

// authority is an issuer of tokens.
type authority struct {
	*world
	*httptest.Server
	mu        sync.Mutex
	keys      map[string]crypto.Signer // by kid
	down      bool
	asked     atomic.Int64 // for its keys
	handed    map[string]url.Values
	elsewhere bool // its keys lie at another address
}

func (w *world) authority() *authority {
	a := &authority{world: w, keys: map[string]crypto.Signer{}, handed: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(rw http.ResponseWriter, _ *http.Request) {
		keys := a.URL + "/keys"
		if a.elsewhere {
			keys = "http://keys.example.com/keys"
		}
		a.write(rw, map[string]any{
			"issuer": a.URL, "jwks_uri": keys, "authorization_endpoint": a.URL + "/authorize", "token_endpoint": a.URL + "/token",
			"id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"}, // what it says does not count
		})
	})
	mux.HandleFunc("/keys", func(rw http.ResponseWriter, _ *http.Request) {
		a.asked.Add(1)
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.down {
			rw.WriteHeader(http.StatusInternalServerError)
			return
		}
		set := jose.JSONWebKeySet{}
		for kid, key := range a.keys {
			set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.Public(), KeyID: kid, Use: "sig"})
		}
		a.write(rw, set)
	})
	mux.HandleFunc("/token", a.token)
	a.Server = httptest.NewServer(mux)
	w.Cleanup(a.Close)
	a.newKey("k1")
	return a
}

func (a *authority) write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v) //nolint:errcheck // a test
}

func (a *authority) newKey(kid string) {
	a.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	a.check(err)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.keys = map[string]crypto.Signer{kid: key}
}

// claims are those of a good token for artist A, with changes.
func (a *authority) claims(changes map[string]any) map[string]any {
	claims := map[string]any{
		"iss": a.URL, "aud": "plays", "sub": "somebody@example.com", "exp": a.now().Add(time.Hour).Unix(), "iat": a.now().Unix(), "artist": "A",
	}
	for name, value := range changes {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	return claims
}

// sign makes a token of claims.
func (a *authority) sign(alg jose.SignatureAlgorithm, kid string, key any, claims map[string]any) string {
	a.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, nil)
	a.check(err)
	text, err := json.Marshal(claims)
	a.check(err)
	signed, err := signer.Sign(text)
	a.check(err)
	token, err := signed.CompactSerialize()
	a.check(err)
	return token
}

func (a *authority) good(changes map[string]any) string {
	a.Helper()
	for kid, key := range a.keys {
		return a.sign(jose.RS256, kid, key, a.claims(changes))
	}
	panic("no key")
}

func (a *authority) options() access.OIDC {
	return access.OIDC{Issuer: a.URL, Audience: "plays", ArtistClaim: "artist", LabelClaim: "https://example.com/label", OperatorClaim: "groups", OperatorValue: "staff"}
}

func TestATokenOfTheIssuerShowsWhatItsClaimsSay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.authority()
	s := w.site(w.lake.Lake, access.Options{OIDC: a.options(), Limits: access.Limits{Failures: access.Rate{PerSecond: 1, Burst: 1000}}})
	s.guard.SetIssuerLimit(1000)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	w.check(err)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.check(err)
	mine := a.keys["k1"].(*rsa.PrivateKey)
	public, err := json.Marshal(jose.JSONWebKey{Key: mine.Public(), KeyID: "k1"})
	w.check(err)
	good := a.good(nil)
	parts := strings.Split(good, ".")
	unsigned := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + "."
	richer := a.claims(map[string]any{"artist": nil, "groups": []string{"staff"}})
	text, err := json.Marshal(richer)
	w.check(err)
	day := 24 * time.Hour
	for what, c := range map[string]struct {
		token  string
		path   string
		status int
	}{
		"artist":                    {good, ofA, 200},
		"another artist":            {good, "/v1/artists/B/summary", 404},
		"label":                     {a.good(map[string]any{"artist": nil, "https://example.com/label": "L"}), ofL, 200},
		"operator, one of several":  {a.good(map[string]any{"artist": nil, "groups": []string{"x", "staff"}}), ofL, 200},
		"operator, as a text":       {a.good(map[string]any{"artist": nil, "groups": "staff"}), ofL, 200},
		"several audiences":         {a.good(map[string]any{"aud": []string{"x", "plays"}}), ofA, 200},
		"one artist in a list":      {a.good(map[string]any{"artist": []string{"A"}}), ofA, 200},
		"not before, long ago":      {a.good(map[string]any{"nbf": w.now().Add(-day).Unix()}), ofA, 200},
		"wrong issuer":              {a.good(map[string]any{"iss": "https://evil.example"}), ofA, 401},
		"issuer with a slash":       {a.good(map[string]any{"iss": a.URL + "/"}), ofA, 401},
		"no issuer":                 {a.good(map[string]any{"iss": nil}), ofA, 401},
		"wrong audience":            {a.good(map[string]any{"aud": "other"}), ofA, 401},
		"no audience":               {a.good(map[string]any{"aud": nil}), ofA, 401},
		"expired":                   {a.good(map[string]any{"exp": w.now().Add(-time.Second).Unix()}), ofA, 401},
		"never expires":             {a.good(map[string]any{"exp": nil}), ofA, 401},
		"not yet":                   {a.good(map[string]any{"nbf": w.now().Add(time.Hour).Unix()}), ofA, 401},
		"alg none":                  {unsigned, ofA, 401},
		"no signature":              {parts[0] + "." + parts[1] + ".", ofA, 401},
		"other claims":              {parts[0] + "." + base64.RawURLEncoding.EncodeToString(text) + "." + parts[2], ofL, 401},
		"HS256 with the public key": {a.sign(jose.HS256, "k1", public, a.claims(nil)), ofA, 401},
		"RS512":                     {a.sign(jose.RS512, "k1", mine, a.claims(nil)), ofA, 401},
		"PS256":                     {a.sign(jose.PS256, "k1", mine, a.claims(nil)), ofA, 401},
		"a key of its own":          {a.sign(jose.RS256, "k1", other, a.claims(nil)), ofA, 401},
		"an unknown key":            {a.sign(jose.RS256, "k9", other, a.claims(nil)), ofA, 401},
		"a curve that nobody has":   {a.sign(jose.ES256, "k1", curve, a.claims(nil)), ofA, 401},
		"nothing to see":            {a.good(map[string]any{"artist": nil}), ofA, 401},
		"an empty artist":           {a.good(map[string]any{"artist": ""}), ofA, 401},
		"two artists":               {a.good(map[string]any{"artist": []string{"A", "B"}}), ofA, 401},
		"artist and label":          {a.good(map[string]any{"https://example.com/label": "L"}), ofA, 401},
		"artist and operator":       {a.good(map[string]any{"groups": "staff"}), ofA, 401},
		"a number":                  {a.good(map[string]any{"artist": 7}), ofA, 401},
		"another group":             {a.good(map[string]any{"artist": nil, "groups": []string{"Staff"}}), ofL, 401},
		"cut":                       {good[:len(good)-4], ofA, 401},
		"no token":                  {"a.b.c", ofA, 401},
		"too many parts":            {good + ".x", ofA, 401},
	} {
		s.want(what, s.get(c.path, bearer(c.token)...), c.status)
	}
	s.want("without", s.get(ofA), 401)
	w.wait(2 * time.Hour)
	s.want("later", s.get(ofA, bearer(good)...), 401)
}

func TestKeysOfTheIssuerAreTakenUpAndForgedOnesDoNotFloodIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.authority()
	s := w.site(w.lake.Lake, access.Options{OIDC: a.options(), Limits: access.Limits{Failures: access.Rate{PerSecond: 1, Burst: 1000}}})
	s.guard.SetIssuerLimit(6)
	before := a.good(nil)
	for range 3 {
		s.want("before", s.get(ofA, bearer(before)...), 200)
	}
	if n := a.asked.Load(); n != 1 {
		t.Errorf("asked for its keys %d times", n)
	}
	a.newKey("k2")
	s.want("a new key", s.get(ofA, bearer(a.good(nil))...), 200)
	s.want("a key that was taken back", s.get(ofA, bearer(before)...), 401)

	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.check(err)
	a.mu.Lock()
	a.keys["k3"] = curve
	a.mu.Unlock()
	s.want("a key on a curve", s.get(ofA, bearer(a.sign(jose.ES256, "k3", curve, a.claims(nil)))...), 200)

	asked := a.asked.Load()
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	w.check(err)
	for i := range 10 {
		if got := s.get(ofA, bearer(a.sign(jose.RS256, fmt.Sprint("forged", i), other, a.claims(nil)))...); got.status != 401 && got.status != 503 {
			t.Errorf("forged: %d", got.status)
		}
	}
	if n := a.asked.Load() - asked; n > 3 {
		t.Errorf("ten forged tokens asked for its keys %d times", n)
	}
	s.want("a known key all the while", s.get(ofA, bearer(a.sign(jose.ES256, "k3", curve, a.claims(nil)))...), 200)
}

func TestAnIssuerThatIsDownIsNotTheTokensFault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.authority()
	a.down = true
	own := w.given("artist", "A", 0)
	s := w.site(w.lake.Lake, access.Options{OIDC: a.options()})
	s.want("its keys are not to be had", s.get(ofA, bearer(a.good(nil))...), 503)
	s.want("a token of ours", s.get(ofA, bearer(own.Secret)...), 200)

	led := w.authority()
	led.elsewhere = true
	s = w.site(w.lake.Lake, access.Options{OIDC: led.options()})
	s.want("keys over plain http", s.get(ofA, bearer(led.good(nil))...), 503)

	for what, o := range map[string]access.Options{
		"plain http":             {OIDC: access.OIDC{Issuer: "http://id.example.com", Audience: "x", ArtistClaim: "a"}},
		"no address":             {OIDC: access.OIDC{Issuer: "id", Audience: "x", ArtistClaim: "a"}},
		"no audience":            {OIDC: access.OIDC{Issuer: a.URL, ArtistClaim: "a"}},
		"no claim":               {OIDC: access.OIDC{Issuer: a.URL, Audience: "x"}},
		"no way back":            {OIDC: access.OIDC{Issuer: a.URL, ClientID: "x", ArtistClaim: "a"}},
		"an address with a path": {URL: "https://example.com/plays"},
	} {
		if _, err := access.New(w.env(w.lake.Lake), o); err == nil || lake.Hint(err) == "" {
			t.Errorf("%s: %v, hint %q", what, err, lake.Hint(err))
		}
	}
}

// token gives a token for a code, once, to whoever knows what the challenge was made of.
func (a *authority) token(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	asked, known := a.handed[r.FormValue("code")]
	delete(a.handed, r.FormValue("code"))
	a.mu.Unlock()
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if !known || base64.RawURLEncoding.EncodeToString(sum[:]) != asked.Get("code_challenge") || r.FormValue("redirect_uri") != asked.Get("redirect_uri") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"error":"invalid_grant"}`) //nolint:errcheck // a test
		return
	}
	changes := map[string]any{"aud": "lakectl", "nonce": asked.Get("nonce")}
	if n := asked.Get("other_nonce"); n != "" {
		changes["nonce"] = n
	}
	a.write(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": a.good(changes)})
}

// consent is the person saying yes at the issuer: what the browser comes back with.
func (a *authority) consent(location, code string, changes url.Values) (path string) {
	a.Helper()
	u, err := url.Parse(location)
	a.check(err)
	asked := u.Query()
	if asked.Get("code_challenge_method") != "S256" || asked.Get("response_type") != "code" || asked.Get("scope") != "openid" {
		a.Errorf("asked for %v", asked)
	}
	for name := range changes {
		asked.Set(name, changes.Get(name))
	}
	a.mu.Lock()
	a.handed[code] = asked
	a.mu.Unlock()
	return "/signin/oidc/callback?" + url.Values{"code": {code}, "state": {asked.Get("state")}}.Encode()
}

func TestABrowserSignsInAtTheIssuer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.authority()
	o := a.options()
	o.ClientID, o.ClientSecret = "lakectl", "hush"
	s := w.site(w.lake.Lake, access.Options{URL: "https://plays.example.com", OIDC: o})
	s.guard.SetIssuerLimit(100)
	if page := s.get("/signin"); !strings.Contains(page.body, `href="/signin/oidc"`) {
		t.Error("the page does not offer it")
	}
	leave := func() (location string, trip []string) {
		t.Helper()
		out := s.get("/signin/oidc")
		s.want("leave", out, 303)
		c, err := http.ParseSetCookie(out.header.Get("Set-Cookie"))
		w.check(err)
		if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || strings.Contains(out.header.Get("Location"), "hush") {
			t.Errorf("cookie %v", c)
		}
		return out.header.Get("Location"), []string{"Cookie", c.Name + "=" + c.Value}
	}
	location, trip := leave()
	back := a.consent(location, "c1", nil)
	in := s.get(back, trip...)
	s.want("come back", in, 200)
	if in.cookie == nil || in.cookie.SameSite != http.SameSiteStrictMode || !strings.Contains(in.body, `http-equiv="refresh"`) {
		t.Fatalf("cookie %v, %s", in.cookie, in.body)
	}
	s.want("its own", s.get(ofA, in.asCookie()...), 200)
	s.want("another's", s.get(ofL, in.asCookie()...), 404)

	s.want("replayed", s.get(back, trip...), 401)
	location, trip = leave()
	s.want("without the cookie", s.get(a.consent(location, "c2", nil)), 401)
	s.want("another's state", s.get(a.consent(location, "c3", url.Values{"state": {"x"}}), trip...), 401)
	s.want("another's nonce", s.get(a.consent(location, "c4", url.Values{"other_nonce": {"x"}}), trip...), 401)
	s.want("a stolen code", s.get(a.consent(location, "c5", url.Values{"code_challenge": {"x"}}), trip...), 401)
	s.want("no code", s.get("/signin/oidc/callback?error=access_denied", trip...), 401)
	s.want("a cookie of their own", s.get(a.consent(location, "c6", nil), "Cookie", "__Host-lakectl_trip=AAAA"), 401)
	back = a.consent(location, "c7", nil)
	w.wait(11 * time.Minute)
	s.want("too late", s.get(back, trip...), 401)
	s.want("the ID token of the browser as a bearer token", s.get(ofA, bearer(a.good(map[string]any{"aud": "lakectl"}))...), 401)
}
