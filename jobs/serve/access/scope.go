package access

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lakectl/lakectl/lake"
)

// Sees says whose figures a scope shows.
type Sees string

// What there is to see.
const (
	Artist   Sees = "artist"
	Label    Sees = "label"
	Operator Sees = "operator" // everything
	// Analyst is for the catalog of tables, and nothing else: the dashboard does not know it.
	Analyst Sees = "analyst"
)

// Scope is what a request may see. The zero value sees nothing.
type Scope struct {
	Sees Sees
	ID   string // of the artist or label; "" of an operator or analyst
}

// maxID bounds the ids of artists and labels, in bytes.
const maxID = 256

// NewScope is the scope of an id, or why there is none.
func NewScope(sees Sees, id string) (Scope, error) {
	s := Scope{sees, id}
	if !s.valid() {
		return Scope{}, lake.WithHint(fmt.Errorf("%s %q cannot be given access", sees, id), "give the id of an artist or a label, up to %d bytes of text, or no id for an operator or analyst", maxID)
	}
	return s, nil
}

func (s Scope) valid() bool {
	switch s.Sees {
	case Operator, Analyst:
		return s.ID == ""
	case Artist, Label:
		return s.ID != "" && len(s.ID) <= maxID && utf8.ValidString(s.ID) && !strings.ContainsFunc(s.ID, unicode.IsControl)
	}
	return false
}

// May tells whether the scope shows an artist or a label. Nothing but the scope and the id decides, so the answer takes
// as long for an id that nobody has.
func (s Scope) May(sees Sees, id string) bool {
	return s.Sees == Operator || s.valid() && s == Scope{sees, id}
}

// figures tells whether the scope is one of the dashboard, whatever it shows there.
func (s Scope) figures() bool { return s.Sees != Analyst }

// tables tells whether the scope opens the catalog of tables.
func (s Scope) tables() bool { return s.Sees == Operator || s.Sees == Analyst }

// String is "artist A1", "label L1", "operator" or "analyst".
func (s Scope) String() string { return strings.TrimSuffix(string(s.Sees)+" "+s.ID, " ") }

type scopeKey struct{}

// Unguarded tells whether a request was let in because nobody was given access yet and it is from this machine.
func Unguarded(ctx context.Context) bool {
	p, ok := ctx.Value(scopeKey{}).(*pass)
	return ok && p.open
}

// ScopeOf is the scope that [Guard.Require] found for a request; the zero value, which sees nothing, without it.
func ScopeOf(ctx context.Context) Scope {
	if p, ok := ctx.Value(scopeKey{}).(*pass); ok {
		return p.scope
	}
	return Scope{}
}

// SignedIn tells whether somebody let the request in who can sign out of it again: nobody can where no access is
// needed.
func SignedIn(ctx context.Context) bool {
	p, ok := ctx.Value(scopeKey{}).(*pass)
	return ok && !p.open && p.digest != digest{}
}
