package open_test

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/relocate"
)

// historied is a lake with commits, row deletes, a compaction, tags and a branchy history of several partitions.
func historied(t *testing.T, dir string) *laketest.Lake {
	t.Helper()
	l := laketest.NewIn(t, dir)
	for i := range 4 {
		appendSources(t, l, fmt.Sprintf("s%d", i), fmt.Sprintf("other%d", i))
		commit(t, l, catalog.Quarantine, lake.Commit{Add: quarantined(t, l, i)})
	}
	deleteFirst(t, l, catalog.Sources)
	deleteFirst(t, l, catalog.Quarantine)
	if err := l.Tag(t.Context(), "kept", l.Snapshot(t, catalog.Sources), 0); err != nil {
		t.Fatal(err)
	}
	l.Compact(t, catalog.Quarantine)
	appendSources(t, l, "last")
	deleteFirst(t, l, catalog.Sources)
	return l
}

func commit(t *testing.T, l *laketest.Lake, table string, c lake.Commit) {
	t.Helper()
	c.Job, c.Stage = "test", func(lake.Snapshot) (map[string]string, error) { return nil, nil }
	if _, err := l.Commit(t.Context(), table, c); err != nil {
		t.Fatal(err)
	}
}

func appendSources(t *testing.T, l *laketest.Lake, names ...string) {
	t.Helper()
	var rows [][]any
	for i, name := range names {
		rows = append(rows, []any{name, int64(i), time.Now()})
	}
	files, err := l.Snapshot(t, catalog.Sources).Table().WriteRows(t.Context(), "test", rows)
	if err != nil {
		t.Fatal(err)
	}
	commit(t, l, catalog.Sources, lake.Commit{Add: files})
}

func quarantined(t *testing.T, l *laketest.Lake, n int) []iceberg.DataFile {
	t.Helper()
	var rows [][]any
	for i := range 3 {
		row := make([]any, 12)
		row[0], row[1], row[3], row[6], row[7], row[8] = []byte("x"), "r", time.Date(2026, 3, 1+n+i, 4, 0, 0, 0, time.UTC), "topic", 0, int64(n*10+i)
		rows = append(rows, row)
	}
	files, err := l.Snapshot(t, catalog.Quarantine).Table().WriteRows(t.Context(), "test", rows)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// deleteFirst deletes the first row of each of the first two files.
func deleteFirst(t *testing.T, l *laketest.Lake, table string) {
	t.Helper()
	s := l.Snapshot(t, table)
	files, err := s.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]int64{}
	for _, f := range files[:2] {
		rows[f.FilePath()] = []int64{0}
	}
	deletes, err := s.WritePositionDeletes(t.Context(), "test", files, rows)
	if err != nil {
		t.Fatal(err)
	}
	commit(t, l, table, lake.Commit{Deletes: deletes})
}

// at are the options of a lake whose folder was copied or moved.
func at(dir string) open.Options {
	return open.Options{
		Type: "sqlite", URI: filepath.Join(dir, "catalog.db"), Name: "lake", Warehouse: filepath.Join(dir, "warehouse"), Log: slog.New(slog.DiscardHandler),
	}
}

func reopen(t *testing.T, dir string) *laketest.Lake {
	t.Helper()
	o := at(dir)
	c, err := open.Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() }) //nolint:errcheck // the folder is removed next
	l := &laketest.Lake{Lake: c.Lake(), Dir: dir, Options: o, Catalog: c}
	l.Duck.MemoryLimit, l.Duck.Threads, l.Duck.TempDir = "512MiB", 2, filepath.Join(dir, "tmp")
	return l
}

func copyLake(t *testing.T, l *laketest.Lake, to string) {
	t.Helper()
	if err := l.Catalog.Close(); err != nil { // brings the log of SQLite into the file
		t.Fatal(err)
	}
	if err := os.CopyFS(to, os.DirFS(l.Dir)); err != nil {
		t.Fatal(err)
	}
}

// hashes tells every file of a folder by its content; of SQLite's log files only that they are there may differ.
func hashes(t *testing.T, dir string) map[string]string {
	t.Helper()
	sums := map[string]string{}
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, "-shm") || strings.HasSuffix(name, "-wal") {
			return err
		}
		text, err := os.ReadFile(name)
		sums[name] = fmt.Sprintf("%x", sha256.Sum256(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sums
}

func uriOf(dir string) string { return (&url.URL{Scheme: "file", Path: dir}).String() }

// read is everything about a lake's tables but where they lie: every entry of every manifest of every snapshot.
func read(t *testing.T, l *laketest.Lake) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, spec := range catalog.Specs() {
		ice, err := l.Catalog.Ice.LoadTable(t.Context(), []string{catalog.Namespace, spec.Name})
		if err != nil {
			t.Fatal(err)
		}
		storage, err := ice.FS(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		say := func(format string, args ...any) {
			out[spec.Name] = append(out[spec.Name], strings.ReplaceAll(fmt.Sprintf(format, args...), uriOf(l.Dir), "DIR"))
		}
		meta := ice.Metadata()
		say("%v %v %v %v", meta.TableUUID(), meta.LastSequenceNumber(), meta.LastUpdatedMillis(), meta.Location())
		for _, name := range slices.Sorted(maps.Keys(maps.Collect(meta.Refs()))) {
			say("ref %s %v", name, maps.Collect(meta.Refs())[name])
		}
		for entry := range meta.SnapshotLogs() {
			say("log %v", entry)
		}
		for _, s := range meta.Snapshots() {
			s.ManifestList = ""
			say("%v", s) // id, parent, sequence, time, summary
			manifests, err := s.Manifests(storage)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range manifests {
				say("manifest %v %d %d %d %v", m.ManifestContent(), m.SnapshotID(), m.SequenceNum(), m.AddedRows(), m.Partitions())
				for e, err := range m.Entries(storage, false) {
					if err != nil {
						t.Fatal(err)
					}
					f := e.DataFile()
					name := f.FilePath()
					if f.ContentType() == iceberg.EntryContentPosDeletes {
						name = ""
					}
					say("entry %v %d %d %v %s %v %v %d", e.Status(), e.SnapshotID(), e.SequenceNum(), *e.FileSequenceNum(), name, f.Partition(), f.NullValueCounts(), f.Count())
				}
			}
		}
	}
	return out
}

// rowsOf counts the rows of a snapshot as a query sees them.
func rowsOf(t *testing.T, l *laketest.Lake, s lake.Snapshot) (n int64) {
	t.Helper()
	d := l.DB(t)
	if err := d.Bind(t.Context(), "rows", s); err != nil {
		t.Fatal(err)
	}
	if err := d.OneText(t.Context(), "SELECT count(*) FROM rows", nil, []any{&n}); err != nil {
		t.Fatal(err)
	}
	return n
}

// everythingBelow holds that no path in a lake's metadata, and in the rows of its delete files, is outside of its
// folder.
func everythingBelow(t *testing.T, l *laketest.Lake) {
	t.Helper()
	for _, spec := range catalog.Specs() {
		tbl, err := l.Table(t.Context(), spec.Name)
		if err != nil {
			t.Fatal(err)
		}
		meta, err := relocate.Load(tbl.MetadataURI())
		if err != nil {
			t.Fatal(err)
		}
		for m := range meta.PreviousFiles() {
			if !strings.Contains(m.MetadataFile, uriOf(l.Dir)+"/") {
				t.Errorf("%s: older metadata %s", spec.Name, m.MetadataFile)
			}
		}
		err = relocate.Walk(t.Context(), meta, func(uri string, live bool) error {
			file, err := lake.LocalPath(uri)
			if err != nil {
				return err
			}
			if !strings.HasPrefix(file, l.Dir+"/") {
				t.Errorf("%s names %s", spec.Name, file)
			}
			text, err := os.ReadFile(file)
			if err != nil && live {
				t.Error(err)
			}
			if strings.Contains(filepath.Base(file), "-deletes-") && live && !strings.Contains(string(text), uriOf(l.Dir)) {
				t.Errorf("%s has rows of another place", file)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
