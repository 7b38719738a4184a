package ingest_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/lake"
)

// suspend lets two days pass for everything in the warehouse and sweeps a table, as maintenance elsewhere does while
// this process is stopped. It returns how many files went.
func (w *world) suspend(table string) int {
	w.t.Helper()
	err := filepath.WalkDir(w.lake.Options.Warehouse, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return os.Chtimes(path, time.Time{}, info.ModTime().Add(-48*time.Hour))
	})
	if err != nil {
		w.t.Fatal(err)
	}
	plan, err := w.lake.PlanOrphans(w.t.Context(), table)
	if err != nil {
		w.t.Fatal(err)
	}
	done, err := w.lake.SweepOrphans(w.t.Context(), plan)
	if err != nil {
		w.t.Fatal(err)
	}
	return done.Files
}

// suspended is the world of an ingester that is stopped once, when it is about to commit to a table.
func (w *world) suspended(table string) (l *laketest.Lake, gone *int) {
	gone = new(int)
	return w.lake.With(&laketest.Faults{Strike: func(step laketest.Step, of string) error {
		if step == laketest.BeforeCommit && of == table && *gone == 0 {
			*gone = w.suspend(table)
		}
		return nil
	}}), gone
}

func TestIngesterThatWasSuspendedPastASweepGoesOnAndLosesNothing(t *testing.T) {
	laketest.Costly(t)
	for _, table := range []string{catalog.Listens, catalog.Quarantine, catalog.DeletionRequests} {
		t.Run(table, func(t *testing.T) {
			k := newKafka(t, 2)
			k.produce(k.samples(60))
			l, gone := k.suspended(table)
			if _, err := k.ingest(t.Context(), l, ingest.Options{FlushRows: 20}); err != nil {
				t.Fatal(err)
			}
			if *gone == 0 || !strings.Contains(k.log.String(), "suspended for too long") {
				t.Fatalf("%d files were swept; log: %s", *gone, k.log.String())
			}
			k.check()
			k.produce(k.samples(20))
			k.mustIngest(ingest.Options{})
			k.check()
		})
	}
}

func TestFileOfASuspendedRunIsGoneOnWithByTheNext(t *testing.T) {
	w := newWorld(t)
	path := w.file("a.jsonl", "a", w.samples(40))
	o := ingest.Options{Source: "a", FlushRows: 15}
	l, gone := w.suspended(catalog.Listens)
	if _, err := w.files(l, o, path); !errors.Is(err, lake.ErrStale) || lake.Hint(err) == "" || *gone == 0 {
		t.Fatalf("%d files were swept, %v", *gone, err)
	}
	w.mustFiles(o, path)
	w.check()
}
