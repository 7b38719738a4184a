package lake_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// play is one row of plays_by_hour, a table small enough to write by hand.
func play(day int, track string, plays int) []any {
	return []any{time.Date(2026, 3, day, 10, 0, 0, 0, time.UTC), "A", track, "DE", "phone", plays, plays * 1000}
}

func write(t *testing.T, l *laketest.Lake, rows ...[]any) []iceberg.DataFile {
	t.Helper()
	tbl, err := l.Table(t.Context(), catalog.PlaysByHour)
	if err != nil {
		t.Fatal(err)
	}
	files, err := tbl.WriteRows(t.Context(), "test", rows)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func anyBase(state map[string]string) func(lake.Snapshot) (map[string]string, error) {
	return func(lake.Snapshot) (map[string]string, error) { return state, nil }
}

func commit(t *testing.T, l *laketest.Lake, c lake.Commit) lake.Snapshot {
	t.Helper()
	if c.Stage == nil {
		c.Stage = anyBase(nil)
	}
	s, err := l.Commit(t.Context(), catalog.PlaysByHour, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sums reads day-of-month -> plays, row deletes applied.
func sums(t *testing.T, l *laketest.Lake, s lake.Snapshot) map[string]int64 {
	t.Helper()
	d := l.DB(t)
	if err := d.Bind(t.Context(), "plays", s); err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	var key string
	var n int64
	err := d.EachText(t.Context(), "SELECT strftime(hour, '%d') || track_id, CAST(sum(plays) AS BIGINT) FROM plays GROUP BY 1", nil, []any{&key, &n},
		func() error { got[key] = n; return nil })
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func expect(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("(-want +got)\n%s", diff)
	}
}

func TestCommitAddsRowsAndCarriesStateForward(t *testing.T) {
	l := laketest.New(t)
	commit(t, l, lake.Commit{Job: "a", Add: write(t, l, play(1, "t1", 2), play(2, "t1", 3)), Stage: anyBase(map[string]string{lake.StateKey("x"): "1"})})
	commit(t, l, lake.Commit{Job: "b", Stage: anyBase(map[string]string{lake.StateKey("y"): "2"})})
	s := commit(t, l, lake.Commit{Job: "c", Add: write(t, l, play(1, "t2", 4))})
	for key, want := range map[string]string{"x": "1", "y": "2", "z": ""} {
		got, err := s.State(key)
		if err != nil || got != want {
			t.Errorf("state %s = %q, %v; want %q", key, got, err, want)
		}
	}
	expect(t, sums(t, l, s), map[string]int64{"01t1": 2, "02t1": 3, "01t2": 4})
}

func TestRowDeletesHideExactlyTheirRows(t *testing.T) {
	l := laketest.New(t)
	s := commit(t, l, lake.Commit{Add: write(t, l, play(1, "t1", 1), play(1, "t2", 2), play(2, "t1", 3))})
	files, err := s.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d := l.DB(t)
	if err := d.Bind(t.Context(), "plays", s); err != nil {
		t.Fatal(err)
	}
	rows, err := d.PositionsText(t.Context(), files, "SELECT _file, _pos FROM plays WHERE plays >= 2")
	if err != nil {
		t.Fatal(err)
	}
	deletes, err := s.WritePositionDeletes(t.Context(), "test", files, rows)
	if err != nil {
		t.Fatal(err)
	}
	sizes := deletes[0].ColumnSizes()
	if path, pos := sizes[2147483546], sizes[2147483545]; path <= 0 || pos <= 0 || path+pos >= deletes[0].FileSizeBytes() {
		t.Errorf("sizes of the columns of a delete file of %d bytes: %v", deletes[0].FileSizeBytes(), sizes)
	}
	after := commit(t, l, lake.Commit{Job: "erase", Deletes: deletes, Add: write(t, l, play(2, "t9", 9))})
	expect(t, sums(t, l, after), map[string]int64{"01t1": 1, "02t9": 9})
	expect(t, sums(t, l, s), map[string]int64{"01t1": 1, "01t2": 2, "02t1": 3}) // time travel

	for i, f := range deleteFiles(t, after) {
		if of := f.ReferencedDataFile(); of == nil || *of != *deletes[i].ReferencedDataFile() {
			t.Errorf("delete file %d is of %v in the manifest", i, of)
		}
	}
	changes, err := after.Changes(t.Context(), s.ID())
	if err != nil {
		t.Fatal(err)
	}
	expect(t, changes.Partitions, map[any]bool{march(1): true, march(2): true})
	if len(changes.Added) != 1 || changes.Broken {
		t.Fatalf("added %d files, broken %v", len(changes.Added), changes.Broken)
	}
}

// Another engine's delete file may name rows that there are not, and a merge takes its positions over.
func TestPositionsThatAFileDoesNotHaveDeleteNothing(t *testing.T) {
	l := laketest.New(t)
	s := commit(t, l, lake.Commit{Add: write(t, l, play(1, "t1", 1), play(1, "t2", 2))})
	files, err := s.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ named, has []int64 }{{[]int64{7, 1, -1, 2, 1}, []int64{1}}, {[]int64{2}, nil}} {
		written, err := s.WritePositionDeletes(t.Context(), "test", files, map[string][]int64{files[0].FilePath(): c.named})
		if err != nil {
			t.Fatal(err)
		}
		var has []int64
		for _, f := range written {
			rows, err := s.Table().ReadPositions(t.Context(), f.FilePath())
			if err != nil || f.Count() != int64(len(rows[files[0].FilePath()])) {
				t.Errorf("%d rows in the manifest: %v, %v", f.Count(), rows, err)
			}
			has = append(has, rows[files[0].FilePath()]...)
		}
		expect(t, has, c.has)
	}
}

// deleteFiles are the delete files of a snapshot, in the order of the data files that they are of.
func deleteFiles(t *testing.T, s lake.Snapshot) []lake.File {
	t.Helper()
	files, err := s.DeleteFiles(t.Context())
	if err != nil || len(files) == 0 {
		t.Fatalf("%d delete files, %v", len(files), err)
	}
	of := func(f lake.File) string {
		if one := f.ReferencedDataFile(); one != nil {
			return *one
		}
		return ""
	}
	slices.SortFunc(files, func(a, b lake.File) int { return strings.Compare(of(a), of(b)) })
	return files
}

// A delete file with rows of two data files is of neither, whatever the bounds of their paths are.
func TestDeletesOfSeveralFilesAreOfNoneOfThem(t *testing.T) {
	l := laketest.New(t)
	commit(t, l, lake.Commit{Add: write(t, l, play(1, "t1", 1), play(1, "t2", 2))})
	commit(t, l, lake.Commit{Add: write(t, l, play(1, "t3", 1), play(1, "t4", 2))})
	s := l.Hand(t, catalog.PlaysByHour).DeleteScoped(iceberg.EqualTo(iceberg.Reference("plays"), int64(2)))
	scoped := deleteFiles(t, s)
	if len(scoped) != 1 || scoped[0].Count() != 2 || scoped[0].ReferencedDataFile() != nil {
		t.Errorf("%d delete files, the first of %d rows is of %v", len(scoped), scoped[0].Count(), scoped[0].ReferencedDataFile())
	}
	expect(t, sums(t, l, s), map[string]int64{"01t1": 1, "01t3": 1})
}

func TestReplacingWholeFilesDropsTheirRowDeletesToo(t *testing.T) {
	l := laketest.New(t)
	s := commit(t, l, lake.Commit{Add: write(t, l, play(1, "t1", 1), play(1, "t2", 2))})
	files, _ := s.Files(t.Context())
	deletes, err := s.WritePositionDeletes(t.Context(), "test", files, map[string][]int64{files[0].FilePath(): {0, 0}})
	if err != nil {
		t.Fatal(err)
	}
	s = commit(t, l, lake.Commit{Deletes: deletes})
	expect(t, sums(t, l, s), map[string]int64{"01t2": 2})
	dead, err := s.DeleteFiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s = commit(t, l, lake.Commit{Remove: append(files, dead...), Add: write(t, l, play(1, "t3", 5))})
	expect(t, sums(t, l, s), map[string]int64{"01t3": 5})
	if left, _ := s.DeleteFiles(t.Context()); len(left) != 0 {
		t.Errorf("%d delete files left", len(left))
	}
	files, _ = s.Files(t.Context())
	s = commit(t, l, lake.Commit{Remove: files})
	expect(t, sums(t, l, s), map[string]int64{})
}

func TestChangesFromTheBeginningAndOfAnUnknownBase(t *testing.T) {
	l := laketest.New(t)
	commit(t, l, lake.Commit{Add: write(t, l, play(1, "t1", 1))})
	s := commit(t, l, lake.Commit{Add: write(t, l, play(2, "t1", 1))})
	all, err := s.Changes(t.Context(), 0)
	if err != nil || len(all.Added) != 2 || all.Broken {
		t.Fatalf("from the beginning: %d files, broken %v, %v", len(all.Added), all.Broken, err)
	}
	unknown, err := s.Changes(t.Context(), 12345)
	if err != nil || !unknown.Broken {
		t.Fatalf("unknown base: broken %v, %v", unknown.Broken, err)
	}
	none, err := s.Changes(t.Context(), s.ID())
	if err != nil || len(none.Added) != 0 || len(none.Partitions) != 0 {
		t.Fatalf("no change: %v, %v", none, err)
	}
}

// The library replays a lost race on the rival's snapshot when retries are on: rows land twice.
func TestLostRaceFencesAndNeverReplays(t *testing.T) {
	l := laketest.New(t)
	base := commit(t, l, lake.Commit{Add: write(t, l, play(1, "t1", 1))})
	commit(t, l, lake.Commit{Add: write(t, l, play(1, "t2", 1))})
	_, err := l.Commit(t.Context(), catalog.PlaysByHour, lake.Commit{Add: write(t, l, play(1, "t3", 1)), Stage: lake.IfUnmoved(base, nil)})
	if !errors.Is(err, lake.ErrFenced) || lake.Hint(err) == "" {
		t.Fatalf("got %v, want ErrFenced with a hint", err)
	}
	expect(t, sums(t, l, l.Snapshot(t, catalog.PlaysByHour)), map[string]int64{"01t1": 1, "01t2": 1})
}

func TestCommitWhoseAnswerWasLostCountsOnce(t *testing.T) {
	for _, step := range []laketest.Step{laketest.AfterCommit, laketest.BeforeCommit, laketest.LoadTable} {
		t.Run(string(step), func(t *testing.T) {
			l := laketest.New(t)
			files := write(t, l, play(1, "t1", 1))
			struck := 0
			faults := &laketest.Faults{Strike: func(at laketest.Step, _ string) error {
				if at == step && struck < 3 {
					struck++
					return laketest.ErrInjected
				}
				return nil
			}}
			if _, err := l.With(faults).Commit(t.Context(), catalog.PlaysByHour, lake.Commit{Add: files, Stage: anyBase(nil)}); err != nil {
				t.Fatal(err)
			}
			if struck == 0 {
				t.Fatal("the fault never struck")
			}
			expect(t, sums(t, l, l.Snapshot(t, catalog.PlaysByHour)), map[string]int64{"01t1": 1})
		})
	}
}

func TestRivalsOnOneTableAllLandOnce(t *testing.T) {
	l := laketest.New(t)
	const rivals, rounds = 4, 5
	done := make(chan error, rivals)
	for r := range rivals {
		go func() {
			done <- func() error {
				for i := range rounds {
					tbl, err := l.Table(context.Background(), catalog.PlaysByHour)
					if err != nil {
						return err
					}
					files, err := tbl.WriteRows(context.Background(), "test", [][]any{play(1, fmt.Sprintf("r%d-%d", r, i), 1)})
					if err != nil {
						return err
					}
					if _, err := l.Commit(context.Background(), catalog.PlaysByHour, lake.Commit{Add: files, Stage: anyBase(nil)}); err != nil {
						return err
					}
				}
				return nil
			}()
		}()
	}
	for range rivals {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	got := sums(t, l, l.Snapshot(t, catalog.PlaysByHour))
	if len(got) != rivals*rounds {
		t.Fatalf("%d keys, want %d", len(got), rivals*rounds)
	}
	for k, n := range got {
		if n != 1 {
			t.Errorf("%s counted %d times", k, n)
		}
	}
}

func TestAsOfBeforeTheFirstSnapshotIsTheEmptyTable(t *testing.T) {
	l := laketest.New(t)
	before := time.Now().Add(-time.Hour)
	s := commit(t, l, lake.Commit{Add: write(t, l, play(1, "t1", 1))})
	tbl := s.Table()
	if old, err := tbl.AsOf(before); err != nil || old.ID() != 0 {
		t.Fatalf("as of before: %d, %v", old.ID(), err)
	}
	if now, err := tbl.AsOf(time.Now().Add(time.Hour)); err != nil || now.ID() != s.ID() {
		t.Fatalf("as of later: %d, %v", now.ID(), err)
	}
	if _, err := tbl.ByID(42); !errors.Is(err, lake.ErrExpired) || lake.Hint(err) == "" {
		t.Fatalf("unknown snapshot: %v", err)
	}
}
