package compact

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/ingest/dayfile"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// BenchmarkCompaction merges 39 files of a day, and has bare DuckDB sort and write the same files. It reports the CPU
// of both, their ratio, the bytes that a row takes and the largest memory of the process so far. COMPACT_ROWS is the
// number of rows, for measuring.
func BenchmarkCompaction(b *testing.B) {
	rows := 390_000
	if text := os.Getenv("COMPACT_ROWS"); text != "" {
		var err error
		if rows, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		l := laketest.New(b)
		fillDay(b, l, 39, rows/39)
		began, wall := processor(b), time.Now()
		r, err := Run(b.Context(), jobs.Env{Lake: l.Lake, Duck: l.Duck, Log: slog.New(slog.DiscardHandler), Now: time.Now, Progress: func(string) {}}, Options{Minutes: time.Hour})
		if err != nil || r.Files == 0 {
			b.Fatalf("%+v, %v", r, err)
		}
		ours := processor(b) - began
		b.ReportMetric(float64(r.Bytes)/1e6/time.Since(wall).Seconds(), "MB/s")
		b.ReportMetric(float64(r.Bytes)/1e6/ours.Seconds(), "MB/s-core")
		b.ReportMetric(float64(peak(b)), "MiB-peak")
		b.ReportMetric(float64(r.Out)/float64(r.Rows), "bytes/row")
		theirs := sortedByDuckDB(b, l)
		b.ReportMetric(float64(ours.Nanoseconds())/float64(r.Rows), "cpu-ns/row")
		b.ReportMetric(float64(theirs.Nanoseconds())/float64(rows), "duckdb-cpu-ns/row")
		b.ReportMetric(float64(ours.Nanoseconds())/float64(r.Rows)*float64(rows)/float64(theirs.Nanoseconds()), "ratio")
	}
}

// sortedByDuckDB is the CPU of the same rows sorted and written by DuckDB alone, from the files before the merge.
func sortedByDuckDB(b *testing.B, l *laketest.Lake) time.Duration {
	b.Helper()
	all := l.Snapshot(b, catalog.Listens).Table().Snapshots()
	before := all[0]
	for _, s := range all {
		if s.Operation() == "append" {
			before = s
		}
	}
	files, err := before.Files(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	list := ""
	for _, f := range files {
		path, err := lake.LocalPath(f.FilePath())
		if err != nil {
			b.Fatal(err)
		}
		list += ", '" + path + "'"
	}
	d := l.DB(b)
	began := processor(b)
	text := fmt.Sprintf("COPY (SELECT * FROM read_parquet([%s]) ORDER BY user_id, event_time) TO '%s' (FORMAT parquet, COMPRESSION zstd)", list[2:], filepath.Join(b.TempDir(), "sorted.parquet"))
	if err := d.ExecText(b.Context(), text); err != nil {
		b.Fatal(err)
	}
	return processor(b) - began
}

// fillDay commits files of one day as ingest writes them.
func fillDay(b testing.TB, l *laketest.Lake, files, rows int) {
	b.Helper()
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	batch := &dayfile.Rows{}
	for f := range files {
		batch.Reset()
		for i := range rows {
			n := int64(f*rows + i)
			x := n * 2654435761
			at := start + x%listen.MicrosPerDay
			*batch.Add() = dayfile.Row{Listen: listen.Listen{
				ListenID: fmt.Sprintf("%016x-%08x", x*7919, n), UserID: fmt.Sprintf("user-%07d", x%200_000), TrackID: fmt.Sprintf("track-%06d", x/7%100_000),
				ArtistID: fmt.Sprintf("artist-%05d", x/7%10_000), Device: []string{"phone", "web", "tv"}[n%3], EventTime: at, ReceivedTime: at + x%1e10, MsPlayed: x % 240_000,
				TrackMs: 200_000 + x%60_000, Country: []string{"DE", "FR", "US", "JP"}[x/3%4], Tier: []string{"free", "premium"}[x/5%2], Client: "app-5.1", Offline: listen.False,
			}, Partition: int32(n % 6), Offset: n}
		}
		added, err := dayfile.Write(b.Context(), l.Snapshot(b, catalog.Listens).Table(), batch, "listens", "ingest")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := l.Commit(b.Context(), catalog.Listens, lake.Commit{Job: "ingest", Add: added, Stage: func(lake.Snapshot) (map[string]string, error) { return nil, nil }}); err != nil {
			b.Fatal(err)
		}
	}
}

// processor is the time that the process has had of all processors.
func processor(b testing.TB) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peak is the largest memory that the process had so far, in MiB.
func peak(b *testing.B) int64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Maxrss >> 10
}
