package rollup_test

import (
	"errors"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/rollup"
	"github.com/lakectl/lakectl/lake"
)

// during runs the rollup and lets something else happen when it first loads a table.
func (w *world) during(table string, o rollup.Options, happens func()) {
	w.Helper()
	began := false
	faults := &laketest.Faults{Strike: func(step laketest.Step, name string) error {
		if step == laketest.LoadTable && name == table && !began {
			began = true
			happens()
		}
		return nil
	}}
	if _, err := rollup.Run(w.Context(), envOf(w.With(faults)), o); err != nil && !errors.Is(err, lake.ErrFenced) {
		w.Fatal(err)
	}
	w.equal(began, true)
}

var loaded = []string{catalog.PlaysByHour, catalog.AudienceByDay, catalog.PlaysByDay, catalog.DeletionLog, catalog.Duplicates, catalog.ListensCounted, catalog.Listens}

func TestErasureWhileARunLoadsItsInputsIsNotMissed(t *testing.T) {
	laketest.Long(t, "a history of days, TestAnyHistoryEndsExactAfterTheTrueUp is the short one")
	for _, table := range loaded {
		t.Run(table, func(t *testing.T) {
			w := newWorld(t)
			c := heard("l1", "u1", "t1", at(1, 9))
			other := c.late(at(1, 11))
			other.user, other.event = "u2", at(2, 9)
			w.archive(c, other, heard("l2", "u2", "t1", at(1, 9)).late(at(9, 9)))
			w.royalties()
			w.during(table, plain, func() { w.erase("u1"); w.royalties() })
			w.rollup(plain)
			w.mustShow(recount(counting(w.copies)))
			w.unchanged(trueUp)
		})
	}
}

func TestRowsThatArriveWhileARunLoadsItsInputsCountOnce(t *testing.T) {
	laketest.Long(t, "runs beside ingest")
	for i, table := range loaded {
		if i%laketest.Stride(2) != 0 {
			continue
		}
		t.Run(table, func(t *testing.T) {
			w := newWorld(t)
			w.archive(heard("l1", "u1", "t1", at(1, 9)))
			w.royalties()
			w.rollup(plain)
			w.archive(heard("l2", "u1", "t1", at(1, 9)))
			w.during(table, trueUp, func() {
				w.archive(heard("l3", "u1", "t1", at(1, 9)), heard("l4", "u1", "t1", at(1, 9)).late(at(9, 9)))
				w.royalties()
				w.rollup(plain)
			})
			w.rollup(plain)
			w.mustShow(recount(w.copies))
			w.unchanged(plain)
		})
	}
}

// The other run commits plays_changes too.
func TestACutNamesTheNewestChangesWhateverARunLoadsFirst(t *testing.T) {
	for _, table := range []string{catalog.PlaysByHour, catalog.AudienceByDay, catalog.ListenersByDay, catalog.PlaysByDay, catalog.PlaysChanges} {
		t.Run(table, func(t *testing.T) {
			w := newWorld(t)
			w.archive(heard("l1", "u1", "t1", at(1, 9)))
			w.rollup(plain)
			w.archive(heard("l2", "u1", "t1", at(1, 9)))
			w.during(table, plain, func() { w.rollup(plain) })
			published, err := catalog.CutOf(w.head(catalog.PlaysByDay))
			w.check(err)
			w.equal([]bool{w.head(catalog.PlaysChanges).ID() != 0}, []bool{true})
			w.equal(published[catalog.PlaysChanges], w.head(catalog.PlaysChanges).ID())
		})
	}
}

// The other run takes for dead the one that is between its last two commits.
func TestChangesThatAreTakenBackAndPublishedCountOnce(t *testing.T) {
	for _, more := range []bool{false, true} {
		w := newWorld(t)
		w.archive(heard("l1", "u1", "t1", at(1, 9)), heard("l2", "u2", "t2", at(2, 9)))
		w.rollup(plain)
		first, _ := w.shown()
		w.archive(heard("l3", "u1", "t1", at(1, 9)))
		var other *rollup.Plan
		faults := &laketest.Faults{Strike: func(step laketest.Step, name string) (err error) {
			if step != laketest.BeforeCommit || name != catalog.PlaysByDay || other != nil {
				return nil
			}
			if more {
				w.archive(heard("l4", "u1", "t1", at(1, 9)))
			}
			other, err = rollup.Prepare(w.Context(), envOf(w.Lake), plain)
			return err
		}}
		_, err := rollup.Run(w.Context(), envOf(w.With(faults)), plain)
		w.check(err)
		if _, err = other.Execute(w.Context()); !errors.Is(err, lake.ErrFenced) {
			t.Fatal("the other run was not fenced:", err)
		}
		w.rollup(plain)
		w.mustShow(recount(w.copies))
		w.explained(first[catalog.PlaysByDay])
		w.unchanged(plain)
	}
}
