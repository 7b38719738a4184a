package rollup_test

import (
	"os"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// The ledger is partitioned by month, and a file of it has few days.
func TestMarkedDaysReadNoFileOfOtherDaysOfTheLedger(t *testing.T) {
	w := newWorld(t)
	w.archive(heard("a", "u1", "t1", at(1, 9)), heard("b", "u2", "t1", at(1, 9)))
	w.royalties()
	w.archive(heard("c", "u2", "t1", at(2, 9)), heard("d", "u2", "t2", at(3, 9)))
	w.royalties()
	w.rollup(trueUp)
	w.erase("u1")
	w.royalties()
	w.archive(heard("e", "u3", "t1", at(1, 10))) // so the day is compared with all of its artists
	back := w.hidden(2)
	r, said := w.saying(plain)
	back()
	w.equal(r.DaysRewritten, []string{"2026-03-01"})
	w.equal(strings.Contains(said, compares(1)), true)
	w.mustShow(recount(counting(w.copies)))
}

// hidden takes files of the ledger away that have a day of March, until they are put back.
func (w *world) hidden(day int) (back func()) {
	w.Helper()
	now := w.head(catalog.ListensCounted)
	files, err := now.Files(w.Context())
	w.check(err)
	var paths []string
	for _, f := range files {
		if first, last, ok := now.Table().DaysOf(f, "event_time"); ok && first <= lake.Day(at(day, 0)) && lake.Day(at(day, 0)) <= last {
			path, err := lake.LocalPath(f.FilePath())
			w.check(err)
			w.check(os.Rename(path, path+".away"))
			paths = append(paths, path)
		}
	}
	if len(paths) == 0 {
		w.Fatal("no file has the day")
	}
	return func() {
		for _, path := range paths {
			w.check(os.Rename(path+".away", path))
		}
	}
}
