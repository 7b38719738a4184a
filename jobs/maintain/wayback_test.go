package maintain_test

import (
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

func TestWhatWasPublishedStaysUntilItIsPutBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lost := map[string]lake.Snapshot{}
	for _, table := range []string{catalog.RoyaltyLines, catalog.RoyaltyRuns, catalog.ListensCounted} {
		first := w.commit(table, "test", nil, nil)
		lost[table] = w.commit(table, "test", nil, nil)
		w.rollback(first)
		w.again(first, 60, time.Second)
	}
	w.now = w.now.Add(30 * day)
	w.run()
	r := w.run() // the second sees what the first left
	for table, s := range lost {
		want := table != catalog.ListensCounted // it is counted anew, and its old files may hold what was erased
		if kept := w.left(table)[s.ID()]; kept != want {
			t.Errorf("%s: kept %v, want %v", table, kept, want)
		}
		if n := heldFor(r, table)["what another engine changed"]; want != (n == 1) {
			t.Errorf("%s: held %v", table, heldFor(r, table))
		}
	}
	mends := lake.Commit{Job: "test", Mends: true, Stage: func(lake.Snapshot) (map[string]string, error) { return nil, nil }}
	_, err := w.Commit(t.Context(), catalog.RoyaltyLines, mends)
	w.check(err)
	w.run()
	if w.left(catalog.RoyaltyLines)[lost[catalog.RoyaltyLines].ID()] || !w.left(catalog.RoyaltyRuns)[lost[catalog.RoyaltyRuns].ID()] {
		t.Error("want the one that was put back gone, and the other kept")
	}
}
