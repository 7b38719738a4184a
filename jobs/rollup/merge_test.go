package rollup_test

import (
	"fmt"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/rollup"
	"github.com/lakectl/lakectl/lake"
)

// filesByPartition counts the files of a table, row deletes among them.
func (w *world) filesByPartition(table string) map[any]int {
	w.Helper()
	s := w.head(table)
	files, err := s.Files(w.Context())
	w.check(err)
	deletes, err := s.DeleteFiles(w.Context())
	w.check(err)
	n := map[any]int{}
	for _, f := range append(files, deletes...) {
		n[lake.PartitionValue(f)]++
	}
	return n
}

func TestSmallFilesAreMergedAsTheyCome(t *testing.T) {
	laketest.Long(t, "a table of many files")
	w := newWorld(t)
	for i := range laketest.Times(30, 15) {
		w.archive(heard(fmt.Sprint("l", i), fmt.Sprint("u", i%7), fmt.Sprint("t", i%3), at(1, i%24)))
		w.rollup(plain)
		for _, table := range catalog.Dashboard {
			for part, n := range w.filesByPartition(table) {
				if n > 13 {
					t.Fatalf("%d files in partition %v of %s after %d runs", n, part, table, i+1)
				}
			}
		}
	}
	w.mustShow(recount(w.copies))
	w.unchanged(plain)
	w.royalties()
	w.unchangedAfter(trueUp)
	w.archive(heard("later", "u1", "t1", at(10, 9)).late(at(10, 9).AddDate(0, 1, 5)))
	next := heard("next", "u1", "t1", at(1, 9))
	next.event = next.event.AddDate(0, 1, 5)
	w.archive(next)
	w.rollup(plain)
	march := int(lake.MonthOf(at(1, 0)))
	for _, table := range []string{catalog.PlaysByDay, catalog.AudienceByDay, catalog.ListenersByDay} {
		if n := w.filesByPartition(table)[march]; n > 3 {
			t.Errorf("%d files in the month that ended, of %s", n, table)
		}
	}
}

// unchangedAfter runs the job, which may rewrite rows without a change of any sum.
func (w *world) unchangedAfter(o rollup.Options) {
	w.Helper()
	before, _ := w.shown()
	w.rollup(o)
	after, _ := w.shown()
	w.equal(after, before)
}

func TestHoursAreKeptForTheNewestDays(t *testing.T) {
	laketest.Costly(t)
	w := newWorld(t)
	w.archive(heard("l1", "u1", "t1", at(1, 9)), heard("l2", "u1", "t1", at(5, 9)), heard("l3", "u2", "t2", at(14, 9)))
	o := rollup.Options{}
	w.rollup(o)
	w.mustShow(recount(w.copies))
	w.archive(heard("l4", "u1", "t1", at(1, 9)), heard("l5", "u1", "t1", at(15, 9)))
	w.rollup(o)
	want := recount(w.copies)
	for k := range want[catalog.PlaysByHour] {
		if k.When < "2026-03-02" {
			delete(want[catalog.PlaysByHour], k)
		}
	}
	w.mustShow(want)
	w.royalties()
	w.rollup(trueUp)
	w.mustShow(want)
	w.unchanged(plain)
	short := rollup.Options{TrueUp: true, Hours: 1}
	w.archive(heard("l6", "u1", "t1", at(15, 9)))
	w.royalties()
	w.rollup(short)
	want = recount(w.copies)
	for k := range want[catalog.PlaysByHour] {
		if k.When < "2026-03-15" {
			delete(want[catalog.PlaysByHour], k)
		}
	}
	w.mustShow(want)
}
