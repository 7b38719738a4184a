package open_test

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/lake"
)

// server is a PostgreSQL on which a test makes, copies and drops databases.
type server struct {
	t *testing.T
	*sql.DB
	dsn *url.URL
}

func newServer(t *testing.T) server {
	t.Helper()
	dsn := laketest.Engine(t, "POSTGRES_DSN")
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() }) //nolint:errcheck // a connection of the test
	return server{t, db, u}
}

func (s server) exec(statement string) {
	s.t.Helper()
	if _, err := s.ExecContext(s.t.Context(), statement); err != nil {
		s.t.Fatalf("%s: %v", statement, err)
	}
}

// copy makes a database as another is now, as a dump that is loaded does. Nobody may be connected to it.
func (s server) copy(from, to string) {
	s.t.Helper()
	s.exec("DROP DATABASE IF EXISTS " + to)
	s.exec("CREATE DATABASE " + to + " TEMPLATE " + from)
}

// options are those of a lake in a folder whose catalog is a database.
func (s server) options(database, dir string) open.Options {
	o := at(dir)
	u := *s.dsn
	u.Path = "/" + database
	o.Type, o.URI, o.SubjectKeyFile = "postgres", u.String(), filepath.Join(dir, "subject.key")
	return o
}

// open opens a lake that the test, or its caller, closes.
func openLake(t *testing.T, o open.Options) *laketest.Lake {
	t.Helper()
	c := opened(t, o)
	dir := filepath.Dir(o.Warehouse)
	l := &laketest.Lake{Lake: c.Lake(), Dir: dir, Options: o, Catalog: c}
	l.Duck.MemoryLimit, l.Duck.Threads, l.Duck.TempDir = "512MiB", 2, filepath.Join(dir, "tmp")
	return l
}

// databases names one for the original of a test and two more, and drops them at the end.
func (s server) databases() (a, b, c string) {
	name := fmt.Sprintf("place_%d", time.Now().UnixNano())
	a, b, c = name+"_a", name+"_b", name+"_c"
	s.t.Cleanup(func() {
		for _, d := range []string{a, b, c} {
			s.Exec("DROP DATABASE IF EXISTS " + d + " WITH (FORCE)") //nolint:errcheck // the server is thrown away
		}
	})
	return a, b, c
}

func TestACatalogInPostgresIsHeldToItsPlaceAndRelocated(t *testing.T) {
	s := newServer(t)
	a, b, c := s.databases()
	root := laketest.Folder(t)
	dirA, dirB, dirC := filepath.Join(root, "a"), filepath.Join(root, "b"), filepath.Join(root, "c")
	s.exec("CREATE DATABASE " + a)
	original := s.options(a, dirA)
	if _, err := open.Init(t.Context(), original); err != nil {
		t.Fatal(err)
	}
	l := openLake(t, original)
	appendSources(t, l, "one", "two")
	deleteFirst1(t, l, catalog.Sources)
	id, err := l.Catalog.LakeID(t.Context())
	if err != nil || id == "" {
		t.Fatal(id, err)
	}
	want := read(t, l)
	closeLake(t, l)

	// A second database on the same warehouse, made anew or from a dump.
	s.copy(a, b)
	refused(t, s.options(b, dirA), "/"+a, "/"+b, "lakectl catalog restore")
	s.exec("CREATE DATABASE " + c)
	if _, err := open.Init(t.Context(), s.options(c, dirA)); !errors.Is(err, lake.ErrUnfit) || !strings.Contains(err.Error(), "/"+a) {
		t.Errorf("init of a second catalog: %v", err)
	}

	// The same host name and database, on another server: the warehouse is shared, localhost is not.
	file := filepath.Join(dirA, "warehouse", "lakectl-lake.json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := strings.Replace(string(text), `"system": "`, `"system": "1`, 1)
	if err := os.WriteFile(file, []byte(elsewhere), 0o600); err != nil || elsewhere == string(text) {
		t.Fatal(elsewhere, err)
	}
	refused(t, original, "/"+a, ", server 1", "lakectl catalog restore")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}

	// A copy of both is refused, then relocated; the original is as it was.
	if err := os.CopyFS(dirB, os.DirFS(dirA)); err != nil {
		t.Fatal(err)
	}
	copied := s.options(b, dirB)
	refused(t, copied, filepath.Join(dirA, "warehouse"), filepath.Join(dirB, "warehouse"), "lakectl catalog relocate")
	before := hashes(t, dirA)
	if _, err := open.Relocate(t.Context(), s.options(a, dirB), open.RelocateOptions{}); !errors.Is(err, lake.ErrUnfit) {
		t.Errorf("a copy with the original's database: %v", err)
	}
	done, err := open.Relocate(t.Context(), copied, open.RelocateOptions{})
	if err != nil || done.Kind != "copy" || done.LakeID == id {
		t.Fatalf("%+v, %v", done, err)
	}
	r := openLake(t, copied)
	if diff := cmp.Diff(want, read(t, r)); diff != "" {
		t.Errorf("the copy says something else (-original +copy):\n%s", diff)
	}
	everythingBelow(t, r)
	appendSources(t, r, "copy")
	closeLake(t, r)
	if diff := cmp.Diff(before, hashes(t, dirA)); diff != "" {
		t.Errorf("the original changed:\n%s", diff)
	}
	closeLake(t, openLake(t, original))

	// The warehouse of the copy is moved, its database stays.
	if err := os.Rename(dirB, dirC); err != nil {
		t.Fatal(err)
	}
	moved := s.options(b, dirC)
	refused(t, moved, filepath.Join(dirB, "warehouse"), filepath.Join(dirC, "warehouse"), "lakectl catalog relocate")
	again, err := open.Relocate(t.Context(), moved, open.RelocateOptions{})
	if err != nil || again.Kind != "moved" || again.LakeID != done.LakeID {
		t.Fatalf("%+v, %v", again, err)
	}
	r = openLake(t, moved)
	appendSources(t, r, "moved")
	if n := rowsOf(t, r, r.Snapshot(t, catalog.Sources)); n != 3 {
		t.Errorf("%d rows, want 3", n)
	}
	everythingBelow(t, r)
	closeLake(t, r)
}

// deleteFirst1 deletes the first row of the newest file.
func deleteFirst1(t *testing.T, l *laketest.Lake, table string) {
	t.Helper()
	s := l.Snapshot(t, table)
	files, err := s.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	deletes, err := s.WritePositionDeletes(t.Context(), "test", files, map[string][]int64{files[0].FilePath(): {0}})
	if err != nil {
		t.Fatal(err)
	}
	commit(t, l, table, lake.Commit{Deletes: deletes})
}

func closeLake(t *testing.T, l *laketest.Lake) {
	t.Helper()
	if err := l.Catalog.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAnOldDumpOfPostgresIsRestoredByLineage(t *testing.T) {
	s := newServer(t)
	a, dump, now := s.databases()
	dir := laketest.Folder(t)
	o := s.options(a, dir)
	s.exec("CREATE DATABASE " + a)
	if _, err := open.Init(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	l := openLake(t, o)
	appendSources(t, l, "before")
	closeLake(t, l)
	s.copy(a, dump)
	l = openLake(t, o)
	for range 22 { // the metadata file that the dump names is deleted by then
		appendSources(t, l, "after")
	}
	commit(t, l, catalog.Quarantine, lake.Commit{Add: quarantined(t, l, 1)})
	want := read(t, l)
	closeLake(t, l)
	s.copy(a, now)
	s.copy(dump, a)

	before := hashes(t, dir)
	dry, err := open.Restore(t.Context(), o, open.RestoreOptions{DryRun: true})
	if err != nil || len(dry.Tables) != 2 {
		t.Fatalf("%+v, %v", dry, err)
	}
	done, err := open.Restore(t.Context(), o, open.RestoreOptions{})
	if err != nil || len(done.Tables) != 2 {
		t.Fatalf("%+v, %v", done, err)
	}
	if diff := cmp.Diff(before, hashes(t, dir)); diff != "" {
		t.Errorf("the restore changed files:\n%s", diff)
	}
	l = openLake(t, o)
	if diff := cmp.Diff(want, read(t, l)); diff != "" {
		t.Errorf("restored to something else:\n%s", diff)
	}
	closeLake(t, l)

	// Two states of the same age: somebody worked on with the dump, and its database is gone.
	s.copy(now, a)
	l = openLake(t, o)
	appendSources(t, l, "one")
	closeLake(t, l)
	s.copy(now, a)
	l = openLake(t, o)
	appendSources(t, l, "another", "of two rows")
	closeLake(t, l)
	done, err = open.Restore(t.Context(), o, open.RestoreOptions{})
	if !errors.Is(err, open.ErrHeads) || len(done.Heads) != 2 || done.Heads[0].Rows == done.Heads[1].Rows || done.Heads[0].CommitTime.IsZero() {
		t.Fatalf("%+v, %v", done, err)
	}
	for _, h := range done.Heads {
		if _, err = open.Restore(t.Context(), o, open.RestoreOptions{Heads: map[string]string{catalog.Sources: h.Metadata}}); err != nil {
			t.Fatal(err)
		}
		l = openLake(t, o)
		if got := l.Snapshot(t, catalog.Sources).ID(); got != h.SnapshotID {
			t.Errorf("snapshot %d, want the chosen %d", got, h.SnapshotID)
		}
		closeLake(t, l)
	}

	// A database that was lost: even the catalog's own tables are made again.
	s.exec("DROP DATABASE " + a)
	s.exec("CREATE DATABASE " + a)
	done, err = open.Restore(t.Context(), o, open.RestoreOptions{Heads: map[string]string{catalog.Sources: done.Heads[0].Metadata}})
	if err != nil || len(done.Tables) != len(catalog.Specs()) {
		t.Fatalf("%+v, %v", done, err)
	}
	appendSources(t, openLake(t, o), "goes on")
}
