package recount

import (
	"context"
	"fmt"
	"hash/maphash"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/lakectl/lakectl/lake"
)

// batch is how many rows are read at a time.
const batch = 4096

var seed = maphash.MakeSeed()

// textHash is what a text is in a row.
func textHash(text string) uint64 { return maphash.String(seed, text) }

// rows are some columns of rows that follow each other in a file: texts as hashes, numbers as they are.
type rows struct {
	first  int64 // place of the first in its file
	n      int
	values [][]uint64 // by column
	null   [][]bool
}

// column is asked for by the id of its field, and by its name in files without ids.
type column struct {
	id   int
	name string
}

// scan reads columns of a Parquet file. A column that the file has not got is null.
func scan(ctx context.Context, uri string, want []column, each func(*rows) error) error {
	return lake.Safely(func() error {
		in, err := lake.Open(ctx, uri)
		if err != nil {
			return err
		}
		defer in.Close() //nolint:errcheck // read only
		f, err := file.NewParquetReader(in)
		if err != nil {
			return err
		}
		defer f.Close() //nolint:errcheck // read only
		at := find(f, want)
		b := &rows{values: make([][]uint64, len(want)), null: make([][]bool, len(want))}
		for i := range want {
			b.values[i], b.null[i] = make([]uint64, batch), make([]bool, batch)
		}
		for i := range f.NumRowGroups() {
			if err := scanGroup(f.RowGroup(i), at, b, each); err != nil {
				return fmt.Errorf("row group %d of %s: %w", i, uri, err)
			}
		}
		return nil
	})()
}

// find tells where a file has the columns; -1 for none.
func find(f *file.Reader, want []column) []int {
	s := f.MetaData().Schema
	byID, byName := map[int]int{}, map[string]int{}
	for i := range s.NumColumns() {
		if id := int(s.Column(i).SchemaNode().FieldID()); id >= 0 {
			byID[id] = i
		}
		byName[s.Column(i).Path()] = i
	}
	at := make([]int, len(want))
	for i, w := range want {
		var has bool
		if len(byID) > 0 && w.id >= 0 {
			at[i], has = byID[w.id]
		} else {
			at[i], has = byName[w.name]
		}
		if !has {
			at[i] = -1
		}
	}
	return at
}

func scanGroup(g *file.RowGroupReader, at []int, b *rows, each func(*rows) error) error {
	read := make([]func(values []uint64, null []bool) error, len(at))
	for i, c := range at {
		if c < 0 {
			continue
		}
		chunk, err := g.Column(c)
		if err != nil {
			return err
		}
		if read[i], err = reader(chunk); err != nil {
			return err
		}
	}
	for done := int64(0); done < g.NumRows(); done += int64(b.n) {
		b.n = int(min(batch, g.NumRows()-done))
		for i, r := range read {
			if r == nil {
				for j := range b.n {
					b.values[i][j], b.null[i][j] = 0, true
				}
				continue
			}
			if err := r(b.values[i][:b.n], b.null[i][:b.n]); err != nil {
				return err
			}
		}
		if err := each(b); err != nil {
			return err
		}
		b.first += int64(b.n)
	}
	return nil
}

// reader reads the next values of a column.
func reader(chunk file.ColumnChunkReader) (func(values []uint64, null []bool) error, error) {
	if chunk.Descriptor().MaxRepetitionLevel() > 0 {
		return nil, fmt.Errorf("column %s is a list: %w", chunk.Descriptor().Path(), lake.ErrUnsupported)
	}
	switch r := chunk.(type) {
	case *file.ByteArrayColumnChunkReader:
		return values(chunk, r.ReadBatch, func(v parquet.ByteArray) uint64 { return maphash.Bytes(seed, v) }), nil
	case *file.Int64ColumnChunkReader:
		return values(chunk, r.ReadBatch, func(v int64) uint64 { return uint64(v) }), nil
	case *file.Int32ColumnChunkReader:
		return values(chunk, r.ReadBatch, func(v int32) uint64 { return uint64(int64(v)) }), nil
	}
	return nil, fmt.Errorf("column %s is neither a text nor a whole number: %w", chunk.Descriptor().Path(), lake.ErrUnsupported)
}

func values[T any](chunk file.ColumnChunkReader, read func(int64, []T, []int16, []int16) (int64, int, error), number func(T) uint64) func([]uint64, []bool) error {
	most := chunk.Descriptor().MaxDefinitionLevel()
	levels, raw := make([]int16, batch), make([]T, batch)
	return func(into []uint64, null []bool) error {
		n, _, err := read(int64(len(into)), raw, levels, nil)
		if err == nil {
			err = chunk.Err()
		}
		if err == nil && int(n) < len(into) {
			err = fmt.Errorf("column %s ends early: %w", chunk.Descriptor().Path(), lake.ErrDamaged)
		}
		if err != nil {
			return err
		}
		at := 0
		for i := range into {
			if null[i] = most > 0 && levels[i] < most; null[i] {
				into[i] = 0
				continue
			}
			into[i] = number(raw[at])
			at++
		}
		return nil
	}
}
