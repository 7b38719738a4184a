package rollup_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/rollup"
	"github.com/lakectl/lakectl/lake"
)

// exactOnly are the figures of a table's days that it calls exact.
func (w *world) exactOnly(table string, f map[key]figure) map[key]figure {
	w.Helper()
	open := map[int]bool{}
	for _, state := range []string{catalog.ProvisionalDays, catalog.MarkedDays} {
		text, err := w.head(table).State(state)
		w.check(err)
		days, err := catalog.ParseDays(text)
		w.check(err)
		maps.Copy(open, days)
	}
	exact := maps.Clone(f)
	maps.DeleteFunc(exact, func(k key, _ figure) bool {
		day, err := time.Parse(time.DateOnly, k.When[:len(time.DateOnly)])
		w.check(err)
		return open[lake.Day(day)]
	})
	return exact
}

// exactDaysHold holds the days that the tables call exact against a recount of the copies that the ledger was given.
func (w *world) exactDaysHold() {
	w.Helper()
	got, _ := w.shown()
	want := recount(counting(w.judged))
	for table := range got {
		w.equal(w.exactOnly(table, got[table]), w.exactOnly(table, want[table]))
	}
}

// saying runs the job and gives what it said of its work.
func (w *world) saying(o rollup.Options) (r rollup.Report, said string) {
	w.Helper()
	env := envOf(w.Lake)
	env.Progress = func(text string) { said += text + "\n" }
	r, err := rollup.Run(w.Context(), env, o)
	w.check(err)
	return r, said
}

// exactWorld has a listen on each of three days, and all days are exact.
func exactWorld(t *testing.T) *world {
	w := newWorld(t)
	for day := 1; day <= 3; day++ {
		w.archive(heard(fmt.Sprint("l", day), "u1", "t1", at(day, 9)).late(at(4, 12)))
	}
	w.royalties()
	w.rollup(trueUp)
	w.equal(w.provisional(), "")
	return w
}

// compares says how many marked days a run compares, nothing for none.
func compares(days int) string {
	if days == 0 {
		return ""
	}
	return fmt.Sprintf("rollup: comparing %d marked days with what counts\n", days)
}

func TestADayThatLosesAListenIsComparedWhenTheLedgerKnows(t *testing.T) {
	laketest.Long(t, "a history of days, TestAnyHistoryEndsExactAfterTheTrueUp is the short one")
	t.Parallel()
	w := exactWorld(t)
	first, _ := w.shown()
	w.archive(heard("l1", "u1", "t1", at(4, 9)), heard("l9", "u1", "t1", at(4, 9))) // the first is smaller
	w.rollup(plain)
	w.equal(w.provisional(), "2026-03-04")
	w.royalties()
	r, said := w.saying(plain)
	w.equal([][]string{r.DaysRewritten, r.DaysMarked}, [][]string{{"2026-03-01"}, {}})
	w.equal(strings.Contains(said, compares(1)), true)
	w.mustShow(recount(counting(w.copies)))
	w.equal(w.provisional(), "2026-03-04")
	w.equal(w.changes(), map[change][2]int64{{"2026-03-01", "t1", "duplicates"}: {-1, -60_000}, {"2026-03-04", "t1", "late"}: {2, 120_000}})
	w.explained(first[catalog.PlaysByDay])
	w.unchanged(plain)
	w.unchangedAfter(trueUp)
	w.unchanged(trueUp)
}

func TestWhatMovesNothingComparesNothing(t *testing.T) {
	laketest.Long(t, "a history of days, TestAnyHistoryEndsExactAfterTheTrueUp is the short one")
	t.Parallel()
	w := exactWorld(t)
	w.archive(heard("l9", "u1", "t1", at(4, 9)), heard("l1", "u1", "t1", at(1, 9)).late(at(4, 13))) // larger
	w.rollup(plain)
	w.rollup(trueUp)
	w.royalties()
	_, said := w.saying(plain)
	w.equal(strings.Contains(said, "comparing"), true) // the late copy
	for n := range 3 {
		w.archive(heard(fmt.Sprint("m", n), "u1", "t1", at(4, 9)))
		w.rollup(plain)
		w.royalties()
		_, said := w.saying(plain)
		w.equal(strings.Contains(said, "comparing"), false)
	}
}

// The smaller copy says the same of the same day: nothing is to be written, and nothing is compared again.
func TestASmallerCopyThatSaysTheSameIsLookedAtOnce(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	w := exactWorld(t)
	w.archive(heard("l1", "u1", "t1", at(1, 9)).late(at(4, 11)))
	w.royalties()
	w.rollup(plain)
	w.rollup(trueUp)
	w.archive(heard("l1", "u1", "t1", at(1, 9)).late(at(4, 10)))
	w.royalties()
	w.rollup(plain)
	w.mustShow(recount(counting(w.copies)))
	w.equal(w.provisional(), "")
	w.unchanged(plain)
}

// An update that does not say what it moved: a rebuild, or one of an earlier version.
func TestALedgerThatDoesNotSayWhatMovedIsComparedWithWhole(t *testing.T) {
	laketest.Long(t, "a history of days, TestAnyHistoryEndsExactAfterTheTrueUp is the short one")
	t.Parallel()
	w := exactWorld(t)
	w.archive(heard("l1", "u1", "t1", at(4, 9)))
	w.rollup(plain)
	w.royaltiesBegun()
	w.replace(catalog.ListensCounted, "royalties", true, ledgerRows(winners(w.copies)), covering(w.head(catalog.Listens)))
	_, said := w.saying(plain)
	w.equal(strings.Contains(said, "comparing every day"), true)
	w.mustShow(recount(counting(w.copies)))
	w.equal(w.provisional(), "")
	w.unchanged(plain)
}

// The copy that takes the place of one that another engine took lies on a day that nobody touched.
func TestADayThatGetsAListenFromAnotherIsCompared(t *testing.T) {
	laketest.Long(t, "a history of days, TestAnyHistoryEndsExactAfterTheTrueUp is the short one")
	t.Parallel()
	w := exactWorld(t)
	w.archive(heard("l1", "u1", "t1", at(2, 9)).late(at(4, 13)))
	w.royalties()
	w.rollup(plain)
	w.rollup(trueUp)
	w.mustShow(recount(counting(w.copies)))
	w.Hand(t, catalog.Listens).Delete(laketest.ByPosition, "event_time < TIMESTAMPTZ '2026-03-02 00:00:00'")
	w.copies = w.copies[1:]
	w.rollup(plain)
	w.exactDaysHold()
	w.royalties()
	w.rollup(plain)
	w.exactDaysHold()
	w.mustShow(recount(counting(w.copies)))
	w.equal(w.provisional(), "")
}

// Until the ledger is settled the day waits, and is not called exact.
func TestADayThatLostAListenWaitsForASettledLedger(t *testing.T) {
	laketest.Long(t, "a history of days, TestAnyHistoryEndsExactAfterTheTrueUp is the short one")
	t.Parallel()
	w := exactWorld(t)
	first, _ := w.shown()
	w.archive(heard("l1", "u1", "t1", at(4, 9)), heard("l3", "u2", "t1", at(3, 9)))
	w.rollup(plain)
	w.royalties()
	w.erase("u2")
	w.equal(w.rollup(plain).DaysMarked, []string{"2026-03-01", "2026-03-03"})
	w.exactDaysHold()
	w.unchanged(plain)
	w.royalties()
	w.rollup(plain)
	w.mustShow(recount(counting(w.copies)))
	w.equal(w.changes()[change{"2026-03-01", "t1", "corrections"}], [2]int64{-1, -60_000}) // nobody is told apart by it
	w.explained(first[catalog.PlaysByDay])
	w.unchanged(plain)
}

// Any order of copies over several days, ledger updates, erasures, other engines' deletes and runs: no day is ever
// called exact that differs from the recount, and the end is exact.
func TestNoDayIsCalledExactThatDiffersFromTheRecount(t *testing.T) {
	for seed := range uint64(laketest.Times(12, 1)) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			rng := rand.New(rand.NewPCG(seed, 77))
			o := plain
			if seed%2 == 1 {
				o = w.remembering()
			}
			w.archive(heard("l0", "u0", "t1", at(1, 9)))
			w.rollup(o)
			first, _ := w.shown()
			for range laketest.Times(20, 10) {
				w.moves(rng, o)
				w.exactDaysHold()
			}
			w.royalties()
			w.rollup(o)
			w.exactDaysHold()
			w.rollup(trueUp)
			w.equal(w.provisional(), "")
			w.mustShow(recount(counting(w.copies)))
			w.exactDaysHold()
			w.explained(first[catalog.PlaysByDay])
			w.unchanged(trueUp)
			w.unchanged(o)
		})
	}
}

// moves does one thing that may move what counts from day to day, and runs the job.
func (w *world) moves(rng *rand.Rand, o rollup.Options) {
	w.Helper()
	switch n := rng.IntN(20); {
	case n < 9:
		batch := make([]copyOf, 1+rng.IntN(3))
		for i := range batch {
			batch[i] = heard(fmt.Sprint("l", rng.IntN(12)), fmt.Sprint("u", rng.IntN(6)), "t1", at(1+rng.IntN(6), rng.IntN(24)))
			batch[i].received = batch[i].event.Add(time.Duration(rng.IntN(60)) * time.Hour)
		}
		w.archive(batch...)
	case n < 15:
		w.royalties()
	case n < 16:
		w.royaltiesBegun()
	case n < 17:
		w.erase(fmt.Sprint("u", rng.IntN(6)))
	case n < 18:
		user := fmt.Sprint("u", rng.IntN(6))
		w.Hand(w.T, catalog.Listens).Delete(someWay(rng), "user_id = '"+user+"'")
		w.copies = slices.DeleteFunc(w.copies, func(c copyOf) bool { return c.user == user })
	default:
		w.royalties()
		o.TrueUp = true
	}
	w.rollup(o)
}

// Snapshots of the ledger are needed from the one on that a table says it has seen.
func TestRunSaysWhichLedgerItHasSeenAlsoWhereNoFigureChanges(t *testing.T) {
	w := newWorld(t)
	w.archive(heard("l1", "u1", "t1", at(1, 9)))
	w.royalties()
	w.rollup(plain)
	w.archive(heard("l2", "u2", "t1", at(2, 9)))
	w.rollup(plain)
	w.royalties()
	w.rollup(plain)
	for _, table := range []string{catalog.PlaysByHour, catalog.AudienceByDay, catalog.ListenersByDay, catalog.PlaysByDay} {
		seen, err := w.head(table).StateNumber(catalog.CoversLedger)
		w.equal([]any{seen, err}, []any{w.head(catalog.ListensCounted).ID(), nil})
	}
	w.unchanged(plain)
}
