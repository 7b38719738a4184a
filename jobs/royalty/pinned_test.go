package royalty_test

import (
	"context"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake"
)

// A statement computed without rules, splits and tracks has none for ever: closing again must not tag those that came
// later.
func TestTablesThatWereEmptyAtTheCloseStayEmptyForTheStatement(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	l := laketest.New(t)
	archive(t, l, world(141, 40))
	money(t, l, "2026-03,*,*,EUR,1000\n")
	run(t, l, royalty.Options{})
	c := closePeriod(t, l, "2026-03")
	judgeBy(t, l, "rules: [{id: off, track_id: t1, count: false}, {id: all, min_ms_played: 30000}]")
	splitTracks(t, l, "t1,ann,writer,10000,,\n")
	if _, err := royalty.LoadTracks(t.Context(), env(l), []terms.Track{{TrackID: "t1", LabelID: "l7"}}); err != nil {
		t.Fatal(err)
	}
	if again := closePeriod(t, l, "2026-03"); !again.Already {
		t.Fatalf("closed again: %+v", again)
	}
	cut, err := royalty.CutOfTag(t.Context(), env(l), c.Tag)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{catalog.RoyaltyRules, catalog.RoyaltySplits, catalog.RoyaltyShares, catalog.Tracks} {
		if id, known := cut.Snapshots[table]; id != 0 || !known {
			t.Errorf("the statement reads snapshot %d of %s, %v", id, table, known)
		}
		if _, tagged := l.Snapshot(t, table).Table().Tags()[c.Tag]; tagged {
			t.Errorf("%s has the tag of a statement that was computed without it", table)
		}
	}
	for _, table := range []string{catalog.RoyaltyLines, catalog.RoyaltyPayouts, catalog.RoyaltyPools, catalog.RoyaltyCloses, catalog.Adjustments} {
		if got, want := cut.Snapshots[table], l.Snapshot(t, table).Table().Tags()[c.Tag]; got != want || got == 0 {
			t.Errorf("the statement reads snapshot %d of %s, tagged is %d", got, table, want)
		}
	}
}

// What was there at the decision is tagged by the next close, not what came between the two.
func TestTagsMissingAfterAKilledCloseNameWhatTheStatementWasComputedFrom(t *testing.T) {
	laketest.Long(t, "killed at many steps, TestKilledAtEveryStepAndRunAgainGivesTheSame is the short one")
	t.Parallel()
	l := laketest.New(t)
	archive(t, l, world(142, 40))
	money(t, l, "2026-03,*,*,EUR,1000\n")
	load := func(label string) lake.Snapshot {
		if _, err := royalty.LoadTracks(t.Context(), env(l), []terms.Track{{TrackID: "t1", LabelID: label}}); err != nil {
			t.Fatal(err)
		}
		return l.Snapshot(t, catalog.Tracks)
	}
	known := load("l7")
	run(t, l, royalty.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	faults := &laketest.Faults{Strike: func(step laketest.Step, table string) error {
		if step == laketest.BeforeCommit && table == catalog.Adjustments {
			cancel() // or the commit is tried again for half a minute
			return laketest.ErrInjected
		}
		return nil
	}}
	if _, err := royalty.Close(ctx, env(l.With(faults)), "2026-03", royalty.CloseOptions{By: "ann"}); err == nil {
		t.Fatal("the close was not killed")
	}
	pools := l.Snapshot(t, catalog.RoyaltyPools)
	load("l8")
	money(t, l, "2026-04,*,*,EUR,2000\n")
	run(t, l, royalty.Options{})
	closed := l.Snapshot(t, catalog.RoyaltyCloses)
	closePeriod(t, l, "2026-04")
	c := closePeriod(t, l, "2026-03")
	for _, want := range []lake.Snapshot{known, pools, closed} {
		if got := want.Table(); l.Snapshot(t, got.Name()).Table().Tags()[c.Tag] != want.ID() {
			t.Errorf("%s: tagged is %d, want %d", got.Name(), l.Snapshot(t, got.Name()).Table().Tags()[c.Tag], want.ID())
		}
	}
}
