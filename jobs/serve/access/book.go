package access

import (
	"cmp"
	"slices"
	"time"

	"github.com/lakectl/lakectl/catalog"
)

// How a token ends before it expires.
const (
	endedRevoked = "revoked"
	endedUsed    = "used"
)

// entry is what the table says of one token, link or session, all its rows together.
type entry struct {
	catalog.AccessRow
	digest digest
	scope  Scope
	sound  bool // its row makes sense; another engine may have written one that does not
}

func newEntry(row catalog.AccessRow) *entry {
	e := &entry{AccessRow: row, scope: Scope{Sees(row.ScopeKind), row.ScopeID}}
	d, ok := parseDigest(row.SecretHash)
	e.digest = d
	e.sound = ok && row.TokenID != "" && prefixes[kind(row.Kind)] != "" && e.scope.valid()
	return e
}

// holds tells whether it is worth anything at a time, what it came from left aside.
func (e *entry) holds(at time.Time) bool {
	return e.sound && e.EndedAs == "" && e.EndedAt == nil && (e.ExpiresAt == nil || at.Before(*e.ExpiresAt))
}

// State is valid, expired, used or revoked, at a time.
func (e *entry) state(at time.Time) string {
	switch {
	case e.EndedAs != "" || e.EndedAt != nil:
		return cmp.Or(e.EndedAs, endedRevoked)
	case !e.sound:
		return "unreadable"
	case e.holds(at):
		return "valid"
	}
	return "expired"
}

// rank orders the rows of one token: what ended stays so, whatever other rows say and in whatever order they came.
func rank(row catalog.AccessRow) int {
	switch {
	case row.EndedAs == endedUsed:
		return 1
	case row.EndedAs != "" || row.EndedAt != nil:
		return 2
	}
	return 0
}

// book is the table in memory.
type book struct {
	byID     map[string]*entry
	byDigest map[digest]*entry
}

// readBook makes one entry of all rows of a token.
func readBook(rows []catalog.AccessRow) *book {
	b := &book{byID: map[string]*entry{}, byDigest: map[digest]*entry{}}
	for _, row := range rows {
		if known := b.byID[row.TokenID]; known == nil || rank(row) > rank(known.AccessRow) {
			b.byID[row.TokenID] = newEntry(row)
		}
	}
	for _, e := range b.byID {
		if e.sound {
			b.byDigest[e.digest] = e
		}
	}
	return b
}

// empty tells whether nobody was ever given access.
func (b *book) empty() bool { return len(b.byID) == 0 }

// valid tells whether an entry is worth anything. A session ends with the link that it was signed in with, where that
// is revoked.
func (b *book) valid(e *entry, at time.Time) bool {
	if !e.holds(at) {
		return false
	}
	if e.FromTokenID == "" {
		return true
	}
	from := b.byID[e.FromTokenID]
	return from != nil && from.EndedAs == endedUsed
}

// entries are all, the oldest first.
func (b *book) entries() []*entry {
	var list []*entry
	for _, e := range b.byID {
		list = append(list, e)
	}
	slices.SortFunc(list, func(x, y *entry) int {
		return cmp.Or(x.CreatedAt.Compare(y.CreatedAt), cmp.Compare(x.TokenID, y.TokenID))
	})
	return list
}

// How long what ended stays listed. Links outlast their sessions, which look at them.
const (
	keepTokens = 400 * 24 * time.Hour
	keepOthers = 2 * SessionLife
)

// kept are the rows that a merge of the table's files leaves: one a token, without what ended long ago. The newest
// stays in any case, so that a lake in which access was given once never counts as open.
func (b *book) kept(at time.Time) (rows []catalog.AccessRow) {
	all := b.entries()
	for i, e := range all {
		keep := keepOthers
		if e.Kind == string(tokenKind) {
			keep = keepTokens
		}
		if i == len(all)-1 || !e.over(at.Add(-keep)) {
			rows = append(rows, e.AccessRow)
		}
	}
	return rows
}

// over tells whether it had ended or expired by a time.
func (e *entry) over(by time.Time) bool {
	for _, end := range []*time.Time{e.EndedAt, e.ExpiresAt} {
		if end != nil && end.Before(by) {
			return true
		}
	}
	return false
}
