package strip

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"

	"github.com/lakectl/lakectl/lake"
)

// sums are those of the columns of a file while it is read.
type sums struct {
	ids     []int32
	columns []*columnSum
}

func newSums(meta *metadata.FileMetaData, columns []int) *sums {
	s, buffer := &sums{}, new([]byte)
	for n, i := range columns {
		id := meta.Schema.Column(i).SchemaNode().FieldID()
		if id < 0 { // within a list or map
			id = -2 - int32(n)
		}
		s.ids, s.columns = append(s.ids, id), append(s.columns, newColumnSum(buffer))
	}
	return s
}

func (s *sums) sum(rows int64) Sum {
	sum := Sum{Rows: rows, columns: map[int32]columnHash{}}
	for i, id := range s.ids {
		sum.columns[id] = s.columns[i].sum()
	}
	return sum
}

// group reads a row group, the first row of which is row number first of the file, and writes it without the rows that
// are gone, of some columns; to may be nil.
func (in *input) group(ctx context.Context, number int, columns []int, gone []int64, first int64, sums *sums, to *groupWriter) error {
	for n, i := range columns {
		into, err := to.column(n)
		if err != nil {
			return err
		}
		err = lake.Safely(func() error { return in.column(ctx, number, i, gone, first, sums.columns[n], into) })()
		if err != nil {
			return fmt.Errorf("column %s: %w", in.MetaData().Schema.Column(i).Name(), lake.NameFile(in.uri, err))
		}
	}
	return nil
}

// column copies a column chunk as it is encoded, or value by value.
func (in *input) column(ctx context.Context, number, column int, gone []int64, first int64, sum *columnSum, into *chunkWriter) error {
	before := sum.clone()
	err := in.copyPages(ctx, number, column, gone, first, sum, into)
	if !errors.Is(err, errOtherwise) {
		return err
	}
	*sum = *before
	group := in.RowGroup(number)
	from, err := group.Column(column)
	if err != nil {
		return err
	}
	if into == nil {
		return copyColumn(ctx, from, nil, group.NumRows(), gone, first, sum)
	}
	to := file.NewColumnChunkWriter(into.chunk, into, into.props)
	return errors.Join(copyColumn(ctx, from, to, group.NumRows(), gone, first, sum), to.Close())
}

func copyColumn(ctx context.Context, from file.ColumnChunkReader, into file.ColumnChunkWriter, rows int64, gone []int64, first int64, sum *columnSum) error {
	switch r := from.(type) {
	case *file.BooleanColumnChunkReader:
		return copyValues(ctx, r, writerOf[bool](into), rows, gone, first, sum)
	case *file.Int32ColumnChunkReader:
		return copyValues(ctx, r, writerOf[int32](into), rows, gone, first, sum)
	case *file.Int64ColumnChunkReader:
		return copyValues(ctx, r, writerOf[int64](into), rows, gone, first, sum)
	case *file.Int96ColumnChunkReader:
		return copyValues(ctx, r, writerOf[parquet.Int96](into), rows, gone, first, sum)
	case *file.Float32ColumnChunkReader:
		return copyValues(ctx, r, writerOf[float32](into), rows, gone, first, sum)
	case *file.Float64ColumnChunkReader:
		return copyValues(ctx, r, writerOf[float64](into), rows, gone, first, sum)
	case *file.ByteArrayColumnChunkReader:
		return copyValues(ctx, r, writerOf[parquet.ByteArray](into), rows, gone, first, sum)
	case *file.FixedLenByteArrayColumnChunkReader:
		return copyValues(ctx, r, writerOf[parquet.FixedLenByteArray](into), rows, gone, first, sum)
	}
	return fmt.Errorf("values of kind %s: %w", from.Type(), lake.ErrUnsupported)
}

// reading and writing are a column chunk of values of one kind.
type reading[T any] interface {
	file.ColumnChunkReader
	ReadBatch(most int64, values []T, levels, repetitions []int16) (rows int64, read int, err error)
}

type writing[T any] interface {
	WriteBatch(values []T, levels, repetitions []int16) (int64, error)
}

// writerOf is nil where nothing is written.
func writerOf[T any](w file.ColumnChunkWriter) writing[T] {
	to, _ := w.(writing[T])
	return to
}

// copyValues copies a column chunk batch by batch.
func copyValues[T any](ctx context.Context, from reading[T], into writing[T], rows int64, gone []int64, first int64, sum *columnSum) error {
	if from.Descriptor().MaxRepetitionLevel() > 0 {
		return copyRepeated(ctx, from, into, rows, gone, first, sum)
	}
	values, levels := make([]T, batchRows), make([]int16, batchRows)
	most := from.Descriptor().MaxDefinitionLevel()
	for at := int64(0); at < rows; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, read, err := from.ReadBatch(min(batchRows, rows-at), values, levels, nil)
		if err = errors.Join(err, from.Err()); err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("it ends before its row group: %w", lake.ErrDamaged)
		}
		if most == 0 {
			for i := range n {
				levels[i] = 0
			}
		}
		keptLevels, kept := without(levels[:n], values[:read], most, between(gone, first+at, first+at+n), first+at)
		add(sum, keptLevels, kept)
		at += n
		if into == nil || len(keptLevels) == 0 {
			continue
		}
		written := keptLevels
		if most == 0 {
			written = nil
		}
		if _, err := into.WriteBatch(kept, written, nil); err != nil {
			return err
		}
	}
	return nil
}

// without takes rows out of a batch, whose first row has a number, in place.
func without[T any](levels []int16, values []T, most int16, gone []int64, first int64) ([]int16, []T) {
	if len(gone) == 0 {
		return levels, values
	}
	rows, kept, next := 0, 0, 0
	for i, level := range levels {
		present := level == most
		if _, is := slices.BinarySearch(gone, first+int64(i)); !is {
			levels[rows] = level
			rows++
			if present {
				values[kept] = values[next]
				kept++
			}
		}
		if present {
			next++
		}
	}
	return levels[:rows], values[:kept]
}
