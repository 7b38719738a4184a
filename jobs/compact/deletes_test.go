package compact

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/erase/book"
	"github.com/lakectl/lakectl/lake"
)

// mostNamed is how many delete files take rows from one data file at most.
func (w *world) mostNamed() (most int) {
	w.Helper()
	files, err := w.archive().DeleteFiles(w.Context())
	w.check(err)
	of := map[string]int{}
	for _, f := range files {
		one := f.ReferencedDataFile()
		if one == nil {
			w.Fatalf("a delete file of %d rows is of no file", f.Count())
		}
		of[*one]++
		most = max(most, of[*one])
	}
	return most
}

func TestADataFileHasOneDeleteFileOnceSettled(t *testing.T) {
	w := newWorld(t)
	w.ingest(3000, 2)
	for i := range 6 {
		w.erase(fmt.Sprintf("listen_id = 'listen-%d'", 10*i+1))
		w.erase(fmt.Sprintf("listen_id IN ('listen-%d', 'listen-%d')", 10*i+2, 10*i+3))
	}
	want, files := w.rows(), w.files()
	planned := w.compact(Options{DryRun: true}).Merged
	r := w.compact(Options{})
	w.equal("delete files merged, as planned", r.Merged, planned)
	w.equal("rows", w.rows(), want)
	w.equal("data files", w.files(), files)
	w.equal("delete files that name one data file", w.mostNamed(), 1)
	if r.Merged <= files {
		t.Errorf("%d delete files of %d data files were merged", r.Merged, files)
	}
	w.settled(Options{})
	w.erase("listen_id = 'listen-5'")
	w.settledButDeletes()
}

// settledButDeletes runs once more, after an erasure.
func (w *world) settledButDeletes() {
	w.Helper()
	want := w.rows()
	r := w.compact(Options{})
	w.equal("files written", r.Written, 0)
	w.equal("delete files that name one data file", w.mostNamed(), 1)
	w.equal("rows", w.rows(), want)
}

// A purge goes by the batch that deleted the rows which a new file still holds, whether or not their delete files were
// merged meanwhile, with those of others.
func TestRowsThatAreTakenAlongStayWithTheBatchThatDeletedThem(t *testing.T) {
	w := newWorld(t)
	for range 12 {
		w.ingest(60, 1)
	}
	erase := func(at, row int64, of ...int) {
		s := w.archive()
		files, err := s.Files(t.Context())
		w.check(err)
		rows := map[string][]int64{}
		for _, file := range of {
			rows[files[file].FilePath()] = []int64{row}
		}
		deletes, err := s.WritePositionDeletes(t.Context(), catalog.DeletionsJob, files, rows)
		w.check(err)
		says := map[string]string{book.LocatedKey: strconv.FormatInt(at, 10)}
		_, err = w.Commit(t.Context(), catalog.Listens, lake.Commit{Job: catalog.DeletionsJob, Deletes: deletes, Stage: lake.IfUnmoved(s, says)})
		w.check(err)
	}
	erase(1000, 0, 0) // of which nothing is taken along
	erase(1000, 1, 0)
	w.compact(Options{between: func() {
		erase(3000, 2, 1)
		erase(2000, 3, 1, 2)
		erase(3000, 4, 1)
		gone, err := w.MergeDeletes(t.Context(), catalog.Listens, lake.Merge{Job: maintainJob, Verify: w.Duck.Verify})
		w.check(err)
		w.equal("delete files merged", len(gone), 5)
	}})
	list, err := book.ReadFiles(t.Context(), w.env())
	w.check(err)
	var noted []string
	for _, f := range list {
		noted = append(noted, fmt.Sprint(f.Rows, " of ", f.At.UnixMicro()))
	}
	slices.Sort(noted)
	w.equal("rows on record", noted, []string{"1 of 3000", "1 of 3000", "2 of 2000"})
}

func TestMergesWaitForADeletion(t *testing.T) {
	w := newWorld(t)
	w.ingest(3000, 1)
	w.erase("listen_id = 'listen-1'")
	w.erase("listen_id = 'listen-2'")
	r := w.compact(Options{Free: func(context.Context) (bool, error) { return false, nil }})
	w.equal("delete files merged", r.Merged, 0)
}

func TestKilledAnywhereDeletesAreMergedByTheNextRun(t *testing.T) {
	laketest.Costly(t)
	for nth := 1; ; nth += laketest.Stride(2) {
		w := newWorld(t)
		w.ingest(200, 1)
		for i := range 3 {
			w.erase(fmt.Sprintf("listen_id = 'listen-%d'", i+1))
		}
		want := w.rows()
		err := w.crashed(nth)
		w.equal(fmt.Sprint("rows, crash at step ", nth), w.rows(), want)
		w.settledButDeletes()
		if err == nil {
			return
		}
	}
}
