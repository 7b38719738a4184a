package rollup_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/rollup"
)

// remembering are the options of runs that remember in a folder of the world.
func (w *world) remembering() rollup.Options {
	return rollup.Options{RecentFolder: filepath.Join(w.Dir, "recent")}
}

func TestClientThatSendsEverythingTwiceIsShownOnce(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	w := newWorld(t)
	o := w.remembering()
	var all []copyOf
	for i := range 6 {
		all = append(all, heard(fmt.Sprint("l", i), fmt.Sprint("u", i), "t1", at(1+i%3, 9)))
	}
	w.archive(all[:4]...)
	w.rollup(o)
	w.archive(append(all[3:], all...)...)
	r := w.rollup(o)
	w.equal([]int64{r.RowsRead, r.LaterCopies}, []int64{9, 7})
	w.mustShow(recount(counting(w.copies)))
	w.check(os.RemoveAll(o.RecentFolder))
	w.archive(all...)
	r = w.rollup(o)
	w.equal([]int64{r.RowsRead, r.LaterCopies}, []int64{6, 6})
	w.mustShow(recount(counting(w.copies)))
	w.unchanged(o)
}

func TestDaysAreComparedWithTheCopiesThatCounted(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	w := newWorld(t)
	o := w.remembering()
	l1, l2 := heard("l1", "u1", "t1", at(1, 9)), heard("l2", "u2", "t1", at(1, 9))
	w.archive(l1, heard("l0", "u0", "t1", at(1, 9)))
	w.rollup(o)
	w.royalties()
	// Late copies mark the day, and the ledger knows neither l2 nor that l1 came again.
	w.archive(l2.late(at(4, 9)), l1.late(at(4, 9)), l2.late(at(4, 9)))
	r := w.rollup(o)
	w.mustShow(recount(counting(w.copies)))
	if r.ExactThrough == 0 {
		t.Error("no day was compared")
	}
	w.archive(l2.late(at(4, 9)))
	w.rollup(o)
	w.mustShow(recount(counting(w.copies)))
	w.royalties()
	w.rollup(o)
	w.mustShow(recount(counting(w.copies)))
}

func TestRunThatRemembersCrashesAtEveryStepAndShowsEachListenOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.remembering()
	for nth := 1; ; nth = laketest.NextStep(nth) {
		l := func(n int) copyOf { return heard(fmt.Sprint("l", n, "-", nth), "u1", "t1", at(1, 9)) }
		w.archive(l(1), l(2))
		w.rollup(o)
		w.archive(l(2), l(3), l(1), l(3))
		ctx, dead := context.WithCancel(t.Context())
		_, err := rollup.Run(ctx, envOf(w.With(laketest.CrashOnce(nth, dead))), o)
		dead()
		w.archive(l(3), l(4))
		w.rollup(o)
		w.mustShow(recount(counting(w.copies)))
		w.unchanged(o)
		if err == nil {
			return
		}
	}
}

func TestRunGoesOnWithoutAMemoryThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.remembering()
	w.check(os.WriteFile(o.RecentFolder, []byte("a file"), 0o600))
	w.archive(heard("l1", "u1", "t1", at(1, 9)), heard("l1", "u1", "t1", at(1, 9)))
	r := w.rollup(o)
	w.equal([]int64{r.RowsRead, r.LaterCopies}, []int64{2, 0})
	w.mustShow(recount(w.copies))
}

// What another engine took away counts no more, and another copy of it that came before does.
func TestRememberedListenThatAnotherEngineTookGivesWayToItsCopy(t *testing.T) {
	laketest.Long(t, "a history of days, TestAnyHistoryEndsExactAfterTheTrueUp is the short one")
	t.Parallel()
	w := newWorld(t)
	o := w.remembering()
	l1 := heard("l1", "u1", "t1", at(1, 9))
	w.archive(l1, l1, heard("l2", "u2", "t1", at(1, 9)))
	w.rollup(o)
	w.mustShow(recount(counting(w.copies)))
	w.Hand(t, "listens").Delete(laketest.ByPosition, "source_offset = 1")
	w.copies = w.copies[1:]
	w.archive(l1)
	w.rollup(o)
	w.royalties()
	w.rollup(o)
	w.mustShow(recount(counting(w.copies)))
	w.unchanged(o)
}
