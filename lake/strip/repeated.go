package strip

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/parquet"

	"github.com/lakectl/lakectl/lake"
)

// repeated is a part of a column chunk whose values repeat: rows from their first value to their last. A level that is
// not the highest has no value.
type repeated[T any] struct {
	values              []T
	levels, repetitions []int16
}

// copyRepeated copies a column chunk whose values repeat: of lists and maps, in which a row has as many as it likes.
// It holds the row that a batch ends in until the next one, so that only whole rows are written.
func copyRepeated[T any](ctx context.Context, from reading[T], into writing[T], rows int64, gone []int64, first int64, sum *columnSum) error {
	most := from.Descriptor().MaxDefinitionLevel()
	var held repeated[T]
	for row := first; ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		more, err := held.read(from)
		if err != nil {
			return err
		}
		whole := held.take(most, more)
		n := whole.rows()
		kept := whole.without(most, between(gone, row, row+n), row)
		row += n
		addRepeated(sum, kept)
		if into != nil && len(kept.levels) > 0 {
			if _, err := into.WriteBatch(kept.values, kept.levels, kept.repetitions); err != nil {
				return err
			}
		}
		if !more && row-first != rows {
			return fmt.Errorf("it has %d rows, its row group %d: %w", row-first, rows, lake.ErrDamaged)
		}
		if !more {
			return nil
		}
	}
}

// read adds a batch; more says that there may be another one.
func (p *repeated[T]) read(from reading[T]) (more bool, err error) {
	values, levels, repetitions := make([]T, batchRows), make([]int16, batchRows), make([]int16, batchRows)
	if !from.HasNext() {
		return false, from.Err()
	}
	n, read, err := from.ReadBatch(batchRows, values, levels, repetitions)
	if err = errors.Join(err, from.Err()); err != nil {
		return false, err
	}
	if n == 0 {
		return false, fmt.Errorf("it ends before its row group: %w", lake.ErrDamaged)
	}
	p.values, p.levels, p.repetitions = append(p.values, values[:read]...), append(p.levels, levels[:n]...), append(p.repetitions, repetitions[:n]...)
	return true, nil
}

// take takes the whole rows away: all but the last, which may go on in the next batch where there is one.
func (p *repeated[T]) take(most int16, more bool) (whole repeated[T]) {
	end := len(p.levels)
	if more {
		for end--; end > 0 && p.repetitions[end] != 0; end-- {
		}
		end = max(end, 0)
	}
	values := count(p.levels[:end], most)
	whole = repeated[T]{p.values[:values], p.levels[:end], p.repetitions[:end]}
	*p = repeated[T]{owned(p.values[values:]), slices.Clone(p.levels[end:]), slices.Clone(p.repetitions[end:])}
	return whole
}

// owned are values that stay when the page is gone that they came from.
func owned[T any](values []T) []T {
	values = slices.Clone(values)
	switch all := any(values).(type) {
	case []parquet.ByteArray:
		for i, v := range all {
			all[i] = slices.Clone(v)
		}
	case []parquet.FixedLenByteArray:
		for i, v := range all {
			all[i] = slices.Clone(v)
		}
	}
	return values
}

func (p repeated[T]) rows() int64 { return int64(count(p.repetitions, 0)) }

func count(levels []int16, level int16) (n int) {
	for _, l := range levels {
		if l == level {
			n++
		}
	}
	return n
}

// without takes rows out in place; first is the number of the first row.
func (p repeated[T]) without(most int16, gone []int64, first int64) repeated[T] {
	if len(gone) == 0 {
		return p
	}
	row, next, keep := first-1, 0, false
	kept := repeated[T]{p.values[:0], p.levels[:0], p.repetitions[:0]}
	for i, level := range p.levels {
		if p.repetitions[i] == 0 {
			row++
			_, is := slices.BinarySearch(gone, row)
			keep = !is
		}
		if keep {
			kept.levels, kept.repetitions = append(kept.levels, level), append(kept.repetitions, p.repetitions[i])
		}
		if level == most {
			if keep {
				kept.values = append(kept.values, p.values[next])
			}
			next++
		}
	}
	return kept
}

// addRepeated is add for values that repeat: where rows begin counts too.
func addRepeated[T any](c *columnSum, p repeated[T]) {
	both := make([]int16, 0, 2*len(p.levels))
	for i, level := range p.levels {
		both = append(both, level, p.repetitions[i])
	}
	add(c, both, p.values)
}
