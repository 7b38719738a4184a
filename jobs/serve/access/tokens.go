package access

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

const (
	// LinkLife is how long a sign-in link is good for.
	LinkLife = 10 * time.Minute
	// SessionLife is how long a browser stays signed in.
	SessionLife = 12 * time.Hour
)

// Made is a new token or link. Secret is here and nowhere else: who loses it makes another.
type Made struct {
	TokenID   string     `json:"token_id"`
	Kind      string     `json:"kind"` // token or link
	Name      string     `json:"name"`
	Scope     string     `json:"scope"`      // artist, label, operator or analyst
	ScopeID   string     `json:"scope_id"`   // "" of an operator
	ExpiresAt *time.Time `json:"expires_at"` // null: never
	Secret    string     `json:"secret"`
}

// Listed is a token, link or session as the table has it.
type Listed struct {
	TokenID   string     `json:"token_id"`
	Kind      string     `json:"kind"` // token, link or session
	Name      string     `json:"name"`
	Scope     string     `json:"scope"`
	ScopeID   string     `json:"scope_id"`
	State     string     `json:"state"` // valid, expired, used or revoked
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at"` // null: never
	EndedAt   *time.Time `json:"ended_at"`   // null: it was not
}

// CreateToken makes a token for programs. life 0 is for ever.
func CreateToken(ctx context.Context, env jobs.Env, s Scope, name string, life time.Duration) (Made, error) {
	return create(ctx, env, tokenKind, s, name, life)
}

// CreateLink makes a link that signs a browser in, once, for [LinkLife]. Its secret goes behind the # of [LinkURL].
func CreateLink(ctx context.Context, env jobs.Env, s Scope, name string) (Made, error) {
	if !s.figures() {
		return Made{}, fmt.Errorf("scope %q is for programs: nobody signs in with it", s)
	}
	return create(ctx, env, linkKind, s, name, LinkLife)
}

// LinkURL is the address to open with the secret of a link. The part behind # stays in the browser: no log and no proxy
// sees it.
func LinkURL(base, secret string) string {
	return strings.TrimSuffix(base, "/") + signInPath + "#" + secret
}

const maxName = 200 // bytes

func create(ctx context.Context, env jobs.Env, k kind, s Scope, name string, life time.Duration) (Made, error) {
	if !s.valid() {
		return Made{}, fmt.Errorf("scope %q cannot be given", s)
	}
	if len(name) > maxName || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return Made{}, lake.WithHint(fmt.Errorf("name %q cannot be given", name), "give a name of at most %d bytes of text in one line", maxName)
	}
	secret, row := newRow(env.Now(), k, s, name, life)
	err := change(ctx, env, func(*book) ([]catalog.AccessRow, error) { return []catalog.AccessRow{row}, nil })
	if err != nil {
		return Made{}, err
	}
	return Made{TokenID: row.TokenID, Kind: row.Kind, Name: name, Scope: row.ScopeKind, ScopeID: row.ScopeID, ExpiresAt: row.ExpiresAt, Secret: secret}, nil
}

// newRow makes a secret and the row that keeps its digest.
func newRow(now time.Time, k kind, s Scope, name string, life time.Duration) (string, catalog.AccessRow) {
	secret, kept := newSecret(k)
	row := catalog.AccessRow{
		TokenID: newID(), Kind: string(k), SecretHash: kept.String(), Name: name, ScopeKind: string(s.Sees), ScopeID: s.ID, CreatedAt: now,
	}
	if life > 0 {
		end := now.Add(life)
		row.ExpiresAt = &end
	}
	return secret, row
}

// List is everything that was given access, the oldest first; with all also what is worth nothing any more.
func List(ctx context.Context, env jobs.Env, all bool) ([]Listed, error) {
	s, err := env.Snapshot(ctx, catalog.AccessTokens)
	if err != nil {
		return nil, err
	}
	rows, err := lake.ReadRecords[catalog.AccessRow](ctx, s, env.Duck.Verify)
	if err != nil {
		return nil, err
	}
	now, b := env.Now(), readBook(rows)
	list := []Listed{}
	for _, e := range b.entries() {
		if all || b.valid(e, now) {
			list = append(list, b.listed(e, now))
		}
	}
	return list, nil
}

func (b *book) listed(e *entry, at time.Time) Listed {
	state := e.state(at)
	if state == "valid" && !b.valid(e, at) {
		state = endedRevoked // the link that the session came from
	}
	return Listed{
		TokenID: e.TokenID, Kind: e.Kind, Name: e.Name, Scope: e.ScopeKind, ScopeID: e.ScopeID, State: state,
		CreatedAt: e.CreatedAt, ExpiresAt: e.ExpiresAt, EndedAt: e.EndedAt,
	}
}

// Revoked is what a revocation did.
type Revoked struct {
	Listed
	Changed bool `json:"changed"` // by this command; false where it was revoked before
}

// Revoke ends a token, link or session; with a link also the session that it signed in. What a server still allows ends
// within 5 seconds. Revoking again changes nothing.
func Revoke(ctx context.Context, env jobs.Env, id string) (Revoked, error) {
	var r Revoked
	err := change(ctx, env, func(b *book) ([]catalog.AccessRow, error) {
		now, e := env.Now(), b.byID[id]
		if e == nil {
			return nil, lake.WithHint(fmt.Errorf("token %q: %w", id, lake.ErrNotFound), "list the ids with 'lakectl token list --all'")
		}
		r = Revoked{Listed: b.listed(e, now)}
		if e.EndedAs != "" && e.EndedAs != endedUsed {
			return nil, nil
		}
		row := e.ended(endedRevoked, now)
		r = Revoked{Listed: b.listed(newEntry(row), now), Changed: true}
		return []catalog.AccessRow{row}, nil
	})
	return r, err
}

// ended is the row that ends an entry.
func (e *entry) ended(as string, at time.Time) catalog.AccessRow {
	row := e.AccessRow
	row.EndedAs, row.EndedAt = as, &at
	return row
}
