package royalty_test

import (
	"context"
	"slices"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/royalty"
)

// inBothWays runs a test with an engine that deletes rows by position and with one that rewrites files; outside of CI
// half of the tests with one, half with the other.
func inBothWays(t *testing.T, test func(t *testing.T, l *laketest.Lake, way laketest.Way)) {
	for i, way := range []laketest.Way{laketest.ByPosition, laketest.WholeFiles} {
		if (len(t.Name())+i)%laketest.Stride(2) != 0 {
			continue
		}
		t.Run(string(way), func(t *testing.T) {
			t.Parallel()
			test(t, laketest.New(t), way)
		})
	}
}

// followed runs royalties and holds everything against the recount of what the archive holds.
func followed(t *testing.T, l *laketest.Lake, copies []copyOf) royalty.Report {
	t.Helper()
	report := run(t, l, royalty.Options{Full: true})
	equalLines(t, "all", (&past{Lake: l}).publishedLines(t), recount(copies, atLeast30s))
	checkLedger(t, l, copies)
	if again := run(t, l, royalty.Options{}); again.Written {
		t.Error("a run with nothing new says it wrote")
	}
	return report
}

func TestRowsThatAnotherEngineDeletedCountNoMore(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, l *laketest.Lake, way laketest.Way) {
		copies := world(31, 200)
		archive(t, l, copies)
		run(t, l, royalty.Options{})
		l.Hand(t, catalog.Listens).Delete(way, "user_id = 'u1' OR listen_id = '"+copies[7].listen+"'")
		left := slices.DeleteFunc(without(copies, "u1"), func(c copyOf) bool { return c.listen == copies[7].listen })
		report := followed(t, l, left)
		if n := len(report.Ledger.ForeignSnapshots); n != 1 || report.Ledger.Removed == 0 || report.Ledger.Rebuilt {
			t.Errorf("report %+v", report.Ledger)
		}
	})
}

func TestEverythingThatAnotherEngineDeletedIsGone(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	inBothWays(t, func(t *testing.T, l *laketest.Lake, way laketest.Way) {
		copies := world(32, 100)
		archive(t, l, copies)
		run(t, l, royalty.Options{})
		l.Hand(t, catalog.Listens).Delete(way, "true")
		followed(t, l, nil)
		archive(t, l, copies)
		followed(t, l, copies)
	})
}

func TestRowsThatAnotherEngineChangedCountAnew(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	inBothWays(t, func(t *testing.T, l *laketest.Lake, way laketest.Way) {
		copies := world(33, 200)
		archive(t, l, copies)
		run(t, l, royalty.Options{})
		l.Hand(t, catalog.Listens).Update(way, "user_id = 'u2'", "CAST(1 AS INTEGER) AS ms_played")
		l.Hand(t, catalog.Listens).Update(way, "user_id = 'u3'", "event_time + INTERVAL 40 DAY AS event_time")
		l.Hand(t, catalog.Listens).Update(way, "device = 'd1'", "'d9' AS device")
		for i := range copies {
			c := &copies[i]
			if c.user == "u2" {
				c.ms = 1
			}
			if c.user == "u3" {
				c.event = c.event.AddDate(0, 0, 40)
			}
			if c.device == "d1" {
				c.device = "d9"
			}
		}
		followed(t, l, copies)
	})
}

func TestForeignDeleteKilledAtEveryStepIsFollowedOnce(t *testing.T) {
	laketest.Long(t, "killed at many steps, TestKilledAtEveryStepAndRunAgainGivesTheSame is the short one")
	t.Parallel()
	copies := world(34, 80)
	for nth := laketest.Stride(11); ; nth = laketest.NextStep(nth) {
		l := laketest.New(t)
		way := []laketest.Way{laketest.ByPosition, laketest.WholeFiles}[nth%2]
		archive(t, l, copies[:60])
		run(t, l, royalty.Options{})
		l.Hand(t, catalog.Listens).Delete(way, "user_id = 'u1'")
		archive(t, l, copies[60:])
		left := append(without(copies[:60], "u1"), copies[60:]...)
		ctx, cancel := context.WithCancel(t.Context())
		_, err := royalty.Run(ctx, env(l.With(laketest.CrashOnce(nth, cancel))), royalty.Options{})
		cancel()
		if err == nil {
			if nth < 12 {
				t.Fatalf("only %d steps", nth)
			}
			break
		}
		followed(t, l, left)
	}
}

func TestCompactionByAnotherEngineWritesNothing(t *testing.T) {
	laketest.Long(t, "a history of closed months, TestWhatIsGoneIsPublishedAnew is the short one")
	t.Parallel()
	l := laketest.New(t)
	copies := world(35, 100)
	archive(t, l, copies[:50])
	run(t, l, royalty.Options{})
	l.Compact(t, catalog.Listens)
	if report := run(t, l, royalty.Options{}); report.Written {
		t.Error("a run after a compaction says it wrote")
	}
	archive(t, l, copies[50:])
	l.Compact(t, catalog.Listens) // takes up rows that the ledger does not have
	l.Compact(t, catalog.Listens)
	if report := followed(t, l, copies); report.Ledger.Rebuilt {
		t.Error("the ledger was made anew")
	}
}
