package compact

import (
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// read reads up to so many rows as the next batch, none at the end of the file.
func (c *cursor) read(rows int) error {
	c.reset()
	for c.n < rows {
		if c.left == 0 {
			if c.group == c.reader.NumRowGroups() {
				return nil
			}
			if err := c.open(); err != nil {
				return err
			}
			continue
		}
		n := int(min(c.left, int64(rows-c.n)))
		if err := c.decode(n); err != nil {
			return err
		}
		c.n, c.left = c.n+n, c.left-int64(n)
	}
	return nil
}

func (c *cursor) reset() {
	c.n = 0
	for i := range c.text {
		c.text[i] = c.text[i][:0]
	}
	for i := range c.long {
		c.long[i] = c.long[i][:0]
	}
	c.flags = c.flags[:0]
}

// open begins the next row group.
func (c *cursor) open() error {
	g := c.reader.RowGroup(c.group)
	c.group++
	c.left = g.NumRows()
	c.now = make([]file.ColumnChunkReader, c.reader.MetaData().Schema.NumColumns())
	for k := range c.now {
		var err error
		if c.now[k], err = g.Column(k); err != nil {
			return err
		}
	}
	return nil
}

// decode appends the next n rows of the row group.
func (c *cursor) decode(n int) error {
	c.levels = slices.Grow(c.levels[:0], n)[:n]
	for i, k := range c.column.text {
		if k < 0 {
			c.text[i] = append(c.text[i], make([]parquet.ByteArray, n)...)
			continue
		}
		r, ok := c.now[k].(*file.ByteArrayColumnChunkReader)
		if !ok {
			return unreadable(c.now[k])
		}
		c.values = slices.Grow(c.values[:0], n)[:n]
		if err := take(c, r, n, c.values, &c.text[i], func(v parquet.ByteArray) (parquet.ByteArray, bool) { return v, len(v) > 0 }); err != nil {
			return err
		}
	}
	for i, k := range c.column.long {
		if err := c.decodeLong(i, k, n); err != nil {
			return err
		}
	}
	if c.column.flag < 0 {
		c.flags = append(c.flags, make([]listen.Flag, n)...)
		return nil
	}
	r, ok := c.now[c.column.flag].(*file.BooleanColumnChunkReader)
	if !ok {
		return unreadable(c.now[c.column.flag])
	}
	c.bools = slices.Grow(c.bools[:0], n)[:n]
	return take(c, r, n, c.bools, &c.flags, func(v bool) (listen.Flag, bool) {
		if v {
			return listen.True, true
		}
		return listen.False, true
	})
}

// decodeLong appends the next n whole numbers of a column. A file may let a required one be absent, as those do that
// DuckDB writes, but none may be.
func (c *cursor) decodeLong(i, k, n int) error {
	if k < 0 {
		c.long[i] = append(c.long[i], make([]int64, n)...)
		return nil
	}
	optional := i == trackMs
	var err error
	switch r := c.now[k].(type) {
	case *file.Int64ColumnChunkReader:
		c.numbers = slices.Grow(c.numbers[:0], n)[:n]
		err = take(c, r, n, c.numbers, &c.long[i], func(v int64) (int64, bool) { return v, !optional || v != 0 })
	case *file.Int32ColumnChunkReader:
		c.ints = slices.Grow(c.ints[:0], n)[:n]
		err = take(c, r, n, c.ints, &c.long[i], func(v int32) (int64, bool) { return int64(v), !optional || v != 0 })
	default:
		err = unreadable(c.now[k])
	}
	if err == nil && !optional && c.now[k].Descriptor().MaxDefinitionLevel() > 0 && slices.Contains(c.levels[:n], 0) {
		err = fmt.Errorf("no %s: %w", longColumns[i], errForeign)
	}
	return err
}

func unreadable(c file.ColumnChunkReader) error {
	return fmt.Errorf("column %s has values of kind %s: %w", c.Descriptor().Name(), c.Type(), errForeign)
}

// columnOf is a column chunk that is read.
type columnOf[V any] interface {
	file.ColumnChunkReader
	ReadBatch(most int64, values []V, presences, repetitions []int16) (rows int64, read int, err error)
}

// take reads the next n rows of a column and appends their values: the zero value where there is none. A value that
// lakectl cannot tell from none is one of another engine's.
func take[V, T any](c *cursor, r columnOf[V], n int, values []V, into *[]T, as func(V) (T, bool)) error {
	levels, read, err := r.ReadBatch(int64(n), values, c.levels, nil)
	if err != nil {
		return err
	}
	if int(levels) != n {
		return errors.Join(fmt.Errorf("column %s ends before its row group: %w", r.Descriptor().Name(), lake.ErrDamaged), r.Err())
	}
	optional := r.Descriptor().MaxDefinitionLevel()
	next := 0
	for i := range n {
		if optional > 0 && c.levels[i] < optional {
			var none T
			*into = append(*into, none)
			continue
		}
		v, ok := as(values[next])
		if !ok {
			return fmt.Errorf("column %s has a value that stands for none: %w", r.Descriptor().Name(), errForeign)
		}
		*into = append(*into, v)
		next++
	}
	if next != read {
		return fmt.Errorf("column %s: %d values for %d rows: %w", r.Descriptor().Name(), read, n, lake.ErrDamaged)
	}
	return nil
}
