package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/time/rate"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// OIDC is an issuer of tokens, by OpenID Connect. The zero value is none.
type OIDC struct {
	Issuer   string // exactly as its tokens and its discovery document say it
	Audience string // of bearer tokens
	// Claims that say what a token shows. The value of ArtistClaim is the id of an artist, that of LabelClaim of a
	// label; that of OperatorClaim is OperatorValue, or a list with it, of an operator. "" is never looked at. A token
	// that says more than one of them, or a list with several ids, shows nothing: nobody can tell which was meant.
	ArtistClaim, LabelClaim, OperatorClaim string
	OperatorValue                          string // "" means true
	// ClientID is this server's at the issuer: with it browsers can sign in there (code flow with PKCE). ClientSecret
	// may be "".
	ClientID, ClientSecret string
}

// algorithms are the ones that a token may be signed with, whatever it or its issuer says.
var algorithms = []string{oidc.RS256, oidc.ES256}

// errIssuer says that the issuer could not be asked.
var errIssuer = errors.New("the issuer cannot be asked")

// Requests to the issuer: a token with an unknown key makes one, and anybody can make such a token.
const (
	issuerTimeout = 10 * time.Second
	issuerAnswer  = 1 << 20 // bytes
	issuerBurst   = 10
	issuerEvery   = 5 * time.Second
)

// issuer is an issuer whose document and keys are fetched when the first token comes, and again when one has a key that
// is not known.
type issuer struct {
	OIDC
	env      jobs.Env
	redirect string // address that browsers come back to
	client   *http.Client

	mu       sync.Mutex
	provider *oidc.Provider
	keys     *keys
	failed   time.Time // when it last did not answer
}

// keys are those of the issuer, kept until a token has another.
type keys struct{ *oidc.RemoteKeySet }

// VerifySignature tells keys that could not be fetched from a signature that is not valid.
func (k *keys) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	payload, err := k.RemoteKeySet.VerifySignature(ctx, token)
	var unanswered *url.Error
	if why, is := ctx.Value(unansweredKey{}).(*bool); is && errors.As(err, &unanswered) {
		*why = true
	}
	return payload, err
}

// unansweredKey is the key of where a verification notes that the issuer did not answer: the library's errors do not
// say.
type unansweredKey struct{}

func newIssuer(env jobs.Env, o OIDC, address string) (*issuer, error) {
	switch {
	case !confidential(o.Issuer):
		return nil, lake.WithHint(fmt.Errorf("issuer %q: its keys must come by https", o.Issuer), "set serve.oidc.issuer to the https address of the issuer")
	case o.Audience == "" && o.ClientID == "":
		return nil, lake.WithHint(errors.New("an issuer without an audience: any token of it would do, whomever it was made for"), "set serve.oidc.audience")
	case o.ArtistClaim == "" && o.LabelClaim == "" && o.OperatorClaim == "":
		return nil, lake.WithHint(errors.New("an issuer without a claim: no token of it would show anything"), "set serve.oidc.artist_claim, label_claim or operator_claim")
	case o.ClientID != "" && address == "":
		return nil, lake.WithHint(errors.New("browsers cannot come back from the issuer without an address"), "set serve.public_url, and allow %s below it at the issuer", callbackPath)
	}
	if o.OperatorValue == "" {
		o.OperatorValue = "true"
	}
	return &issuer{OIDC: o, env: env, redirect: strings.TrimSuffix(address, "/") + callbackPath, client: issuerClient()}, nil
}

// issuerClient asks seldom, follows nobody elsewhere, and reads no endless answer.
func issuerClient() *http.Client {
	return &http.Client{
		Timeout:       issuerTimeout,
		Transport:     &seldom{inner: http.DefaultTransport, allowed: rate.NewLimiter(rate.Every(issuerEvery), issuerBurst)},
		CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("the issuer leads elsewhere") },
	}
}

// seldom is a transport with limits.
type seldom struct {
	inner   http.RoundTripper
	allowed *rate.Limiter
}

// RoundTrip asks the issuer, unless that was done too often of late.
func (s *seldom) RoundTrip(r *http.Request) (*http.Response, error) {
	if !s.allowed.Allow() {
		return nil, errors.New("it was asked too often of late")
	}
	answer, err := s.inner.RoundTrip(r)
	if err == nil && r.Method == http.MethodGet && answer.StatusCode != http.StatusOK {
		answer.Body.Close() //nolint:errcheck // not read
		return nil, fmt.Errorf("it answered with status %d", answer.StatusCode)
	}
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, issuerAnswer), answer.Body}
	}
	return answer, err
}

// browsers tells whether a browser can sign in there.
func (i *issuer) browsers() bool { return i.ClientID != "" }

// ready fetches what the issuer says of itself, once.
func (i *issuer) ready(ctx context.Context) (*oidc.Provider, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.provider != nil {
		return i.provider, nil
	}
	if time.Since(i.failed) < issuerEvery {
		return nil, errIssuer
	}
	ctx = oidc.ClientContext(context.WithoutCancel(ctx), i.client) // others wait for the answer too
	p, err := oidc.NewProvider(ctx, i.Issuer)
	var document struct {
		Keys string `json:"jwks_uri"`
	}
	if err == nil {
		err = p.Claims(&document)
	}
	if err == nil && !confidential(document.Keys) {
		err = errors.New("its keys do not come by https")
	}
	if err != nil {
		i.failed = time.Now()
		i.env.Log.Warn("the issuer of tokens cannot be asked", "issuer", i.Issuer, "error", fmt.Sprintf("%.300s", err))
		return nil, errIssuer
	}
	i.provider, i.keys = p, &keys{oidc.NewRemoteKeySet(ctx, document.Keys)}
	return p, nil
}

// confidential tells whether an address is one that nobody on the way can answer for.
func confidential(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && loopbackHost(u.Host))
}

// bearer takes a token of the issuer.
func (i *issuer) bearer(ctx context.Context, token string) (*pass, error) {
	if i.Audience == "" || strings.Count(token, ".") != 2 {
		return nil, errInvalid
	}
	p, _, err := i.verify(ctx, token, i.Audience)
	return p, err
}

// verify checks a token: issuer, audience, signature by a key of the issuer, times. What is wrong with one is for
// nobody to know: the words of the library hold parts of it.
func (i *issuer) verify(ctx context.Context, token, audience string) (*pass, *oidc.IDToken, error) {
	if _, err := i.ready(ctx); err != nil {
		return nil, nil, err
	}
	unanswered := false
	v := oidc.NewVerifier(i.Issuer, i.keys, &oidc.Config{ClientID: audience, SupportedSigningAlgs: algorithms, Now: i.env.Now})
	t, err := v.Verify(context.WithValue(ctx, unansweredKey{}, &unanswered), token)
	switch {
	case unanswered:
		return nil, nil, errIssuer
	case err != nil:
		return nil, nil, errInvalid
	}
	scope, err := i.scope(t)
	if err != nil {
		return nil, nil, errInvalid
	}
	return &pass{scope: scope, until: t.Expiry}, t, nil
}

// scope is what the claims of a token say that it shows.
func (i *issuer) scope(t *oidc.IDToken) (Scope, error) {
	claims := map[string]json.RawMessage{}
	if err := t.Claims(&claims); err != nil {
		return Scope{}, err
	}
	var found []Scope
	for sees, claim := range map[Sees]string{Artist: i.ArtistClaim, Label: i.LabelClaim} {
		for _, id := range claimValues(claims, claim) {
			found = append(found, Scope{sees, id})
		}
	}
	for _, value := range claimValues(claims, i.OperatorClaim) {
		if value == i.OperatorValue {
			found = append(found, Scope{Sees: Operator})
			break
		}
	}
	if len(found) != 1 || !found[0].valid() {
		return Scope{}, errInvalid
	}
	return found[0], nil
}

// claimValues are the values of a claim: a text, true, or a list of texts. What is of another kind counts as "".
func claimValues(claims map[string]json.RawMessage, name string) []string {
	raw, has := claims[name]
	if name == "" || !has || string(raw) == "null" || string(raw) == "false" {
		return nil
	}
	var list []string
	var text string
	switch {
	case string(raw) == "true":
		return []string{"true"}
	case json.Unmarshal(raw, &text) == nil:
		return []string{text}
	case json.Unmarshal(raw, &list) == nil:
		return list
	}
	return []string{""}
}
