package laketest

import (
	"context"
	"os"
	"testing"

	"github.com/lakectl/lakectl/catalog/open"
)

// Rewinder saves the catalog as it is; calling what it returns brings the lake back to that. Files are never changed,
// so the catalog's pointers are all there is to restore.
func (l *Lake) Rewinder(t testing.TB) (rewind func()) {
	t.Helper()
	if err := l.Catalog.Close(); err != nil {
		t.Fatal(err)
	}
	restore := l.saved(t)
	rewind = func() {
		t.Helper()
		if err := l.Catalog.Close(); err != nil {
			t.Fatal(err)
		}
		restore()
		c, err := open.Connect(context.WithoutCancel(t.Context()), l.Options)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() }) //nolint:errcheck // the folder is removed next
		l.Lake, l.Catalog = c.Lake(), c
	}
	rewind()
	return rewind
}

// saved keeps the pointers of a closed catalog; calling what it returns brings them back.
func (l *Lake) saved(t testing.TB) (restore func()) {
	t.Helper()
	if l.Options.Type != "sqlite" {
		p := pointersOf(t, l.Options)
		p.read(t)
		return func() { p.set(t) }
	}
	saved, err := os.ReadFile(l.Options.URI)
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		for _, side := range []string{"-wal", "-shm"} {
			if err := os.Remove(l.Options.URI + side); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(l.Options.URI, saved, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
