package royalty_test

import (
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
)

// Snapshots of the ledger that show who was erased are purged after a week. The log's counts of rows stay: they tell
// the fewest people who can account for what is left, and where they do not account for it to the row it may be one.
func TestPeopleWhoseSnapshotsArePurgedCountByTheRowsOfTheLog(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	four := users("a", 4)
	for name, c := range map[string]struct {
		erase func(t *testing.T, l *laketest.Lake)
		posts bool
	}{
		"four people of a row each": {func(t *testing.T, l *laketest.Lake) { gone(t, l, 1, four...) }, true},
		"one person of four rows":   {func(t *testing.T, l *laketest.Lake) { gone(t, l, 4, "v") }, false},
		"counts that do not add up": {func(t *testing.T, l *laketest.Lake) { gone(t, l, 2, four...) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "counts that do not add up" {
				laketest.Long(t, "a third count")
			}
			copies := byAll(users("a", 9), "ta", "A")
			for _, day := range []string{"03-21", "03-22", "03-23", "03-24"} {
				copies = append(copies, played("v", "ta", "A", day))
			}
			l, closing := closedMarch(t, onePool, copies...)
			c.erase(t, l)
			if got := march(t, l); got.PostedRows != 0 || got.HeldRows == 0 {
				t.Fatalf("fewer than five people: %+v", got)
			}
			l.Hand(t, catalog.ListensCounted).Expire()
			gone(t, l, 1, "a8")
			got := march(t, l)
			if posted := got.PostedRows > 0 && got.HeldRows == 0; posted != c.posts || got.HeldRows == 0 && !c.posts {
				t.Fatalf("with one more, posted %v: %+v", posted, got)
			}
			if c.posts {
				reconcile(t, l, closing)
			}
		})
	}
}
