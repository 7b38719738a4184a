package lake_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// A day of small commits is thousands of snapshots, and who reads what came each minute walks over all of them.
func TestAppendsAreToldWithoutTheirManifests(t *testing.T) {
	l := laketest.New(t)
	const commits = 12
	base := commit(t, l, lake.Commit{Add: write(t, l, play(1, "t0", 1))})
	for i := range commits {
		commit(t, l, lake.Commit{Add: write(t, l, play(1+i%3, fmt.Sprint("t", i), 1))})
	}
	read := 0
	counting := l.With(&laketest.Faults{Opened: func(string) { read++ }})
	of := func(what string, files int) {
		t.Helper()
		s := counting.Snapshot(t, catalog.PlaysByHour)
		read = 0
		changes, err := s.Changes(t.Context(), base.ID())
		if err != nil {
			t.Fatal(err)
		}
		expect(t, changedDays(changes), []int{1, 2, 3})
		if len(changes.Added) != files || changes.Idle || changes.Broken || len(changes.Torn) > 0 {
			t.Errorf("%s: %d files added, want %d: %+v", what, len(changes.Added), files, changes)
		}
		if most := 1 + commits + 1; read > most { // the newest list, and the manifests that it names
			t.Errorf("%s: read %d files, want %d at most", what, read, most)
		}
	}
	of("appended", commits)
	l.Merge(t, catalog.PlaysByHour, func(f lake.File) bool { return f.Sequence > base.Sequence() })
	of("compacted", 3)
}

// What came and went again has changed its partition, whoever took it away.
func TestPartitionsOfWhatIsGoneAgainAreTold(t *testing.T) {
	l := laketest.New(t)
	base := commit(t, l, lake.Commit{Add: write(t, l, play(1, "t0", 1))})
	ours := commit(t, l, lake.Commit{Add: write(t, l, play(2, "t1", 1))})
	files, err := ours.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(f lake.File) bool { return f.AddedBy != ours.ID() })
	commit(t, l, lake.Commit{Remove: files})
	commit(t, l, lake.Commit{Add: write(t, l, play(3, "t2", 1))})
	l.Hand(t, catalog.PlaysByHour).Delete(laketest.WholeFiles, "track_id = 't2'")
	commit(t, l, lake.Commit{Add: write(t, l, play(4, "t3", 1))})
	changes, err := commit(t, l, lake.Commit{Add: write(t, l, play(4, "t4", 1))}).Changes(t.Context(), base.ID())
	if err != nil {
		t.Fatal(err)
	}
	expect(t, changedDays(changes), []int{2, 3, 4})
	if len(changes.Added) != 2 || !changes.Torn[march(3)] {
		t.Errorf("%+v, want two files of day 4, and day 3 torn", changes)
	}
}

// march is the number of a day of March.
func march(day int) int { return lake.Day(time.Date(2026, 3, day, 0, 0, 0, 0, time.UTC)) }

// changedDays are the days of March that changed.
func changedDays(c lake.Changes) (days []int) {
	for part := range c.Partitions {
		days = append(days, part.(int)-march(0))
	}
	slices.Sort(days)
	return days
}

// Another engine's compaction takes up what came, and the next one takes it up. Days that nobody changed stay out.
func TestACompactionChangesNoDay(t *testing.T) {
	l := laketest.New(t)
	base := commit(t, l, lake.Commit{Add: write(t, l, play(1, "t0", 1), play(2, "t0", 1), play(3, "t0", 1))})
	commit(t, l, lake.Commit{Add: write(t, l, play(1, "t1", 1))})
	l.Compact(t, catalog.PlaysByHour)
	s := l.Merge(t, catalog.PlaysByHour, func(f lake.File) bool { return lake.PartitionValue(f) == march(2) })
	changes, err := s.Changes(t.Context(), base.ID())
	if err != nil {
		t.Fatal(err)
	}
	expect(t, changedDays(changes), []int{1})
}
