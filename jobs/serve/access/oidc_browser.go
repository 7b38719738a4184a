package access

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/lakectl/lakectl/catalog"
)

// trip is what the browser keeps for us while it is at the issuer, sealed so that it neither reads nor changes it.
// Where the server starts anew meanwhile the person starts anew too.
type trip struct {
	State, Nonce, Verifier string
	Until                  time.Time
}

const tripLife = 10 * time.Minute

// sealer seals trips with a key of this process.
var sealer = func() cipher.AEAD {
	var key [32]byte
	rand.Read(key[:])
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // the key has the right length
	}
	sealer, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // AES fits
	}
	return sealer
}()

// tripCookie is sent along when the issuer sends the browser back, which a strict one is not.
func (g *Guard) tripCookie(value string, life time.Duration) *http.Cookie {
	name := "lakectl_trip"
	if g.secure {
		name = "__Host-" + name
	}
	return &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(life / time.Second),
		HttpOnly: true, Secure: g.secure, SameSite: http.SameSiteLaxMode,
	}
}

func (i *issuer) oauth(p *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{ClientID: i.ClientID, ClientSecret: i.ClientSecret, Endpoint: p.Endpoint(), RedirectURL: i.redirect, Scopes: []string{oidc.ScopeOpenID}}
}

// leave sends a browser to the issuer.
func (g *Guard) leave(w http.ResponseWriter, r *http.Request) {
	p, err := g.issuer.ready(r.Context())
	if err != nil {
		g.turnAway(w, r, err)
		return
	}
	t := trip{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Until: g.env.Now().Add(tripLife)}
	text, err := json.Marshal(t)
	if err != nil {
		panic(err) // texts and a time
	}
	w.Header().Set("Cache-Control", "no-store")
	http.SetCookie(w, g.tripCookie(secretText.EncodeToString(sealer.Seal(nil, nil, text, nil)), tripLife))
	http.Redirect(w, r, g.issuer.oauth(p).AuthCodeURL(t.State, oidc.Nonce(t.Nonce), oauth2.S256ChallengeOption(t.Verifier)), http.StatusSeeOther)
}

// comeBack makes a session of the code that the issuer gave a browser.
func (g *Guard) comeBack(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, g.tripCookie("", forget))
	p, err := g.arrive(r)
	switch {
	case errors.Is(err, errIssuer):
		g.turnAway(w, r, err)
		return
	case err != nil && g.tooManyFailures(r):
		w.Header().Set("Retry-After", "5")
		Refuse(w, r, http.StatusTooManyRequests, "Too many attempts to sign in that failed.")
		return
	case err != nil:
		g.signInPage(w, r, View{Status: http.StatusUnauthorized, Detail: "Your organisation's account does not let you in here, or the attempt took too long. Try again."})
		return
	}
	secret, row := newRow(g.env.Now(), sessionKind, p.scope, "", SessionLife)
	if err := g.commit(r.Context(), func(*book) ([]catalog.AccessRow, error) { return []catalog.AccessRow{row}, nil }); err != nil {
		g.notSignedIn(w, r, err)
		return
	}
	g.env.Log.Info("signed in by the issuer", "token_id", row.TokenID)
	http.SetCookie(w, g.cookie(secret, cookieLife))
	// The issuer's page made this request, and browsers keep a strict cookie back from a redirect of such a one. Our
	// page leads on.
	g.signInPage(w, r, View{Status: http.StatusOK, Done: true})
}

// arrive checks what the issuer sent a browser back with.
func (g *Guard) arrive(r *http.Request) (*pass, error) {
	cookies, query := r.CookiesNamed(g.tripCookie("", 0).Name), r.URL.Query()
	if len(cookies) != 1 {
		return nil, errInvalid
	}
	t, err := openTrip(cookies[0].Value)
	if err != nil || g.env.Now().After(t.Until) || subtle.ConstantTimeCompare([]byte(t.State), []byte(query.Get("state"))) != 1 || query.Get("code") == "" {
		return nil, errInvalid
	}
	return g.issuer.arrive(r.Context(), t, query.Get("code"))
}

func openTrip(text string) (t trip, err error) {
	sealed, err := secretText.DecodeString(text)
	if err != nil {
		return t, err
	}
	plain, err := sealer.Open(nil, nil, sealed, nil)
	if err != nil {
		return t, err
	}
	return t, json.Unmarshal(plain, &t)
}

// arrive has the issuer give a token for a code, and checks it as any other.
func (i *issuer) arrive(ctx context.Context, t trip, code string) (*pass, error) {
	provider, err := i.ready(ctx)
	if err != nil {
		return nil, err
	}
	answer, err := i.oauth(provider).Exchange(oidc.ClientContext(ctx, i.client), code, oauth2.VerifierOption(t.Verifier))
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused):
		return nil, errInvalid
	case err != nil:
		return nil, errIssuer
	}
	token, ok := answer.Extra("id_token").(string)
	if !ok {
		return nil, errInvalid
	}
	p, id, err := i.verify(ctx, token, i.ClientID)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(t.Nonce)) != 1 {
		return nil, errInvalid
	}
	return p, nil
}
