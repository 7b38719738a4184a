package lake_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

func refs(t *testing.T, l *laketest.Lake) map[string]lake.Ref {
	t.Helper()
	named := map[string]lake.Ref{}
	for _, r := range l.Snapshot(t, catalog.PlaysByHour).Table().NamedRefs() {
		named[r.Name] = r
	}
	return named
}

func TestTagKeepsNamingItsSnapshot(t *testing.T) {
	l := laketest.New(t)
	s := commit(t, l, lake.Commit{Add: write(t, l, play(1, "t1", 1))})
	if err := l.Tag(t.Context(), "close", s, 0); err != nil {
		t.Fatal(err)
	}
	later := commit(t, l, lake.Commit{Add: write(t, l, play(1, "t1", 1))})
	tbl, _ := l.Table(t.Context(), catalog.PlaysByHour)
	tagged, err := tbl.ByTag("close")
	if err != nil || tagged.ID() != s.ID() {
		t.Fatalf("tag names %d, %v; want %d", tagged.ID(), err, s.ID())
	}
	if err := l.Tag(t.Context(), "close", later, 0); !errors.Is(err, lake.ErrFenced) || !strings.Contains(lake.Hint(err), "tag --drop plays_by_hour close") {
		t.Errorf("a tag moved: %v, hint %q", err, lake.Hint(err))
	}
}

func TestOfTwoTaggersOfOneNameExactlyOneWins(t *testing.T) {
	l := laketest.New(t)
	a := commit(t, l, lake.Commit{Add: write(t, l, play(1, "t1", 1))})
	b := commit(t, l, lake.Commit{Add: write(t, l, play(1, "t1", 1))})
	for round := range 10 {
		tag := fmt.Sprint("race", round)
		errs := make([]error, 2)
		var wait sync.WaitGroup
		for i, s := range []lake.Snapshot{a, b} {
			// Each has looked at the table before the other wrote.
			wait.Go(func() { errs[i] = l.Tag(t.Context(), tag, s, 0) })
		}
		wait.Wait()
		loser, winner := errs[1], a
		if errs[0] != nil {
			loser, winner = errs[0], b
		}
		if errs[0] != nil && errs[1] != nil || !errors.Is(loser, lake.ErrFenced) {
			t.Fatalf("round %d: %v and %v; want one to win and one to be fenced", round, errs[0], errs[1])
		}
		if got := refs(t, l)[tag]; got.SnapshotID != winner.ID() {
			t.Fatalf("round %d: the tag names %d, the winner tagged %d", round, got.SnapshotID, winner.ID())
		}
	}
}

func TestATagMadeBetweenLookAndCommitIsNotMoved(t *testing.T) {
	l := laketest.New(t)
	a := commit(t, l, lake.Commit{Add: write(t, l, play(1, "t1", 1))})
	b := commit(t, l, lake.Commit{Add: write(t, l, play(1, "t1", 1))})
	inBetween := true
	slow := l.With(&laketest.Faults{Strike: func(step laketest.Step, _ string) error {
		if step == laketest.BeforeCommit && inBetween {
			inBetween = false
			return l.Tag(t.Context(), "audit", b, 0)
		}
		return nil
	}})
	if err := slow.Tag(t.Context(), "audit", a, 0); !errors.Is(err, lake.ErrFenced) {
		t.Errorf("got %v, want lake.ErrFenced", err)
	}
	if got := refs(t, l)["audit"].SnapshotID; got != b.ID() {
		t.Errorf("the tag names %d, want the first one's %d", got, b.ID())
	}
}

func TestATagSurvivesALostAnswerAndACatalogThatFailsOnce(t *testing.T) {
	l := laketest.New(t)
	s := commit(t, l, lake.Commit{Add: write(t, l, play(1, "t1", 1))})
	for _, at := range []laketest.Step{laketest.BeforeCommit, laketest.AfterCommit, laketest.LoadTable} {
		once := true
		broken := l.With(&laketest.Faults{Strike: func(step laketest.Step, _ string) error {
			if step == at && once {
				once = false
				return laketest.ErrInjected
			}
			return nil
		}})
		tag := strings.ReplaceAll(string(at), " ", "-")
		if err := broken.Tag(t.Context(), tag, s, time.Hour); err != nil {
			t.Errorf("%s: %v", at, err)
		}
		if got := refs(t, l)[tag]; got.SnapshotID != s.ID() || got.MaxAge != time.Hour || got.Branch {
			t.Errorf("%s: got %+v", at, got)
		}
		once = true
		if _, err := broken.DropRefs(t.Context(), catalog.PlaysByHour, func(now *lake.Table) []lake.Ref {
			for _, r := range now.NamedRefs() {
				if r.Name == tag {
					return []lake.Ref{r}
				}
			}
			return nil
		}); err != nil {
			t.Errorf("drop, %s: %v", at, err)
		}
		if _, there := refs(t, l)[tag]; there {
			t.Errorf("%s: the tag is still there", at)
		}
	}
}

func TestTaggingAgainSetsTheAge(t *testing.T) {
	l := laketest.New(t)
	s := commit(t, l, lake.Commit{Add: write(t, l, play(1, "t1", 1))})
	for _, age := range []time.Duration{time.Hour, 0, 90 * time.Minute, 0} {
		if err := l.Tag(t.Context(), "close", s, age); err != nil {
			t.Fatal(err)
		}
		if got := refs(t, l)["close"]; got.SnapshotID != s.ID() || got.MaxAge != age {
			t.Errorf("tagged for %s: %+v", age, got)
		}
	}
	if err := l.Tag(t.Context(), "short", s, time.Nanosecond); err != nil || refs(t, l)["short"].MaxAge != time.Millisecond {
		t.Errorf("an age below a millisecond: %v, %+v", err, refs(t, l)["short"])
	}
}

func TestABranchIsNeverTakenForATag(t *testing.T) {
	l := laketest.New(t)
	s := commit(t, l, lake.Commit{Add: write(t, l, play(1, "t1", 1))})
	ice, err := l.Catalog.Ice.LoadTable(t.Context(), []string{l.Namespace(), catalog.PlaysByHour})
	if err != nil {
		t.Fatal(err)
	}
	branch := icetable.NewSetSnapshotRefUpdate("royalty-2026-03-v1", s.ID(), icetable.BranchRef, 0, 0, 0)
	if _, _, err := l.Catalog.Ice.CommitTable(t.Context(), ice.Identifier(), nil, []icetable.Update{branch}); err != nil {
		t.Fatal(err)
	}
	if err := l.Tag(t.Context(), "royalty-2026-03-v1", s, 0); !errors.Is(err, lake.ErrFenced) || !strings.Contains(err.Error(), "is a branch") {
		t.Errorf("got %v", err)
	}
}

func TestATagNameIsNeitherATimeNorASnapshotNorMain(t *testing.T) {
	for _, name := range []string{
		"", "main", "a\nb", "a b", "a/b", "run:x", "2026-04-01", "2026-04", "12345", "-x", ".x", "_x", "é", "a\u00e9", "1.5", "a\x00", "a\u200b",
		"2026-04-01T00:00:00Z", strings.Repeat("a", 101), "ａ",
	} {
		if err := lake.CheckTagName(name); err == nil || lake.Hint(err) == "" {
			t.Errorf("%q: got %v", name, err)
		}
	}
	for _, name := range []string{"a", "audit-2026", "2026-04-audit", "v1.2_x", "royalty-2026-03-v1", strings.Repeat("a", 100)} {
		if err := lake.CheckTagName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestTagsLeaveNoMetadataFileBehind(t *testing.T) {
	l := laketest.New(t)
	s := commit(t, l, lake.Commit{Add: write(t, l, play(1, "t1", 1))})
	for i := range 30 {
		if err := l.Tag(t.Context(), fmt.Sprint("t", i), s, 0); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(l.Dir, "warehouse", "*", catalog.PlaysByHour, "metadata", "*.metadata.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	if len(files) > 21 { // 20 of the log, and the current
		t.Errorf("%d metadata files are left, want at most 21", len(files))
	}
	if _, err := os.Stat(strings.TrimPrefix(s.Table().MetadataURI(), "file://")); err == nil {
		t.Error("the first one is still there")
	}
}
