package strip_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/apache/iceberg-go"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/strip"
)

// fully are the settings of a writer that writes all that a Parquet file may have.
var fully = []parquet.WriterProperty{
	parquet.WithCompression(compress.Codecs.Snappy), parquet.WithPageIndexEnabled(true), parquet.WithStats(true),
	parquet.WithDataPageVersion(parquet.DataPageV2), parquet.WithBloomFilterEnabledFor("user_id", true), parquet.WithDataPageSize(1 << 10),
}

// grouped is a table with one file of a number of row groups.
func grouped(t testing.TB, l *laketest.Lake, groups, rows int, with ...parquet.WriterProperty) (*lake.Table, lake.File) {
	t.Helper()
	table, f := filled(t, l, groups*rows)
	all := read(t, f)
	defer all.Release()
	uri := table.NewDataPath("test")
	out, err := table.Create(t.Context(), uri)
	if err == nil {
		props := parquet.NewWriterProperties(append(with, parquet.WithMaxRowGroupLength(int64(rows)))...)
		err = pqarrow.WriteTable(all, out, int64(rows), props, pqarrow.DefaultWriterProps())
	}
	var file iceberg.DataFile
	if err == nil {
		file, err = table.ReadDataFile(t.Context(), uri, lake.PartitionValue(f))
	}
	if err != nil {
		t.Fatal(err)
	}
	return table, replaced(t, l, []lake.File{f}, file)
}

// replaced puts a file in the place of others.
func replaced(t testing.TB, l *laketest.Lake, files []lake.File, by iceberg.DataFile) lake.File {
	t.Helper()
	s, err := l.Lake.Rewrite(t.Context(), lake.Rewrite{
		Job: "test", Base: l.Snapshot(t, catalog.Listens), Inputs: files, Outputs: []iceberg.DataFile{by}, Verify: l.Duck.Verify,
		Moved: func(string, []int64) (map[string][]int64, error) { return nil, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	now, err := s.Files(t.Context())
	if err != nil || len(now) != 1 {
		t.Fatal(len(now), err)
	}
	return now[0]
}

// read is a file as arrow-go reads it.
func read(t testing.TB, f iceberg.DataFile) arrow.Table {
	t.Helper()
	r, err := pqarrow.NewFileReader(laketest.Parquet(t, f), pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	all, err := r.ReadTable(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// lines are the rows of a table as text.
func lines(t testing.TB, of arrow.Table) (list []string) {
	t.Helper()
	r := array.NewTableReader(of, 0)
	defer r.Release()
	for r.Next() {
		b := r.RecordBatch()
		for row := range int(b.NumRows()) {
			text := ""
			for _, c := range b.Columns() {
				text += c.ValueStr(row) + "|"
			}
			list = append(list, text)
		}
	}
	return list
}

// bytesOf are those of a column chunk.
func bytesOf(t testing.TB, f iceberg.DataFile, of *metadata.ColumnChunkMetaData) []byte {
	t.Helper()
	path, _ := lake.LocalPath(f.FilePath())
	all, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	start := of.DataPageOffset()
	if of.HasDictionaryPage() {
		start = of.DictionaryPageOffset()
	}
	return all[start : start+of.TotalCompressedSize()]
}

func TestRowGroupsWithoutALostRowAreCopiedAsBytes(t *testing.T) {
	l := laketest.New(t)
	table, f := grouped(t, l, 5, 200, fully...)
	from := laketest.Parquet(t, f)
	if c, _ := from.MetaData().RowGroup(0).ColumnChunk(1); from.NumRowGroups() != 5 || from.MetaData().RowGroups[0].Columns[1].ColumnIndexOffset == nil || c.BloomFilterOffset() == 0 {
		t.Fatal("the file lacks what is to be tested")
	}
	before, rows := texts(t, l, table.Current(), []lake.File{f}), lines(t, read(t, f))
	for _, c := range []struct {
		gone []int64
		kept []int // groups of the input that are there as they were; -1 are others
	}{
		{nil, []int{0, 1, 2, 3, 4}},
		{[]int64{450}, []int{0, 1, -1, 3, 4}},
		{append(span(200, 400), 0, 999), []int{-1, 2, 3, -1}},
		{span(0, 800), []int{4}},
		{[]int64{0, 200, 400, 600, 800}, []int{-1, -1, -1, -1, -1}},
	} {
		slices.Sort(c.gone)
		s, err := strip.File(t.Context(), table, f, c.gone, "test")
		if err != nil {
			t.Fatal(err)
		}
		if back, err := s.ReadBack(t.Context()); err != nil || !back.Equal(s.Kept) || back.Rows != 1000-int64(len(c.gone)) {
			t.Fatalf("without %d rows: %v, read back %v: %v", len(c.gone), s.Kept, back, err)
		}
		want, wantRows := without(before, c.gone), without(rows, c.gone)
		if diff := cmp.Diff(want, texts(t, l, table.Current(), []lake.File{{DataFile: s.File}})); diff != "" {
			t.Fatalf("by DuckDB, without %d rows (-want +got)\n%s", len(c.gone), diff)
		}
		if diff := cmp.Diff(wantRows, lines(t, read(t, s.File))); diff != "" {
			t.Fatalf("by arrow-go, without %d rows (-want +got)\n%s", len(c.gone), diff)
		}
		to := laketest.Parquet(t, s.File)
		if to.NumRowGroups() != len(c.kept) || to.NumRows() != int64(len(want)) {
			t.Fatalf("%d row groups with %d rows", to.NumRowGroups(), to.NumRows())
		}
		for n, g := range c.kept {
			sameGroup(t, f, s.File, from.MetaData(), to.MetaData(), g, n)
		}
	}
}

// sameGroup tells whether a row group is a copy of another, with whatever places it names being its own.
func sameGroup(t *testing.T, f, stripped iceberg.DataFile, from, to *metadata.FileMetaData, g, n int) {
	t.Helper()
	group := to.RowGroups[n]
	if first, _ := to.RowGroup(n).ColumnChunk(0); *group.Ordinal != int16(n) || stripped.SplitOffsets()[n] != *group.FileOffset || *group.FileOffset != min(first.DataPageOffset(), first.DictionaryPageOffset()) {
		t.Errorf("row group %d: ordinal %d, at %d, split at %d", n, *group.Ordinal, *group.FileOffset, stripped.SplitOffsets()[n])
	}
	for i := range from.NumColumns() {
		at, err := to.RowGroup(n).ColumnChunk(i)
		if err != nil {
			t.Fatal(err)
		}
		if c := group.Columns[i]; c.ColumnIndexOffset != nil || c.OffsetIndexOffset != nil || c.MetaData.BloomFilterOffset != nil {
			t.Errorf("row group %d names an index of the old file", n)
		}
		if g < 0 {
			continue
		}
		was, err := from.RowGroup(g).ColumnChunk(i)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(bytesOf(t, f, was), bytesOf(t, stripped, at)) {
			t.Errorf("row group %d, column %d: other bytes", n, i)
		}
		if diff := cmp.Diff(from.RowGroups[g].Columns[i].MetaData.Statistics, group.Columns[i].MetaData.Statistics); diff != "" {
			t.Errorf("row group %d, column %d: statistics (-was +is)\n%s", n, i, diff)
		}
	}
}

func without(rows []string, gone []int64) (kept []string) {
	for i, row := range rows {
		if !slices.Contains(gone, int64(i)) {
			kept = append(kept, row)
		}
	}
	return kept
}

func TestAStrippedFileTellsWhatAFileOfItsRowsTells(t *testing.T) {
	l := laketest.New(t)
	table, f := grouped(t, l, 4, 100, fully...)
	s, err := strip.File(t.Context(), table, f, []int64{150}, "test")
	if err != nil {
		t.Fatal(err)
	}
	uri := table.NewDataPath("test")
	out, err := table.Create(t.Context(), uri)
	if err == nil {
		err = pqarrow.WriteTable(read(t, s.File), out, 1000, parquet.NewWriterProperties(fully...), pqarrow.DefaultWriterProps())
	}
	var want iceberg.DataFile
	if err == nil {
		want, err = table.ReadDataFile(t.Context(), uri, lake.PartitionValue(f))
	}
	if err != nil {
		t.Fatal(err)
	}
	for name, of := range map[string]func(iceberg.DataFile) any{
		"lower bounds": func(f iceberg.DataFile) any { return f.LowerBoundValues() },
		"upper bounds": func(f iceberg.DataFile) any { return f.UpperBoundValues() },
		"values":       func(f iceberg.DataFile) any { return f.ValueCounts() },
		"nulls":        func(f iceberg.DataFile) any { return f.NullValueCounts() },
		"rows":         func(f iceberg.DataFile) any { return f.Count() },
	} {
		if diff := cmp.Diff(of(want), of(s.File)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
	user, _ := table.Column("user_id")
	if _, told := s.File.LowerBoundValues()[user.Field.ID]; told || len(s.File.LowerBoundValues()) == 0 {
		t.Error("the bounds of a personal column are told, or none at all")
	}
	if size, offsets := s.File.ColumnSizes(), s.File.SplitOffsets(); len(size) == 0 || len(offsets) != 4 || !slices.IsSorted(offsets) {
		t.Errorf("column sizes %v, split offsets %v", size, offsets)
	}
}

func TestAnotherEngineReadsAStrippedFile(t *testing.T) {
	l := laketest.New(t)
	table, f := grouped(t, l, 4, 100, fully...)
	conditions := []string{"user_id == 'user-3'", "country == 'DE'", "ms_played > 200", "track_ms is null", "client is not null", "source_offset == 150"}
	count := func() string {
		return laketest.Foreign(t, l.Dir, append([]string{"count", catalog.Listens}, conditions...)...)
	}
	before := count()
	s, err := strip.File(t.Context(), table, f, []int64{150}, "test")
	if err != nil {
		t.Fatal(err)
	}
	replaced(t, l, []lake.File{f}, s.File)
	after := count()
	if before == after {
		t.Error("the row is still there")
	}
	var want string
	d := l.Reading(t, "listens", catalog.Listens)
	for _, c := range []string{"user_id = 'user-3'", "country = 'DE'", "ms_played > 200", "track_ms IS NULL", "client IS NOT NULL", "source_offset = 150"} {
		var n int64
		if err := d.OneText(t.Context(), "SELECT count(*) FROM listens WHERE "+c, nil, []any{&n}); err != nil {
			t.Fatal(err)
		}
		want += fmt.Sprintln(n)
	}
	if diff := cmp.Diff(want, after); diff != "" {
		t.Errorf("%s (-want +got)\n%s", conditions, diff)
	}
}

func TestACopyThatIsNotWhatWasReadIsFound(t *testing.T) {
	l := laketest.New(t)
	table, f := grouped(t, l, 3, 100)
	s, err := strip.File(t.Context(), table, f, []int64{150}, "test")
	if err != nil {
		t.Fatal(err)
	}
	path, _ := lake.LocalPath(s.File.FilePath())
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	meta := laketest.Parquet(t, s.File).MetaData()
	for g := range meta.NumRowGroups() {
		for _, column := range []int{0, 1, 5} {
			of, _ := meta.RowGroup(g).ColumnChunk(column)
			bad := bytes.Clone(whole)
			bad[of.DataPageOffset()+of.TotalCompressedSize()/2] ^= 4
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			if back, err := s.ReadBack(t.Context()); err == nil && back.Equal(s.Kept) {
				t.Errorf("row group %d, column %d: a flipped bit is not seen", g, column)
			}
		}
	}
}

// A writer may leave out the bounds of a row group whose values are long. Those of the others are not those of the
// file.
func TestBoundsOfSomeRowGroupsAreNotThoseOfTheFile(t *testing.T) {
	l := laketest.New(t)
	table, whole := grouped(t, l, 3, 100)
	column, _ := table.Column("source_offset")
	f := refooted(t, table, whole, func(footer *metadata.FileMetaData) {
		of := footer.RowGroups[0].Columns[footer.Schema.ColumnIndexByName("source_offset")].MetaData.Statistics
		of.Min, of.Max, of.MinValue, of.MaxValue = nil, nil, nil, nil
	})
	s, err := strip.File(t.Context(), table, f, []int64{150}, "test")
	if err != nil {
		t.Fatal(err)
	}
	if lower, told := s.File.LowerBoundValues()[column.Field.ID]; told {
		t.Errorf("the file has rows from 0 on, its bounds begin at %v", lower)
	}
	if s, err = strip.File(t.Context(), table, whole, []int64{150}, "test"); err != nil || s.File.LowerBoundValues()[column.Field.ID] == nil {
		t.Errorf("where all row groups have bounds the file has none: %v", err)
	}
}

// refooted is a file like another with another footer.
func refooted(t *testing.T, table *lake.Table, f lake.File, change func(*metadata.FileMetaData)) lake.File {
	t.Helper()
	path, _ := lake.LocalPath(f.FilePath())
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := laketest.Parquet(t, f)
	change(r.MetaData())
	uri := table.NewDataPath("test")
	out, err := table.Create(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := out.Write(whole[:len(whole)-r.MetaData().Size()-8]); err != nil {
		t.Fatal(err)
	}
	n, err := r.MetaData().WriteTo(out, nil)
	if err == nil {
		_, err = out.Write(append(binary.LittleEndian.AppendUint32(nil, uint32(n)), "PAR1"...))
	}
	if err := errors.Join(err, out.Close()); err != nil {
		t.Fatal(err)
	}
	of, err := table.DataFileLike(f, uri, r.MetaData(), out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return lake.File{DataFile: of}
}
