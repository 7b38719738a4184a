package access

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// Options are what a [Guard] goes by.
type Options struct {
	// URL is the address under which browsers reach the server, without a path; "" where they use the one it listens
	// on.
	URL string
	// TLS says that the server itself speaks it.
	TLS    bool
	OIDC   OIDC
	Limits Limits
	// Draw draws the page to sign in, and refusals to browsers, in the style of the page; nil for plain ones.
	Draw Draw
	// Write writes refusals as a protocol has them; nil for RFC 9457. Nobody signs in to a server that has one.
	Write Write
}

// Guard decides what each request may see.
type Guard struct {
	env     jobs.Env
	loader  *loader
	issuer  *issuer // nil: there is none
	secure  bool    // browsers come by https
	origins *http.CrossOriginProtection
	limits  Limits
	scopes  *limiter[Scope]
	failing *limiter[netip.Prefix]
	draw    Draw
	write   Write
	exits   sync.Mutex // one exchange of a link at a time: two of one process only get into each other's way
	streams streams
	// outlive is the context of a change of the table, which goes on when the request ends.
	outlive func(context.Context) context.Context
}

// New makes a guard. It contacts nothing, so that a server starts without its issuer and its catalog.
func New(env jobs.Env, o Options) (*Guard, error) {
	g := &Guard{
		env: env, loader: &loader{env: env, clock: time.Now}, secure: o.TLS || strings.HasPrefix(o.URL, "https:"),
		origins: http.NewCrossOriginProtection(), limits: o.Limits.withDefaults(), draw: o.Draw, write: o.Write, outlive: context.WithoutCancel, scopes: newLimiter[Scope](), failing: newLimiter[netip.Prefix](),
	}
	if o.URL != "" {
		if err := g.origins.AddTrustedOrigin(strings.TrimSuffix(o.URL, "/")); err != nil {
			return nil, lake.WithHint(fmt.Errorf("address %s of the page: %w", o.URL, err), "set serve.public_url to scheme and host alone, such as https://plays.example.com")
		}
	}
	if o.OIDC.Issuer != "" {
		issuer, err := newIssuer(env, o.OIDC, o.URL)
		if err != nil {
			return nil, err
		}
		g.issuer = issuer
	}
	return g, nil
}

// pass is what a request was let in with.
type pass struct {
	scope  Scope
	digest digest    // of a token or session of ours
	until  time.Time // of a token by OpenID Connect; the zero time: the table says
	open   bool      // nobody needs one here
}

// Why a request is not let in. Nothing else about it is said or logged.
var (
	errNone      = errors.New("no credentials")
	errInvalid   = errors.New("credentials that are not valid")
	errElsewhere = errors.New("no access was given to anybody, and the request is not from this machine")
	errCrossSite = errors.New("another site's page made the request")
	errExpired   = errors.New("credentials that have expired")
	errTaken     = errors.New("credentials that were revoked")
	errOther     = errors.New("credentials that open something else")
)

// Require lets requests through that may see something of the dashboard, and tells them with [ScopeOf] what. Others are
// answered: 401, or the page to sign in for a browser; 403 where nobody was given access and the request is not from
// this machine, and for an analyst; 429 over the limits; 503 where the lake cannot be read.
func (g *Guard) Require(next http.Handler) http.Handler { return g.require(next, Scope.figures) }

// RequireTables is Require for the catalog of tables, which operators and analysts alone may open.
func (g *Guard) RequireTables(next http.Handler) http.Handler { return g.require(next, Scope.tables) }

func (g *Guard) require(next http.Handler, opens func(Scope) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := g.admit(r)
		if err == nil && !opens(p.scope) {
			err = errOther
		}
		if err != nil {
			g.turnAway(w, r, err)
			return
		}
		limit := g.limits.Scope
		if p.scope.tables() {
			limit = g.limits.Operator
		}
		if !g.scopes.allow(p.scope, limit, g.loader.clock()) {
			w.Header().Set("Retry-After", "1")
			Refuse(w, r, http.StatusTooManyRequests, "Too many requests: wait a second, and ask for less at a time.")
			return
		}
		w.Header().Set("Cache-Control", "private, no-cache")
		w.Header().Add("Vary", "Authorization, Cookie")
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), scopeKey{}, p)))
	})
}

// admit finds what a request may see.
func (g *Guard) admit(r *http.Request) (*pass, error) {
	if _, has := r.Header["Authorization"]; has {
		return g.bearer(r)
	}
	b, err := g.loader.book(r.Context())
	if err != nil {
		return nil, err
	}
	if g.issuer == nil && !g.loader.given() {
		if !local(r) {
			return nil, errElsewhere
		}
		return &pass{scope: Scope{Sees: Operator}, open: true}, nil
	}
	return g.session(r, b)
}

// bearer takes a token of ours or of the issuer. A request that has one is judged by it alone.
func (g *Guard) bearer(r *http.Request) (*pass, error) {
	if len(r.Header["Authorization"]) != 1 {
		return nil, errInvalid
	}
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return nil, errInvalid
	}
	if d, is := digestOf(tokenKind, secret); is {
		b, err := g.loader.book(r.Context())
		if err != nil {
			return nil, err
		}
		return b.pass(tokenKind, d, g.env.Now())
	}
	if g.issuer == nil {
		return nil, errInvalid
	}
	return g.issuer.bearer(r.Context(), secret)
}

// session takes the cookie of a browser that signed in. It counts only for requests that a page of ours or the person
// made.
func (g *Guard) session(r *http.Request, b *book) (*pass, error) {
	cookies := r.CookiesNamed(g.cookieName())
	switch {
	case len(cookies) == 0:
		return nil, errNone
	case len(cookies) > 1: // another site below the same domain set one of them
		return nil, errInvalid
	case r.Header.Get("Sec-Fetch-Site") == "cross-site", crossSite(r) && !(safe(r) && opens(r)):
		return nil, errNone
	case !safe(r) && !g.sameOrigin(r):
		return nil, errCrossSite
	}
	d, is := digestOf(sessionKind, cookies[0].Value)
	if !is {
		return nil, errInvalid
	}
	return b.pass(sessionKind, d, g.env.Now())
}

// pass is what a secret of ours lets see.
func (b *book) pass(k kind, d digest, at time.Time) (*pass, error) {
	e := b.byDigest[d]
	switch {
	case e == nil || e.Kind != string(k):
		return nil, errInvalid
	case e.state(at) == "expired":
		return nil, errExpired
	case !b.valid(e, at):
		return nil, errTaken
	}
	return &pass{scope: e.scope, digest: d}, nil
}

// sameOrigin tells whether the browser says that a page of ours made the request. No word of it is no proof.
func (g *Guard) sameOrigin(r *http.Request) bool {
	said := r.Header.Get("Sec-Fetch-Site") != "" || r.Header.Get("Origin") != ""
	return said && g.origins.Check(r) == nil
}

// opens tells whether a browser opens a page with the request.
func opens(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}

// turnAway answers a request that is not let in.
func (g *Guard) turnAway(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, ErrUnavailable):
		Later(w, r, 5*time.Second, g.loader.unavailable())
	case errors.Is(err, errIssuer):
		w.Header().Set("Retry-After", "10")
		Refuse(w, r, http.StatusServiceUnavailable, "The issuer of tokens does not answer at the moment. Try again in a few seconds.")
	case errors.Is(err, errElsewhere):
		Refuse(w, r, http.StatusForbidden, "Nobody was given access yet, so only this machine itself is answered, under the name localhost or 127.0.0.1 and without a proxy. Make a token there: lakectl token create.")
	case errors.Is(err, errOther):
		Refuse(w, r, http.StatusForbidden, "This token opens something else: an analyst's opens the catalog of tables alone, an artist's or label's the dashboard alone.")
	case errors.Is(err, errCrossSite):
		Refuse(w, r, http.StatusForbidden, "Another site's page made this request.")
	default:
		g.unauthorized(w, r, err)
	}
}

// unauthorized asks for credentials, unless an address sent too many that are not valid.
func (g *Guard) unauthorized(w http.ResponseWriter, r *http.Request, err error) {
	if g.tooManyFailures(r) {
		w.Header().Set("Retry-After", "5")
		Refuse(w, r, http.StatusTooManyRequests, "Too many requests without valid credentials.")
		return
	}
	g.env.Log.Debug("request not let in", "reason", err)
	w.Header().Set("WWW-Authenticate", `Bearer realm="lakectl"`)
	if g.write == nil && wantsPage(r) && safe(r) {
		v := View{Status: http.StatusUnauthorized, Onward: onward(r)}
		v.Title, v.Detail = ending(err)
		g.signInPage(w, r, v)
		return
	}
	Refuse(w, r, http.StatusUnauthorized, "Send a valid token as 'Authorization: Bearer TOKEN', or sign in. Make one with: lakectl token create.")
}

// ending is what a person is told who was let in before; "" for anybody else.
func ending(err error) (title, detail string) {
	const over = "Your access has ended"
	switch {
	case errors.Is(err, errExpired):
		return over, "It was given for a time, and that is over. Sign in again to see the figures."
	case errors.Is(err, errTaken):
		return over, "It was taken back, or you signed out. Sign in again to see the figures."
	}
	return "", ""
}

// tooManyFailures counts a failure of the address that the connection comes from. Valid credentials are looked at
// before, so whoever shares an address with others that fail is still let in.
func (g *Guard) tooManyFailures(r *http.Request) bool {
	from, ok := peer(r)
	if !ok {
		return true
	}
	return !g.failing.allow(neighbourhood(from), g.limits.Failures, g.loader.clock())
}

// Open tells whether the server answers this machine alone, because nobody was given access and there is no issuer.
func (g *Guard) Open(ctx context.Context) (bool, error) {
	if _, err := g.loader.book(ctx); err != nil {
		return false, err
	}
	return g.issuer == nil && !g.loader.given(), nil
}

// still tells whether a request would be let in again.
func (g *Guard) still(p *pass, b *book) bool {
	switch {
	case p.open:
		return !g.loader.given()
	case !p.until.IsZero():
		return g.env.Now().Before(p.until)
	}
	e := b.byDigest[p.digest]
	return e != nil && b.valid(e, g.env.Now())
}
