package compact

import (
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
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
	columns := make([]arrow.Column, table.NumCols())
	for i := range columns {
		columns[i] = *table.Column(i)
	}
	field := table.Schema().Field(column)
	columns[column] = *arrow.NewColumn(field, arrow.NewChunked(field.Type, []arrow.Array{changed}))
	return array.NewTable(table.Schema(), columns, n)
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

func TestDamagedNumbersAreAnErrorAndNoMore(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	for range 20_000 {
		data := make([]byte, r.IntN(40))
		for i := range data {
			data[i] = byte(r.Uint32()) >> r.IntN(8) // small numbers are lengths that may be right
		}
		h := hybrid{data: data, width: r.IntN(mostBits + 1)}
		if err := h.read(make([]int32, r.IntN(200))); err != nil && !errors.Is(err, lake.ErrDamaged) {
			t.Fatal(err)
		}
		d, err := newDelta(append(binary.AppendUvarint(nil, 128), append([]byte{4, 200, 1}, data...)...))
		if err == nil {
			err = d.read(make([]int64, r.IntN(200)))
		}
		if err != nil && !errors.Is(err, lake.ErrDamaged) {
			t.Fatal(err)
		}
	}
}

// The widest differences there are take all bits, and a ninth byte where they do not begin at one.
func TestDifferencesOfAnyWidthAreRead(t *testing.T) {
	want := []int64{5, math.MaxInt64, math.MinInt64, 0, -1, 1 << 61, -(1 << 61)}
	const least, width = math.MinInt64, 63
	head := binary.AppendVarint(binary.AppendUvarint([]byte{128, 1, 4}, uint64(len(want))), want[0])
	var deltas [32]uint64
	for i := range want[1:] {
		deltas[i] = uint64(want[i+1]) - uint64(want[i]) - 1<<63
	}
	for _, width := range []int{64, width} {
		bits := make([]byte, 4*width)
		for i, d := range deltas {
			for b := range width {
				if d>>b&1 == 1 {
					bits[(i*width+b)/8] |= 1 << ((i*width + b) % 8)
				}
			}
		}
		d, err := newDelta(append(append(binary.AppendVarint(head[:len(head):len(head)], least), byte(width), 0, 0, 0), bits...))
		if err != nil {
			t.Fatal(err)
		}
		got := make([]int64, len(want))
		if err := d.read(got); err != nil {
			t.Fatal(err)
		}
		if width == 64 {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("of %d bits (-want +got)\n%s", width, diff)
			}
			continue
		}
		last := uint64(want[0]) // without the highest bit, what is left is still read right
		for i := range got[1:] {
			if last += deltas[i]&^(1<<63) + 1<<63; uint64(got[i+1]) != last {
				t.Fatalf("of %d bits, number %d is %d", width, i+1, got[i+1])
			}
		}
	}
}
