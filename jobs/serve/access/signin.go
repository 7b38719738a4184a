package access

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// Paths of signing in and out.
const (
	signInPath   = "/signin"
	signOutPath  = "/signout"
	assetsPath   = "/signin/assets/"
	issuerPath   = "/signin/oidc"
	callbackPath = "/signin/oidc/callback"
)

// signInPage shows the form to sign in, or that one is.
func (g *Guard) signInPage(w http.ResponseWriter, r *http.Request, v View) {
	v.SignIn, v.Title = !v.Done, cmp.Or(v.Title, "Sign in")
	if v.Done {
		v.Title = "Signed in"
	}
	v.Issuer = v.SignIn && g.issuer != nil && g.issuer.browsers()
	show(w, r, v)
}

// onward is the path of a request that a link of another site made.
func onward(r *http.Request) string {
	path := r.URL.EscapedPath()
	foreign := !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.Contains(path, `\\`)
	if r.Header.Get("Sec-Fetch-Site") != "cross-site" || !opens(r) || foreign {
		return ""
	}
	return path
}

// Mount adds the pages to sign in and out to a mux. They need no access.
func (g *Guard) Mount(mux *http.ServeMux) {
	mux.HandleFunc("GET "+signInPath, func(w http.ResponseWriter, r *http.Request) { g.signInPage(w, r, View{Status: http.StatusOK}) })
	mux.HandleFunc("POST "+signInPath, g.exchange)
	mux.HandleFunc("POST "+signOutPath, g.signOut)
	files, err := fs.Sub(pageFiles, "page/assets")
	if err != nil {
		panic(err) // the folder is embedded
	}
	assets := http.StripPrefix(assetsPath, http.FileServerFS(files))
	mux.HandleFunc("GET "+assetsPath+"{file}", func(w http.ResponseWriter, r *http.Request) {
		if _, err := fs.Stat(files, r.PathValue("file")); err != nil {
			NotFound(w, r)
			return
		}
		assets.ServeHTTP(w, r)
	})
	if g.issuer != nil && g.issuer.browsers() {
		mux.HandleFunc("GET "+issuerPath, g.leave)
		mux.HandleFunc("GET "+callbackPath, g.comeBack)
	}
}

// errLink says that a link is not good, whatever the reason.
var errLink = errors.New("link is not valid")

const badLink = "This link was used already, was revoked, or is older than 10 minutes. Ask for another one: lakectl token link."

// exchange makes a session of the secret of a link.
func (g *Guard) exchange(w http.ResponseWriter, r *http.Request) {
	if g.origins.Check(r) != nil {
		Refuse(w, r, http.StatusForbidden, "Another site's page made this request.")
		return
	}
	if err := r.ParseForm(); err != nil {
		refuseBody(w, r, err)
		return
	}
	_, secret, whole := strings.Cut(r.PostForm.Get("secret"), "#")
	if !whole {
		secret = r.PostForm.Get("secret")
	}
	session, err := g.redeem(r.Context(), strings.TrimSpace(secret))
	switch {
	case errors.Is(err, errLink) && g.tooManyFailures(r):
		w.Header().Set("Retry-After", "5")
		Refuse(w, r, http.StatusTooManyRequests, "Too many links that are not valid.")
	case errors.Is(err, errLink):
		if wantsPage(r) {
			g.signInPage(w, r, View{Status: http.StatusUnauthorized, Detail: badLink})
			return
		}
		Refuse(w, r, http.StatusUnauthorized, badLink)
	case err != nil:
		g.notSignedIn(w, r, err)
	default:
		w.Header().Set("Cache-Control", "no-store")
		http.SetCookie(w, g.cookie(session, cookieLife))
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
}

// refuseBody answers a form that cannot be read.
func refuseBody(w http.ResponseWriter, r *http.Request, err error) {
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		Refuse(w, r, http.StatusRequestEntityTooLarge, "The request is too long.")
		return
	}
	Refuse(w, r, http.StatusBadRequest, "The request cannot be read.")
}

func (g *Guard) notSignedIn(w http.ResponseWriter, r *http.Request, err error) {
	g.env.Log.Error("nobody can sign in: the table access_tokens cannot be written", "error", err)
	w.Header().Set("Retry-After", "5")
	Refuse(w, r, http.StatusServiceUnavailable, "You cannot be signed in at the moment. Ask for a new link in a few minutes.")
}

// commitLimit ends a change of the table that does not get on. It goes on when the browser has gone.
const commitLimit = 20 * time.Second

// redeem uses a link up and returns the secret of the session that it gives. Of two that come at once one gets it, also
// where they come to two servers: both are in one commit, and the other finds the link used.
func (g *Guard) redeem(ctx context.Context, secret string) (session string, err error) {
	d, is := digestOf(linkKind, secret)
	if !is {
		return "", errLink
	}
	if good, err := g.mayRedeem(ctx, d); err != nil || !good {
		return "", cmp.Or(err, errLink)
	}
	var id string
	err = g.commit(ctx, func(b *book) ([]catalog.AccessRow, error) {
		now, link := g.env.Now(), b.byDigest[d]
		if link == nil || link.Kind != string(linkKind) || !b.valid(link, now) {
			return nil, errLink
		}
		var row catalog.AccessRow
		session, row = newRow(now, sessionKind, link.scope, link.Name, SessionLife)
		row.FromTokenID, id = link.TokenID, row.TokenID
		return []catalog.AccessRow{link.ended(endedUsed, now), row}, nil
	})
	if err != nil {
		return "", err
	}
	g.env.Log.Info("signed in with a link", "token_id", id)
	return session, nil
}

// mayRedeem looks a link up in what is in memory, which spares the lake: secrets that somebody made up cost it nothing
// but the look at whether the table has moved.
func (g *Guard) mayRedeem(ctx context.Context, d digest) (bool, error) {
	b, err := g.loader.book(ctx)
	if err == nil && b.byDigest[d] == nil { // it may be newer than that
		if err = g.loader.refresh(ctx); err == nil {
			b, err = g.loader.book(ctx)
		}
	}
	if err != nil {
		return false, err
	}
	e := b.byDigest[d]
	return e != nil && e.Kind == string(linkKind) && b.valid(e, g.env.Now()), nil
}

// commit changes the table and sees to it that this server knows.
func (g *Guard) commit(ctx context.Context, decide func(*book) ([]catalog.AccessRow, error)) error {
	ctx, cancel := context.WithTimeout(g.outlive(ctx), commitLimit)
	defer cancel()
	g.exits.Lock()
	err := change(ctx, g.env, decide)
	g.exits.Unlock()
	if err != nil {
		return err
	}
	return g.loader.refresh(ctx)
}

// signOut ends the session of a browser.
func (g *Guard) signOut(w http.ResponseWriter, r *http.Request) {
	if !g.sameOrigin(r) {
		Refuse(w, r, http.StatusForbidden, "Another site's page made this request.")
		return
	}
	for _, c := range r.CookiesNamed(g.cookieName()) {
		d, is := digestOf(sessionKind, c.Value)
		if !is {
			continue
		}
		if err := g.end(r.Context(), d); err != nil {
			g.env.Log.Error("a session cannot be ended: the table access_tokens cannot be written", "error", err)
			w.Header().Set("Retry-After", "5")
			Refuse(w, r, http.StatusServiceUnavailable, "You cannot be signed out at the moment. Try again in a few seconds.")
			return
		}
	}
	http.SetCookie(w, g.cookie("", forget))
	http.Redirect(w, r, signInPath, http.StatusSeeOther)
}

func (g *Guard) end(ctx context.Context, d digest) error {
	b, err := g.loader.book(ctx)
	if err != nil {
		return err
	}
	if e := b.byDigest[d]; e == nil || e.Kind != string(sessionKind) || !b.valid(e, g.env.Now()) {
		return nil
	}
	err = g.commit(ctx, func(b *book) ([]catalog.AccessRow, error) {
		e := b.byDigest[d]
		if e == nil || e.EndedAs != "" {
			return nil, nil
		}
		return []catalog.AccessRow{e.ended(endedRevoked, g.env.Now())}, nil
	})
	return lake.WithHint(err, "check that the lake can be written")
}

// cookieName is another where browsers come by https: no page of the same domain can set that one.
func (g *Guard) cookieName() string {
	if g.secure {
		return "__Host-lakectl_session"
	}
	return "lakectl_session"
}

// cookieLife is longer than the session, for as long as the table has it: so whoever comes with one that has ended is
// told that.
const cookieLife = keepOthers

// forget is a life that takes a cookie away.
const forget = -time.Second

// cookie keeps a browser signed in for life.
func (g *Guard) cookie(value string, life time.Duration) *http.Cookie {
	return &http.Cookie{
		Name: g.cookieName(), Value: value, Path: "/", MaxAge: int(life / time.Second),
		HttpOnly: true, Secure: g.secure, SameSite: http.SameSiteStrictMode,
	}
}
