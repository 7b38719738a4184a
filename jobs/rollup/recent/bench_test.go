package recent

import (
	"bytes"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// BenchmarkSift sifts fresh archive rows beside a number of remembered ids, as long ago as 48 hours, and keeps them. It
// reports the time of a row, the bytes on disk of an id, and by how much the memory of the process grew at most.
// RECENT_IDS is the number of ids of the largest case, for measuring: 345 million take 8 GB of disk.
func BenchmarkSift(b *testing.B) {
	most := 10_000_000
	if text := os.Getenv("RECENT_IDS"); text != "" {
		var err error
		most, err = strconv.Atoi(text)
		check(b, err)
	}
	for _, rows := range []int{30_000, 1_000_000} {
		l := laketest.New(b)
		empty, s := archiveOf(b, l, rows)
		for _, ids := range []int{0, 1_000_000, most} {
			b.Run(fmt.Sprintf("rows=%d/remembered=%d", rows, ids), func(b *testing.B) { benchmarkSift(b, empty, s, rows, ids) })
		}
	}
}

// archiveOf is an archive with a row before a snapshot, and so many that came after it.
func archiveOf(b testing.TB, l *laketest.Lake, rows int) (before int64, now lake.Snapshot) {
	b.Helper()
	w := l.Hand(b, catalog.Listens)
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	first := w.Insert([]any{"first", "u", "t", "a", "phone", at, int64(1), nil, "DE", "free", nil, nil, at, nil, "topic", 0, int64(0)})
	return first.ID(), w.Select(fmt.Sprintf(
		"SELECT r.* EXCLUDE (_file, _pos) REPLACE (CAST(uuid() AS VARCHAR) AS listen_id, i AS source_offset) FROM rows r, range(%d) g(i)", rows))
}

func benchmarkSift(b *testing.B, covered int64, s lake.Snapshot, rows, ids int) {
	m, err := Open(b.Context(), b.TempDir(), Options{Log: slog.New(slog.DiscardHandler)})
	check(b, err)
	defer m.Close() //nolint:errcheck // the folder is removed next
	_, err = m.Follow(b.Context(), s, covered)
	check(b, err)
	synthesize(b, m, ids, s.Time())
	changes, err := s.Changes(b.Context(), covered)
	check(b, err)
	debug.FreeOSMemory()
	check(b, os.WriteFile("/proc/self/clear_refs", []byte("5"), 0))
	before := resident(b, "VmRSS:")
	spent := processor(b)
	for b.Loop() {
		sifted, err := m.Sift(b.Context(), s, changes.Added)
		check(b, err)
		if int(sifted.Rows) != rows || sifted.Later != 0 {
			b.Fatalf("%+v", sifted)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
	b.ReportMetric(float64(processor(b)-spent)/float64(b.N*rows), "cpu-ns/row")
	_, err = m.Sift(b.Context(), s, changes.Added)
	check(b, err)
	began := time.Now()
	check(b, m.Keep(b.Context(), s.ID()))
	b.ReportMetric(float64(time.Since(began).Milliseconds()), "ms/keep")
	size := m.Size()
	b.ReportMetric(float64(size.Bytes)/float64(size.IDs), "bytes/id")
	b.ReportMetric(float64(resident(b, "VmHWM:")-before)/1024, "MiB-peak")
	b.ReportMetric(float64(size.Segments), "segments")
}

// BenchmarkMerge merges four segments of a million ids.
func BenchmarkMerge(b *testing.B) {
	m := &Memory{dir: b.TempDir()}
	synthesize(b, m, 8_000_000, time.Now())
	for b.Loop() {
		s, err := merge(b.Context(), m.dir, m.segments[:fanIn])
		check(b, err)
		check(b, s.remove())
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*4_000_000), "ns/id")
	check(b, removeAll(m.segments))
}

// synthesize fills a memory with ids that came evenly over 48 hours up to a time.
func synthesize(b testing.TB, m *Memory, ids int, until time.Time) {
	b.Helper()
	const parts = 8
	for i := range parts {
		n := ids / parts
		if n == 0 {
			continue
		}
		w, err := newSegmentWriter(m.dir, int64(n))
		check(b, err)
		gap := ^uint64(0)/uint64(n) - 1
		for k := range uint64(n) {
			check(b, w.add(entry{hi: k*gap + rand.Uint64N(gap), lo: rand.Uint64N(1 << lowBits), pos: rand.Uint64()}))
		}
		from := until.Add(-Window * time.Duration(parts-i) / parts)
		s, err := w.finish(from, from.Add(Window/parts))
		check(b, err)
		m.segments = append(m.segments, s)
	}
}

// processor is the time that the process has had of all processors.
func processor(b testing.TB) time.Duration {
	b.Helper()
	var u syscall.Rusage
	check(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// resident is a line of the process's status, in KiB.
func resident(b testing.TB, line string) int {
	b.Helper()
	text, err := os.ReadFile("/proc/self/status")
	check(b, err)
	_, rest, _ := bytes.Cut(text, []byte(line))
	kib, err := strconv.Atoi(string(bytes.Fields(rest)[0]))
	check(b, err)
	return kib
}
