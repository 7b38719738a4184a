package laketest

import (
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/apache/iceberg-go"
	icecatalog "github.com/apache/iceberg-go/catalog"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
)

// Tests make much garbage and keep little: with the usual goal, collecting it is a seventh of their time, and a third
// of what the programs take that they start.
func init() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
		os.Setenv("GOGC", "400") //nolint:errcheck // then programs collect as usual
	}
}

// Lake is a throw-away lake with all tables made.
type Lake struct {
	*lake.Lake
	Dir     string
	Options open.Options
	Catalog *open.Catalog
	Duck    duck.Options

	// CutsParents lets a [Hand] expire as PyIceberg does: a snapshot whose parent goes says no more that it had one.
	CutsParents bool

	reading *duck.DB           // see [Lake.Reading]
	faulty  icecatalog.Catalog // see [Lake.With]
}

// New makes an empty lake in a [Folder].
func New(t testing.TB) *Lake {
	t.Helper()
	if _, is := away(); is {
		return NewAway(t, Folder(t))
	}
	return NewIn(t, Folder(t))
}

// NewIn makes an empty lake in a folder.
func NewIn(t testing.TB, dir string) *Lake {
	t.Helper()
	o := options(dir)
	if err := initLake(t.Context(), dir, o); err != nil {
		t.Fatal(err)
	}
	return connected(t, dir, o)
}

func options(dir string) open.Options {
	return open.Options{
		Type: "sqlite", URI: filepath.Join(dir, catalogFile), Name: "lake", Warehouse: filepath.Join(dir, "warehouse"),
		Log: slog.New(slog.DiscardHandler),
	}
}

func made(t testing.TB, dir string, o open.Options) *Lake {
	t.Helper()
	if _, err := open.Init(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	return connected(t, dir, o)
}

func connected(t testing.TB, dir string, o open.Options) *Lake {
	t.Helper()
	c, err := open.Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() }) //nolint:errcheck // the folder is removed next
	return &Lake{
		Lake: c.Lake(), Dir: dir, Options: o, Catalog: c,
		Duck: duck.Options{MemoryLimit: "512MiB", Threads: Threads(), TempDir: filepath.Join(dir, "tmp"), Verify: lake.NewVerifier(), Start: startDuckDB},
	}
}

// EachExpiry runs a test once for each value of [Lake.CutsParents], and outside of CI for one of them: which one it is
// goes by the name, so tests that are alike take both.
func EachExpiry(t *testing.T, run func(t *testing.T, cuts bool)) {
	t.Helper()
	for i, name := range []string{"parents kept", "parents cut"} {
		if (len(t.Name())+i)%Stride(2) == 0 {
			t.Run(name, func(t *testing.T) { run(t, i == 1) })
		}
	}
}

// DB opens a DuckDB that the test closes.
func (l *Lake) DB(t testing.TB) *duck.DB {
	t.Helper()
	d, err := duck.Open(t.Context(), l.Duck)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() }) //nolint:errcheck // in memory
	return d
}

// Reading is a DuckDB that has a table, as it is now, under a name. The lake has one for all that its test reads: each
// takes megabytes until the test ends.
func (l *Lake) Reading(t testing.TB, name, table string) *duck.DB {
	t.Helper()
	if l.reading == nil {
		l.reading = l.DB(t)
	}
	if err := l.reading.Bind(t.Context(), name, l.Snapshot(t, table)); err != nil {
		t.Fatal(err)
	}
	return l.reading
}

// Snapshot is a table as it is now.
func (l *Lake) Snapshot(t testing.TB, table string) lake.Snapshot {
	t.Helper()
	tbl, err := l.Table(t.Context(), table)
	if err != nil {
		t.Fatal(err)
	}
	return tbl.Current()
}

// Compact rewrites all files of a table into new ones without their deleted rows, as another engine does it: one
// snapshot of operation replace, without our state. A table without files stays as it is.
func (l *Lake) Compact(t testing.TB, table string) lake.Snapshot {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("compact %s: %v", table, err)
		}
	}
	s := l.Snapshot(t, table)
	files, err := s.Files(t.Context())
	check(err)
	deletes, err := s.DeleteFiles(t.Context())
	check(err)
	if len(files) == 0 {
		return s
	}
	d := l.DB(t)
	check(d.Bind(t.Context(), "rows", s))
	added, err := d.Write(t.Context(), s.Table(), "maintain", "rows")
	check(err)
	ice, err := l.Catalog.Ice.LoadTable(t.Context(), []string{l.Namespace(), table})
	check(err)
	tx := ice.NewTransaction()
	rewrite := tx.NewRewrite(nil)
	for _, old := range append(files, deletes...) {
		rewrite.DeleteFile(old.DataFile)
	}
	for _, file := range added {
		rewrite.AddDataFile(file)
	}
	check(rewrite.Commit(t.Context()))
	_, err = tx.Commit(t.Context())
	check(err)
	return l.Snapshot(t, table)
}

// Merge rewrites some files of a table by lakectl's own commit for that, [lake.Lake.Rewrite]. Of none it does nothing.
func (l *Lake) Merge(t testing.TB, table string, pick func(lake.File) bool) lake.Snapshot {
	t.Helper()
	s := l.Snapshot(t, table)
	files, err := s.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(f lake.File) bool { return !pick(f) })
	if len(files) == 0 {
		return s
	}
	r := lake.Rewrite{Job: "maintain", Base: s, Inputs: files, Verify: l.Duck.Verify}
	d := l.DB(t)
	err = d.BindFiles(t.Context(), "merged", s, files)
	if err == nil {
		r.Outputs, err = d.Write(t.Context(), s.Table(), "maintain", "merged")
	}
	if err == nil {
		s, err = l.Rewrite(t.Context(), r)
	}
	if err != nil {
		t.Fatalf("merge %d files of %s: %v", len(files), table, err)
	}
	return s
}

// Purge rewrites a table without its deleted rows and expires all that reaches them, as purge does: what is left stands
// in for what was there.
func (l *Lake) Purge(t testing.TB, table string) lake.Snapshot {
	t.Helper()
	l.Merge(t, table, func(lake.File) bool { return true })
	s, err := l.DropRemoved(t.Context(), table, catalog.DeletionsJob, func(iceberg.DataFile) bool { return true })
	if err == nil {
		_, err = l.Expire(t.Context(), table, func(now *lake.Table) ([]lake.Snapshot, error) {
			return slices.DeleteFunc(now.Snapshots(), func(old lake.Snapshot) bool { return old.ID() == s.ID() }), nil
		})
	}
	if err != nil {
		t.Fatalf("purge %s: %v", table, err)
	}
	return l.Snapshot(t, table)
}

// Engine returns the address of an outside component from the environment. Without it the test skips,
// saying so; where LAKECTL_REQUIRE_ENGINES is set, as in CI, it fails.
func Engine(t testing.TB, variable string) string {
	t.Helper()
	value := os.Getenv(variable)
	if value == "" && os.Getenv("LAKECTL_REQUIRE_ENGINES") != "" {
		t.Fatalf("%s is not set", variable)
	}
	if value == "" {
		t.Skipf("%s is not set: needs a real engine, see .ci/engines", variable)
	}
	return value
}
