package strip_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/strip"
)

const (
	benchGroups    = 20
	benchGroupRows = 50_000
)

// BenchmarkFile strips a file as ingest writes them, of a million listens sorted by user, and proves what is left. It
// reports megabytes of the file a second of CPU, and how many times as much CPU it takes as reading all values.
func BenchmarkFile(b *testing.B) {
	l := laketest.New(b)
	table, f := large(b, l)
	reading := cpuOf(func() { decode(b, f) })
	for _, c := range []struct {
		name string
		gone []int64
	}{
		{"rows of one user", span(420_000, 420_020)},
		{"a row of every group", every(benchGroupRows)},
		{"a row of a hundred", every(100)},
	} {
		b.Run(c.name, func(b *testing.B) {
			var cpu time.Duration
			for b.Loop() {
				var s strip.Stripped
				cpu += cpuOf(func() {
					var back strip.Sum
					var err error
					if s, err = strip.File(b.Context(), table, f, c.gone, "bench"); err == nil {
						back, err = s.ReadBack(b.Context())
					}
					if err != nil || !back.Equal(s.Kept) {
						b.Fatal(err)
					}
				})
				path, _ := lake.LocalPath(s.File.FilePath())
				if err := os.Remove(path); err != nil {
					b.Fatal(err)
				}
			}
			each := cpu.Seconds() / float64(b.N)
			b.ReportMetric(float64(f.FileSizeBytes())/1e6/each, "MB/s/core")
			b.ReportMetric(each/reading.Seconds(), "x-reading")
		})
	}
}

func every(step int64) (list []int64) {
	for n := step / 2; n < benchGroups*benchGroupRows; n += step {
		list = append(list, n)
	}
	return list
}

// cpuOf is the CPU time that the process takes meanwhile.
func cpuOf(do func()) time.Duration {
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			panic(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := used()
	do()
	return used() - before
}

// decode reads a file as any reader does.
func decode(b *testing.B, f iceberg.DataFile) {
	b.Helper()
	r, err := pqarrow.NewFileReader(laketest.Parquet(b, f), pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		b.Fatal(err)
	}
	columns := make([]int, r.ParquetReader().MetaData().NumColumns())
	for i := range columns {
		columns[i] = i
	}
	for g := range benchGroups {
		all, err := r.ReadRowGroups(context.Background(), columns, []int{g})
		if err != nil {
			b.Fatal(err)
		}
		all.Release()
	}
}

// large is a table and a file of it.
func large(b *testing.B, l *laketest.Lake) (*lake.Table, lake.File) {
	b.Helper()
	table, small := filled(b, l, 1)
	schema, err := table.ArrowSchema()
	if err != nil {
		b.Fatal(err)
	}
	uri := table.NewDataPath("bench")
	out, err := table.Create(b.Context(), uri)
	if err != nil {
		b.Fatal(err)
	}
	props := []parquet.WriterProperty{parquet.WithCompression(compress.Codecs.Zstd), parquet.WithCompressionLevel(1), parquet.WithStatsFor("listen_id", false)}
	for _, name := range []string{"listen_id", "ms_played", "track_ms", "event_time", "received_time", "source_partition", "source_offset"} {
		props = append(props, parquet.WithDictionaryFor(name, false))
	}
	for _, name := range []string{"event_time", "received_time", "source_offset"} {
		props = append(props, parquet.WithEncodingFor(name, parquet.Encodings.DeltaBinaryPacked))
	}
	w, err := pqarrow.NewFileWriter(schema, out, parquet.NewWriterProperties(props...), pqarrow.DefaultWriterProps())
	if err != nil {
		b.Fatal(err)
	}
	for g := range benchGroups {
		batch := listens(schema, g*benchGroupRows)
		if err := w.Write(batch); err != nil {
			b.Fatal(err)
		}
		batch.Release()
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	f, err := table.ReadDataFile(b.Context(), uri, lake.PartitionValue(small))
	if err != nil {
		b.Fatal(err)
	}
	return table, lake.File{DataFile: f}
}

// listens are the rows of one row group: twenty of each user.
func listens(schema *arrow.Schema, first int) arrow.RecordBatch {
	r := rand.New(rand.NewPCG(7, uint64(first)))
	build := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer build.Release()
	for i, field := range schema.Fields() {
		for n := range benchGroupRows {
			switch to := build.Field(i).(type) {
			case *array.StringBuilder:
				switch field.Name {
				case "listen_id":
					to.Append(fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()))
				case "user_id":
					to.Append(fmt.Sprintf("user-%08d", (first+n)/20))
				case "extra":
					to.AppendNull()
				default:
					to.Append(fmt.Sprint(field.Name, r.IntN(2000)))
				}
			case *array.Int32Builder:
				to.Append(r.Int32N(300_000))
			case *array.Int64Builder:
				to.Append(int64(first + n))
			case *array.TimestampBuilder:
				to.Append(arrow.Timestamp(1_772_000_000_000_000 + r.Int64N(86_400_000_000)))
			case *array.BooleanBuilder:
				to.Append(r.IntN(9) == 0)
			}
		}
	}
	return build.NewRecordBatch()
}
