package rollup_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/rollup"
	"github.com/lakectl/lakectl/lake"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func sorted(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }

func TestDeltasCountEveryArchivedCopyOnce(t *testing.T) {
	w := newWorld(t)
	w.unchanged(plain)
	w.archive(heard("l1", "u1", "t1", at(1, 9)), heard("l2", "u1", "t1", at(1, 9)), heard("l3", "u2", "t2", at(1, 23)))
	first := w.rollup(plain)
	w.equal([]int64{first.RowsRead, first.DeltaRows, first.ArchiveSnapshotID}, []int64{3, 2, w.head(catalog.Listens).ID()})
	w.mustShow(recount(w.copies))
	w.archive(heard("l4", "u1", "t1", at(1, 9)), heard("l1", "u1", "t1", at(1, 9)))
	w.archive(heard("l5", "u1", "t3", at(2, 0)))
	if r := w.rollup(plain); r.RowsRead != 3 || r.SnapshotID == 0 {
		t.Fatalf("second run reports %+v", r)
	}
	w.mustShow(recount(w.copies))
	w.unchanged(plain)
	w.erase("nobody")
	w.unchanged(plain)
}

func TestRowsErasedBeforeTheirDeltaAreNeverShown(t *testing.T) {
	w := newWorld(t)
	w.archive(heard("l1", "u1", "t1", at(1, 9)), heard("l2", "u2", "t1", at(1, 9)))
	w.erase("u1")
	if r := w.rollup(plain); r.RowsRead != 1 {
		t.Fatalf("run reports %+v", r)
	}
	w.mustShow(recount(w.copies))
}

func TestDoublingClientIsDoubleUntilTheTrueUp(t *testing.T) {
	laketest.Long(t, "a history of days, TestAnyHistoryEndsExactAfterTheTrueUp is the short one")
	w := newWorld(t)
	var once []copyOf
	for i := range 30 {
		c := heard(fmt.Sprint("l", i), "u1", fmt.Sprint("t", i%3), at(1+i%4, i%24))
		again := c.late(c.received.Add(5 * time.Second))
		once = append(once, c)
		w.archive(c, again)
		if i%10 == 0 {
			w.rollup(plain)
		}
	}
	w.royalties()
	w.rollup(plain)
	w.mustShow(recount(w.copies))
	r := w.rollup(trueUp)
	w.equal(r.DaysRewritten, []string{"2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"})
	w.equal(r.ExactThrough, w.head(catalog.Listens).ID())
	w.mustShow(recount(once))
	if f, rows := w.shown(); rows != len(f[catalog.PlaysByHour]) {
		t.Errorf("%d rows for %d keys of plays_by_hour after the true-up", rows, len(f[catalog.PlaysByHour]))
	}
	w.unchanged(trueUp)
	w.unchanged(plain)
}

func TestLateRowsMarkTheirDayUntilTheLedgerCoversThem(t *testing.T) {
	laketest.Costly(t)
	w := newWorld(t)
	w.archive(heard("l1", "u1", "t1", at(1, 9)), heard("l2", "u1", "t1", at(2, 9)))
	w.royalties()
	w.rollup(plain)

	late := heard("l3", "u1", "t1", at(1, 10)).late(at(3, 0))
	nextDay := heard("l4", "u1", "t1", at(2, 10)).late(at(3, 23))
	w.archive(late, late, nextDay)
	r := w.rollup(plain)
	w.equal(r.DaysMarked, []string{"2026-03-01"})
	w.equal(r.DaysRewritten, []string{})
	w.mustShow(recount(w.copies)) // the copy shows twice until the day is exact
	w.unchanged(plain)

	w.royalties()
	newer := heard("l5", "u1", "t1", at(3, 10)) // the archive is ahead of the ledger again
	w.archive(newer)
	r = w.rollup(plain)
	w.equal(r.DaysRewritten, []string{"2026-03-01"})
	w.equal(r.DaysMarked, []string{})
	if r.DeltaRows != 1 || r.ExactThrough == 0 || r.ExactThrough == r.ArchiveSnapshotID {
		t.Fatalf("run reports %+v", r)
	}
	w.mustShow(recount(counting(w.copies)))
	w.unchanged(plain)
}

func TestDayWithNewerLateRowsIsRewrittenAndStaysMarked(t *testing.T) {
	laketest.Costly(t)
	w := newWorld(t)
	first := heard("l1", "u1", "t1", at(1, 9)).late(at(4, 9))
	w.archive(first, first)
	w.equal(w.rollup(plain).DaysMarked, []string{"2026-03-01"})
	w.royalties()
	second := heard("l2", "u1", "t1", at(1, 9)).late(at(5, 9))
	w.archive(second, second)
	r := w.rollup(plain)
	w.equal([][]string{r.DaysRewritten, r.DaysMarked}, [][]string{{"2026-03-01"}, {"2026-03-01"}})
	w.mustShow(recount([]copyOf{first, second, second}))
	w.unchanged(plain)
	w.royalties()
	r = w.rollup(plain)
	w.equal([][]string{r.DaysRewritten, r.DaysMarked}, [][]string{{"2026-03-01"}, {}})
	w.mustShow(recount(counting(w.copies)))
	w.unchanged(plain)
}

// Royalties were at work while the archive and the table went on.
func TestMarkedDayIsComparedOnceForEachStateOfTheLedger(t *testing.T) {
	w := newWorld(t)
	w.archive(heard("l1", "u1", "t1", at(1, 9)).late(at(4, 9)))
	seen, best := w.head(catalog.Listens), winners(w.copies)
	w.archive(heard("l2", "u1", "t1", at(1, 9)).late(at(5, 9)))
	w.rollup(plain)
	w.replace(catalog.Duplicates, "royalties", false, nil, covering(seen))
	w.replace(catalog.ListensCounted, "royalties", false, ledgerRows(best), covering(seen))
	r := w.rollup(plain)
	w.equal([]any{r.DaysRewritten, r.DaysMarked, r.ExactThrough}, []any{[]string{}, []string{"2026-03-01"}, seen.ID()})
	w.unchanged(plain)
}

func TestMarkedDayThatIsExactAlreadyIsNotWrittenAgain(t *testing.T) {
	w := newWorld(t)
	w.archive(heard("l1", "u1", "t1", at(1, 9)).late(at(4, 9)))
	w.rollup(plain)
	files, err := w.head(catalog.PlaysByHour).Files(t.Context())
	w.check(err)
	w.royalties()
	r := w.rollup(plain)
	w.equal([][]string{r.DaysRewritten, r.DaysMarked}, [][]string{{}, {}})
	after, err := w.head(catalog.PlaysByHour).Files(t.Context())
	w.check(err)
	w.equal(after[0].FilePath(), files[0].FilePath())
	w.unchanged(plain)
	w.unchanged(trueUp)
}

func TestCopyOfAListenThatCountsInAnotherDayGoesWithTheRewrite(t *testing.T) {
	laketest.Costly(t)
	w := newWorld(t)
	winner := heard("l1", "u1", "t1", at(2, 9))
	other := heard("l1", "u1", "t1", at(1, 9)).late(at(5, 9)) // the same id under another clock
	w.archive(winner, other, heard("l2", "u1", "t1", at(2, 9)))
	w.equal(w.rollup(plain).DaysMarked, []string{"2026-03-01"})
	w.mustShow(recount(w.copies))
	w.royalties()
	w.equal(w.rollup(plain).DaysRewritten, []string{"2026-03-01"}) // all its rows are gone
	w.mustShow(recount(counting(w.copies)))
	w.unchangedAfter(trueUp) // which makes the other day exact too
	w.unchanged(trueUp)
}

func TestDeletionReachesTheDaysItsLogNames(t *testing.T) {
	laketest.Costly(t)
	w := newWorld(t)
	shared := heard("l1", "u1", "t1", at(1, 9))
	heir := shared.late(at(1, 12)) // counts when u1 is erased
	heir.user, heir.event = "u2", at(2, 9)
	w.archive(shared, heir, heard("l2", "u1", "t1", at(3, 9)), heard("l3", "u2", "t1", at(3, 9)), heard("l4", "u2", "t1", at(4, 9)))
	w.royalties()
	w.rollup(trueUp)

	w.erase("u1")
	w.logged("verified", "2026-03-04") // only the step that deletes rows marks
	r := w.rollup(plain)
	w.equal([][]string{r.DaysRewritten, r.DaysMarked}, [][]string{{}, {"2026-03-01", "2026-03-02", "2026-03-03"}})
	w.unchanged(plain)
	w.royalties()
	r = w.rollup(plain)
	w.equal([][]string{r.DaysRewritten, r.DaysMarked}, [][]string{{"2026-03-01", "2026-03-02", "2026-03-03"}, {}})
	w.mustShow(recount(counting(w.copies)))
	w.unchanged(plain)
	w.unchanged(trueUp)
}

// The ledger does not move when only rows that it never counted are erased.
func TestDeletionOfRowsThatNeverCountedReachesTheTable(t *testing.T) {
	w := newWorld(t)
	w.archive(heard("l1", "u1", "t1", at(1, 9)))
	w.royalties()
	w.archive(heard("l2", "u2", "t1", at(1, 9)).late(at(5, 9)), heard("l3", "u2", "t1", at(2, 9)))
	w.rollup(plain)
	w.erase("u2")
	w.equal(w.rollup(plain).DaysRewritten, []string{"2026-03-01", "2026-03-02"})
	w.mustShow(recount(w.copies))
	w.unchanged(plain)
}

func TestUnsettledLedgerLeavesTheMarks(t *testing.T) {
	laketest.Long(t, "a history of days, TestAnyHistoryEndsExactAfterTheTrueUp is the short one")
	for name, unsettle := range map[string]func(*world){
		"never built":   func(*world) {},
		"half way":      func(w *world) { w.royalties(); w.archive(heard("l9", "u9", "t9", at(9, 9))); w.royaltiesBegun() },
		"after erasure": func(w *world) { w.royalties(); w.eraseRows(catalog.ListensCounted, "u2") },
		"another archive": func(w *world) {
			unknown := map[string]string{lake.StateKey(catalog.CoversListens): "12345"}
			w.replace(catalog.Duplicates, "royalties", false, nil, unknown)
			w.replace(catalog.ListensCounted, "royalties", false, nil, unknown)
		},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "never built" || name == "another archive" {
				laketest.Long(t, "the others are unsettled too")
			}
			w := newWorld(t)
			late := heard("l1", "u1", "t1", at(1, 9)).late(at(5, 9))
			w.archive(late, late, heard("l2", "u2", "t2", at(2, 9)))
			unsettle(w)
			r := w.rollup(plain)
			w.equal([][]string{r.DaysRewritten, r.DaysMarked}, [][]string{{}, {"2026-03-01"}})
			w.mustShow(recount(w.copies))
			w.unchanged(plain)
			_, err := rollup.Run(t.Context(), envOf(w.Lake), trueUp)
			if err == nil || !strings.Contains(lake.Hint(err), "lakectl job royalties") {
				t.Fatalf("true-up: %v, hint %q", err, lake.Hint(err))
			}
			w.royalties()
			w.equal(w.rollup(plain).DaysMarked, []string{})
			w.rollup(trueUp)
			w.mustShow(recount(counting(w.copies)))
		})
	}
}

func TestTrueUpRepairsDaysThatNobodyMarked(t *testing.T) {
	laketest.Costly(t)
	w := newWorld(t)
	w.archive(heard("l1", "u1", "t1", at(1, 9)), heard("l2", "u1", "t1", at(2, 9)), heard("l3", "u1", "t1", at(3, 9)))
	w.royalties()
	w.rollup(plain)
	row := func(day int, track string, plays, ms int) []any {
		who, err := hex.DecodeString(listener("u1"))
		w.check(err)
		return []any{at(day, 9).Truncate(time.Hour), artistOf(track), track, countryOf("u1"), "phone", plays, ms, who}
	}
	w.replace(catalog.PlaysByHour, "", true, [][]any{
		row(1, "t1", 1, 60_000), row(2, "t1", 2, 60_000), row(3, "t1", 1, 60_001), row(7, "t7", 1, 60_000),
	}, nil)
	w.equal(w.rollup(plain).DaysRewritten, []string{}) // it publishes what is there
	w.unchanged(plain)
	r := w.rollup(trueUp)
	w.equal(r.DaysRewritten, []string{"2026-03-02", "2026-03-03", "2026-03-07"})
	w.mustShow(recount(w.copies))
	w.unchanged(trueUp)
}

func TestRebuildWhenTheChangesCannotBeTold(t *testing.T) {
	laketest.Costly(t)
	for _, settled := range []bool{true, false} {
		t.Run(fmt.Sprintf("settled ledger %v", settled), func(t *testing.T) {
			w := newWorld(t)
			c := heard("l1", "u1", "t1", at(1, 9))
			w.archive(c, c, heard("l2", "u1", "t2", at(2, 9)))
			w.rollup(plain)
			w.archive(heard("l3", "u1", "t3", at(3, 9)).late(at(8, 9)))
			if settled {
				w.royalties()
			}
			w.archive(heard("l4", "u1", "t3", at(4, 9)).late(at(8, 9)))
			for table, stray := range map[string][]any{
				catalog.PlaysByHour:    {at(6, 9).Truncate(time.Hour), "A", "t", "DE", "phone", 4, 4},
				catalog.PlaysByDay:     {at(6, 0), "A", "t", 4, 4},
				catalog.AudienceByDay:  {at(6, 0), "A", "DE", "phone", 4, 4},
				catalog.ListenersByDay: {at(6, 0), "A", "t", []byte("a sketch")},
			} {
				w.replace(table, "rollup", false, [][]any{stray}, map[string]string{lake.StateKey(catalog.CoversListens): "12345"})
			}
			r := w.rollup(plain)
			if settled {
				w.equal(r.DaysMarked, []string{"2026-03-04"})
				w.mustShow(recount(counting(w.copies)))
			} else {
				w.equal(r.DaysMarked, []string{"2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"})
				w.mustShow(recount(w.copies))
			}
			w.unchanged(plain)
			w.royalties()
			w.equal(w.rollup(plain).DaysMarked, []string{})
			w.mustShow(recount(counting(w.copies)))
			w.unchanged(trueUp)
		})
	}
}

func TestCrashAtAnyStepThenARunGivesTheExactSums(t *testing.T) {
	laketest.Costly(t)
	for _, o := range []rollup.Options{plain, trueUp} {
		t.Run(fmt.Sprintf("true-up %v", o.TrueUp), func(t *testing.T) {
			w := newWorld(t)
			w.archive(heard("l0", "u0", "t0", at(1, 9)))
			w.rollup(plain)
			first, _ := w.shown()
			c := heard("l1", "u1", "t1", at(1, 9)).late(at(4, 9))
			w.archive(c, c, heard("l2", "u2", "t1", at(2, 9)), heard("l3", "u3", "t1", at(2, 9)))
			w.rollup(plain)
			w.erase("u3")
			w.royalties()
			w.archive(heard("l4", "u2", "t2", at(1, 9)), heard("l5", "u2", "t3", at(5, 9)))
			rewind := w.Rewinder(t)
			for nth := 1; ; nth = laketest.NextStep(nth) {
				rewind()
				ctx, dead := context.WithCancel(t.Context())
				_, err := rollup.Run(ctx, envOf(w.With(laketest.CrashOnce(nth, dead))), o)
				dead()
				w.rollup(o)
				w.mustShow(recount(counting(w.copies)))
				w.explained(first[catalog.PlaysByDay])
				w.unchanged(o)
				if err == nil {
					if nth < 8 {
						t.Fatalf("only %d steps", nth)
					}
					return
				}
			}
		})
	}
}

func TestCommitWhoseAnswerWasLostCountsOnce(t *testing.T) {
	w := newWorld(t)
	w.archive(heard("l1", "u1", "t1", at(1, 9)))
	struck := false
	faults := &laketest.Faults{Strike: func(step laketest.Step, table string) error {
		if step == laketest.AfterCommit && table == catalog.PlaysByDay && !struck {
			struck = true
			return laketest.ErrInjected
		}
		return nil
	}}
	r, err := rollup.Run(t.Context(), envOf(w.With(faults)), plain)
	w.check(err)
	w.equal([]any{struck, r.SnapshotID}, []any{true, w.head(catalog.PlaysByDay).ID()})
	w.mustShow(recount(w.copies))
	w.unchanged(plain)
}

func TestPlanOfAnOlderTableIsFenced(t *testing.T) {
	w := newWorld(t)
	w.archive(heard("l1", "u1", "t1", at(1, 9)))
	first, err := rollup.Prepare(t.Context(), envOf(w.Lake), plain)
	w.check(err)
	second, err := rollup.Prepare(t.Context(), envOf(w.Lake), plain)
	w.check(err)
	if r, err := first.Execute(t.Context()); err != nil || r.SnapshotID == 0 {
		t.Fatalf("first: %+v, %v", r, err)
	}
	if _, err := second.Execute(t.Context()); !errors.Is(err, lake.ErrFenced) || lake.Hint(err) == "" {
		t.Fatalf("second: %v, want ErrFenced with a hint", err)
	}
	if _, err := first.Execute(t.Context()); err == nil {
		t.Fatal("a plan was executed twice")
	}
	w.mustShow(recount(w.copies))
}

func TestRollupsAtOnceLeaveOneSetOfRows(t *testing.T) {
	laketest.Costly(t)
	w := newWorld(t)
	c := heard("l1", "u1", "t1", at(1, 9)).late(at(4, 9))
	w.archive(c, c, heard("l2", "u2", "t1", at(2, 9)))
	w.royalties()
	const runs = 3
	done := make(chan error, runs)
	for i := range runs {
		go func() {
			_, err := rollup.Run(context.Background(), envOf(w.Lake), rollup.Options{TrueUp: i == 0})
			done <- err
		}()
	}
	for range runs {
		if err := <-done; err != nil && !errors.Is(err, lake.ErrFenced) {
			t.Error(err)
		}
	}
	w.mustShow(recount(counting(w.copies)))
	w.unchanged(trueUp)
}
