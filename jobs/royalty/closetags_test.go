package royalty_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake"
)

const marchTag = "royalty-2026-03-v1"

// dropRef takes a tag away, asking first as the command does.
func dropRef(t *testing.T, l *laketest.Lake, table string) error {
	t.Helper()
	if err := royalty.MayDropTag(t.Context(), env(l), table, marchTag); err != nil {
		return err
	}
	_, err := l.DropRefs(t.Context(), table, func(now *lake.Table) []lake.Ref {
		for _, r := range now.NamedRefs() {
			if r.Name == marchTag {
				return []lake.Ref{r}
			}
		}
		return nil
	})
	return err
}

func agesOf(t *testing.T, l *laketest.Lake) map[string]time.Duration {
	t.Helper()
	ages := map[string]time.Duration{}
	for _, spec := range catalog.Specs() {
		for _, r := range l.Snapshot(t, spec.Name).Table().NamedRefs() {
			if r.Name == marchTag {
				ages[spec.Name] = r.MaxAge
			}
		}
	}
	return ages
}

func TestACloseRefusesATagThatIsNotOfTheStatementBeforeItDecides(t *testing.T) {
	laketest.Long(t, "TestACloseRefusesABranchOfItsName is refused too")
	t.Parallel()
	l := laketest.New(t)
	copies := world(71, 60)
	archive(t, l, copies[:30])
	money(t, l, twoPools)
	judgeBy(t, l, "rules: [{id: all, min_ms_played: 30000}]")
	if _, err := royalty.LoadTracks(t.Context(), env(l), []terms.Track{{TrackID: "t1", Title: "Blue"}}); err != nil {
		t.Fatal(err)
	}
	touchAdjustments(t, l)
	run(t, l, royalty.Options{})
	tables := []string{catalog.RoyaltyLines, catalog.RoyaltyPayouts, catalog.Adjustments, catalog.Tracks, catalog.RoyaltyRuns}
	for _, table := range tables {
		if err := l.Tag(t.Context(), marchTag, l.Snapshot(t, table), 0); err != nil {
			t.Fatal(err)
		}
	}
	archive(t, l, copies[30:])
	run(t, l, royalty.Options{})
	for _, table := range tables {
		_, err := royalty.Close(t.Context(), env(l), "2026-03", royalty.CloseOptions{By: "ann", Force: true})
		if !errors.Is(err, lake.ErrFenced) || !strings.Contains(lake.Hint(err), "tag --drop ") {
			t.Fatalf("with a tag on %s: %v, hint %q", table, err, lake.Hint(err))
		}
		if l.Snapshot(t, catalog.RoyaltyCloses).ID() != 0 {
			t.Fatal("the close was decided")
		}
		if err := dropRef(t, l, table); err != nil {
			t.Fatal(err)
		}
	}
	if c := closePeriod(t, l, "2026-03"); len(c.Tagged) < 7 {
		t.Errorf("tagged %q", c.Tagged)
	}
}

func TestACloseRefusesABranchOfItsName(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	archive(t, l, world(72, 30))
	money(t, l, twoPools)
	run(t, l, royalty.Options{})
	s := l.Snapshot(t, catalog.RoyaltyLines)
	branch := icetable.NewSetSnapshotRefUpdate(marchTag, s.ID(), icetable.BranchRef, 0, 0, 0)
	if _, _, err := l.Catalog.Ice.CommitTable(t.Context(), []string{l.Namespace(), catalog.RoyaltyLines}, nil, []icetable.Update{branch}); err != nil {
		t.Fatal(err)
	}
	if _, err := royalty.Close(t.Context(), env(l), "2026-03", royalty.CloseOptions{}); !errors.Is(err, lake.ErrFenced) {
		t.Errorf("got %v", err)
	}
}

func TestTheTagsOfAStatementHaveNoAge(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	l := laketest.New(t)
	archive(t, l, world(73, 60))
	money(t, l, twoPools)
	run(t, l, royalty.Options{})
	for _, table := range []string{catalog.RoyaltyLines, catalog.RoyaltyPools} { // of the right snapshot, but for a while
		if err := l.Tag(t.Context(), marchTag, l.Snapshot(t, table), time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	closePeriod(t, l, "2026-03")
	for _, table := range []string{catalog.RoyaltyPayouts, catalog.Adjustments, catalog.RoyaltyCloses} {
		if err := l.Tag(t.Context(), marchTag, l.Snapshot(t, table), time.Second); err != nil {
			t.Fatal(err)
		}
	}
	closePeriod(t, l, "2026-03")
	ages := agesOf(t, l)
	if len(ages) < 6 {
		t.Fatalf("only these are tagged: %v", ages)
	}
	for table, age := range ages {
		if age != 0 {
			t.Errorf("the tag on %s has an age of %s", table, age)
		}
	}
}

func TestATagThatCameBetweenDecisionAndTaggingIsRefusedAndMayBeDropped(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	l := laketest.New(t)
	copies := world(74, 80)
	archive(t, l, copies[:40])
	money(t, l, twoPools)
	touchAdjustments(t, l)
	run(t, l, royalty.Options{})
	c := closePeriod(t, l, "2026-03")
	for _, table := range []string{catalog.Adjustments, catalog.RoyaltyLines} {
		if err := dropRef(t, l, table); err == nil || lake.Hint(err) == "" {
			t.Errorf("the tag of the statement on %s may be dropped: %v", table, err)
		}
		all := l.Snapshot(t, table).Table().Snapshots()
		retag(t, l, table, all[0])
	}
	// Another engine moved them: nothing is read through them any more.
	archive(t, l, copies[40:])
	run(t, l, royalty.Options{})
	if table := l.Snapshot(t, catalog.RoyaltyLines).Table(); len(table.Snapshots()) < 2 {
		t.Fatal("no other snapshot of the lines")
	}
	retag(t, l, catalog.RoyaltyLines, l.Snapshot(t, catalog.RoyaltyLines))
	if _, err := royalty.Show(t.Context(), env(l), c.RunID); !errors.Is(err, lake.ErrFenced) {
		t.Errorf("a statement was read through somebody else's tag: %v", err)
	}
	for range 2 {
		_, err := royalty.Close(t.Context(), env(l), "2026-03", royalty.CloseOptions{})
		if !errors.Is(err, lake.ErrFenced) {
			t.Fatalf("closed again over somebody else's tag: %v", err)
		}
		table := catalog.RoyaltyLines
		if strings.Contains(err.Error(), catalog.Adjustments) {
			table = catalog.Adjustments
		}
		if err := dropRef(t, l, table); err != nil {
			t.Fatal(err)
		}
	}
	closePeriod(t, l, "2026-03")
	if _, err := royalty.Show(t.Context(), env(l), c.RunID); err != nil {
		t.Error(err)
	}
}

// retag moves the tag as another engine can.
func retag(t *testing.T, l *laketest.Lake, table string, s lake.Snapshot) {
	t.Helper()
	move := icetable.NewSetSnapshotRefUpdate(marchTag, s.ID(), icetable.TagRef, 0, 0, 0)
	if _, _, err := l.Catalog.Ice.CommitTable(t.Context(), []string{l.Namespace(), table}, nil, []icetable.Update{move}); err != nil {
		t.Fatal(err)
	}
}

// touchAdjustments gives royalty_adjustments a snapshot that no close made.
func touchAdjustments(t *testing.T, l *laketest.Lake) {
	t.Helper()
	nothing := func(lake.Snapshot) (map[string]string, error) { return nil, nil }
	if _, err := l.Commit(t.Context(), catalog.Adjustments, lake.Commit{Job: "test", Stage: nothing}); err != nil {
		t.Fatal(err)
	}
}

// The decision is a row, and its file may be written anew by a compaction or when rows are put back.
func TestAPeriodIsClosedAgainWhereverTheFileOfTheDecisionWent(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	l := laketest.New(t)
	archive(t, l, world(75, 40))
	run(t, l, royalty.Options{})
	first := closePeriod(t, l, "2026-03")
	h := l.Hand(t, catalog.RoyaltyCloses)
	for i, act := range []func(){
		func() { l.Compact(t, catalog.RoyaltyCloses) },
		func() { h.Expire() },
		func() { h.Truncate(); run(t, l, royalty.Options{}) }, // which puts the row back
		func() { l.Compact(t, catalog.RoyaltyCloses); h.Expire() },
	} {
		if i < 2 && !laketest.InCI() { // the last does both
			continue
		}
		act()
		if again := closePeriod(t, l, "2026-03"); !again.Already || !slices.Equal(again.Tagged, first.Tagged) {
			t.Errorf("closed again: %+v, want the tags %q", again, first.Tagged)
		}
	}
}
