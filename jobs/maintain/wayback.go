package maintain

import (
	"slices"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// waysBack hold the snapshot of a published table that 'job royalties' puts back after another engine changed the
// table, until it has. No ref protects it, and none is made: an expiry by another engine is no fault, what is lost then
// is computed anew.
func waysBack(t *lake.Table) []*hold {
	a := t.Altered()
	if a == nil || a.Before == 0 || !slices.Contains(catalog.Published, t.Name()) {
		return nil
	}
	s, err := t.ByID(a.Before)
	if err != nil {
		return nil // it has expired
	}
	return []*hold{{
		Held: Held{
			Table: t.Name(), For: "what another engine changed", SnapshotID: s.ID(), Since: s.Time(),
			Hint: "run 'lakectl job royalties': it puts back what was published",
		},
		needs: func(at lake.Snapshot) bool { return at.ID() == s.ID() },
	}}
}
