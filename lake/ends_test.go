package lake_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// longTexts are values that writers of Parquet leave out of their statistics, and the greatest that there are.
var longTexts = []string{
	strings.Repeat("m", 5000), "\x00" + strings.Repeat("a", 5000), strings.Repeat("é", 3000), strings.Repeat("\U0010FFFF", 2000),
	"a" + strings.Repeat("\U0010FFFF", 2000), strings.Repeat("\uD7FF", 2000),
}

// Whoever prunes by a bound that is narrower than the values misses rows.
func TestBoundsOfAFileLeaveRoomForEachOfItsTexts(t *testing.T) {
	for _, mode := range []string{"full", "truncate(16)"} {
		for i, long := range longTexts {
			for _, texts := range [][]string{{"k", long}, {long, "k"}, {long}, {"k", "l"}} {
				t.Run(fmt.Sprint(mode, " ", i, " ", slices.Index(texts, long)), func(t *testing.T) { leavesRoom(t, mode, texts) })
			}
		}
	}
}

// leavesRoom writes a file with a row group a text.
func leavesRoom(t *testing.T, mode string, texts []string) {
	l := laketest.New(t)
	l.Hand(t, catalog.ListensCounted).Property("write.metadata.metrics.default", mode)
	tbl := l.Snapshot(t, catalog.ListensCounted).Table()
	df := writtenTexts(t, tbl, texts)
	c, _ := tbl.Column("track_id")
	lower, upper := df.LowerBoundValues()[c.Field.ID], df.UpperBoundValues()[c.Field.ID]
	for _, text := range texts {
		if lower != nil && string(lower) > text || upper != nil && string(upper) < text {
			t.Errorf("the bounds [%.20q, %.20q] of %d and %d bytes exclude %.20q", lower, upper, len(lower), len(upper), text)
		}
	}
	if short := !slices.ContainsFunc(texts, func(text string) bool { return len(text) > 4096 }); short && (lower == nil || upper == nil) {
		t.Error("short texts have no bounds")
	}
	if user, _ := tbl.Column("user_id"); df.LowerBoundValues()[user.Field.ID] != nil || df.UpperBoundValues()[user.Field.ID] != nil {
		t.Error("a listener is told")
	}
}

// writtenTexts is a file of the ledger that has these as tracks, each in a row group of its own.
func writtenTexts(t *testing.T, tbl *lake.Table, texts []string) iceberg.DataFile {
	t.Helper()
	schema, err := tbl.ArrowSchema()
	if err != nil {
		t.Fatal(err)
	}
	uri := tbl.NewDataPath("test")
	out, err := tbl.Create(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	w, err := pqarrow.NewFileWriter(schema, out, parquet.NewWriterProperties(parquet.WithDictionaryDefault(true)), pqarrow.DefaultWriterProps())
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for _, text := range texts {
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		for i, f := range schema.Fields() {
			switch {
			case f.Name == "track_id":
				b.Field(i).(*array.StringBuilder).Append(text)
			case f.Nullable:
				b.Field(i).AppendNull()
			case f.Type.ID() == arrow.STRING:
				b.Field(i).(*array.StringBuilder).Append("x")
			case f.Type.ID() == arrow.TIMESTAMP:
				b.Field(i).(*array.TimestampBuilder).Append(arrow.Timestamp(at.UnixMicro()))
			default:
				b.Field(i).AppendEmptyValue()
			}
		}
		if err := w.Write(b.NewRecordBatch()); err != nil {
			t.Fatal(err)
		}
		b.Release()
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	footer, err := w.FileMetadata()
	if err != nil {
		t.Fatal(err)
	}
	if footer.NumRowGroups() != len(texts) {
		t.Fatalf("%d row groups of %d", footer.NumRowGroups(), len(texts))
	}
	df, err := tbl.DataFile(uri, footer, out.Bytes(), int(lake.MonthOf(at)))
	if err != nil {
		t.Fatal(err)
	}
	return df
}

// Another engine prunes by the bounds.
func TestAnotherEngineFindsARowBesideALongText(t *testing.T) {
	laketest.Engine(t, "READERS_PYTHON")
	for i, long := range longTexts {
		l := laketest.New(t)
		now := l.Snapshot(t, catalog.ListensCounted)
		df := writtenTexts(t, now.Table(), []string{"k", long})
		if _, err := l.Commit(t.Context(), catalog.ListensCounted, lake.Commit{Job: "test", Add: []iceberg.DataFile{df}, Stage: lake.IfUnmoved(now, nil)}); err != nil {
			t.Fatal(err)
		}
		if got := laketest.Foreign(t, l.Dir, "count", catalog.ListensCounted, "track_id == 'k'"); got != "1\n" {
			t.Errorf("text %d: %q rows", i, got)
		}
	}
}
