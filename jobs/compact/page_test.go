package compact

import (
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// However a file is written, the same rows come out of its pages as out of arrow-go.
func TestPagesHaveTheRowsThatArrowReads(t *testing.T) {
	w := newWorld(t)
	w.ingest(6000, 1)
	files, err := w.archive().Files(t.Context())
	w.check(err)
	table := arrowTable(t, files[0].FilePath())
	small := parquet.WithDataPageSize(700)
	// Ingest has no dictionaries of numbers.
	texts := []parquet.WriterProperty{parquet.WithDictionaryDefault(false)}
	for _, name := range textColumns {
		texts = append(texts, parquet.WithDictionaryFor(name, true))
	}
	texts = slices.Clip(texts)
	differences := []parquet.WriterProperty{small, parquet.WithDictionaryDefault(false)}
	for _, name := range []string{"event_time", "received_time", "source_offset"} {
		differences = append(differences, parquet.WithEncodingFor(name, parquet.Encodings.DeltaBinaryPacked))
	}
	for name, c := range map[string]struct {
		props []parquet.WriterProperty
		odd   bool
	}{
		"dictionaries of texts":   {props: append(texts, small)},
		"dictionaries of numbers": {props: []parquet.WriterProperty{small}, odd: true},
		"full dictionaries":       {props: append(texts, small, parquet.WithDictionaryPageSizeLimit(900))},
		"no dictionaries":         {props: []parquet.WriterProperty{small, parquet.WithDictionaryDefault(false)}},
		"row groups":              {props: append(texts, parquet.WithMaxRowGroupLength(777))},
		"differences":             {props: differences},
		"texts by length":         {props: []parquet.WriterProperty{parquet.WithDictionaryDefault(false), parquet.WithEncodingFor("listen_id", parquet.Encodings.DeltaLengthByteArray)}, odd: true},
		"the second version":      {props: append(texts, parquet.WithDataPageVersion(parquet.DataPageV2)), odd: true},
		"snappy":                  {props: append(texts, small, parquet.WithCompression(compress.Codecs.Snappy))},
	} {
		rewrite(t, table, files[0].FilePath(), c.props...)
		rows, odd := rowsOf(t, w, Input{File: files[0], Sorted: true})
		if odd != c.odd {
			t.Errorf("%s: left to arrow-go is %t, want %t", name, odd, c.odd)
		}
		copied, _ := rowsOf(t, w, Input{File: files[0]}) // all at once, as one that is not sorted
		if diff := cmp.Diff(copied, rows); diff != "" || len(rows) != 6000 {
			t.Errorf("%s: %d rows (-arrow-go +pages)\n%s", name, len(rows), diff)
		}
	}
}

// rowsOf are the rows of a file, and whether arrow-go decoded them.
func rowsOf(t *testing.T, w *world, in Input) (rows [][]any, odd bool) {
	t.Helper()
	c, err := openCursor(t.Context(), w.archive().Table().Columns(), in, 0, nil)
	w.check(err)
	defer c.close() //nolint:errcheck // read only
	for {
		more, err := c.next()
		w.check(err)
		if !more {
			return rows, odd
		}
		odd = odd || c.pages == nil
		var s sum
		s.add(c)
		row := []any{c.position(), s.hi, s.lo, c.flags[c.row()]}
		for i := range c.text {
			row = append(row, string([]byte(c.text[i].at(c.row()))))
		}
		for i := range c.long {
			row = append(row, c.long[i][c.row()])
		}
		rows = append(rows, row)
	}
}

// A value of any column that the new file has wrong, or at another row, stops the run.
func TestAWrongValueOfAnyColumnIsSeen(t *testing.T) {
	w := newWorld(t)
	for range 12 {
		w.ingest(500, 1)
	}
	r := &run{env: w.env(), o: Options{Table: catalog.Listens, Target: 4 << 20}}
	base, groups, err := r.plan(t.Context())
	w.check(err)
	m, err := merge(t.Context(), w.env(), base, groups[0])
	w.check(err)
	defer func() { w.check(m.moved.close()) }()
	w.equal("rows", m.sum.rows > wholeRows, true) // so pages are read
	table := arrowTable(t, m.file.FilePath())
	rewrite(t, table, m.file.FilePath())
	w.check(m.prove(t.Context(), base.Table(), groups[0]))
	for i := range int(table.NumCols()) {
		name := table.Schema().Field(i).Name
		rewrite(t, spoilt(t, table, i), m.file.FilePath())
		if err := m.prove(t.Context(), base.Table(), groups[0]); !errors.Is(err, jobs.ErrProof) {
			t.Errorf("%s: %v", name, err)
		}
	}
	rewrite(t, array.NewTableFromRecords(table.Schema(), nil), m.file.FilePath())
	if err := m.prove(t.Context(), base.Table(), groups[0]); !errors.Is(err, jobs.ErrProof) {
		t.Errorf("no rows: %v", err)
	}
}

// Deletes that come later name rows by their numbers in the new file, so those must be in their places.
func TestTwoRowsInEachOthersPlaceAreSeen(t *testing.T) {
	for _, rows := range []int{40, 500} { // read at once, and page by page
		w := newWorld(t)
		for range 12 {
			w.ingest(rows, 1)
		}
		r := &run{env: w.env(), o: Options{Table: catalog.Listens, Target: 4 << 20}}
		base, groups, err := r.plan(t.Context())
		w.check(err)
		m, err := merge(t.Context(), w.env(), base, groups[0])
		w.check(err)
		table := arrowTable(t, m.file.FilePath())
		rewrite(t, table, m.file.FilePath())
		w.check(m.prove(t.Context(), base.Table(), groups[0]))
		swapped := table
		for i := range int(table.NumCols()) {
			swapped = withFirstTwoSwapped(t, swapped, i)
		}
		rewrite(t, swapped, m.file.FilePath())
		if err := m.prove(t.Context(), base.Table(), groups[0]); !errors.Is(err, jobs.ErrProof) {
			t.Errorf("of 12 * %d rows: %v", rows, err)
		}
		w.check(m.moved.close())
	}
}

// withFirstTwoSwapped gives the first two rows each other's value of a column.
func withFirstTwoSwapped(t *testing.T, table arrow.Table, column int) arrow.Table {
	t.Helper()
	values, err := array.Concatenate(table.Column(column).Data().Chunks(), memory.DefaultAllocator)
	if err == nil {
		n := int64(values.Len())
		values, err = array.Concatenate([]arrow.Array{array.NewSlice(values, 1, 2), array.NewSlice(values, 0, 1), array.NewSlice(values, 2, n)}, memory.DefaultAllocator)
	}
	if err != nil {
		t.Fatal(err)
	}
	return withColumn(table, column, values)
}

func withColumn(table arrow.Table, column int, values arrow.Array) arrow.Table {
	columns := make([]arrow.Column, table.NumCols())
	for i := range columns {
		columns[i] = *table.Column(i)
	}
	field := table.Schema().Field(column)
	columns[column] = *arrow.NewColumn(field, arrow.NewChunked(field.Type, []arrow.Array{values}))
	return array.NewTable(table.Schema(), columns, table.NumRows())
}

// spoilt gives two rows each other's value of a column, or where all have the same, one of them another.
func spoilt(t *testing.T, table arrow.Table, column int) arrow.Table {
	t.Helper()
	values, err := array.Concatenate(table.Column(column).Data().Chunks(), memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	n := int64(values.Len())
	other := int64(1)
	for other < n && values.ValueStr(int(other)) == values.ValueStr(0) {
		other++
	}
	var parts []arrow.Array
	if other < n {
		parts = []arrow.Array{array.NewSlice(values, other, other+1), array.NewSlice(values, 1, other), array.NewSlice(values, 0, 1), array.NewSlice(values, other+1, n)}
	} else {
		b := array.NewStringBuilder(memory.DefaultAllocator)
		b.Append("another")
		parts = []arrow.Array{b.NewArray(), array.NewSlice(values, 1, n)}
	}
	changed, err := array.Concatenate(parts, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	return withColumn(table, column, changed)
}

func arrowTable(t *testing.T, uri string) arrow.Table {
	t.Helper()
	path, err := lake.LocalPath(uri)
	if err != nil {
		t.Fatal(err)
	}
	f, err := file.OpenParquetFile(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // read only
	r, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	table, err := r.ReadTable(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// rewrite writes rows in the place of a file.
func rewrite(t *testing.T, table arrow.Table, uri string, props ...parquet.WriterProperty) {
	t.Helper()
	path, err := lake.LocalPath(uri)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := pqarrow.WriteTable(table, f, 1<<20, parquet.NewWriterProperties(props...), pqarrow.DefaultWriterProps()); err != nil {
		t.Fatal(err)
	}
}
