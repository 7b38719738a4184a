package rollup_test

import (
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
)

// provisional are the days that no table of the dashboard calls exact.
func (w *world) provisional() string {
	w.Helper()
	all := map[string]bool{}
	for _, table := range catalog.Compared {
		text, err := w.head(table).State(catalog.ProvisionalDays)
		w.check(err)
		all[text] = true
	}
	if len(all) != 1 {
		w.Fatalf("the tables say %v", all)
	}
	for text := range all {
		return text
	}
	return ""
}

func TestADayIsExactOnceTheLedgerHasAllItsRows(t *testing.T) {
	laketest.Long(t, "a history of days, TestAnyHistoryEndsExactAfterTheTrueUp is the short one")
	t.Parallel()
	w := newWorld(t)
	must := func(after, want string) {
		t.Helper()
		if got := w.provisional(); got != want {
			t.Errorf("%s: provisional are %q, want %q", after, got, want)
		}
	}
	w.archive(heard("l1", "u1", "t1", at(28, 3)), heard("l2", "u2", "t1", at(29, 3)), heard("l3", "u2", "t1", at(31, 3)))
	w.rollup(plain)
	must("before there is a ledger", "2026-03-28..2026-03-29,2026-03-31")
	w.royalties()
	w.rollup(plain)
	must("with a ledger that nothing was compared with", "2026-03-28..2026-03-29,2026-03-31")
	w.rollup(trueUp)
	must("after the true-up", "")
	w.archive(heard("l4", "u1", "t1", at(29, 5)))
	w.rollup(plain)
	must("with a row that the ledger has not", "2026-03-29")
	w.rollup(trueUp)
	must("compared with a ledger that has not followed", "2026-03-29")
	w.royalties()
	w.rollup(trueUp)
	must("compared with one that has", "")
	w.unchanged(trueUp)
	w.unchanged(plain)
	w.erase("u2")
	w.royalties()
	w.rollup(plain)
	must("after an erasure that the ledger has followed", "")
	w.mustShow(recount(counting(w.copies)))
}
