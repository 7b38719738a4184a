package erase

import (
	"context"
	"fmt"
	"path"
	"slices"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/erase/book"
	"github.com/lakectl/lakectl/lake"
)

// noted lists erased_files: table, file, rows, and the number of the snapshot where it names one.
func (f *fixture) noted() []string {
	f.t.Helper()
	files, err := book.ReadFiles(context.Background(), f.job(f.Lake))
	if err != nil {
		f.t.Fatal(err)
	}
	var all []string
	for _, n := range files {
		all = append(all, fmt.Sprintln(n.Table, path.Base(n.URI), n.Rows, n.SnapshotID))
	}
	slices.Sort(all)
	return all
}

// deletePath is the field of a position delete file that names a data file; ours name one each.
const deletePath = 2147483546

// hit lists, in the form of noted, the data files that have row deletes now.
func (f *fixture) hit() []string {
	f.t.Helper()
	var all []string
	for _, table := range []string{catalog.Listens, catalog.Quarantine, catalog.Duplicates, catalog.ListensCounted} {
		deletes, err := f.Snapshot(f.t, table).DeleteFiles(context.Background())
		if err != nil {
			f.t.Fatal(err)
		}
		for _, d := range deletes {
			all = append(all, fmt.Sprintln(table, path.Base(string(d.LowerBoundValues()[deletePath])), d.Count(), d.AddedBy))
		}
	}
	slices.Sort(all)
	return all
}

func TestEveryFileThatLostRowsIsOnRecordOnce(t *testing.T) {
	f := fourTables(t)
	f.delete()
	equal(t, "files", f.noted(), f.hit())
	if n := len(f.noted()); n != 8 { // listens 3, quarantine 3, ledger 2
		t.Errorf("%d files on record", n)
	}
	f.request(ask{n: 2, id: "r2", user: "user-2", received: "2026-03-20 00:00:00"})
	f.delete()
	equal(t, "files after another batch, partly the same ones", f.noted(), f.hit())
	heads := f.heads()
	f.delete()
	equal(t, "heads after a run with nothing to do", f.heads(), heads)
}

func TestNoUserIsInTheRecordOfFiles(t *testing.T) {
	f := fourTables(t)
	f.delete()
	if n := query[int64](f, catalog.ErasedFiles, "SELECT count(*) FROM rows WHERE regexp_matches(rows::VARCHAR, 'user-1|r1')"); n[0] != 0 {
		t.Errorf("%d rows name who it was", n[0])
	}
	if n := query[int64](f, catalog.ErasedFiles, "SELECT count(*) FROM rows WHERE file_path NOT LIKE 'data/%'"); n[0] != 0 {
		t.Errorf("%d paths are not below the table", n[0])
	}
}

// A delete that never lands leaves its file on record: it holds the rows, wherever they were moved to. They went from
// there with the delete that landed.
func TestFileStaysOnRecordWhenACompactionWasFaster(t *testing.T) {
	f := newFixture(t)
	f.request(ask{n: 1, id: "r1", user: "user-1", received: "2026-03-20 00:00:00"})
	f.ingest(-1, play(1, "a", "user-1", march5), play(2, "b", "user-2", march5))
	old, err := f.Snapshot(t, catalog.Listens).Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f.during(catalog.Listens, func() { f.Compact(t, catalog.Listens) })
	want := append(f.hit(), fmt.Sprintln(catalog.Listens, path.Base(old[0].FilePath()), 1, f.Snapshot(t, catalog.Listens).ID()))
	slices.Sort(want)
	equal(t, "files", f.noted(), want)
}

// Snapshots that are still there show the rows in the files that were merged.
func TestFilesThatRowsWereInBeforeAreOnRecord(t *testing.T) {
	f := newFixture(t)
	f.ingest(-1, play(1, "a", "user-1", march5), play(2, "b", "user-2", march5))
	f.ingest(-1, play(3, "c", "user-1", march5))
	f.ingest(-1, play(4, "d", "user-1", "2026-03-09 10:00:00")) // of a day that is not merged
	first := f.Compact(t, catalog.Listens)
	f.ingest(-1, play(5, "e", "user-2", march5))
	f.Compact(t, catalog.Listens)
	f.ingest(-1, play(6, "f", "user-2", march5)) // holds none of theirs
	f.request(ask{n: 1, id: "r1", user: "user-1", received: "2026-03-20 00:00:00"})
	f.delete()
	files, err := book.ReadFiles(t.Context(), f.job(f.Lake))
	if err != nil {
		t.Fatal(err)
	}
	noted := map[string]bool{}
	for _, n := range files {
		noted[n.URI] = n.SnapshotID == f.Snapshot(t, catalog.Listens).ID()
	}
	d := f.DB(t)
	seen := 0
	for _, s := range f.Snapshot(t, catalog.Listens).Table().Snapshots() {
		all, err := s.Files(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range all {
			if err := d.BindFiles(t.Context(), "one", s, []lake.File{file}); err != nil {
				t.Fatal(err)
			}
			var n int64
			if err := d.OneText(t.Context(), "SELECT count(*) FILTER (user_id = 'user-1') FROM one", nil, []any{&n}); err != nil {
				t.Fatal(err)
			}
			if seen++; n > 0 && !noted[file.FilePath()] {
				t.Errorf("a file of snapshot %d with %d rows is not on record", s.ID(), n)
			}
		}
	}
	if seen < 10 || first.ID() == 0 {
		t.Errorf("%d files looked at", seen)
	}
	last, err := f.Snapshot(t, catalog.Listens).Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	innocent := 0
	for _, file := range last {
		if !noted[file.FilePath()] {
			innocent++
		}
	}
	equal(t, "live files that are not on record", innocent, 1)
}

// A rewrite that takes rows along appends what it notes: the erasure that it hears of goes on.
func TestARewriteThatNotesItsFileDoesNotFenceAnErasure(t *testing.T) {
	f := fourTables(t)
	f.during(catalog.ListensCounted, func() {
		s := f.Snapshot(t, catalog.Listens)
		carried := []lake.Carried{{Output: s.Table().Location() + "/data/new.parquet", Rows: 2, By: s.ID()}}
		if err := book.Carry(t.Context(), f.job(f.Lake), catalog.Listens, carried); err != nil {
			t.Fatal(err)
		}
	})
	want := append(f.hit(), fmt.Sprintln(catalog.Listens, "new.parquet", 2, f.Snapshot(t, catalog.Listens).ID()))
	slices.Sort(want)
	equal(t, "files", f.noted(), want)
	files, err := book.ReadFiles(t.Context(), f.job(f.Lake))
	if err != nil {
		t.Fatal(err)
	}
	batches := map[int64]bool{}
	for _, n := range files {
		batches[n.At.UnixMicro()] = true
	}
	equal(t, "batches", len(batches), 1)
	if n := f.log(); len(n) != 2 {
		t.Errorf("the log has %d rows: the erasure was planned again", len(n))
	}
}

func TestLakeOfAnEarlierVersionGetsTheRecordOfFiles(t *testing.T) {
	f := fourTables(t)
	if err := f.Catalog.Ice.DropTable(t.Context(), []string{catalog.Namespace, catalog.ErasedFiles}); err != nil {
		t.Fatal(err)
	}
	f.delete()
	equal(t, "files", f.noted(), f.hit())
	id := f.Snapshot(t, catalog.Listens).Table().Property(catalog.LakeIDProperty)
	if made := f.Snapshot(t, catalog.ErasedFiles).Table().Property(catalog.LakeIDProperty); id == "" || made != id {
		t.Errorf("the table is of lake %q, not of %q", made, id)
	}
}

// Whenever a run dies, no file has lost rows that is not on record; once another has ended, each is there once.
func TestCrashAtAnyStepLosesNoFileAndDoublesNone(t *testing.T) {
	f := fourTables(t)
	rewind := f.Rewinder(t)
	nth, partly := 1, 0
	for ; f.crash(nth) != nil; nth = laketest.NextStep(nth) {
		noted := f.noted()
		for _, hit := range f.hit() {
			partly++
			if !slices.ContainsFunc(noted, func(n string) bool { return sameFile(n, hit) }) {
				t.Errorf("step %d: not on record: %s", nth, hit)
			}
		}
		f.delete()
		equal(t, fmt.Sprintf("files after a crash at step %d", nth), f.noted(), f.hit())
		rewind()
	}
	if partly == 0 {
		t.Error("no crash came after a delete")
	}
}

// sameFile tells whether two lines are of one file and as many rows, whatever snapshot they name.
func sameFile(a, b string) bool {
	var table, file [2]string
	var rows [2]int64
	for i, line := range []string{a, b} {
		if _, err := fmt.Sscan(line, &table[i], &file[i], &rows[i]); err != nil {
			return false
		}
	}
	return table[0] == table[1] && file[0] == file[1] && rows[0] == rows[1]
}

// A maintenance may expire a snapshot whose manifests are read to find where rows were before.
func TestErasureGoesOnWhereASnapshotExpiresWhileItLooksBack(t *testing.T) {
	f := newFixture(t)
	f.ingest(-1, play(1, "a", "user-1", march5), play(2, "b", "user-2", march5))
	f.ingest(-1, play(3, "c", "user-1", march5))
	before, err := f.Snapshot(t, catalog.Listens).ManifestPaths(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f.Compact(t, catalog.Listens)
	f.request(ask{n: 1, id: "r1", user: "user-1", received: "2026-03-20 00:00:00"})
	now, err := f.Snapshot(t, catalog.Listens).ManifestPaths(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	expired := 0
	faults := &laketest.Faults{Opened: func(name string) {
		if expired > 0 || !slices.Contains(before, name) || slices.Contains(now, name) {
			return
		}
		done, err := f.Expire(t.Context(), catalog.Listens, func(now *lake.Table) ([]lake.Snapshot, error) {
			return slices.DeleteFunc(now.Snapshots(), func(s lake.Snapshot) bool { return s.ID() == now.Current().ID() }), nil
		})
		if err != nil {
			t.Error(err)
		}
		expired = done.Snapshots
	}}
	report, err := Delete(t.Context(), f.job(f.With(faults)))
	if err != nil {
		t.Fatal(err)
	}
	if expired == 0 {
		t.Fatal("nothing expired")
	}
	equal(t, "rows", report.Rows.Listens, int64(2))
	equal(t, "left", f.left(catalog.Listens), []int64{2})
	equal(t, "files", f.noted(), f.hit())
}
