package strip_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	pqfile "github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/strip"
)

// altered is a table with columns of another engine, among them lists and maps, and one file of that engine.
func altered(t *testing.T, l *laketest.Lake, rows, groupRows int) (*lake.Table, lake.File) {
	t.Helper()
	_, plain := filled(t, l, rows)
	l.Alter(t, catalog.Listens, func(tx *icetable.Transaction) error {
		return tx.UpdateSchema(true, true).
			AddColumn([]string{"score"}, iceberg.PrimitiveTypes.Float64, "", false, nil).
			AddColumn([]string{"tags"}, &iceberg.ListType{ElementID: 900, Element: iceberg.PrimitiveTypes.String}, "", false, nil).
			AddColumn([]string{"marks"}, &iceberg.MapType{KeyID: 901, KeyType: iceberg.PrimitiveTypes.String, ValueID: 902, ValueType: iceberg.PrimitiveTypes.Int64}, "", false, nil).
			AddColumn([]string{"spot"}, &iceberg.StructType{FieldList: []iceberg.NestedField{{ID: 903, Name: "lat", Type: iceberg.PrimitiveTypes.Int64}, {ID: 904, Name: "name", Type: iceberg.PrimitiveTypes.String}}}, "", false, nil).
			AddColumn([]string{"note"}, iceberg.PrimitiveTypes.String, "", false, nil).Commit()
	})
	table := l.Snapshot(t, catalog.Listens).Table()
	schema, err := icetable.SchemaToArrowSchema(table.Current().Schema(), nil, true, false)
	if err != nil {
		t.Fatal(err)
	}
	all := read(t, plain)
	defer all.Release()
	var columns []arrow.Array
	for i, f := range schema.Fields() {
		if int64(i) < all.NumCols() {
			whole, err := array.Concatenate(all.Column(i).Data().Chunks(), memory.DefaultAllocator)
			if err != nil {
				t.Fatal(err)
			}
			columns = append(columns, whole)
			continue
		}
		b := array.NewBuilder(memory.DefaultAllocator, f.Type)
		for row := range rows {
			if err := b.AppendValueFromString(foreignValue(f.Name, row)); err != nil {
				t.Fatal(err)
			}
		}
		columns = append(columns, b.NewArray())
	}
	return table, replaced(t, l, []lake.File{plain}, foreign(t, table, plain, array.NewRecordBatch(schema, columns, int64(rows)), groupRows))
}

// foreign is a file of another engine, with columns of its own, in the partition of another file.
func foreign(t *testing.T, table *lake.Table, like lake.File, rows arrow.RecordBatch, groupRows int, with ...parquet.WriterProperty) iceberg.DataFile {
	t.Helper()
	uri := table.NewDataPath("test")
	out, err := table.Create(t.Context(), uri)
	if err == nil {
		var by []parquet.SortingColumn
		for i := range rows.Schema().NumFields() {
			by = append(by, parquet.SortingColumn{ColumnIdx: int32(i)})
		}
		err = pqarrow.WriteTable(array.NewTableFromRecords(rows.Schema(), []arrow.RecordBatch{rows}), out, int64(groupRows),
			parquet.NewWriterProperties(append([]parquet.WriterProperty{
				parquet.WithMaxRowGroupLength(int64(groupRows)), parquet.WithDataPageSize(512), parquet.WithSortingColumns(by),
			}, with...)...), pqarrow.DefaultWriterProps())
	}
	if err != nil {
		t.Fatal(err)
	}
	path, _ := lake.LocalPath(uri)
	info, err := os.Stat(path)
	r, readErr := pqfile.OpenParquetFile(path, false)
	if err := errors.Join(err, readErr); err != nil {
		t.Fatal(err)
	}
	file, err := table.DataFileLike(like, uri, r.MetaData(), info.Size())
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return file
}

// foreignValue is a value of a column of another engine: lists are absent, empty, short, and longer than a batch.
func foreignValue(column string, row int) string {
	switch {
	case column == "score":
		return fmt.Sprint(row, ".5")
	case column == "note" && row == 207:
		return strings.Repeat("z", 5000)
	case column == "note":
		return fmt.Sprint("note-", row%7)
	case row%4 == 0:
		return array.NullValueStr
	case column == "spot":
		return fmt.Sprintf(`{"lat": %d, "name": "spot-%d"}`, row, row%9)
	case row%4 == 1:
		return "[]"
	}
	n := row % 5
	if row%97 == 2 {
		n = 3000
	}
	var list []string
	for i := range n {
		if column == "marks" {
			list = append(list, fmt.Sprintf(`{"key": "%d-%d", "value": %d}`, row, i, i))
		} else {
			list = append(list, fmt.Sprintf(`"tag-%d-%d"`, row, i))
		}
	}
	return "[" + strings.Join(list, ",") + "]"
}

func TestListsAndMapsOfAnotherEngineStayWithTheirRows(t *testing.T) {
	l := laketest.New(t)
	table, f := altered(t, l, 600, 200)
	before := lines(t, read(t, f))
	for _, gone := range [][]int64{nil, {0}, {2, 99, 196, 599}, span(150, 420), append(span(0, 598), 599)} {
		s, err := strip.File(t.Context(), table, f, gone, "test")
		if err != nil {
			t.Fatal(err)
		}
		back, err := s.ReadBack(t.Context())
		if err != nil || !back.Equal(s.Kept) || back.Rows != 600-int64(len(gone)) {
			t.Fatalf("without %d rows: %v, read back %v: %v", len(gone), s.Kept, back, err)
		}
		if diff := cmp.Diff(without(before, gone), lines(t, read(t, s.File))); diff != "" {
			t.Fatalf("without %d rows (-want +got)\n%s", len(gone), diff)
		}
	}
}

// Both kinds of row groups lack the bound: one that is copied, and one that is written.
func TestABoundThatIsTooLongIsNotThatOfOtherValues(t *testing.T) {
	l := laketest.New(t)
	table, f := altered(t, l, 600, 200)
	note, _ := table.Current().Schema().FindFieldByName("note")
	score, _ := table.Current().Schema().FindFieldByName("score")
	for _, gone := range [][]int64{{0}, {0, 200, 400}, append(span(0, 207), span(208, 400)...)} {
		s, err := strip.File(t.Context(), table, f, gone, "test")
		if err != nil {
			t.Fatal(err)
		}
		if most, told := s.File.UpperBoundValues()[note.ID]; told {
			t.Errorf("without %d rows: a note of 5,000 letters is left, no note is above %q", len(gone), most)
		}
		if s.File.UpperBoundValues()[score.ID] == nil {
			t.Errorf("without %d rows: scores have no bound", len(gone))
		}
	}
}

func TestAListThatHasNotTheRowsOfItsRowGroupIsDamaged(t *testing.T) {
	l := laketest.New(t)
	table, f := altered(t, l, 200, 200)
	all := read(t, f)
	at := all.Schema().FieldIndices("tags")[0]
	tags, err := array.Concatenate(all.Column(at).Data().Chunks(), memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	alone := foreign(t, table, f, array.NewRecordBatch(arrow.NewSchema([]arrow.Field{all.Schema().Field(at)}, nil), []arrow.Array{tags}, 200), 200)
	if _, err := strip.File(t.Context(), table, lake.File{DataFile: alone}, []int64{5}, "test"); err != nil {
		t.Fatal(err)
	}
	for _, more := range []int64{-1, 1} {
		bad := refooted(t, table, lake.File{DataFile: alone}, func(footer *metadata.FileMetaData) {
			footer.NumRows += more
			footer.RowGroups[0].NumRows += more
		})
		if _, err := strip.File(t.Context(), table, bad, []int64{5}, "test"); !errors.Is(err, lake.ErrDamaged) {
			t.Errorf("%d rows more: %v", more, err)
		}
	}
}

func TestAColumnThatAnotherEngineDroppedStaysBehind(t *testing.T) {
	l := laketest.New(t)
	_, f := altered(t, l, 300, 100)
	l.Alter(t, catalog.Listens, func(tx *icetable.Transaction) error {
		return tx.UpdateSchema(true, true).DeleteColumn([]string{"score"}).DeleteColumn([]string{"marks"}).Commit()
	})
	table := l.Snapshot(t, catalog.Listens).Table()
	before := texts(t, l, table.Current(), []lake.File{f})
	s, err := strip.File(t.Context(), table, f, []int64{5, 250}, "test")
	if err != nil {
		t.Fatal(err)
	}
	if back, err := s.ReadBack(t.Context()); err != nil || !back.Equal(s.Kept) {
		t.Fatalf("%v, read back %v: %v", s.Kept, back, err)
	}
	if diff := cmp.Diff(without(before, []int64{5, 250}), texts(t, l, table.Current(), []lake.File{{DataFile: s.File}})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var names []string
	for _, c := range read(t, s.File).Schema().Fields() {
		names = append(names, c.Name)
	}
	was, is := laketest.Parquet(t, f).MetaData(), laketest.Parquet(t, s.File).MetaData()
	for g := range is.NumRowGroups() {
		ordered, before := is.RowGroup(g).SortingColumns(), was.RowGroup(g).SortingColumns()
		for i, by := range ordered {
			if was.Schema.Column(int(before[i].ColumnIdx)).Path() != is.Schema.Column(int(by.ColumnIdx)).Path() {
				t.Errorf("row group %d is said to be ordered by %s", g, is.Schema.Column(int(by.ColumnIdx)).Path())
			}
		}
		if score := was.Schema.ColumnIndexByName("score"); len(ordered) != score {
			t.Errorf("row group %d is said to be ordered by %d columns, want the %d before the dropped one", g, len(ordered), score)
		}
	}
	if slices.Contains(names, "score") || slices.Contains(names, "marks") || !slices.Contains(names, "tags") {
		t.Errorf("the new file has columns %v", names)
	}
}

// Another engine may give the table another partition spec for rows of its own.
func TestAFileStaysUnderThePartitionSpecThatItHas(t *testing.T) {
	l := laketest.New(t)
	_, first := filled(t, l, 10)
	h := l.Hand(t, catalog.Listens)
	h.Respec(func(u *icetable.UpdateSpec) { u.AddField("country", iceberg.IdentityTransform{}, "theirs") })
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	var rows [][]any
	for i := range 30 {
		rows = append(rows, []any{fmt.Sprint("listen-", i), "user", "t", "a", "phone", at, i, nil, "DE", "free", nil, nil, at, nil, "topic", 0, 100 + i})
	}
	s := h.Append(rows...)
	files, err := s.Files(t.Context())
	if err != nil || len(files) != 2 {
		t.Fatal(len(files), err)
	}
	f := files[slices.IndexFunc(files, func(f lake.File) bool { return f.FilePath() != first.FilePath() })]
	if f.SpecID() == first.SpecID() {
		t.Fatal("both files are under one spec")
	}
	before := texts(t, l, s, []lake.File{f})
	stripped, err := strip.File(t.Context(), s.Table(), f, []int64{3}, "test")
	if err != nil {
		t.Fatal(err)
	}
	after, err := l.Lake.Rewrite(t.Context(), lake.Rewrite{
		Job: "test", Base: l.Snapshot(t, catalog.Listens), Inputs: []lake.File{f}, Outputs: []iceberg.DataFile{stripped.File}, Verify: l.Duck.Verify,
		Moved: func(string, []int64) (map[string][]int64, error) { return nil, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	if files, err = after.Files(t.Context()); err != nil || len(files) != 2 {
		t.Fatal(len(files), err)
	}
	now := files[slices.IndexFunc(files, func(f lake.File) bool { return f.FilePath() != first.FilePath() })]
	if diff := cmp.Diff([]any{f.SpecID(), f.Partition()}, []any{now.SpecID(), now.Partition()}); diff != "" {
		t.Errorf("spec and partition (-was +is)\n%s", diff)
	}
	if diff := cmp.Diff(without(before, []int64{3}), texts(t, l, after, []lake.File{now})); diff != "" {
		t.Errorf("rows (-want +got)\n%s", diff)
	}
}
