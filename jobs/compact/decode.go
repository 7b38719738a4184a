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

// column is what a batch has of a column of texts: the texts, or indices into a dictionary.
type column struct {
	words  *dictionary // nil: values are the texts
	index  []int32     // noWord where there is no text
	values []string    // "" where there is no text
}

const noWord = -1

// Values that lakectl cannot hold, which are another engine's.
var (
	errAbsent = fmt.Errorf("a value is absent: %w", errForeign)
	errEmpty  = fmt.Errorf("a value stands for none: %w", errForeign)
)

// at is the text of a row, "" for none.
func (c *column) at(row int) string {
	if c.words == nil {
		return c.values[row]
	}
	if i := c.index[row]; i != noWord {
		return c.words.text(i)
	}
	return ""
}

// read makes the next rows the batch: some, or all that the file has. None says that the file ends.
func (c *cursor) read(all bool) error {
	c.reset()
	if err := lake.Safely(func() error { return c.fill(all) })(); err != nil { // the library panics on some damage
		return err
	}
	c.hash()
	return nil
}

func (c *cursor) fill(all bool) error {
	for {
		for c.left == 0 {
			if c.group == c.reader.NumRowGroups() {
				return nil
			}
			if err := c.open(); err != nil {
				return err
			}
		}
		if !all {
			return c.some(int(min(c.left, batchRows)))
		}
		if err := c.some(int(c.left)); err != nil {
			return err
		}
	}
}

// some appends rows of the row group, so many at most.
func (c *cursor) some(most int) (err error) {
	n := most
	if c.pages == nil {
		err = c.decode(n)
	} else {
		n, err = c.pick(n)
	}
	c.n, c.left = c.n+n, c.left-int64(n)
	return err
}

func (c *cursor) reset() {
	c.n, c.epoch = 0, 0
	for i := range c.text {
		c.text[i].words, c.text[i].values = nil, c.text[i].values[:0]
	}
	for i := range c.long {
		c.long[i] = c.long[i][:0]
	}
	c.flags = c.flags[:0]
}

// open begins the next row group: page by page, where its pages are as ingest writes them. What is read as a whole
// outlives its pages, so arrow-go copies it.
func (c *cursor) open() error {
	c.left = c.reader.RowGroup(c.group).NumRows()
	c.group++
	if err := c.closePages(); err != nil || c.left == 0 {
		return err
	}
	if c.whole {
		return c.openCopying()
	}
	c.pages = make([]*pages, c.reader.MetaData().Schema.NumColumns())
	for k := range c.pages {
		var err error
		if c.pages[k], err = openPages(c.reader, c.group-1, k); errors.Is(err, errOdd) {
			return errors.Join(c.closePages(), c.openCopying())
		} else if err != nil {
			return err
		}
	}
	return nil
}

func (c *cursor) closePages() (err error) {
	for _, p := range c.pages {
		if p != nil {
			err = errors.Join(err, p.from.Close())
		}
	}
	c.pages = nil
	return err
}

func (c *cursor) openCopying() error {
	g := c.reader.RowGroup(c.group - 1)
	c.now = make([]file.ColumnChunkReader, c.reader.MetaData().Schema.NumColumns())
	for k := range c.now {
		var err error
		if c.now[k], err = g.Column(k); err != nil {
			return err
		}
	}
	return nil
}

// pick makes rows of the pages at hand the batch, so many at most.
func (c *cursor) pick(n int) (int, error) {
	for k, p := range c.pages {
		if p.left == 0 {
			if err := p.next(); err != nil {
				return 0, c.named(k, err)
			}
		}
		n = min(n, p.left)
	}
	c.present = slices.Grow(c.present[:0], n)[:n]
	for i, k := range c.column.text {
		if k < 0 {
			c.text[i].values = append(c.text[i].values[:0], make([]string, n)...)
		} else if err := c.pages[k].texts(n, c.present, &c.text[i]); err != nil {
			return 0, c.named(k, err)
		}
	}
	for i, k := range c.column.long {
		c.long[i] = slices.Grow(c.long[i], n)[:n]
		if k < 0 {
			clear(c.long[i])
		} else if err := c.pages[k].longs(n, c.present, c.long[i], i == trackMs); err != nil {
			return 0, c.named(k, err)
		}
	}
	c.flags = slices.Grow(c.flags, n)[:n]
	if c.column.flag < 0 {
		clear(c.flags)
	} else if err := c.pages[c.column.flag].flags(c.present, c.flags); err != nil {
		return 0, c.named(c.column.flag, err)
	}
	return n, nil
}

// named says which column it is. Pages of one column that differ in kind are another engine's.
func (c *cursor) named(column int, err error) error {
	if errors.Is(err, errOdd) {
		err = fmt.Errorf("%w: %w", errForeign, err)
	}
	return fmt.Errorf("column %s: %w", c.reader.MetaData().Schema.Column(column).Name(), err)
}

// decode appends the next n rows of the row group.
func (c *cursor) decode(n int) error {
	c.levels = slices.Grow(c.levels[:0], n)[:n]
	for i, k := range c.column.text {
		if k < 0 {
			c.text[i].values = append(c.text[i].values, make([]string, n)...)
			continue
		}
		r, ok := c.now[k].(*file.ByteArrayColumnChunkReader)
		if !ok {
			return unreadable(c.now[k])
		}
		c.values = slices.Grow(c.values[:0], n)[:n]
		if err := take(c, r, n, c.values, &c.text[i].values, func(v parquet.ByteArray) (string, bool) { return lent(v), len(v) > 0 }); err != nil {
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
