package royalty_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/lake"
)

// foreignRow is a row of a derived table in a period.
func foreignRow(t *testing.T, table *lake.Table, period string) []any {
	t.Helper()
	var values []any
	for i, c := range table.Columns() {
		switch {
		case c.Name == "period" || c.Name == "posted_period" || c.Name == "origin_period":
			values = append(values, period)
		case c.Field.Type.Equals(iceberg.PrimitiveTypes.String):
			values = append(values, fmt.Sprintf("other-%d", i))
		case c.Field.Type.Equals(iceberg.PrimitiveTypes.TimestampTz):
			values = append(values, nil)
		default:
			values = append(values, 7)
		}
	}
	return values
}

// Another engine gives the published tables another partition spec and appends one file with rows of two periods: of
// what partition it is nobody can tell. It goes all the same, whether what was published is there or has been expired.
func TestFilesUnderAnotherEnginesSpecAreTakenAway(t *testing.T) {
	laketest.Long(t, "a run after each change of a spec")
	t.Parallel()
	l, copies, closes := closedLake(t, 98)
	before := contents(t, l)
	tables := []string{catalog.RoyaltyLines, catalog.RoyaltyPayouts, catalog.RoyaltyShares, catalog.Adjustments}
	for _, table := range tables {
		l.Hand(t, table).Respec(func(u *icetable.UpdateSpec) {
			partition := "period"
			if table == catalog.Adjustments {
				partition = "posted_period"
			}
			u.RemoveField(partition).AddField("country", iceberg.IdentityTransform{}, "theirs")
		})
	}
	for _, expire := range []bool{false, true} {
		if expire && !laketest.InCI() {
			break
		}
		for _, table := range tables {
			if expire && table == catalog.Adjustments { // what was posted is no function of what is there
				continue
			}
			h := l.Hand(t, table)
			now := l.Snapshot(t, table).Table()
			s := h.Append(foreignRow(t, now, "2026-03"), foreignRow(t, now, "2026-04"))
			if files, err := s.Files(t.Context()); err != nil || s.RefuseUnknown(files) == nil {
				t.Fatalf("%s: every file is of a known partition, %v", table, err)
			}
			if expire {
				h.DeleteRows("_pos = 0 AND track_id NOT LIKE 'other%'", true) // or the old files would all be there
				h.Expire()
			}
		}
		for verb, proof := range proofs {
			if err := proof(t.Context(), env(l)); !errors.Is(err, jobs.ErrProof) {
				t.Errorf("expire %v: %s says %v", expire, verb, err)
			}
		}
		report := run(t, l, royalty.Options{})
		for _, b := range report.PutBack {
			if b.Recomputed != expire {
				t.Errorf("expire %v: put back %+v", expire, b)
			}
		}
		after := contents(t, l)
		if expire {
			delete(after, catalog.RoyaltyRuns)
			delete(before, catalog.RoyaltyRuns)
		}
		equal(t, after, before)
	}
	copies = compactedUnderAnotherSpec(t, l, copies)
	run(t, l, royalty.Options{Full: true})
	checkLedger(t, l, copies)
	for _, c := range closes {
		reconcile(t, l, c.Closing)
	}
}

// compactedUnderAnotherSpec: a compaction changes no row, so there is nothing to put back. A run that has nothing to
// publish goes on, one that has says what is in its way, and nothing is lost or doubled once that is seen to.
func compactedUnderAnotherSpec(t *testing.T, l *laketest.Lake, copies []copyOf) []copyOf {
	t.Helper()
	published := l.Snapshot(t, catalog.RoyaltyLines)
	h := l.Hand(t, catalog.RoyaltyLines)
	h.Respec(func(u *icetable.UpdateSpec) { u.RemoveField("theirs") })
	compacted := h.Rewrite()
	if compacted.Table().Altered() != nil {
		t.Fatal("a compaction counts as an alteration")
	}
	if again := run(t, l, royalty.Options{}); again.Written {
		t.Error("a run with nothing new says it wrote")
	}
	more := world(99, 10)
	for i := range more {
		more[i].offset += int64(len(copies))
	}
	archive(t, l, more)
	_, err := royalty.Run(t.Context(), env(l), royalty.Options{})
	if !errors.Is(err, lake.ErrUnfit) || lake.Hint(err) == "" || l.Snapshot(t, catalog.RoyaltyLines).ID() != compacted.ID() {
		t.Errorf("got %v, hint %q", err, lake.Hint(err))
	}
	h.MoveTo(published) // as the hint says
	run(t, l, royalty.Options{})
	return append(copies, more...)
}
