package ingest_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// someListens makes n listens on a number of days, in the order of their arrival. The strings of one lie side by
// side, as the decoder makes them.
func someListens(n, days int) []listen.Listen {
	r := rand.New(rand.NewPCG(1, 2))
	list := make([]listen.Listen, n)
	start := day(1).UnixMicro()
	for i := range list {
		event := start - int64(r.IntN(days))*listen.MicrosPerDay + int64(i)*1000
		device, country := []string{"phone", "laptop", "speaker", "web", "tablet"}[r.IntN(5)], []string{"DE", "US", "FR", "ZZ"}[r.IntN(4)]
		all := fmt.Sprintf("%016x%016xuser-%06dtrack-%05dartist-%04dapp/7.1%s%s", r.Uint64(), r.Uint64(), r.IntN(100_000), r.IntN(1+r.IntN(50_000)), r.IntN(1+r.IntN(10_000)), country, device)
		list[i] = listen.Listen{
			ListenID: all[:32], UserID: all[32:43], TrackID: all[43:54], ArtistID: all[54:65], Client: all[65:72], Country: all[72:74], Device: all[74:],
			EventTime: event, ReceivedTime: event + int64(r.IntN(5_000_000)), MsPlayed: int64(r.IntN(240_000)), TrackMs: 240_000, Tier: "premium",
		}
	}
	return list
}

func batchOf(listens []listen.Listen) *ingest.Batch {
	b := &ingest.Batch{}
	for i, l := range listens {
		b.Add(l, int32(i%4), int64(i/4))
	}
	return b
}

func TestRowGroupsAreBounded(t *testing.T) {
	l := laketest.New(t)
	tbl, err := l.Table(t.Context(), catalog.Listens)
	if err != nil {
		t.Fatal(err)
	}
	files, err := batchOf(someListens(510_001, 1)).Write(t.Context(), tbl)
	if err != nil || len(files) != 1 || files[0].Count() != 510_001 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	r := parquetFile(t, files[0])
	var rows []int64
	for i := range r.NumRowGroups() {
		rows = append(rows, r.RowGroup(i).NumRows())
	}
	if fmt.Sprint(rows) != "[250000 250000 10001]" {
		t.Errorf("row groups of %v rows", rows)
	}
}

// asArrow converts listens to Arrow, one batch a day, in the order given.
func asArrow(tb testing.TB, t *lake.Table, listens []listen.Listen, days [][]int) []arrow.RecordBatch {
	tb.Helper()
	schema, err := icetable.SchemaToArrowSchema(t.Current().Schema(), nil, true, false)
	if err != nil {
		tb.Fatal(err)
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	text := func(i int, s string) {
		if s == "" {
			b.Field(i).AppendNull()
		} else {
			b.Field(i).(*array.StringBuilder).Append(s)
		}
	}
	int32s := func(i int, n int64) { b.Field(i).(*array.Int32Builder).Append(int32(n)) }
	times := func(i int, n int64) { b.Field(i).(*array.TimestampBuilder).Append(arrow.Timestamp(n)) }
	var batches []arrow.RecordBatch
	for _, day := range days {
		for _, i := range day {
			l := listens[i]
			for c, s := range []string{l.ListenID, l.UserID, l.TrackID, l.ArtistID, l.Device} {
				text(c, s)
			}
			times(5, l.EventTime)
			int32s(6, l.MsPlayed)
			if l.TrackMs == 0 {
				b.Field(7).AppendNull()
			} else {
				int32s(7, l.TrackMs)
			}
			for c, s := range []string{l.Country, l.Tier, l.Client} {
				text(8+c, s)
			}
			if l.Offline == listen.Unset {
				b.Field(11).AppendNull()
			} else {
				b.Field(11).(*array.BooleanBuilder).Append(l.Offline == listen.True)
			}
			times(12, l.ReceivedTime)
			text(13, l.Extra)
			text(14, "listens")
			int32s(15, int64(i%4))
			b.Field(16).(*array.Int64Builder).Append(int64(i / 4))
		}
		batches = append(batches, b.NewRecordBatch())
	}
	return batches
}

// BenchmarkTakeRow is what a decoded listen costs on its way into a batch.
func BenchmarkTakeRow(b *testing.B) {
	listens := someListens(1_000_000, 30)
	batch := &ingest.Batch{}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if i == len(listens) {
			batch.Reset()
			i = 0
		}
		batch.Add(listens[i], int32(i%4), int64(i/4))
		i++
	}
}

// BenchmarkSort is a flush's sorting alone.
func BenchmarkSort(b *testing.B) {
	const rows = 1_000_000
	for _, days := range []int{1, 30} {
		b.Run(fmt.Sprint(days, "days"), func(b *testing.B) {
			batch := batchOf(someListens(rows, days))
			for b.Loop() {
				batch.Sort()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkWriters compares the writing of sorted rows with its limit: arrow-go writing the same rows with the same
// settings, from an Arrow table. Both by the CPU of the process, which counts the garbage collector's too.
func BenchmarkWriters(b *testing.B) {
	const rows = 500_000
	tbl, err := laketest.New(b).Table(b.Context(), catalog.Listens)
	if err != nil {
		b.Fatal(err)
	}
	for _, days := range []int{1, 30} {
		b.Run(fmt.Sprint(days, "days"), func(b *testing.B) {
			listens := someListens(rows, days)
			var ours, library time.Duration
			for b.Loop() {
				err := ingest.CompareWriters(b.Context(), tbl, slices.Values(listens), func(w ingest.Writers) error {
					ours += cpuOf(b, w.Ours)
					library += cpuOf(b, w.Library)
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(ours.Nanoseconds())/float64(b.N)/rows, "cpu-ns/row")
			b.ReportMetric(float64(library.Nanoseconds())/float64(b.N)/rows, "library-cpu-ns/row")
			b.ReportMetric(float64(ours)/float64(library), "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func cpuOf(b *testing.B, work func() error) time.Duration {
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	runtime.GC()
	before := used()
	if err := work(); err != nil {
		b.Fatal(err)
	}
	return used() - before
}
