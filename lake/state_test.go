package lake_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// ours commits one row together with a state, foreign hands act in between.
func ours(t *testing.T, l *laketest.Lake, x string) lake.Snapshot {
	t.Helper()
	return commit(t, l, lake.Commit{Job: "test", Add: write(t, l, play(1, "ours"+x, 1)), Stage: anyBase(map[string]string{lake.StateKey("x"): x})})
}

// forgetMetadata deletes the older metadata files, as a table whose metadata log is short.
func forgetMetadata(t *testing.T, l *laketest.Lake) {
	t.Helper()
	current := strings.TrimPrefix(l.Snapshot(t, catalog.PlaysByHour).Table().MetadataURI(), "file://")
	_, metadata := onDisk(t, l)
	for _, path := range metadata {
		if path != current {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Each history ends with an expiry that leaves no snapshot of ours. The state must be that of the newest commit of ours
// on main's line, or none where that is unknown: never another's.
func TestStateSurvivesAnotherEnginesExpiry(t *testing.T) {
	laketest.Long(t, "a history of another engine")
	const lost = ""
	for name, c := range map[string]struct {
		act  func(*testing.T, *laketest.Lake, laketest.Hand)
		want string
	}{
		"compaction": {func(t *testing.T, l *laketest.Lake, h laketest.Hand) { l.Compact(t, catalog.PlaysByHour) }, "2"},
		"compaction, without older metadata": {func(t *testing.T, l *laketest.Lake, h laketest.Hand) {
			l.Compact(t, catalog.PlaysByHour)
			h.Expire()
			forgetMetadata(t, l)
		}, "2"},
		"rows appended": {func(t *testing.T, l *laketest.Lake, h laketest.Hand) {
			h.Insert(play(2, "other", 1))
			h.Insert(play(3, "other", 1))
		}, "2"},
		"rows appended, without older metadata": {func(t *testing.T, l *laketest.Lake, h laketest.Hand) {
			h.Insert(play(2, "other", 1))
			h.Insert(play(3, "other", 1))
			h.Expire()
			forgetMetadata(t, l)
		}, "2"},
		"all removed, then appended": {func(t *testing.T, l *laketest.Lake, h laketest.Hand) {
			h.Truncate()
			h.Insert(play(3, "other", 1))
		}, "2"},
		"all removed and appended twice, without older metadata": {func(t *testing.T, l *laketest.Lake, h laketest.Hand) {
			h.Truncate()
			h.Insert(play(3, "other", 1))
			h.Truncate()
			h.Insert(play(4, "other", 1))
			h.Insert(play(5, "other", 1))
			h.Expire()
			l.Compact(t, catalog.PlaysByHour)
			h.Expire()
			forgetMetadata(t, l)
		}, lost},
		"rolled back, then appended": {func(t *testing.T, l *laketest.Lake, h laketest.Hand) {
			h.Rollback(1)
			h.Insert(play(3, "other", 1))
			h.Insert(play(4, "other", 1))
		}, "1"},
		"rolled back, then appended, without older metadata": {func(t *testing.T, l *laketest.Lake, h laketest.Hand) {
			h.Rollback(1)
			h.Insert(play(3, "other", 1))
			h.Insert(play(4, "other", 1))
			h.Expire()
			forgetMetadata(t, l)
		}, lost},
		"rolled back, compacted": {func(t *testing.T, l *laketest.Lake, h laketest.Hand) {
			h.Rollback(1)
			l.Compact(t, catalog.PlaysByHour)
			h.Expire()
			forgetMetadata(t, l)
		}, lost},
		"a state without rows": {func(t *testing.T, l *laketest.Lake, h laketest.Hand) {
			commit(t, l, lake.Commit{Job: "test", Stage: anyBase(map[string]string{lake.StateKey("x"): "3"})})
			h.Insert(play(3, "other", 1))
			h.Insert(play(4, "other", 1))
		}, "3"},
		"the property taken away": {func(t *testing.T, l *laketest.Lake, h laketest.Hand) {
			h.Insert(play(3, "other", 1))
			h.Property(lake.StateProperty, "")
		}, "2"},
		"the property taken away, without older metadata": {func(t *testing.T, l *laketest.Lake, h laketest.Hand) {
			h.Property(lake.StateProperty, "{}")
			h.Insert(play(3, "other", 1))
			h.Expire()
			forgetMetadata(t, l)
		}, lost},
	} {
		t.Run(name, func(t *testing.T) {
			laketest.EachExpiry(t, func(t *testing.T, cuts bool) {
				l := laketest.New(t)
				l.CutsParents = cuts
				ours(t, l, "1")
				ours(t, l, "2")
				h := l.Hand(t, catalog.PlaysByHour)
				c.act(t, l, h)
				h.Expire()
				head := l.Snapshot(t, catalog.PlaysByHour)
				expect(t, len(head.Table().Snapshots()), 1)
				got, err := head.State("x")
				if err != nil {
					t.Fatal(err)
				}
				expect(t, got, c.want)

				_, err = l.Commit(t.Context(), catalog.PlaysByHour, lake.Commit{Job: "test", Stage: anyBase(map[string]string{lake.StateKey("y"): "1"})})
				if err != nil {
					t.Fatal(err)
				}
				if got, err = l.Snapshot(t, catalog.PlaysByHour).State("x"); err != nil || got != c.want {
					t.Fatalf("after the next commit: %q, %v", got, err)
				}
			})
		})
	}
}

// Where no job can do without it, state that is gone is no state that never was.
func TestCommitWithoutItsStateWritesNothing(t *testing.T) {
	l := laketest.New(t)
	state := lake.Commit{Job: "test", Stage: anyBase(map[string]string{lake.StateKey("x"): "1"})}
	if _, err := l.Commit(t.Context(), catalog.Listens, state); err != nil {
		t.Fatal(err)
	}
	head := l.Hand(t, catalog.Listens).Forget()
	if _, err := head.State("x"); !errors.Is(err, lake.ErrExpired) || lake.Hint(err) == "" {
		t.Fatalf("state: %v", err)
	}
	if _, err := l.Commit(t.Context(), catalog.Listens, state); !errors.Is(err, lake.ErrExpired) {
		t.Fatalf("got %v", err)
	}
	expect(t, l.Snapshot(t, catalog.Listens).ID(), head.ID())
	state.Forgets = true
	if _, err := l.Commit(t.Context(), catalog.Listens, state); err != nil {
		t.Fatal(err)
	}
}

func TestStateAndSnapshotAreOneMetadataCommit(t *testing.T) {
	l := laketest.New(t)
	before := l.Snapshot(t, catalog.PlaysByHour).Table()
	ours(t, l, "1")
	ice, err := l.Catalog.Ice.LoadTable(t.Context(), playsID)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for m := range ice.Metadata().PreviousFiles() {
		n++
		expect(t, m.MetadataFile, before.MetadataURI())
	}
	expect(t, n, 1)
}

// A property pins nothing: the files of an expired snapshot can be deleted.
func TestStatePropertyBlocksNoPurge(t *testing.T) {
	l := laketest.New(t)
	ours(t, l, "1")
	l.Hand(t, catalog.PlaysByHour).Truncate()
	if _, err := l.Expire(t.Context(), catalog.PlaysByHour, without(l.Snapshot(t, catalog.PlaysByHour))); err != nil {
		t.Fatal(err)
	}
	files, _ := onDisk(t, l)
	for _, f := range files {
		if strings.HasSuffix(f, ".parquet") {
			t.Errorf("%s is still there", f)
		}
	}
	got, err := l.Snapshot(t, catalog.PlaysByHour).State("x")
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, "1")
}

func TestAlteredTellsAnotherEnginesChanges(t *testing.T) {
	laketest.Costly(t)
	type found struct{ Altered, RolledBack bool }
	for name, c := range map[string]struct {
		act  func(*testing.T, *laketest.Lake, laketest.Hand)
		want found
	}{
		"nothing":    {func(*testing.T, *laketest.Lake, laketest.Hand) {}, found{}},
		"compaction": {func(t *testing.T, l *laketest.Lake, h laketest.Hand) { l.Compact(t, catalog.PlaysByHour) }, found{}},
		"compaction and expiry": {func(t *testing.T, l *laketest.Lake, h laketest.Hand) {
			l.Compact(t, catalog.PlaysByHour)
			l.Compact(t, catalog.PlaysByHour)
			h.Expire()
		}, found{}},
		"insert": {func(t *testing.T, l *laketest.Lake, h laketest.Hand) { h.Insert(play(2, "other", 1)) }, found{Altered: true}},
		"delete": {func(t *testing.T, l *laketest.Lake, h laketest.Hand) { h.Truncate() }, found{Altered: true}},
		"insert, compaction, expiry": {func(t *testing.T, l *laketest.Lake, h laketest.Hand) {
			h.Insert(play(2, "other", 1))
			l.Compact(t, catalog.PlaysByHour)
			h.Expire()
		}, found{Altered: true}},
		"a commit of ours on top": {func(t *testing.T, l *laketest.Lake, h laketest.Hand) {
			h.Insert(play(2, "other", 1))
			ours(t, l, "3")
			ours(t, l, "4")
		}, found{Altered: true}},
		"rollback": {func(t *testing.T, l *laketest.Lake, h laketest.Hand) { h.Rollback(1) }, found{true, true}},
		"rollback, a commit of ours on top": {func(t *testing.T, l *laketest.Lake, h laketest.Hand) {
			h.Rollback(1)
			ours(t, l, "3")
		}, found{true, true}},
		"rollback, compaction, expiry": {func(t *testing.T, l *laketest.Lake, h laketest.Hand) {
			h.Rollback(1)
			l.Compact(t, catalog.PlaysByHour)
			h.Expire()
			forgetMetadata(t, l)
		}, found{true, true}},
		"rollback and forward": {func(t *testing.T, l *laketest.Lake, h laketest.Hand) {
			head := l.Snapshot(t, catalog.PlaysByHour)
			h.Rollback(1)
			h.MoveTo(head)
		}, found{}},
		"without the property, insert": {func(t *testing.T, l *laketest.Lake, h laketest.Hand) {
			h.Property(lake.StateProperty, "")
			h.Insert(play(2, "other", 1))
		}, found{Altered: true}},
		"mended": {func(t *testing.T, l *laketest.Lake, h laketest.Hand) {
			h.Insert(play(2, "other", 1))
			commit(t, l, lake.Commit{Job: "test", Mends: true})
		}, found{}},
	} {
		t.Run(name, func(t *testing.T) {
			laketest.EachExpiry(t, func(t *testing.T, cuts bool) {
				l := laketest.New(t)
				l.CutsParents = cuts
				ours(t, l, "1")
				last := ours(t, l, "2")
				c.act(t, l, l.Hand(t, catalog.PlaysByHour))
				a := l.Snapshot(t, catalog.PlaysByHour).Table().Altered()
				got := found{Altered: a != nil}
				if a != nil {
					got.RolledBack = a.RolledBack
					expect(t, a.Before, last.ID())
				}
				expect(t, got, c.want)
			})
		})
	}
}
