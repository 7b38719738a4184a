package recent

import (
	"cmp"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	icetable "github.com/apache/iceberg-go/table"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// world is a lake whose archive grows, a table that covers a part of it, and a memory beside it.
type world struct {
	*testing.T
	*laketest.Lake
	folder  string
	o       Options
	m       *Memory
	covered int64
	offset  int64
	batch   int // entries of a batch; 0 is the constant

	wrote map[string][]archivedRow // by file
}

func newWorld(t *testing.T) *world {
	w := &world{T: t, Lake: laketest.New(t), folder: filepath.Join(t.TempDir(), "recent"), wrote: map[string][]archivedRow{}}
	w.o = Options{Log: slog.New(slog.DiscardHandler), Verify: w.Duck.Verify}
	t.Cleanup(w.kill)
	return w
}

// kill ends the process that has the memory, as it is.
func (w *world) kill() {
	if w.m == nil {
		return
	}
	segments := slices.Clone(w.m.segments)
	if w.m.pending != nil {
		segments = append(segments, w.m.pending.segments...)
	}
	for _, s := range segments {
		s.file.Close() //nolint:errcheck // a killed process does not look either
	}
	w.m.lock.Close() //nolint:errcheck // so does the kernel
	w.m = nil
}

func (w *world) check(err error) {
	w.Helper()
	check(w, err)
}

func (w *world) archived() lake.Snapshot { return w.Snapshot(w.T, catalog.Listens) }

// archive appends one copy of each listen named, in one file.
func (w *world) archive(listens ...string) lake.Snapshot {
	w.Helper()
	return w.archiveFiles(listens)
}

func (w *world) archiveFiles(parts ...[]string) lake.Snapshot {
	w.Helper()
	c := lake.Commit{Job: "ingest", Stage: func(lake.Snapshot) (map[string]string, error) { return nil, nil }}
	for _, listens := range parts {
		rows := make([][]any, len(listens))
		for i, listen := range listens {
			w.offset++
			rows[i] = w.row(listen, w.offset)
		}
		files, err := w.archived().Table().WriteRows(w.Context(), "ingest", rows)
		w.check(err)
		for i, listen := range listens {
			path := files[0].FilePath()
			w.wrote[path] = append(w.wrote[path], archivedRow{listen: listen, offset: w.offset - int64(len(listens)-1-i), file: path, row: int64(i)})
		}
		c.Add = append(c.Add, files...)
	}
	after, err := w.Commit(w.Context(), catalog.Listens, c)
	w.check(err)
	return after
}

func (w *world) row(listen string, offset int64) []any {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return []any{listen, "u", "t", "a", "phone", at, int64(1), nil, "DE", "free", nil, nil, at, nil, fmt.Sprint("topic", offset%2), int(offset % 3), offset}
}

// open is the memory, opened where it is not.
func (w *world) open() *Memory {
	w.Helper()
	if w.m == nil {
		var err error
		w.m, err = Open(w.Context(), w.folder, w.o)
		w.check(err)
		if w.batch > 0 {
			w.m.most = w.batch
		}
	}
	return w.m
}

// news are the archive files that the table does not cover.
func (w *world) news() []lake.File {
	w.Helper()
	changes, err := w.archived().Changes(w.Context(), w.covered)
	w.check(err)
	if changes.Broken || len(changes.Torn) > 0 {
		w.Fatal("the table cannot tell what came")
	}
	return changes.Added
}

// sift is a run of the job up to its commit.
func (w *world) sift() (Sifted, Followed) {
	w.Helper()
	m := w.open()
	did, err := m.Follow(w.Context(), w.archived(), w.covered)
	w.check(err)
	sifted, err := m.Sift(w.Context(), w.archived(), w.news())
	w.check(err)
	return sifted, did
}

// run is one run of the job: it returns the offsets of the rows that it adds, and what Follow did.
func (w *world) run() ([]int64, Followed) {
	w.Helper()
	sifted, did := w.sift()
	added := w.without(w.news(), sifted)
	w.covered = w.archived().ID()
	w.check(w.m.Keep(w.Context(), w.covered))
	return added, did
}

// archivedRow is a row of the archive as DuckDB reads it.
type archivedRow struct {
	listen   string
	offset   int64
	file     string
	row      int64
	sequence int64
}

// rows reads files by another way than the package does, in the order in which the rows came.
func (w *world) rows(files []lake.File) []archivedRow {
	w.Helper()
	d := w.DB(w.T)
	w.check(d.BindFiles(w.Context(), "rows", w.archived(), files, "listen_id", "source_offset"))
	sequences := map[string]lake.File{}
	for _, f := range files {
		local, err := lake.LocalPath(f.FilePath())
		w.check(err)
		sequences[local] = f
	}
	var list []archivedRow
	var r archivedRow
	w.check(d.EachText(w.Context(), "SELECT listen_id, source_offset, _file, _pos FROM rows", nil, []any{&r.listen, &r.offset, &r.file, &r.row}, func() error {
		f := sequences[r.file]
		r.file, r.sequence = f.FilePath(), f.Sequence
		list = append(list, r)
		return nil
	}))
	slices.SortFunc(list, func(a, b archivedRow) int {
		return cmp.Or(cmp.Compare(a.sequence, b.sequence), cmp.Compare(a.file, b.file), cmp.Compare(a.row, b.row))
	})
	return list
}

// without are the offsets of the rows of files but for those that are left out, ascending.
func (w *world) without(files []lake.File, sifted Sifted) []int64 {
	w.Helper()
	all := w.rows(files)
	kept := []int64{}
	for _, r := range all {
		if !slices.Contains(sifted.Left[r.file], r.row) {
			kept = append(kept, r.offset)
		}
	}
	if int(sifted.Rows) != len(all) || int(sifted.Rows-sifted.Later) != len(kept) {
		w.Fatalf("%d rows of which %d are later copies; there are %d, %d of them are left", sifted.Rows, sifted.Later, len(all), len(kept))
	}
	slices.Sort(kept)
	return kept
}

// first are the offsets of the first copies in the archive, ascending.
func (w *world) first() []int64 {
	w.Helper()
	files, err := w.archived().Files(w.Context())
	w.check(err)
	seen, list := map[string]bool{}, []int64{}
	for _, r := range w.rows(files) {
		if !seen[r.listen] {
			seen[r.listen] = true
			list = append(list, r.offset)
		}
	}
	slices.Sort(list)
	return list
}

// counting are the offsets of the rows of the whole archive that count by the memory.
func (w *world) counting() []int64 {
	w.Helper()
	files, err := w.archived().Files(w.Context())
	w.check(err)
	sifted, err := w.m.Counts(w.Context(), w.archived(), files)
	w.check(err)
	return w.without(files, sifted)
}

func equal[T any](w *world, got, want T) {
	w.Helper()
	if diff := gocmp.Diff(want, got); diff != "" {
		w.Errorf("(-want +got)\n%s", diff)
	}
}

// copied copies the files of the memory to another folder.
func (w *world) copied(to string) {
	w.Helper()
	w.check(os.MkdirAll(to, 0o700))
	w.check(os.CopyFS(to, os.DirFS(w.folder)))
}

func (w *world) added() []int64 {
	w.Helper()
	added, _ := w.run()
	return added
}

// renamed lets another engine give a column of listens another name.
func (w *world) renamed(from, to string) {
	w.Alter(w.T, catalog.Listens, func(tx *icetable.Transaction) error {
		return tx.UpdateSchema(true, true).RenameColumn([]string{from}, to).Commit()
	})
}
