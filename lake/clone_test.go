package lake_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

var (
	ofL1   = iceberg.EqualTo(iceberg.Reference("listen_id"), "l1")
	ofL1L4 = iceberg.IsIn(iceberg.Reference("listen_id"), "l1", "l4")
)

// cloned is a table of several files, some of whose rows are gone already, and the URIs of the files by their order.
func cloned(t *testing.T) (*laketest.Lake, lake.Snapshot) {
	t.Helper()
	l := laketest.New(t)
	l.Put(t, "test", catalog.Duplicates, nil, copyRow("l2", 1), copyRow("l1", 1), copyRow("l3", 1), copyRow("l1", 1))
	l.Put(t, "test", catalog.Duplicates, nil, copyRow("l1", 2), copyRow("l4", 2))
	l.Put(t, "test", catalog.Duplicates, nil, copyRow("l5", 1), copyRow("l6", 3), copyRow("l1", 3))
	l.Hand(t, catalog.Duplicates).Delete(laketest.ByPosition, "listen_id = 'l6' OR listen_id = 'l4'")
	return l, l.Snapshot(t, catalog.Duplicates)
}

// searched is what a search finds that deletes by conditions, one statement each.
func searched(ctx context.Context, l *laketest.Lake, base lake.Snapshot, where ...iceberg.BooleanExpression) (map[string][]int64, error) {
	return l.DeleteInClone(ctx, clone(l, base, nil, where...))
}

func clone(l *laketest.Lake, base lake.Snapshot, also func(lake.Staging) error, where ...iceberg.BooleanExpression) lake.Clone {
	return lake.Clone{Base: base, Job: "test", Delete: func(ctx context.Context, s lake.Staging) (rows int64, err error) {
		for _, condition := range where {
			n, err := l.DeleteStaged(ctx, s, condition)
			if rows += n; err != nil {
				return rows, err
			}
		}
		if also != nil {
			err = also(s)
		}
		return rows, err
	}}
}

// lie is where rows lie that a condition in SQL holds for.
func lie(t *testing.T, l *laketest.Lake, base lake.Snapshot, where string) map[string][]int64 {
	t.Helper()
	d := l.DB(t)
	if err := d.Bind(t.Context(), "copies", base); err != nil {
		t.Fatal(err)
	}
	files, err := base.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows, err := d.PositionsText(t.Context(), files, "SELECT _file, _pos FROM copies WHERE "+where+" ORDER BY ALL")
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// untouched fails where a search left something, or the table is not what it was.
func untouched(t *testing.T, l *laketest.Lake, base lake.Snapshot) {
	t.Helper()
	nothingStaged(t, l)
	now := l.Snapshot(t, catalog.Duplicates)
	expect(t, now.ID(), base.ID())
	rows := 0
	for _, positions := range lie(t, l, now, "true") {
		rows += len(positions)
	}
	expect(t, rows, 7)
}

func TestRowsThatAnEngineDeletesFromACloneAreFoundWhereTheyLie(t *testing.T) {
	l, base := cloned(t)
	for _, c := range []struct {
		name  string
		where []iceberg.BooleanExpression
		rows  string
	}{
		{"none", []iceberg.BooleanExpression{iceberg.EqualTo(iceberg.Reference("listen_id"), "nobody")}, "false"},
		{"no statement", nil, "false"},
		{"some, one of which is gone already", []iceberg.BooleanExpression{ofL1L4}, "listen_id = 'l1'"},
		{"in two statements", []iceberg.BooleanExpression{ofL1, iceberg.EqualTo(iceberg.Reference("listen_id"), "l2")}, "listen_id IN ('l1', 'l2')"},
		{"the same twice", []iceberg.BooleanExpression{ofL1, ofL1}, "listen_id = 'l1'"},
	} {
		want := lie(t, l, base, c.rows)
		search := clone(l, base, nil, c.where...)
		deleting := search.Delete
		search.Delete = func(ctx context.Context, s lake.Staging) (rows int64, err error) {
			_, err = deleting(ctx, s) // the library counts rows that were gone before
			for _, positions := range want {
				rows += int64(len(positions))
			}
			return rows, err
		}
		got, err := l.DeleteInClone(t.Context(), search)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.name, diff)
		}
		untouched(t, l, base)
	}
}

// An engine leaves a file out where all of its rows go, those that were deleted before among them.
func TestFilesThatAnEngineLeavesOutOfACloneLoseAllTheirRows(t *testing.T) {
	l, base := cloned(t)
	c := clone(l, base, nil)
	c.Delete = func(ctx context.Context, s lake.Staging) (int64, error) {
		ice, err := l.Catalog.Ice.LoadTable(ctx, icetable.Identifier{s.Namespace(), s.Name()})
		if err != nil {
			return 0, err
		}
		files, err := base.Files(ctx)
		if err != nil {
			return 0, err
		}
		var whole []iceberg.DataFile
		for _, f := range files {
			if lake.PartitionValue(f) != lake.PartitionValue(files[0]) {
				whole = append(whole, f.DataFile)
			}
		}
		tx := ice.NewTransaction()
		if err := tx.ReplaceFiles(ctx, whole, nil, nil, nil); err != nil {
			return 0, err
		}
		_, err = tx.Commit(ctx)
		left := 0
		for _, f := range whole {
			left += len(lie(t, l, base, "true")[f.FilePath()])
		}
		if left == 0 || len(whole) == len(files) {
			t.Error("this test proves nothing")
		}
		return int64(left), err
	}
	got, err := l.DeleteInClone(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	files, err := base.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := lie(t, l, base, "true")
	for _, f := range files {
		if lake.PartitionValue(f) == lake.PartitionValue(files[0]) {
			delete(want, f.FilePath())
		}
	}
	expect(t, got, want)
	untouched(t, l, base)
}

func TestACloneOfAnOldSnapshotHasItsRows(t *testing.T) {
	l, base := cloned(t)
	l.Put(t, "test", catalog.Duplicates, nil, copyRow("l1", 4))
	l.Hand(t, catalog.Duplicates).Delete(laketest.ByPosition, "listen_id = 'l1'")
	got, err := searched(t.Context(), l, base, ofL1)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, lie(t, l, base, "listen_id = 'l1'"))
	empty := l.Snapshot(t, catalog.Listens).Table().Empty()
	if rows, err := searched(t.Context(), l, empty, ofL1); err != nil || len(rows) != 0 {
		t.Errorf("of a table without a snapshot: %v, %v", rows, err)
	}
}

func TestAnEngineThatCountsOtherRowsFindsNone(t *testing.T) {
	l, base := cloned(t)
	for _, off := range []int64{-1, 1} {
		c := clone(l, base, nil, ofL1)
		search := c.Delete
		c.Delete = func(ctx context.Context, s lake.Staging) (int64, error) {
			rows, err := search(ctx, s)
			return rows + off, err
		}
		if _, err := l.DeleteInClone(t.Context(), c); !errors.Is(err, lake.ErrFenced) || lake.Hint(err) == "" {
			t.Errorf("%d: %v", off, err)
		}
		untouched(t, l, base)
	}
}

func TestRowsThatAnEngineWritesAnewAreRefused(t *testing.T) {
	l, base := cloned(t)
	_, err := l.DeleteInClone(t.Context(), clone(l, base, func(s lake.Staging) error {
		_, err := l.FillStaging(t.Context(), s, copies...)
		return err
	}, ofL1))
	if !errors.Is(err, lake.ErrUnsupported) || lake.Hint(err) == "" {
		t.Errorf("%v, want lake.ErrUnsupported", err)
	}
	untouched(t, l, base)
}

// The manifests name the spec by a number that a new table does not give it.
func TestATableWithAnotherPartitionSpecIsNotCloned(t *testing.T) {
	l, _ := cloned(t)
	hand := l.Hand(t, catalog.Duplicates)
	hand.Respec(func(u *icetable.UpdateSpec) { u.AddIdentity("payload") })
	hand.Append(append(copyRow("l7", 1), nil, nil, nil, nil, nil, nil, nil))
	base := l.Snapshot(t, catalog.Duplicates)
	reached := false
	_, err := l.DeleteInClone(t.Context(), clone(l, base, func(lake.Staging) error { reached = true; return nil }))
	if !errors.Is(err, lake.ErrUnsupported) || lake.Hint(err) == "" || reached {
		t.Errorf("%v, want lake.ErrUnsupported", err)
	}
	nothingStaged(t, l)
	expect(t, l.Snapshot(t, catalog.Duplicates).Table().MetadataURI(), base.Table().MetadataURI())
}

func TestATableWhoseColumnsHaveOtherNumbersThanANewOneIsNotCloned(t *testing.T) {
	l := laketest.New(t)
	spec := earlier(t, l, 5)
	evolve(t, l, spec.Name, func(u *icetable.UpdateSchema) {
		u.AddColumn([]string{"theirs"}, iceberg.PrimitiveTypes.String, "", false, nil)
	})
	if _, err := l.AddColumns(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	base := commit(t, l, lake.Commit{Job: "test", Add: write(t, l, play(1, "t1", 1))})
	if _, err := l.DeleteInClone(t.Context(), clone(l, base, nil)); !errors.Is(err, lake.ErrUnsupported) {
		t.Errorf("%v, want lake.ErrUnsupported", err)
	}
	expect(t, l.Snapshot(t, spec.Name).Table().MetadataURI(), base.Table().MetadataURI())
}

// A statement that names a column of a clone would find another one, or none.
func TestATableWhoseColumnsHaveOtherNamesIsNotCloned(t *testing.T) {
	l, _ := cloned(t)
	evolve(t, l, catalog.Duplicates, func(u *icetable.UpdateSchema) { u.RenameColumn([]string{"user_id"}, "listener") })
	base := l.Snapshot(t, catalog.Duplicates)
	reached := false
	_, err := l.DeleteInClone(t.Context(), clone(l, base, func(lake.Staging) error { reached = true; return nil }))
	if !errors.Is(err, lake.ErrUnsupported) || lake.Hint(err) == "" || reached {
		t.Errorf("%v, want lake.ErrUnsupported", err)
	}
	nothingStaged(t, l)
}

// Whoever drops a clone with all its files takes none of the table's.
func TestAnEngineThatPurgesACloneTakesNoFileOfItsTable(t *testing.T) {
	l, base := cloned(t)
	_, err := l.DeleteInClone(t.Context(), clone(l, base, func(s lake.Staging) error {
		id := icetable.Identifier{s.Namespace(), s.Name()}
		gone, err := l.Catalog.Ice.LoadTable(t.Context(), id)
		if err == nil {
			err = l.Catalog.Ice.DropTable(t.Context(), id)
		}
		if err == nil {
			err = gone.PurgeFiles(t.Context())
		}
		if err != nil {
			return err
		}
		return errors.New("the engine: it is gone")
	}, ofL1))
	if err == nil {
		t.Error("rows were found in a clone that is gone")
	}
	untouched(t, l, base)
}

func TestACloneThatWasClearedFencesItsSearch(t *testing.T) {
	l, base := cloned(t)
	for _, engine := range []error{nil, errors.New("the engine: there is no such table")} {
		_, err := l.DeleteInClone(t.Context(), clone(l, base, func(lake.Staging) error {
			_, _, err := l.WithGrace(-time.Hour).ClearStagings(t.Context(), catalog.Duplicates)
			return errors.Join(err, engine)
		}, ofL1))
		if !errors.Is(err, lake.ErrFenced) {
			t.Errorf("%v, want lake.ErrFenced", err)
		}
		untouched(t, l, base)
	}
}

func TestASearchOfASnapshotThatExpiredIsFenced(t *testing.T) {
	l, base := cloned(t)
	_, err := l.DeleteInClone(t.Context(), clone(l, base, func(lake.Staging) error {
		l.Put(t, "test", catalog.Duplicates, nil, copyRow("l9", 4))
		l.Hand(t, catalog.Duplicates).Expire()
		return errors.New("the engine: no such file")
	}, ofL1))
	if !errors.Is(err, lake.ErrFenced) || lake.Hint(err) == "" {
		t.Errorf("%v, want lake.ErrFenced", err)
	}
	nothingStaged(t, l)
}

// Whatever a crash leaves is cleared like any staging table, and the table is what it was.
func TestCrashesWithClonesLeaveTheTableAsItIs(t *testing.T) {
	laketest.Costly(t)
	l, base := cloned(t)
	want := lie(t, l, base, "listen_id = 'l1'")
	for nth := 1; ; nth += laketest.Stride(4) {
		ctx, cancel := context.WithCancel(t.Context())
		broken := l.With(laketest.CrashOnce(nth, cancel))
		_, crashed := searched(ctx, broken, base, ofL1)
		cancel()
		standing := l.Snapshot(t, catalog.Duplicates).Table().Stagings()
		if len(standing) == 0 && len(stagedFiles(t, l)) > 0 {
			t.Errorf("killed at step %d: files of a clone that is not on record", nth)
		}
		got, err := searched(t.Context(), l, base, ofL1)
		if err != nil {
			t.Fatalf("killed at step %d, the next search: %v", nth, err)
		}
		expect(t, got, want)
		if _, _, err := l.WithGrace(-time.Hour).ClearStagings(t.Context(), catalog.Duplicates); err != nil {
			t.Fatal(err)
		}
		untouched(t, l, base)
		if crashed == nil {
			return
		}
	}
}
