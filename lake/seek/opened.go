package seek

import (
	"context"
	"fmt"

	"github.com/apache/arrow-go/v18/parquet/metadata"

	"github.com/lakectl/lakectl/lake"
)

// opened is a file with its footer, and what the footer says of one column of keys.
type opened struct {
	*lake.Chunks
	groups []bounds
}

// bounds are those of the keys of a row group.
type bounds struct {
	first        int64 // position of its first row in the file
	known        bool
	lower, upper string
	nulls        bool // read as ""
}

// open is a file that is kept open. One that the cache lets go is closed when nobody reads it any more, by the
// finalizer of os.File.
func (r *Reader) open(ctx context.Context, uri string, key int) (*opened, error) {
	o, err := r.kept(fmt.Sprintf("file:%d:%s", key, uri), func() (any, int64, error) {
		c, err := lake.OpenChunks(ctx, uri)
		if err != nil {
			return nil, 0, err
		}
		o := &opened{Chunks: c}
		err = o.bound(key)
		return o, int64(1024 * len(o.groups) * c.Footer().Schema.NumColumns()), err
	})
	if err != nil {
		return nil, err
	}
	return o.(*opened), nil
}

func (o *opened) bound(key int) error {
	footer := o.Footer()
	o.groups = make([]bounds, footer.NumRowGroups())
	at, first := leaf(footer.Schema, key), int64(0)
	for n := range o.groups {
		group := footer.RowGroup(n)
		b, err := boundsOf(group, at)
		if err != nil {
			return fmt.Errorf("row group %d: %w", n, err)
		}
		if at >= 0 {
			meta := footer.RowGroups[n].Columns[at].MetaData
			b.known = b.known && lake.BothEnds(meta.Statistics, meta.NumValues)
		}
		b.first = first
		o.groups[n] = b
		first += group.NumRows()
	}
	return nil
}

// boundsOf reads the statistics of a column; at is -1 where the file lacks it.
func boundsOf(group *metadata.RowGroupMetaData, at int) (bounds, error) {
	if at < 0 {
		return bounds{known: true}, nil
	}
	chunk, err := group.ColumnChunk(at)
	if err != nil {
		return bounds{}, err
	}
	if set, err := chunk.StatsSet(); err != nil || !set {
		return bounds{}, err
	}
	stats, err := chunk.Statistics()
	if err != nil {
		return bounds{}, err
	}
	texts, ok := stats.(*metadata.ByteArrayStatistics)
	if !ok || !texts.HasMinMax() {
		return bounds{}, nil
	}
	return bounds{known: true, lower: string(texts.Min()), upper: string(texts.Max()), nulls: !texts.HasNullCount() || texts.NullCount() > 0}, nil
}

func (b bounds) mayHold(key string) bool {
	return !b.known || (b.lower <= key && key <= b.upper) || (b.nulls && key == "")
}
