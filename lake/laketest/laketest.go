package laketest

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
)

// Lake is a throw-away lake with all tables made.
type Lake struct {
	*lake.Lake
	Dir     string
	Options catalog.Options
	Catalog *catalog.Catalog
	Duck    duck.Options
}

// New makes an empty lake in the test's temporary folder.
func New(t testing.TB) *Lake {
	t.Helper()
	return NewIn(t, t.TempDir())
}

// NewIn makes an empty lake in a folder.
func NewIn(t testing.TB, dir string) *Lake {
	t.Helper()
	o := catalog.Options{
		Type: "sqlite", URI: filepath.Join(dir, "catalog.db"), Name: "lake", Warehouse: filepath.Join(dir, "warehouse"),
		Log: slog.New(slog.DiscardHandler),
	}
	if _, err := catalog.Init(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	c, err := catalog.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() }) //nolint:errcheck // the folder is removed next
	return &Lake{
		Lake: c.Lake(), Dir: dir, Options: o, Catalog: c,
		Duck: duck.Options{MemoryLimit: "512MiB", Threads: 2, TempDir: filepath.Join(dir, "tmp")},
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

// Snapshot is a table as it is now.
func (l *Lake) Snapshot(t testing.TB, table string) lake.Snapshot {
	t.Helper()
	tbl, err := l.Table(t.Context(), table)
	if err != nil {
		t.Fatal(err)
	}
	return tbl.Current()
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
