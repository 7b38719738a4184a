package recent

import (
	"log/slog"
	"os"
	"runtime/debug"
	"testing"

	"github.com/lakectl/lakectl/catalog/laketest"
)

// What is held at once is a batch, whatever is sifted, and an index of the ids that are remembered: four bytes for 128.
func TestSiftingTakesAtMost64MiB(t *testing.T) {
	laketest.Long(t, "more than a batch of rows is sifted beside millions of ids")
	const rows, ids = batchEntries + 100_000, 4_000_000
	l := laketest.New(t)
	covered, s := archiveOf(t, l, rows)
	m, err := Open(t.Context(), t.TempDir(), Options{Log: slog.New(slog.DiscardHandler)})
	check(t, err)
	t.Cleanup(func() { check(t, m.Close()) })
	_, err = m.Follow(t.Context(), s, covered)
	check(t, err)
	synthesize(t, m, ids, s.Time())
	changes, err := s.Changes(t.Context(), covered)
	check(t, err)
	debug.FreeOSMemory()
	check(t, os.WriteFile("/proc/self/clear_refs", []byte("5"), 0))
	before := resident(t, "VmRSS:")
	sifted, err := m.Sift(t.Context(), s, changes.Added)
	check(t, err)
	check(t, m.Keep(t.Context(), s.ID()))
	if sifted.Rows != rows || sifted.Later != 0 {
		t.Fatalf("%+v", sifted)
	}
	index := (MostIDs - ids) / 128 * 4 >> 10 // in KiB, of as many ids as there may be
	if took := resident(t, "VmHWM:") - before + index; took > 64<<10 {
		t.Errorf("%d KiB with %d ids remembered", took, MostIDs)
	}
	if size := m.Size(); size.Bytes > 24*size.IDs {
		t.Errorf("%+v", size)
	}
}
