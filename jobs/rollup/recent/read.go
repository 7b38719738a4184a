package recent

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/lake"
)

// readColumns are the columns that are read, by lakectl's names: of the listen, and of where its record came from.
var readColumns = []string{"listen_id", "source_topic", "source_partition", "source_offset"}

// rowReader hashes rows of archive files.
type rowReader struct {
	fields []iceberg.NestedField // of readColumns
	hash   *hasher

	levels []int16
	texts  []parquet.ByteArray
	ints   []int32
	longs  []int64
	part   [readRows]entry
	from   [readRows]int64 // partition
	null   [readRows]bool
}

const readRows = 2048 // at a time

func newRowReader(t *lake.Table, h *hasher) (*rowReader, error) {
	r := &rowReader{
		hash: h, levels: make([]int16, readRows), texts: make([]parquet.ByteArray, readRows),
		ints: make([]int32, readRows), longs: make([]int64, readRows),
	}
	for _, name := range readColumns {
		c, ok := t.Column(name)
		if !ok {
			return nil, fmt.Errorf("table %s has no column %s: %w", t.Name(), name, lake.ErrUnsupported)
		}
		r.fields = append(r.fields, c.Field)
	}
	return r, nil
}

// file passes the rows of a file on, in its order. What it passes is valid until the next call. A row without a
// listen_id has no hash: null says so.
func (r *rowReader) file(ctx context.Context, f lake.File, each func(first int64, rows []entry, null []bool) error) (err error) {
	in, err := lake.OpenColumns(ctx, f, r.fields)
	if err != nil {
		return err
	}
	props := parquet.NewReaderProperties(memory.DefaultAllocator)
	props.BufferedStreamEnabled, props.BufferSize = true, 64<<10
	p, err := file.NewParquetReader(in, file.WithReadProps(props))
	if err != nil {
		return errors.Join(lake.NameFile(f.FilePath(), err), in.Close())
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	columns, err := r.columns(p)
	if err != nil {
		return lake.NameFile(f.FilePath(), err)
	}
	first := int64(0)
	for g := range p.NumRowGroups() {
		group := p.RowGroup(g)
		if err := r.group(ctx, group, columns, first, each); err != nil {
			return lake.NameFile(f.FilePath(), err)
		}
		first += group.NumRows()
	}
	return nil
}

// columns finds the columns in a file by field id.
func (r *rowReader) columns(p *file.Reader) ([]int, error) {
	found := make([]int, len(r.fields))
	schema := p.MetaData().Schema
	for i, f := range r.fields {
		found[i] = -1
		for c := range schema.NumColumns() {
			if int(schema.Column(c).SchemaNode().FieldID()) == f.ID {
				found[i] = c
			}
		}
		if found[i] < 0 {
			return nil, fmt.Errorf("column %s is not in it: %w", f.Name, lake.ErrUnsupported)
		}
	}
	return found, nil
}

func (r *rowReader) group(ctx context.Context, group *file.RowGroupReader, columns []int, first int64, each func(int64, []entry, []bool) error) error {
	readers := make([]file.ColumnChunkReader, len(columns))
	for i, c := range columns {
		var err error
		if readers[i], err = group.Column(c); err != nil {
			return err
		}
	}
	for left := group.NumRows(); left > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := int(min(left, readRows))
		if err := r.rows(readers, n); err != nil {
			return err
		}
		if err := each(first, r.part[:n], r.null[:n]); err != nil {
			return err
		}
		first, left = first+int64(n), left-int64(n)
	}
	return nil
}

// rows hashes the next n rows.
func (r *rowReader) rows(readers []file.ColumnChunkReader, n int) error {
	err := r.text(readers[0], n, func(row int, v []byte, null bool) {
		r.null[row] = null
		r.part[row].hi, r.part[row].lo = r.hash.id(v)
	})
	if err != nil {
		return err
	}
	if err := r.number(readers[2], n, func(row int, v int64) { r.from[row] = v }); err != nil {
		return err
	}
	if err := r.number(readers[3], n, func(row int, v int64) { r.part[row].pos = uint64(v) }); err != nil {
		return err
	}
	return r.text(readers[1], n, func(row int, v []byte, _ bool) {
		r.part[row].pos = r.hash.position(v, r.from[row], int64(r.part[row].pos))
	})
}

// text passes on the next n values of a column. Values live as long as their page, so none is kept.
func (r *rowReader) text(c file.ColumnChunkReader, n int, each func(row int, v []byte, null bool)) error {
	texts, ok := c.(*file.ByteArrayColumnChunkReader)
	if !ok {
		return unreadable(c)
	}
	return r.values(c, n, func(most int) (int64, int, error) {
		return texts.ReadBatchInPage(int64(most), r.texts, r.levels, nil)
	}, func(row, i int) {
		if i < 0 {
			each(row, nil, true)
		} else {
			each(row, r.texts[i], false)
		}
	})
}

// number does the same for whole numbers, 0 for none.
func (r *rowReader) number(c file.ColumnChunkReader, n int, each func(row int, v int64)) error {
	switch c := c.(type) {
	case *file.Int64ColumnChunkReader:
		return r.values(c, n, func(most int) (int64, int, error) {
			return c.ReadBatchInPage(int64(most), r.longs, r.levels, nil)
		}, func(row, i int) {
			if i < 0 {
				each(row, 0)
			} else {
				each(row, r.longs[i])
			}
		})
	case *file.Int32ColumnChunkReader:
		return r.values(c, n, func(most int) (int64, int, error) {
			return c.ReadBatchInPage(int64(most), r.ints, r.levels, nil)
		}, func(row, i int) {
			if i < 0 {
				each(row, 0)
			} else {
				each(row, int64(r.ints[i]))
			}
		})
	}
	return unreadable(c)
}

func unreadable(c file.ColumnChunkReader) error {
	return fmt.Errorf("column %s has values of kind %s: %w", c.Descriptor().Name(), c.Type(), lake.ErrUnsupported)
}

// values reads the next n rows page by page. each gets the number of the row among them and that of its value in what
// was read, -1 for null.
func (r *rowReader) values(c file.ColumnChunkReader, n int, read func(most int) (levels int64, values int, err error), each func(row, value int)) error {
	optional := c.Descriptor().MaxDefinitionLevel()
	for row := 0; row < n; {
		if !c.HasNext() {
			return errors.Join(fmt.Errorf("column %s ends before its row group: %w", c.Descriptor().Name(), lake.ErrDamaged), c.Err())
		}
		levels, _, err := read(n - row)
		if err != nil {
			return err
		}
		value := 0
		for i := range int(levels) {
			if optional > 0 && r.levels[i] < optional {
				each(row, -1)
			} else {
				each(row, value)
				value++
			}
			row++
		}
	}
	return nil
}
