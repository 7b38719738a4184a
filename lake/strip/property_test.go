package strip_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/strip"
)

// Lengths are those at which runs of equal numbers, packed groups of them, and batches of rows end.
var lengths = []int{1, 7, 8, 9, 63, 64, 65, 503, 504, 505, 600, 1023, 1024, 1025}

func TestAnyRowsAreKeptThatAreNotGone(t *testing.T) {
	l := laketest.New(t)
	table, like := altered(t, l, 3, 3)
	schema, err := icetable.SchemaToArrowSchema(table.Current().Schema(), nil, true, false)
	if err != nil {
		t.Fatal(err)
	}
	for seed := uint64(0); seed < 60; seed += uint64(laketest.Stride(6)) {
		random := rand.New(rand.NewPCG(seed, 4))
		rows := randomRows(t, random, schema)
		f := lake.File{DataFile: foreign(t, table, like, rows, 1+random.IntN(int(rows.NumRows())), randomSettings(random)...)}
		before, all := texts(t, l, table.Current(), []lake.File{f}), lines(t, read(t, f))
		for range 3 {
			gone := randomGone(random, rows.NumRows())
			s, err := strip.File(t.Context(), table, f, gone, "test")
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if back, err := s.ReadBack(t.Context()); err != nil || !back.Equal(s.Kept) || back.Rows != rows.NumRows()-int64(len(gone)) {
				t.Fatalf("seed %d, without %d rows: %v, read back %v: %v", seed, len(gone), s.Kept, back, err)
			}
			if s.File == nil {
				continue
			}
			if diff := cmp.Diff(without(before, gone), texts(t, l, table.Current(), []lake.File{{DataFile: s.File}})); diff != "" {
				t.Fatalf("by DuckDB, seed %d, without %d rows (-want +got)\n%.2000s", seed, len(gone), diff)
			}
			if diff := cmp.Diff(without(all, gone), lines(t, read(t, s.File))); diff != "" {
				t.Fatalf("by arrow-go, seed %d, without %d rows (-want +got)\n%.2000s", seed, len(gone), diff)
			}
		}
	}
}

// randomRows have some columns of each kind, in runs.
func randomRows(t *testing.T, random *rand.Rand, schema *arrow.Schema) arrow.RecordBatch {
	t.Helper()
	rows := 2 + random.IntN(2500)
	var fields []arrow.Field
	var columns []arrow.Array
	for _, name := range []string{"source_offset", "ms_played", "track_ms", "client", "country", "offline", "event_time", "score", "tags", "spot"} {
		f := schema.Field(schema.FieldIndices(name)[0])
		b := array.NewBuilder(memory.DefaultAllocator, f.Type)
		width, absent := 1+random.IntN(30), []float64{0, .1, .9, 1}[random.IntN(4)]
		for left := 0; b.Len() < rows; {
			if left == 0 {
				left = lengths[random.IntN(1+random.IntN(len(lengths)))]
			}
			value := randomValue(random, f.Type, 1<<width)
			if f.Nullable && random.Float64() < absent {
				value = array.NullValueStr
			}
			if name == "source_offset" { // by which rows are ordered when they are read
				value, left = fmt.Sprint(b.Len()), 1
			}
			for ; left > 0 && b.Len() < rows; left-- {
				if err := b.AppendValueFromString(value); err != nil {
					t.Fatal(name, value, err)
				}
			}
		}
		fields, columns = append(fields, f), append(columns, b.NewArray())
	}
	return array.NewRecordBatch(arrow.NewSchema(fields, nil), columns, int64(rows))
}

func randomValue(random *rand.Rand, of arrow.DataType, below int) string {
	n, odd := random.IntN(below), random.IntN(20) == 0
	switch of.ID() {
	case arrow.INT32:
		if odd {
			return fmt.Sprint([]int32{math.MinInt32, math.MaxInt32}[n%2])
		}
	case arrow.FLOAT64:
		if odd {
			return []string{"NaN", "+Inf", "-Inf", "-0"}[n%4]
		}
	case arrow.BOOL:
		return fmt.Sprint(n%2 == 0)
	case arrow.TIMESTAMP:
		return fmt.Sprintf("2026-03-01T%02d:%02d:%02d.%06dZ", n%24, n%60, n%59, n%1_000_000)
	case arrow.STRING:
		if odd {
			return []string{"", "\xf4\x8f\xbf\xbf", "\x00"}[n%3]
		}
		return fmt.Sprint("text-", n)
	case arrow.LIST:
		return []string{"[]", `[""]`, fmt.Sprintf(`["tag-%d", null, "tag"]`, n)}[n%3]
	case arrow.STRUCT:
		return fmt.Sprintf(`{"lat": %d, "name": "spot-%d"}`, n, n%9)
	}
	return fmt.Sprint(n)
}

func randomSettings(random *rand.Rand) []parquet.WriterProperty {
	props := []parquet.WriterProperty{
		parquet.WithDataPageSize([]int64{64, 500, 5000, 1 << 20}[random.IntN(4)]), parquet.WithBatchSize(int64(1 + random.IntN(100))),
		parquet.WithCompression([]compress.Compression{compress.Codecs.Uncompressed, compress.Codecs.Snappy, compress.Codecs.Gzip, compress.Codecs.Zstd}[random.IntN(4)]),
		parquet.WithDictionaryDefault(random.IntN(4) > 0), parquet.WithStats(random.IntN(4) > 0),
	}
	if random.IntN(2) == 0 {
		props = append(props, parquet.WithDataPageVersion(parquet.DataPageV2))
	}
	if random.IntN(3) == 0 { // given up half way
		props = append(props, parquet.WithDictionaryPageSizeLimit(200))
	}
	return props
}

// randomGone are rows alone, or a span of them, which may begin and end with the file.
func randomGone(random *rand.Rand, rows int64) []int64 {
	var gone []int64
	share := random.Float64()
	for n := range rows {
		if random.Float64() < share/4 {
			gone = append(gone, n)
		}
	}
	from := random.Int64N(rows)
	to := min(rows, from+int64(lengths[random.IntN(len(lengths))]))
	gone = append(gone, span(from, to)...)
	if random.IntN(2) == 0 {
		gone = append(gone, 0, rows-1)
	}
	slices.Sort(gone)
	return slices.Compact(gone)
}
