package royalty_test

import (
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/royalty"
)

// What another engine takes from a closed month is posted as deletions are: not before it is five people's, and never
// if it is brought back.
func TestRowsThatAnotherEngineTakesFromAClosedMonthWaitForFivePeople(t *testing.T) {
	laketest.Long(t, "a history of closed months, TestWhatIsGoneIsPublishedAnew is the short one")
	t.Parallel()
	l := laketest.New(t)
	copies := byAll(users("a", 8), "ta", "A")
	archive(t, l, copies)
	money(t, l, onePool)
	run(t, l, royalty.Options{})
	closing := closePeriod(t, l, "2026-03").Closing
	listens := l.Hand(t, catalog.Listens)

	if laketest.InCI() {
		takenAndBroughtBack(t, l, listens)
		reconcile(t, l, closing)
	}
	listens.Delete(laketest.ByPosition, "user_id IN ('a0', 'a1', 'a2')")
	listens.Update(laketest.WholeFiles, "user_id = 'a3'", "CAST(7 AS INTEGER) AS ms_played")
	if got := march(t, l); got.PostedRows != 0 || got.HeldRows == 0 || got.DeletionSubjects != 4 {
		t.Fatalf("four people: %+v", got)
	}
	gone(t, l, 1, "a4") // by a request
	if got := march(t, l); got.PostedRows == 0 || got.HeldRows != 0 {
		t.Fatalf("five people: %+v", got)
	}
	equalLines(t, "deletions", postedLines(t, l, "2026-03", royalty.CauseDeletions), map[lineKey]lineCount{{"2026-03", "A", "ta", "DE", "free"}: {-4, -5}})
	reconcile(t, l, closing)
	run(t, l, royalty.Options{Full: true})
}

func takenAndBroughtBack(t *testing.T, l *laketest.Lake, listens laketest.Hand) {
	t.Helper()
	listens.Delete(laketest.WholeFiles, "user_id = 'a0'")
	if got := march(t, l); got.PostedRows != 0 || got.HeldRows == 0 || got.DeletionSubjects != 1 {
		t.Fatalf("one person: %+v", got)
	}
	listens.Rollback(1)
	if got := march(t, l); got.PostedRows != 0 || got.HeldRows != 0 {
		t.Fatalf("brought back: %+v", got)
	}
}
