package lake_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/apache/iceberg-go"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

var trackColumn = []string{"track_id"} // stands for a personal column

// entry is all of a manifest entry that must stay as it is.
type entry struct {
	Path             string
	Status           iceberg.ManifestEntryStatus
	Snapshot         int64
	Sequence         int64
	FileSequence     int64
	Rows, Bytes      int64
	AddedBy          int64 // of the manifest
	Bounded          []int
	Nulls            map[int]int64
	ManifestSequence int64
}

func entriesOf(t *testing.T, l *laketest.Lake) (list []entry) {
	t.Helper()
	tbl, err := l.Catalog.Ice.LoadTable(t.Context(), playsID)
	if err != nil {
		t.Fatal(err)
	}
	storage, err := tbl.FS(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	manifests, err := tbl.CurrentSnapshot().Manifests(storage)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range manifests {
		for e, err := range m.Entries(storage, false) {
			if err != nil {
				t.Fatal(err)
			}
			f, n := e.DataFile(), entry{}
			if e.FileSequenceNum() != nil {
				n.FileSequence = *e.FileSequenceNum()
			}
			n.Path, n.Status, n.Snapshot, n.Sequence, n.Rows, n.Bytes = f.FilePath(), e.Status(), e.SnapshotID(), e.SequenceNum(), f.Count(), f.FileSizeBytes()
			n.AddedBy, n.ManifestSequence, n.Nulls = m.SnapshotID(), m.SequenceNum(), f.NullValueCounts()
			n.Bounded = slices.Sorted(maps.Keys(f.LowerBoundValues()))
			list = append(list, n)
		}
	}
	return list
}

// bounded commits four times, so that there are added, existing and deleted entries, all with bounds.
func boundedTable(t *testing.T) (*laketest.Lake, lake.Snapshot) {
	t.Helper()
	l := laketest.New(t)
	l.Hand(t, catalog.PlaysByHour).Property("commit.manifest-merge.enabled", "false")
	history(t, l, 3)
	l.Hand(t, catalog.PlaysByHour).DeleteRows("track_id = 't' AND plays = 1", false)
	s := commit(t, l, lake.Commit{Job: "test", Add: write(t, l, play(3, "last", 4)), Stage: anyBase(map[string]string{lake.StateKey("x"): "1"})})
	return l, s
}

func TestBoundsGoAndAllElseOfAnEntryStays(t *testing.T) {
	l, base := boundedTable(t)
	column, _ := base.Table().Column("track_id")
	before, rows := entriesOf(t, l), sums(t, l, base)
	found, err := base.FindBounds(t.Context(), trackColumn)
	if err != nil || found.Entries < 5 || found.Manifests < 3 {
		t.Fatalf("%+v, %v", found, err)
	}
	statuses := map[iceberg.ManifestEntryStatus]bool{}
	for i, e := range before {
		statuses[e.Status] = true
		before[i].Bounded = slices.DeleteFunc(e.Bounded, func(id int) bool { return id == column.Field.ID })
	}
	if !statuses[iceberg.EntryStatusADDED] || !statuses[iceberg.EntryStatusDELETED] {
		t.Fatalf("statuses %v", statuses)
	}
	done, err := l.DropBounds(t.Context(), catalog.PlaysByHour, "maintain", trackColumn)
	expect(t, []any{done, err}, []any{found, nil})
	if diff := cmp.Diff(before, entriesOf(t, l)); diff != "" {
		t.Fatalf("entries (-want +got)\n%s", diff)
	}
	now := l.Snapshot(t, catalog.PlaysByHour)
	expect(t, sums(t, l, now), rows)
	state, err := now.State("x")
	expect(t, []any{now.Operation(), now.Job(), now.Property("total-records"), state, err}, []any{"replace", "maintain", base.Property("total-records"), "1", nil})
	changes, err := now.Changes(t.Context(), base.ID())
	if err != nil || changes.Broken || len(changes.Added) > 0 {
		t.Errorf("changes %+v, %v", changes, err)
	}
	done, err = l.DropBounds(t.Context(), catalog.PlaysByHour, "maintain", trackColumn)
	expect(t, []any{done, err, l.Snapshot(t, catalog.PlaysByHour).ID()}, []any{lake.Bounds{}, nil, now.ID()})
	commit(t, l, lake.Commit{Job: "test", Add: write(t, l, play(5, "next", 6))})
	rows["05next"] = 6
	expect(t, sums(t, l, l.Snapshot(t, catalog.PlaysByHour)), rows)
}

func TestBoundsGoOnceWhateverBecomesOfTheCommit(t *testing.T) {
	for _, step := range []laketest.Step{laketest.BeforeCommit, laketest.AfterCommit} {
		l, base := boundedTable(t)
		struck := false
		broken := l.With(&laketest.Faults{Strike: func(at laketest.Step, _ string) error {
			if at == step && !struck {
				struck = true
				return laketest.ErrInjected
			}
			return nil
		}})
		done, err := broken.DropBounds(t.Context(), catalog.PlaysByHour, "maintain", trackColumn)
		if err != nil || done.Entries == 0 || !struck {
			t.Fatalf("%s: %+v, %v", step, done, err)
		}
		since, ok := l.Snapshot(t, catalog.PlaysByHour).Since(base.ID())
		expect(t, []any{len(since), ok}, []any{1, true})
	}
}

func TestBoundsGoFromUnderARivalsCommit(t *testing.T) {
	l, base := boundedTable(t)
	struck := false
	rival := l.With(&laketest.Faults{Strike: func(at laketest.Step, _ string) error {
		if at == laketest.BeforeCommit && !struck {
			struck = true
			commit(t, l, lake.Commit{Job: "test", Add: write(t, l, play(6, "rival", 2))})
		}
		return nil
	}})
	if _, err := rival.DropBounds(t.Context(), catalog.PlaysByHour, "maintain", trackColumn); err != nil {
		t.Fatal(err)
	}
	now := l.Snapshot(t, catalog.PlaysByHour)
	found, err := now.FindBounds(t.Context(), trackColumn)
	expect(t, []any{found, err}, []any{lake.Bounds{}, nil})
	want := sums(t, l, base)
	want["06rival"] = 2
	expect(t, sums(t, l, now), want)
}

func TestTableWithoutBoundsIsReadByAnotherEngine(t *testing.T) {
	l, base := boundedTable(t)
	before := laketest.Foreign(t, l.Dir, "count", catalog.PlaysByHour, "plays > 0", "track_id = 't'")
	if _, err := l.DropBounds(t.Context(), catalog.PlaysByHour, "maintain", trackColumn); err != nil {
		t.Fatal(err)
	}
	expect(t, laketest.Foreign(t, l.Dir, "count", catalog.PlaysByHour, "plays > 0", "track_id = 't'"), before)
	if _, err := l.Expire(t.Context(), catalog.PlaysByHour, func(now *lake.Table) ([]lake.Snapshot, error) {
		return slices.DeleteFunc(now.Snapshots(), func(s lake.Snapshot) bool { return s.Sequence() > base.Sequence() }), nil
	}); err != nil {
		t.Fatal(err)
	}
	expect(t, laketest.Foreign(t, l.Dir, "count", catalog.PlaysByHour, "plays > 0", "track_id = 't'"), before)
}
