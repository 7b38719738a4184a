package verify

import (
	"fmt"
	"os"
	"strings"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/lakectl/lakectl/lake"
)

// batch is how many values of a column are read at a time.
const batch = 4096

// columns are the places in a Parquet file of the columns that matter; -1 where it has none.
type columns struct {
	user, event, received, raw, path int
}

func findColumns(f *file.Reader) columns {
	c := columns{-1, -1, -1, -1, -1}
	s := f.MetaData().Schema
	for i := range s.NumColumns() {
		path := s.Column(i).Path()
		switch path[strings.LastIndex(path, ".")+1:] { // a delete file may have its rows in a struct
		case "user_id":
			c.user = i
		case "event_time":
			c.event = i
		case "received_time":
			c.received = i
		case "raw":
			c.raw = i
		case "file_path":
			c.path = i
		}
	}
	return c
}

// parquet looks at a data file or a delete file, whichever it is.
func (l *look) parquet(path string) (kind string, err error) {
	kind = "data"
	rows := int64(0)
	err = lake.Safely(func() error {
		in, err := os.Open(path)
		if err != nil {
			return err
		}
		defer in.Close() //nolint:errcheck // read only
		f, err := file.NewParquetReader(in)
		if err != nil {
			return err
		}
		defer f.Close() //nolint:errcheck // read only
		c := findColumns(f)
		if c.path >= 0 {
			kind = "deletes"
		}
		for i := range f.NumRowGroups() {
			if err := l.group(f.RowGroup(i), kind, path, c); err != nil {
				return fmt.Errorf("row group %d: %w", i, err)
			}
			rows += f.RowGroup(i).NumRows()
		}
		return nil
	})()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows[path] = rows
	return kind, err
}

func (l *look) group(g *file.RowGroupReader, kind, path string, c columns) error {
	if c.path >= 0 {
		if err := l.deletes(g, path, c.path); err != nil {
			return err
		}
	}
	if c.path < 0 && c.user < 0 && c.raw < 0 {
		return skim(g)
	}
	matches := map[int64][]*Request{}
	nameless := map[int64]bool{}
	if c.user >= 0 {
		err := texts(g, c.user, func(row int64, value []byte) {
			if value == nil {
				nameless[row] = c.raw >= 0
			} else if of := l.byUser[string(value)]; of != nil {
				matches[row] = of
			}
		})
		if err != nil {
			return err
		}
	}
	if c.raw >= 0 {
		if err := l.refused(g, c.raw, nameless, matches); err != nil {
			return err
		}
	}
	if len(matches) == 0 {
		return nil
	}
	event, err := times(g, c.event, matches)
	if err != nil {
		return err
	}
	received, err := times(g, c.received, matches)
	if err != nil {
		return err
	}
	for row, of := range matches {
		for _, r := range of {
			if r.covers(event[row], received[row]) {
				l.found(kind, path, r)
			}
		}
	}
	return nil
}

// skim reads the first column of a table that names no listener, for its rows are counted.
func skim(g *file.RowGroupReader) error {
	chunk, err := g.Column(0)
	if err != nil {
		return err
	}
	nobody := func(int64, int) {}
	switch r := chunk.(type) {
	case *file.ByteArrayColumnChunkReader:
		return texts(g, 0, func(int64, []byte) {})
	case *file.Int32ColumnChunkReader:
		values := make([]int32, batch)
		return walk(g, chunk, func(levels []int16) (int64, int, error) { return r.ReadBatch(batch, values, levels, nil) }, nobody)
	case *file.Int64ColumnChunkReader:
		values := make([]int64, batch)
		return walk(g, chunk, func(levels []int16) (int64, int, error) { return r.ReadBatch(batch, values, levels, nil) }, nobody)
	}
	return nil
}

// refused searches the records of rows without a user; a column raw without a column user_id is searched whole.
func (l *look) refused(g *file.RowGroupReader, column int, nameless map[int64]bool, matches map[int64][]*Request) error {
	return texts(g, column, func(row int64, value []byte) {
		if value != nil && nameless[row] {
			l.named(value, true, func(of []*Request) { matches[row] = append(matches[row], of...) })
		}
	})
}

func (l *look) deletes(g *file.RowGroupReader, path string, column int) error {
	return texts(g, column, func(_ int64, value []byte) {
		for _, r := range l.erased[string(value)] {
			l.found("deletes", path, r)
		}
	})
}

// texts passes on each value of a column of bytes, nil where there is none. All rows or an error.
func texts(g *file.RowGroupReader, column int, each func(row int64, value []byte)) error {
	chunk, err := g.Column(column)
	if err != nil {
		return err
	}
	r, is := chunk.(*file.ByteArrayColumnChunkReader)
	if !is {
		return fmt.Errorf("column %s is not text: %w", chunk.Descriptor().Path(), lake.ErrUnsupported)
	}
	values := make([]parquet.ByteArray, batch)
	return walk(g, chunk, func(levels []int16) (int64, int, error) { return r.ReadBatch(batch, values, levels, nil) },
		func(row int64, at int) {
			if at < 0 {
				each(row, nil)
			} else {
				each(row, values[at])
			}
		})
}

// times reads the values of a column of times for some rows. A column that is missing has none.
func times(g *file.RowGroupReader, column int, rows map[int64][]*Request) (map[int64]*int64, error) {
	out := map[int64]*int64{}
	if column < 0 {
		return out, nil
	}
	chunk, err := g.Column(column)
	if err != nil {
		return nil, err
	}
	r, is := chunk.(*file.Int64ColumnChunkReader)
	if !is {
		return nil, fmt.Errorf("column %s is not a time: %w", chunk.Descriptor().Path(), lake.ErrUnsupported)
	}
	values := make([]int64, batch)
	return out, walk(g, chunk, func(levels []int16) (int64, int, error) { return r.ReadBatch(batch, values, levels, nil) },
		func(row int64, at int) {
			if at >= 0 && rows[row] != nil {
				value := values[at]
				out[row] = &value
			}
		})
}

// walk reads a column to its end. at is where the value of a row is among those that were read, -1 for none.
func walk(g *file.RowGroupReader, chunk file.ColumnChunkReader, read func([]int16) (int64, int, error), each func(row int64, at int)) error {
	if chunk.Descriptor().MaxRepetitionLevel() > 0 {
		return fmt.Errorf("column %s is a list: %w", chunk.Descriptor().Path(), lake.ErrUnsupported)
	}
	most := chunk.Descriptor().MaxDefinitionLevel()
	levels := make([]int16, batch)
	row := int64(0)
	for row < g.NumRows() {
		n, _, err := read(levels)
		if err == nil {
			err = chunk.Err()
		}
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("column %s ends after %d of %d rows: %w", chunk.Descriptor().Path(), row, g.NumRows(), lake.ErrDamaged)
		}
		at := 0
		for i := range n {
			if most > 0 && levels[i] < most {
				each(row+i, -1)
				continue
			}
			each(row+i, at)
			at++
		}
		row += n
	}
	return nil
}
