package lake_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// The tests of this file each hold our path against a way in which iceberg-go or DuckDB lose or double data
// without an error.

// deleteWhere deletes rows by position, found by a SELECT over the view plays. It returns the commit without
// making it.
func deleteWhere(t *testing.T, l *laketest.Lake, base lake.Snapshot, condition string) lake.Commit {
	t.Helper()
	files, err := base.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d := l.DB(t)
	if err := d.Bind(t.Context(), "plays", base); err != nil {
		t.Fatal(err)
	}
	rows, err := d.PositionsText(t.Context(), files, "SELECT _file, _pos FROM plays WHERE "+condition)
	if err != nil {
		t.Fatal(err)
	}
	deletes, err := base.WritePositionDeletes(t.Context(), "test", files, rows)
	if err != nil {
		t.Fatal(err)
	}
	return lake.Commit{Job: "test", Deletes: deletes, Stage: anyBase(nil)}
}

// scanned counts rows with iceberg-go's own reader.
func scanned(t *testing.T, l *laketest.Lake) int64 {
	t.Helper()
	tbl, err := l.Catalog.Ice.LoadTable(t.Context(), icetable.Identifier{catalog.Namespace, catalog.PlaysByHour})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := tbl.Scan().ToArrowTable(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Release()
	return rows.NumRows()
}

// iceberg-go's copy-on-write delete on a file with row deletes brings the deleted rows back.
func TestSecondDeleteOnAFileKeepsTheFirst(t *testing.T) {
	l := laketest.New(t)
	s := commit(t, l, lake.Commit{Add: write(t, l, play(1, "t1", 1), play(1, "t2", 2), play(1, "t3", 3), play(1, "t4", 4))})
	s = commit(t, l, deleteWhere(t, l, s, "track_id = 't1'"))
	s = commit(t, l, deleteWhere(t, l, s, "track_id = 't3'"))
	expect(t, sums(t, l, s), map[string]int64{"01t2": 2, "01t4": 4})
	expect(t, scanned(t, l), int64(2))
	s = commit(t, l, lake.Commit{Add: write(t, l, play(1, "t1", 9))})
	expect(t, sums(t, l, s), map[string]int64{"01t1": 9, "01t2": 2, "01t4": 4})
	expect(t, scanned(t, l), int64(3))
}

// iceberg-go's copy-on-write delete drops rows where the column of the predicate is NULL.
func TestDeleteByAColumnKeepsRowsWhereItIsNull(t *testing.T) {
	l := laketest.New(t)
	unknown := play(1, "t2", 2)
	unknown[3] = nil // country
	s := commit(t, l, lake.Commit{Add: write(t, l, play(1, "t1", 1), unknown)})
	s = commit(t, l, deleteWhere(t, l, s, "country = 'DE'"))
	expect(t, sums(t, l, s), map[string]int64{"01t2": 2})
	expect(t, scanned(t, l), int64(1))
}

// Two deletion vectors on one file leave a v3 table unreadable; tables are v2, and position deletes add up.
func TestTwoDeletesOfOneFileFromTheSameBaseBothHold(t *testing.T) {
	l := laketest.New(t)
	s := commit(t, l, lake.Commit{Add: write(t, l, play(1, "t1", 1), play(1, "t2", 2), play(1, "t3", 3))})
	first, second := deleteWhere(t, l, s, "track_id = 't1'"), deleteWhere(t, l, s, "track_id IN ('t1', 't2')")
	commit(t, l, first)
	s = commit(t, l, second)
	expect(t, sums(t, l, s), map[string]int64{"01t3": 3})
	expect(t, scanned(t, l), int64(1))
}

// A delete computed before a compaction points at files that are gone; replayed after it, it is lost.
func TestDeleteComputedBeforeACompactionIsRefused(t *testing.T) {
	l := laketest.New(t)
	s := commit(t, l, lake.Commit{Add: write(t, l, play(1, "t1", 1), play(1, "t2", 2))})
	stale := deleteWhere(t, l, s, "track_id = 't1'")
	files, err := s.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	commit(t, l, lake.Commit{Remove: files, Add: write(t, l, play(1, "t1", 1), play(1, "t2", 2))})
	if _, err := l.Commit(t.Context(), catalog.PlaysByHour, stale); !errors.Is(err, lake.ErrFenced) {
		t.Fatalf("got %v, want ErrFenced", err)
	}
	s = commit(t, l, deleteWhere(t, l, l.Snapshot(t, catalog.PlaysByHour), "track_id = 't1'"))
	expect(t, sums(t, l, s), map[string]int64{"01t2": 2})
}

// DuckDB sums integers as HUGEINT, and its Parquet writer stores that as DOUBLE.
func TestSumsArriveAsIntegers(t *testing.T) {
	l := laketest.New(t)
	d := l.DB(t)
	const big = int64(1)<<53 + 1 // not a double
	if err := d.ExecText(t.Context(), "CREATE TABLE s AS SELECT TIMESTAMPTZ '2026-03-01 10:00:00+00' AS hour, 'A' AS artist_id, 't1' AS track_id, 'DE' AS country, 'phone' AS device, sum(x) AS plays, sum(1) AS ms_played, NULL::BLOB AS listeners FROM (VALUES (?::BIGINT), (1)) v(x)", big-1); err != nil {
		t.Fatal(err)
	}
	tbl, err := l.Table(t.Context(), catalog.PlaysByHour)
	if err != nil {
		t.Fatal(err)
	}
	files, err := d.Write(t.Context(), tbl, "test", "s")
	if err != nil {
		t.Fatal(err)
	}
	expect(t, sums(t, l, commit(t, l, lake.Commit{Add: files})), map[string]int64{"01t1": big})
}

// Bounds in manifests outlive the rows of an erased user, so columns that name people have none.
func TestManifestsHoldNoBoundsOfPeople(t *testing.T) {
	l := laketest.New(t)
	tbl, err := l.Table(t.Context(), catalog.Duplicates)
	if err != nil {
		t.Fatal(err)
	}
	at := lake.DayStart(20_000)
	files, err := tbl.WriteRows(t.Context(), "test", [][]any{{"secret-listen", "secret-user", at, at, "listens", 0, 1, at, "payload", false, false}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Commit(t.Context(), catalog.Duplicates, lake.Commit{Add: files, Stage: anyBase(nil)})
	if err != nil {
		t.Fatal(err)
	}
	live, err := s.Files(t.Context())
	if err != nil || len(live) != 1 {
		t.Fatalf("%d files, %v", len(live), err)
	}
	for _, bounds := range []map[int][]byte{live[0].LowerBoundValues(), live[0].UpperBoundValues()} {
		for id, value := range bounds {
			if name, _ := s.Schema().FindColumnName(id); name == "listen_id" || name == "user_id" || name == "payload" {
				t.Errorf("column %s has bound %q", name, value)
			}
		}
		if len(bounds) < 4 {
			t.Errorf("only %d columns have bounds", len(bounds))
		}
	}
	if live[0].ContentType() != iceberg.EntryContentData {
		t.Error("not a data file")
	}
}

// Locations are URIs and DuckDB takes paths. Where the two are mixed up, files are not found, or row deletes do
// not match their file and deleted rows come back.
func TestAFolderWithOddCharactersLosesNothing(t *testing.T) {
	l := laketest.NewIn(t, filepath.Join(t.TempDir(), "a b%20#c?[d]'é"))
	d := l.DB(t)
	if err := d.ExecText(t.Context(), "CREATE TABLE s AS SELECT TIMESTAMPTZ '2026-03-01 10:00:00+00' AS hour, 'A' AS artist_id, 't' || x AS track_id, 'DE' AS country, 'phone' AS device, x AS plays, x AS ms_played, NULL::BLOB AS listeners FROM range(1, 4) r(x)"); err != nil {
		t.Fatal(err)
	}
	tbl, err := l.Table(t.Context(), catalog.PlaysByHour)
	if err != nil {
		t.Fatal(err)
	}
	files, err := d.Write(t.Context(), tbl, "test", "s")
	if err != nil {
		t.Fatal(err)
	}
	s := commit(t, l, lake.Commit{Add: append(files, write(t, l, play(2, "t9", 9))...)})
	s = commit(t, l, deleteWhere(t, l, s, "track_id IN ('t1', 't9')"))
	expect(t, sums(t, l, s), map[string]int64{"01t2": 2, "01t3": 3})
	expect(t, scanned(t, l), int64(2))
}
