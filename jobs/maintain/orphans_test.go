package maintain_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/maintain"
	"github.com/lakectl/lakectl/lake"
)

// folder is where the files of a table lie.
func (w *world) folder(table string) string {
	w.Helper()
	path, err := lake.LocalPath(w.head(table).Table().Location())
	w.check(err)
	return path
}

// aged makes everything in the folders of tables two days older.
func (w *world) aged(tables ...string) {
	w.Helper()
	for _, table := range tables {
		w.check(filepath.WalkDir(w.folder(table), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			return os.Chtimes(path, time.Time{}, info.ModTime().Add(-2*day))
		}))
	}
}

func (w *world) leave(table, name string) string {
	w.Helper()
	path := filepath.Join(w.folder(table), name)
	w.check(errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("left behind"), 0o600)))
	return path
}

func TestMaintenanceDeletesOrphansAndSaysBeforeWhichTheyAre(t *testing.T) {
	w := newWorld(t)
	w.ingest(1, "u", 0)
	old := []string{w.leave(catalog.Listens, "data/a.parquet"), w.leave(catalog.RoyaltyRuns, "metadata/b.avro")}
	w.aged(catalog.RoyaltyRuns)
	w.check(os.Chtimes(old[0], time.Time{}, time.Now().Add(-2*day)))
	w.leave(catalog.Listens, "data/young.parquet")
	head := w.head(catalog.Listens).Table().MetadataURI()
	want := []maintain.OrphanReport{
		{Table: catalog.Listens, Files: 1, Bytes: 11, Reason: "nothing refers to them"},
		{Table: catalog.RoyaltyRuns, Files: 1, Bytes: 11, Reason: "nothing refers to them"},
	}
	plan, err := maintain.Run(t.Context(), w.env(w.Lake), maintain.Options{DryRun: true})
	w.check(err)
	w.equal("planned", plan.Orphans, want)
	w.equal("metadata after a dry run", w.head(catalog.Listens).Table().MetadataURI(), head)
	w.equal("done", w.run().Orphans, want)
	for _, path := range old {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", path, err)
		}
	}
	w.equal("the next run", len(w.run().Orphans), 0)
	head = w.head(catalog.Listens).Table().MetadataURI()
	w.run()
	w.equal("metadata after a run with nothing to do", w.head(catalog.Listens).Table().MetadataURI(), head)
}

func TestTableWhoseFilesOthersMayUseKeepsItsOrphans(t *testing.T) {
	w := newWorld(t)
	w.ingest(1, "u", 0)
	path := w.leave(catalog.Listens, "data/a.parquet")
	w.aged(catalog.Listens)
	w.Hand(t, catalog.Listens).Property("gc.enabled", "false")
	w.equal("orphans", len(w.run().Orphans), 0)
	_, err := os.Stat(path)
	w.check(err)
}

func TestForeignFilesOfOneTableDoNotKeepTheOrphansOfOthers(t *testing.T) {
	w := newWorld(t)
	head := w.ingest(1, "u", 0)
	w.leave(catalog.Listens, "data/a.parquet")
	w.leave(catalog.RoyaltyRuns, "data/b.parquet")
	w.aged(catalog.Listens, catalog.RoyaltyRuns)
	w.Update(t, catalog.Listens, icetable.NewSetStatisticsUpdate(icetable.StatisticsFile{SnapshotID: head.ID(), StatisticsPath: "file:///elsewhere/s.puffin", BlobMetadata: []icetable.BlobMetadata{}}))
	r, err := maintain.Run(context.Background(), w.env(w.Lake), maintain.Options{})
	if !errors.Is(err, lake.ErrOutside) || !errors.Is(err, jobs.ErrPartial) || lake.Hint(err) == "" {
		t.Errorf("%v, hint %q", err, lake.Hint(err))
	}
	w.equal("orphans", r.Orphans, []maintain.OrphanReport{{Table: catalog.RoyaltyRuns, Files: 1, Bytes: 11, Reason: "nothing refers to them"}})
}
