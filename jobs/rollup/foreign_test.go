package rollup_test

import (
	"slices"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// inBothWays runs a test with an engine that deletes rows by position and with one that rewrites files.
func inBothWays(t *testing.T, test func(w *world, way laketest.Way)) {
	for _, way := range []laketest.Way{laketest.ByPosition, laketest.WholeFiles} {
		t.Run(string(way), func(t *testing.T) { test(newWorld(t), way) })
	}
}

func (w *world) gone(listens ...string) {
	w.copies = slices.DeleteFunc(w.copies, func(c copyOf) bool { return slices.Contains(listens, c.listen) })
}

func TestRowsThatAnotherEngineDeletedAreShownNoMore(t *testing.T) {
	laketest.Long(t, "a history of days, TestAnyHistoryEndsExactAfterTheTrueUp is the short one")
	inBothWays(t, func(w *world, way laketest.Way) {
		w.archive(heard("l1", "u1", "t1", at(1, 9)), heard("l2", "u1", "t1", at(1, 9)), heard("l3", "u2", "t2", at(2, 23)), heard("l3", "u2", "t2", at(2, 23)))
		w.royalties()
		w.rollup(plain)
		w.Hand(w.T, catalog.Listens).Delete(way, "listen_id = 'l2'")
		w.gone("l2")
		r := w.rollup(plain)
		w.equal(r.ForeignSnapshots, lake.SnapshotIDs{w.head(catalog.Listens).ID()})
		w.equal(r.DaysRewritten, []string{"2026-03-01"})
		w.mustShow(recount(w.copies)) // before royalties have followed; l3 is twice, nobody has rewritten its day
		w.unchanged(plain)
		w.royalties()
		w.rollup(plain)
		w.rollup(trueUp)
		w.mustShow(recount(counting(w.copies)))
		w.unchanged(trueUp)
	})
}

func TestCountedDayIsNotCountedTwiceAgainBecauseAnotherEngineTouchedIt(t *testing.T) {
	laketest.Costly(t)
	inBothWays(t, func(w *world, way laketest.Way) {
		w.archive(heard("l1", "u1", "t1", at(1, 9)), heard("l1", "u1", "t1", at(1, 9)), heard("l2", "u2", "t2", at(1, 9)))
		w.royalties()
		w.rollup(trueUp)
		w.mustShow(recount(counting(w.copies)))
		w.Hand(w.T, catalog.Listens).Update(way, "listen_id = 'l2'", "CAST(7 AS INTEGER) AS ms_played")
		w.copies[2].ms = 7
		w.archive(heard("l4", "u1", "t1", at(1, 9)))
		w.rollup(plain)
		w.mustShow(recount(counting(w.copies)))
	})
}

func TestCompactedArchiveWritesNothingToTheDashboard(t *testing.T) {
	w := newWorld(t)
	w.archive(heard("l1", "u1", "t1", at(1, 9)))
	w.archive(heard("l2", "u1", "t1", at(1, 9)))
	w.rollup(plain)
	w.Compact(t, catalog.Listens)
	w.unchanged(plain)
	w.archive(heard("l3", "u1", "t1", at(1, 9)))
	w.Compact(t, catalog.Listens) // takes up a row that the dashboard does not have
	w.rollup(plain)
	w.mustShow(recount(w.copies))
	w.royalties()
	w.rollup(trueUp)
	w.mustShow(recount(w.copies))
}
