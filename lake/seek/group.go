package seek

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"
	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/lake"
)

// group is a decoded row group.
type group struct {
	first   int64 // position of its first row in the file
	runs    []run
	sorted  bool // runs are ascending, no key twice
	columns []column
}

// run are rows next to each other that have one key: from inclusive, to exclusive.
type run struct {
	key      string
	from, to int
}

// column has texts or numbers of all rows of a group.
type column struct {
	texts   []string
	numbers []int64
}

// group is a decoded row group, kept.
func (r *Reader) group(f *opened, uri string, n int, key iceberg.NestedField, columns []iceberg.NestedField) (*group, error) {
	g, err := r.keptIn(r.groups, groupName(uri, n, key, columns), func() (any, int64, error) {
		g, err := decode(f, n, key, columns)
		return g, g.bytes(), err
	})
	if err != nil {
		return nil, err
	}
	return g.(*group), nil
}

// groupName is how the cache knows a row group.
func groupName(uri string, n int, key iceberg.NestedField, columns []iceberg.NestedField) string {
	name := strings.Builder{}
	name.WriteString("group:")
	name.WriteString(strconv.Itoa(n))
	name.WriteByte(':')
	name.WriteString(strconv.Itoa(key.ID))
	for _, c := range columns {
		name.WriteByte(',')
		name.WriteString(strconv.Itoa(c.ID))
	}
	name.WriteByte(':')
	name.WriteString(uri)
	return name.String()
}

// kept gives what the cache has, or makes it: once, however many ask.
func (r *Reader) kept(name string, make func() (value any, bytes int64, err error)) (any, error) {
	return r.keptIn(r.cache, name, make)
}

// keptIn makes it once for all that ask at the same time. Where the one that makes it gives up, because nobody waits
// for its own answer any more, another of them makes it.
func (r *Reader) keptIn(c *cache, name string, make func() (value any, bytes int64, err error)) (any, error) {
	for {
		if value, ok := c.get(name); ok {
			return value, nil
		}
		mine := false
		value, err, _ := r.flight.Do(name, func() (any, error) {
			mine = true
			if value, ok := c.get(name); ok {
				return value, nil
			}
			value, bytes, err := make()
			if err == nil {
				c.put(name, value, bytes)
			}
			return value, err
		})
		if mine || !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
			return value, err
		}
	}
}

// leaf is the place of a column by field id, -1 where the file lacks it.
func leaf(s *schema.Schema, field int) int {
	for i := range s.NumColumns() {
		if int(s.Column(i).SchemaNode().FieldID()) == field {
			return i
		}
	}
	return -1
}

func decode(f *opened, n int, key iceberg.NestedField, columns []iceberg.NestedField) (*group, error) {
	r, err := file.NewParquetReader(f, file.WithMetadata(f.Footer()))
	if err != nil {
		return nil, err
	}
	g := &group{first: f.groups[n].first, columns: make([]column, len(columns))}
	rows := int(f.Footer().RowGroup(n).NumRows())
	keys, err := read(r, n, rows, key)
	if err != nil {
		return nil, err
	}
	if keys.texts == nil {
		return nil, fmt.Errorf("keys of type %s: %w", key.Type, lake.ErrUnsupported)
	}
	g.runs, g.sorted = runsOf(keys.texts)
	for i, c := range columns {
		if g.columns[i], err = read(r, n, rows, c); err != nil {
			return nil, err
		}
	}
	return g, nil
}

func runsOf(keys []string) (runs []run, sorted bool) {
	sorted = true
	for at, key := range keys {
		if last := len(runs) - 1; last >= 0 && runs[last].key == key {
			runs[last].to = at + 1
			continue
		}
		sorted = sorted && (len(runs) == 0 || runs[len(runs)-1].key < key)
		runs = append(runs, run{key, at, at + 1})
	}
	return slices.Clip(runs), sorted
}

// each visits the rows of a key that are not deleted.
func (g *group) each(key string, deleted []int64, visit func(Row)) {
	runs := g.runs
	if g.sorted {
		at, ok := slices.BinarySearchFunc(runs, key, func(r run, key string) int { return cmp.Compare(r.key, key) })
		if !ok {
			return
		}
		runs = runs[at : at+1]
	}
	for _, r := range runs {
		if r.key != key {
			continue
		}
		for at := r.from; at < r.to; at++ {
			if _, gone := slices.BinarySearch(deleted, g.first+int64(at)); !gone {
				visit(Row{group: g, at: at})
			}
		}
	}
}

// bytes is about what the group takes in memory.
func (g *group) bytes() int64 {
	if g == nil {
		return 0
	}
	n := int64(0)
	for _, r := range g.runs {
		n += int64(32 + len(r.key))
	}
	for _, c := range g.columns {
		n += int64(8*len(c.numbers)) + textBytes(c.texts)
	}
	return n
}

// textBytes counts a text that repeats the one before it as a reference: read shares these.
func textBytes(texts []string) int64 {
	n := int64(16 * len(texts))
	before := ""
	for _, t := range texts {
		if t != before {
			n += int64(len(t))
		}
		before = t
	}
	return n
}

// read decodes a column of a row group.
func read(r *file.Reader, n, rows int, field iceberg.NestedField) (column, error) {
	isText := false
	switch field.Type.(type) {
	case iceberg.StringType, iceberg.BinaryType:
		isText = true
	}
	at := leaf(r.MetaData().Schema, field.ID)
	if at < 0 {
		if isText {
			return column{texts: make([]string, rows)}, nil
		}
		return column{numbers: make([]int64, rows)}, nil
	}
	chunk, err := r.RowGroup(n).Column(at)
	if err != nil {
		return column{}, err
	}
	var c column
	switch chunk := chunk.(type) {
	case *file.ByteArrayColumnChunkReader:
		c.texts, err = texts(chunk, rows)
	case *file.Int64ColumnChunkReader:
		if err := inMicroseconds(chunk.Descriptor()); err != nil {
			return column{}, err
		}
		c.numbers, err = numbers(rows, chunk, chunk.ReadBatch)
	case *file.Int32ColumnChunkReader:
		c.numbers, err = numbers(rows, chunk, chunk.ReadBatch)
	default:
		return column{}, fmt.Errorf("column %s of type %s: %w", field.Name, chunk.Type(), lake.ErrUnsupported)
	}
	if err == nil && isText != (c.texts != nil) {
		err = fmt.Errorf("column %s is %s in the table and %s in the file: %w", field.Name, field.Type, chunk.Type(), lake.ErrUnsupported)
	}
	if err != nil {
		return column{}, fmt.Errorf("column %s: %w", field.Name, err)
	}
	return c, nil
}

// inMicroseconds refuses instants of other units, which Iceberg's format does not have.
func inMicroseconds(d *schema.Column) error {
	if t, ok := d.LogicalType().(schema.TimestampLogicalType); ok && t.TimeUnit() != schema.TimeUnitMicros {
		return fmt.Errorf("instants that are not in microseconds: %w", lake.ErrUnsupported)
	}
	return nil
}

type chunkReader interface {
	HasNext() bool
	Err() error
	Descriptor() *schema.Column
}

// numbers decodes a column of numbers; a null is 0.
func numbers[N int32 | int64](rows int, c chunkReader, batch func(int64, []N, []int16, []int16) (int64, int, error)) ([]int64, error) {
	list := make([]int64, 0, rows)
	values, levels := make([]N, rows), make([]int16, rows)
	for c.HasNext() && len(list) < rows {
		total, n, err := batch(int64(rows-len(list)), values, levels, nil)
		if err != nil {
			return nil, err
		}
		list = spread(list, int(total), values[:n], levels, c.Descriptor(), func(v N) int64 { return int64(v) })
	}
	return list, ended(c, len(list), rows)
}

// texts decodes a column of texts; a null is "". A text that repeats the one before it is the same in memory, and those
// of one batch lie in one piece of it: there are millions.
func texts(c *file.ByteArrayColumnChunkReader, rows int) ([]string, error) {
	list := make([]string, 0, rows)
	values, levels := make([]parquet.ByteArray, rows), make([]int16, rows)
	before := ""
	var batch strings.Builder
	text := func(v parquet.ByteArray) string {
		if string(v) != before {
			from := batch.Len()
			batch.Write(v)
			before = batch.String()[from:]
		}
		return before
	}
	for c.HasNext() && len(list) < rows {
		total, n, err := c.ReadBatchInPage(int64(rows-len(list)), values, levels, nil)
		if err != nil {
			return nil, err
		}
		batch = strings.Builder{}
		batch.Grow(lengths(values[:n]))
		list = spread(list, int(total), values[:n], levels, c.Descriptor(), text)
	}
	return list, ended(c, len(list), rows)
}

// lengths is what texts take in memory, one that repeats the one before it counted once.
func lengths(values []parquet.ByteArray) (n int) {
	for i, v := range values {
		if i == 0 || !bytes.Equal(v, values[i-1]) {
			n += len(v)
		}
	}
	return n
}

// spread appends values, with a zero for each row that has none.
func spread[V, T any](list []T, total int, values []V, levels []int16, d *schema.Column, as func(V) T) []T {
	if len(values) == total {
		for _, v := range values {
			list = append(list, as(v))
		}
		return list
	}
	var none T
	for _, level := range levels[:total] {
		if level < d.MaxDefinitionLevel() {
			list = append(list, none)
			continue
		}
		list = append(list, as(values[0]))
		values = values[1:]
	}
	return list
}

func ended(c chunkReader, got, want int) error {
	if err := c.Err(); err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("%d rows where the footer says %d: %w", got, want, lake.ErrDamaged)
	}
	return nil
}
