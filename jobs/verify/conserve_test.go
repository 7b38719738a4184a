package verify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

func rowsOf(t *testing.T, r Report, table string) Rows {
	t.Helper()
	for _, rows := range r.Rows {
		if rows.Table == table {
			return rows
		}
	}
	t.Fatalf("no rows of %s in %+v", table, r.Rows)
	return Rows{}
}

func TestLookCountsWhatFilesHoldAndWhatIsDeletedOfIt(t *testing.T) {
	f := purged(t, "purged")
	s := f.listen("listener", "2026-03-07")
	file := f.newest(s)
	for range 2 { // the second names the same row again
		deletes, err := s.WritePositionDeletes(t.Context(), "test", []lake.File{file}, map[string][]int64{file.FilePath(): {0}})
		if err != nil {
			t.Fatal(err)
		}
		if s, err = f.Commit(t.Context(), catalog.Listens, lake.Commit{Job: "test", Deletes: deletes, Stage: lake.IfUnmoved(s, nil)}); err != nil {
			t.Fatal(err)
		}
	}
	r, err := Look(t.Context(), f.env(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := rowsOf(t, r, catalog.Listens); got != (Rows{Table: catalog.Listens, Files: 4, Rows: 4, Deleted: 1, Left: 3}) {
		t.Errorf("got %+v", got)
	}
}

func TestLookNamesATableWhoseMetadataSaysElse(t *testing.T) {
	for name, c := range map[string]struct {
		plant func(*fixture) []iceberg.DataFile
		want  string
	}{
		"another number of rows": {func(f *fixture) []iceberg.DataFile {
			file := f.written(row("listener", "2026-03-08"))
			b, err := iceberg.NewDataFileBuilder(f.table(catalog.Listens).Spec(), iceberg.EntryContentData, file.FilePath(), iceberg.ParquetFile, file.Partition(), nil, nil, 7, file.FileSizeBytes())
			if err != nil {
				f.t.Fatal(err)
			}
			return []iceberg.DataFile{b.Build()}
		}, "has 7 rows, and it is 1"},
	} {
		t.Run(name, func(t *testing.T) {
			f := purged(t, "purged")
			always := func(lake.Snapshot) (map[string]string, error) { return nil, nil }
			if _, err := f.Commit(t.Context(), catalog.Listens, lake.Commit{Job: "test", Add: c.plant(f), Stage: always}); err != nil {
				t.Fatal(err)
			}
			r, err := Look(t.Context(), f.env(), Options{})
			if !errors.Is(err, jobs.ErrProof) || lake.Hint(err) == "" {
				t.Errorf("got %v, want ErrProof with a hint", err)
			}
			if got := rowsOf(t, r, catalog.Listens); !strings.Contains(got.Wrong, c.want) {
				t.Errorf("got %+v, want %s", got, c.want)
			}
		})
	}
}

// The process that purges a lake may be the one that verifies it.
func TestLookReadsManifestsThatThisProcessHasRead(t *testing.T) {
	f := purged(t, "purged")
	s := f.listen("listener", "2026-03-07")
	if _, err := s.Files(t.Context()); err != nil {
		t.Fatal(err)
	}
	manifest := f.one(catalog.Listens, "*-m[0-9]*.avro")
	if _, err := lake.CopyAvro(t.Context(), "file://"+manifest, "file://"+manifest, false, nil, func(r lake.AvroRecord) error {
		r["data_file"].(lake.AvroRecord)["record_count"] = int64(7)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	r, err := Look(t.Context(), f.env(), Options{})
	if !errors.Is(err, jobs.ErrProof) || !strings.Contains(rowsOf(t, r, catalog.Listens).Wrong, "has 7 rows, and it is 1") {
		t.Errorf("got %v and %+v", err, r.Rows)
	}
}

func TestLookNamesARowDeleteBeyondTheEndOfItsFile(t *testing.T) {
	f := purged(t, "purged")
	s := f.listen("listener", "2026-03-07")
	f.Hand(t, catalog.Listens).DeletePositions(f.newest(s), 9)
	r, err := Look(t.Context(), f.env(), Options{})
	if !errors.Is(err, jobs.ErrProof) || !strings.Contains(rowsOf(t, r, catalog.Listens).Wrong, "row delete names row 9") {
		t.Errorf("got %v and %+v", err, r.Rows)
	}
}

// Another engine need not say totals, or may have said wrong ones long ago; who writes after it counts on from there.
func TestLookBlamesNobodyForTotalsThatAnotherEngineGotWrong(t *testing.T) {
	for name, change := range map[string]func(summary map[string]any){
		"none":  func(summary map[string]any) { delete(summary, "total-records") },
		"wrong": func(summary map[string]any) { summary["total-records"] = "70" },
	} {
		t.Run(name, func(t *testing.T) {
			f := purged(t, "purged")
			if name == "wrong" {
				f.Hand(t, catalog.Listens).Expire()
			}
			f.summary(change)
			for range 2 {
				f.listen("listener", "2026-03-07")
			}
			r, err := Look(t.Context(), f.env(), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if s := f.table(catalog.Listens).Current(); s.Property("total-records") == "5" || rowsOf(t, r, catalog.Listens).Rows != 5 {
				t.Errorf("the summary says %s records, and it has %+v", s.Property("total-records"), r.Rows)
			}
		})
	}
}

func TestLookNamesASummaryThatSaysElseThanItsFiles(t *testing.T) {
	for _, key := range []string{totalRecords, totalFiles, totalPositions} {
		f := purged(t, "purged")
		f.summary(func(summary map[string]any) { summary[key] = "2" })
		r, err := Look(t.Context(), f.env(), Options{})
		if !errors.Is(err, jobs.ErrProof) || !strings.Contains(rowsOf(t, r, catalog.Listens).Wrong, "says "+key+" 2") {
			t.Errorf("%s: got %v and %+v", key, err, r.Rows)
		}
	}
}

// summary changes that of the newest snapshot of listens.
func (f *fixture) summary(change func(summary map[string]any)) {
	f.t.Helper()
	f.Hand(f.t, catalog.Listens).Edit(func(metadata map[string]any) {
		for _, one := range metadata["snapshots"].([]any) {
			if s := one.(map[string]any); fmt.Sprint(s["snapshot-id"]) == fmt.Sprint(metadata["current-snapshot-id"]) {
				change(s["summary"].(map[string]any))
			}
		}
	})
}

// written is a file of listens that no snapshot has.
func (f *fixture) written(row []any) iceberg.DataFile {
	f.t.Helper()
	files, err := f.table(catalog.Listens).WriteRows(context.Background(), "test", [][]any{row})
	if err != nil {
		f.t.Fatal(err)
	}
	return files[0]
}
