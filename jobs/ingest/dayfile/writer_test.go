package dayfile_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/ingest/dayfile"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// someListens makes n listens on a number of days, in the order of their arrival. The strings of one lie side by
// side, as the decoder makes them.
func someListens(n, days int) []listen.Listen {
	r := rand.New(rand.NewPCG(1, 2))
	list := make([]listen.Listen, n)
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
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

func batchOf(listens []listen.Listen) *dayfile.Rows {
	b := &dayfile.Rows{}
	for i, l := range listens {
		add(b, i, l)
	}
	return b
}

// add takes the listen that came i-th.
func add(r *dayfile.Rows, i int, l listen.Listen) {
	row := r.Add()
	row.Listen, row.Partition, row.Offset = l, int32(i%4), int64(i/4)
}

func TestRowGroupsAreBounded(t *testing.T) {
	laketest.Costly(t)
	l := laketest.New(t)
	tbl, err := l.Table(t.Context(), catalog.Listens)
	if err != nil {
		t.Fatal(err)
	}
	files, err := dayfile.Write(t.Context(), tbl, batchOf(someListens(510_001, 1)), "listens", "test")
	if err != nil || len(files) != 1 || files[0].Count() != 510_001 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	r := laketest.Parquet(t, files[0])
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
	batch := &dayfile.Rows{}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if i == len(listens) {
			batch.Reset()
			i = 0
		}
		add(batch, i, listens[i])
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
				batch.Sorted()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// oddListens lack what may be missing, and name more tracks than a dictionary holds.
func oddListens(n int) []listen.Listen {
	list := someListens(n, 1)
	for i := range list {
		l := &list[i]
		l.TrackID = fmt.Sprintf("track-%0200d", i%9000)
		l.Offline = listen.Flag(i % 3)
		if i%3 == 0 {
			l.Client, l.TrackMs = "", 0
		}
		if i%1000 == 7 {
			l.Extra = fmt.Sprintf(`{"mood":%d}`, i)
		}
	}
	return list
}

// What the library makes of the same rows, value by value, is the model.
func TestFilesSayWhatTheLibraryWouldWrite(t *testing.T) {
	laketest.Costly(t)
	l := laketest.New(t)
	tbl, err := l.Table(t.Context(), catalog.Listens)
	if err != nil {
		t.Fatal(err)
	}
	listens := oddListens(300_000)
	batch := batchOf(listens)
	files, err := dayfile.Write(t.Context(), tbl, batch, "listens", "test")
	if err != nil {
		t.Fatal(err)
	}
	ours := laketest.Parquet(t, files[0])
	var plain bytes.Buffer
	if err := dayfile.WritePlain(&plain, asArrow(t, tbl, listens, batch.Order())[0]); err != nil {
		t.Fatal(err)
	}
	model, err := file.NewParquetReader(bytes.NewReader(plain.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if ours.NumRowGroups() != 2 || model.NumRowGroups() != 2 {
		t.Fatalf("%d and %d row groups, want 2", ours.NumRowGroups(), model.NumRowGroups())
	}
	for i := range 2 {
		for c, f := range tbl.Current().Schema().Fields() {
			if diff := cmp.Diff(statistics(t, model.MetaData().RowGroup(i), c), statistics(t, ours.MetaData().RowGroup(i), c)); diff != "" {
				t.Errorf("row group %d, %s (-library +ours)\n%s", i, f.Name, diff)
			}
		}
	}
	if got, want := tableOf(t, ours), tableOf(t, model); !array.TableEqual(got, want) {
		t.Error("the values differ")
	}
}

func statistics(t *testing.T, group *metadata.RowGroupMetaData, column int) map[string]any {
	t.Helper()
	chunk, err := group.ColumnChunk(column)
	if err != nil {
		t.Fatal(err)
	}
	s, err := chunk.Statistics()
	if err != nil || s == nil {
		return map[string]any{"values": chunk.NumValues()}
	}
	return map[string]any{
		"values": chunk.NumValues(), "present": s.NumValues(), "absent": s.NullCount(), "bounded": s.HasMinMax(),
		"min": s.EncodeMin(), "max": s.EncodeMax(),
	}
}

func tableOf(t *testing.T, r *file.Reader) arrow.Table {
	t.Helper()
	reader, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	table, err := reader.ReadTable(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return table
}
