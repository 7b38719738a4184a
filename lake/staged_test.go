package lake_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

var (
	stagedDone = lake.StateKey("done")
	// Rows of a table with personal columns, in two partitions.
	copies = [][]any{copyRow("l1", 1), copyRow("l2", 1), copyRow("l3", 2)}
)

func copyRow(id string, month time.Month) []any {
	at := time.Date(2026, month, 3, 4, 5, 6, 7000, time.UTC)
	return []any{id, "u-" + id, at, at}
}

// staged is a commit of the copies through a staging table, once.
func staged(l *laketest.Lake, also func(lake.Staging) error) lake.Staged {
	return lake.Staged{
		Commit: lake.Commit{Job: "test", Stage: func(now lake.Snapshot) (map[string]string, error) {
			if done, err := now.State("done"); err != nil || done != "" {
				return nil, errors.Join(err, lake.ErrFenced)
			}
			return map[string]string{stagedDone: "1"}, nil
		}},
		Fill: func(ctx context.Context, s lake.Staging) (int64, error) {
			rows, err := l.FillStaging(ctx, s, copies...)
			if err == nil && also != nil {
				err = also(s)
			}
			return rows, err
		},
	}
}

// nothingStaged fails where a staging table is left: on record, in the catalog, or a file of it.
func nothingStaged(t *testing.T, l *laketest.Lake) {
	t.Helper()
	tbl := l.Snapshot(t, catalog.Duplicates).Table()
	if list := tbl.Stagings(); len(list) != 0 {
		t.Errorf("on record: %+v", list)
	}
	for id, err := range l.Catalog.Ice.ListTables(t.Context(), icetable.Identifier{l.Namespace() + "_staging"}) {
		if err == nil {
			t.Errorf("in the catalog: %v", id)
		}
	}
	if left := stagedFiles(t, l); len(left) != 0 {
		t.Errorf("on the disk: %v", left)
	}
}

func stagedFiles(t *testing.T, l *laketest.Lake) (list []string) {
	t.Helper()
	folder, err := lake.LocalFolder(t.Context(), l.Snapshot(t, catalog.Duplicates).Table().Location())
	if err != nil {
		t.Fatal(err)
	}
	filepath.WalkDir(filepath.Join(folder, "staging"), func(path string, d fs.DirEntry, err error) error { //nolint:errcheck // most often there is none
		if err == nil && !d.IsDir() {
			list = append(list, path)
		}
		return nil
	})
	return list
}

func copiesIn(t *testing.T, l *laketest.Lake) (rows int64) {
	t.Helper()
	files, err := l.Snapshot(t, catalog.Duplicates).Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		rows += f.Count()
	}
	return rows
}

func TestStagedRowsAreCommittedOnceSealedAndWithoutPersonalBounds(t *testing.T) {
	l := laketest.New(t)
	before := len(l.Snapshot(t, catalog.Duplicates).Table().Snapshots())
	s, err := l.CommitStaged(t.Context(), catalog.Duplicates, staged(l, func(s lake.Staging) error {
		if err := s.Recorded(t.Context()); err != nil {
			return err
		}
		filled := lake.New(l.Catalog.Ice, s.Namespace(), lake.Known{}, l.Options.Log)
		tbl, err := filled.Table(t.Context(), s.Name())
		if err != nil {
			return err
		}
		if told, err := tbl.Current().FindBounds(t.Context(), []string{"user_id"}); err != nil || told.Entries != 2 {
			t.Errorf("the engine told bounds in %d entries, %v; this test proves nothing", told.Entries, err)
		}
		expect(t, tbl.Location(), l.Snapshot(t, catalog.Duplicates).Table().Location()+"/"+s.Folder())
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	nothingStaged(t, l)
	expect(t, len(l.Snapshot(t, catalog.Duplicates).Table().Snapshots()), before+1)
	if done, err := s.State("done"); err != nil || done != "1" {
		t.Errorf("state %q, %v", done, err)
	}
	if told, err := s.FindBounds(t.Context(), catalog.PersonalColumns(catalog.Duplicates)); err != nil || told.Entries != 0 {
		t.Errorf("bounds of personal columns in %d entries, %v", told.Entries, err)
	}
	files, err := s.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	verify := lake.NewVerifier()
	var columns []iceberg.NestedField
	for _, c := range s.Table().Columns() {
		columns = append(columns, c.Field)
	}
	if err := verify.Verify(t.Context(), s, files, columns); err != nil || verify.Report().Unsealed != 0 || verify.Report().Bytes == 0 {
		t.Errorf("%v, %+v", err, verify.Report())
	}
	var got []string
	var row string
	err = l.Reading(t, "copies", catalog.Duplicates).EachText(t.Context(), "SELECT listen_id || ' ' || user_id || ' ' || epoch_us(event_time) FROM copies ORDER BY 1", nil, []any{&row},
		func() error { got = append(got, row); return nil })
	var want []string
	for _, c := range copies {
		want = append(want, fmt.Sprintf("%s %s %d", c[0], c[1], c[2].(time.Time).UnixMicro()))
	}
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, want)
}

// A column that another engine added between those of two versions of lakectl leaves a gap in their ids.
func TestStagingTablesHaveTheColumnsOfTheTableById(t *testing.T) {
	l := laketest.New(t)
	spec := earlier(t, l, 5)
	evolve(t, l, spec.Name, func(u *icetable.UpdateSchema) {
		u.AddColumn([]string{"theirs"}, iceberg.PrimitiveTypes.String, "", false, nil)
	})
	if _, err := l.AddColumns(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	s, err := l.CommitStaged(t.Context(), spec.Name, lake.Staged{
		Commit: lake.Commit{Job: "test", Stage: anyBase(nil)},
		Fill: func(ctx context.Context, s lake.Staging) (int64, error) {
			return l.FillStaging(ctx, s, play(2, "t2", 7), play(3, "t3", 8))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if id := s.Table().Columns()[5].Field.ID; id != 7 {
		t.Fatalf("column %s has id %d; this test proves nothing", s.Table().Columns()[5].Name, id)
	}
	var got string
	err = l.Reading(t, "p", spec.Name).OneText(t.Context(), "SELECT string_agg(strftime(hour, '%d') || track_id || ' ' || coalesce(plays, 0), ', ' ORDER BY hour) FROM p", nil, []any{&got})
	if want := "01t1 0, 02t2 7, 03t3 8"; err != nil || got != want {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestRowsThatTheEngineDidNotCountAreNotCommitted(t *testing.T) {
	for _, off := range []int64{-1, 1} {
		l := laketest.New(t)
		c := staged(l, nil)
		fill := c.Fill
		c.Fill = func(ctx context.Context, s lake.Staging) (int64, error) {
			rows, err := fill(ctx, s)
			return rows + off, err
		}
		if _, err := l.CommitStaged(t.Context(), catalog.Duplicates, c); !errors.Is(err, lake.ErrFenced) || lake.Hint(err) == "" {
			t.Errorf("%d: %v", off, err)
		}
		expect(t, copiesIn(t, l), int64(0))
		nothingStaged(t, l)
	}
}

func TestAStagedFileThatChangedIsNotCommitted(t *testing.T) {
	l := laketest.New(t)
	_, err := l.CommitStaged(t.Context(), catalog.Duplicates, staged(l, func(lake.Staging) error {
		for _, path := range stagedFiles(t, l) {
			if strings.HasSuffix(path, ".parquet") {
				return os.Truncate(path, 100)
			}
		}
		return errors.New("there is no file")
	}))
	if err == nil {
		t.Error("it was committed")
	}
	expect(t, copiesIn(t, l), int64(0))
	nothingStaged(t, l)
}

// Whatever a crash leaves, the next run commits the rows once, and clearing up after the grace leaves nothing.
func TestCrashesWithStagingTablesLoseNothingAndLeaveNothing(t *testing.T) {
	for nth := 1; ; nth += laketest.Stride(4) {
		l := laketest.New(t)
		ctx, cancel := context.WithCancel(t.Context())
		broken := l.With(laketest.CrashOnce(nth, cancel))
		_, crashed := broken.CommitStaged(ctx, catalog.Duplicates, staged(broken, nil))
		cancel()
		if had := copiesIn(t, l); had != 0 && had != int64(len(copies)) {
			t.Fatalf("killed at step %d: %d rows", nth, had)
		}
		standing := l.Snapshot(t, catalog.Duplicates).Table().Stagings()
		if len(standing) == 0 && len(stagedFiles(t, l)) > 0 {
			t.Errorf("killed at step %d: files of a staging table that is not on record", nth)
		}
		if _, err := l.CommitStaged(t.Context(), catalog.Duplicates, staged(l, nil)); err != nil && !errors.Is(err, lake.ErrFenced) {
			t.Fatalf("killed at step %d, the next run: %v", nth, err)
		}
		expect(t, copiesIn(t, l), int64(len(copies)))
		cleared(t, l)
		if crashed == nil {
			return
		}
	}
}

// cleared clears up as maintenance does once the grace has passed, and fails where something is left.
func cleared(t *testing.T, l *laketest.Lake) {
	t.Helper()
	later := l.WithGrace(-time.Hour)
	if _, _, err := later.ClearStagings(t.Context(), catalog.Duplicates); err != nil {
		t.Fatal(err)
	}
	nothingStaged(t, l)
	plan, err := later.PlanOrphans(t.Context(), catalog.Duplicates)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := later.SweepOrphans(t.Context(), plan); err != nil {
		t.Fatal(err)
	}
	expect(t, copiesIn(t, l), int64(len(copies)))
}

func TestAStagingTableWhoseFilesStayIsLeftToTheNextRun(t *testing.T) {
	for nth := 1; ; nth++ {
		l := laketest.New(t)
		n := 0
		broken := l.With(&laketest.Faults{Strike: func(step laketest.Step, _ string) error {
			if step == laketest.RemoveFile {
				if n++; n == nth {
					return laketest.ErrInjected
				}
			}
			return nil
		}})
		if _, err := broken.CommitStaged(t.Context(), catalog.Duplicates, staged(broken, nil)); err != nil {
			t.Fatalf("file %d stays: %v", nth, err)
		}
		expect(t, copiesIn(t, l), int64(len(copies)))
		standing := l.Snapshot(t, catalog.Duplicates).Table().Stagings()
		if n < nth {
			nothingStaged(t, l)
			return
		}
		if len(stagedFiles(t, l)) > 0 && len(standing) != 1 {
			t.Errorf("file %d stays, and is of no staging table on record: %v", nth, standing)
		}
		cleared(t, l)
	}
}

func TestOfTwoStagedCommitsAtOnceOneIsFencedAndLeavesNothing(t *testing.T) {
	l := laketest.New(t)
	base := l.Snapshot(t, catalog.Duplicates)
	other := staged(l, nil)
	other.Stage = lake.IfUnmoved(base, nil)
	mine := staged(l, func(lake.Staging) error {
		_, err := l.CommitStaged(t.Context(), catalog.Duplicates, other)
		return err
	})
	mine.Stage = lake.IfUnmoved(base, nil)
	if _, err := l.CommitStaged(t.Context(), catalog.Duplicates, mine); !errors.Is(err, lake.ErrFenced) {
		t.Errorf("%v, want lake.ErrFenced", err)
	}
	expect(t, copiesIn(t, l), int64(len(copies)))
	nothingStaged(t, l)
}

func TestSweepsSpareStagingTablesOnRecordAndTakeWhatTheyLeft(t *testing.T) {
	l := laketest.New(t)
	var left string
	_, err := l.CommitStaged(t.Context(), catalog.Duplicates, staged(l, func(s lake.Staging) error {
		plan, err := l.WithGrace(-time.Hour).PlanOrphans(t.Context(), catalog.Duplicates)
		if err != nil || len(plan.Files) != 0 {
			return fmt.Errorf("plan %v, %w", plan.Files, err)
		}
		for _, path := range stagedFiles(t, l) {
			if left = path; strings.HasSuffix(path, ".metadata.json") {
				break
			}
		}
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	put(t, left) // by an engine that was late
	plan, err := l.WithGrace(-time.Hour).PlanOrphans(t.Context(), catalog.Duplicates)
	if err != nil || len(plan.Files) != 1 {
		t.Fatalf("plan %v, %v", plan.Files, err)
	}
	if _, err := l.WithGrace(-time.Hour).SweepOrphans(t.Context(), plan); err != nil {
		t.Fatal(err)
	}
	nothingStaged(t, l)
}

func TestAStagingTableOfARunAtWorkIsNotCleared(t *testing.T) {
	l := laketest.New(t)
	_, err := l.CommitStaged(t.Context(), catalog.Duplicates, staged(l, func(s lake.Staging) error {
		if _, _, err := l.ClearStagings(t.Context(), catalog.Duplicates); err != nil {
			return err
		}
		return s.Recorded(t.Context())
	}))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, copiesIn(t, l), int64(len(copies)))
}

func TestAStagingTableThatWasClearedFencesItsRun(t *testing.T) {
	for _, engine := range []error{nil, errors.New("the engine: there is no such table")} {
		l := laketest.New(t)
		_, err := l.CommitStaged(t.Context(), catalog.Duplicates, staged(l, func(s lake.Staging) error {
			if _, _, err := l.WithGrace(-time.Hour).ClearStagings(t.Context(), catalog.Duplicates); err != nil {
				return err
			}
			if err := s.Recorded(t.Context()); !errors.Is(err, lake.ErrFenced) {
				t.Errorf("%v, want lake.ErrFenced", err)
			}
			return engine
		}))
		if !errors.Is(err, lake.ErrFenced) || !strings.Contains(lake.Hint(err), "orphans.grace") {
			t.Errorf("%v, hint %q, want lake.ErrFenced", err, lake.Hint(err))
		}
		expect(t, copiesIn(t, l), int64(0))
		nothingStaged(t, l)
	}
}

// Once it is cleared, erased rows that it had count as gone.
func TestAStagingTableThatIsClearedBeforeTheCommitFencesItsRun(t *testing.T) {
	l := laketest.New(t)
	filled := false
	broken := l.With(&laketest.Faults{Strike: func(step laketest.Step, _ string) error {
		if step != laketest.BeforeCommit || !filled {
			return nil
		}
		filled = false
		_, _, err := l.WithGrace(-time.Hour).ClearStagings(t.Context(), catalog.Duplicates)
		return errors.Join(err, laketest.ErrInjected)
	}})
	_, err := broken.CommitStaged(t.Context(), catalog.Duplicates, staged(broken, func(lake.Staging) error {
		filled = true
		return nil
	}))
	if !errors.Is(err, lake.ErrFenced) || filled {
		t.Errorf("%v, want lake.ErrFenced", err)
	}
	expect(t, copiesIn(t, l), int64(0))
	nothingStaged(t, l)
}
