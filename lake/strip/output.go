package strip

import (
	"context"
	"encoding/binary"
	"errors"
	"math"

	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"

	"github.com/lakectl/lakectl/lake"
)

const parquetMagic = "PAR1"

// output is a file that is written. The library encodes the row groups that lose rows; it knows nothing of the others,
// whose bytes are copied between, so the offsets that it counts are behind. The footer is put together at the end.
type output struct {
	to     *lake.FileWriter
	layout layout
	writer *file.Writer
	from   *metadata.FileMetaData // of the input; row groups that were copied, as the new file has them
	groups []written
}

// written is a row group of the new file.
type written struct {
	from   int // row group of the input
	copied bool
	shift  int64 // of one that was encoded: how far behind its offsets are
}

func newOutput(ctx context.Context, in *input, to *lake.FileWriter, l layout) (*output, error) {
	w, err := file.NewParquetWriterWithError(to, l.root, file.WithWriterProps(propertiesLike(in.MetaData(), l)))
	if err != nil {
		return nil, err
	}
	bytes, err := in.MetaData().Serialize(ctx)
	if err != nil {
		return nil, err
	}
	from, err := metadata.NewFileMetaData(bytes, nil)
	return &output{to: to, layout: l, writer: w, from: from}, err
}

// encode writes a row group without the rows that are lost; first is the number of its first row.
func (o *output) encode(ctx context.Context, in *input, number int, lost []int64, first int64, sums *sums) error {
	o.groups = append(o.groups, written{from: number, shift: o.to.Bytes() - o.writer.TotalBytesWritten()})
	to, err := o.writer.AppendRowGroupChecked()
	if err != nil {
		return err
	}
	if err := in.group(ctx, number, o.layout.columns, lost, first, sums, to); err != nil {
		return err
	}
	return to.Close()
}

// copy writes a row group as it is. Indexes of its pages and Bloom filters, which lie elsewhere in the file, stay
// behind.
func (o *output) copy(ctx context.Context, in *input, number int, sums *sums) error {
	group := o.from.RowGroups[number]
	columns := group.Columns[:0:0]
	group.TotalByteSize = 0
	begin := o.to.Bytes()
	for to, i := range o.layout.columns {
		if err := ctx.Err(); err != nil {
			return err
		}
		of, start, bytes, err := in.chunk(number, i)
		if err != nil {
			return err
		}
		shift := o.to.Bytes() - start
		if _, err := o.to.Write(bytes); err != nil {
			return err
		}
		sums.columns[to].copied(of, bytes)
		o.move(number, to, shift, of)
		columns, group.TotalByteSize = append(columns, group.Columns[i]), group.TotalByteSize+of.TotalUncompressedSize()
	}
	bytes := o.to.Bytes() - begin
	group.Columns, group.FileOffset, group.TotalCompressedSize = columns, &begin, &bytes
	o.groups = append(o.groups, written{from: number, copied: true})
	return nil
}

// move says where a column that was copied is now; to is its number in the new file.
func (o *output) move(group, to int, shift int64, of *metadata.ColumnChunkMetaData) {
	column := o.from.RowGroups[group].Columns[o.layout.columns[to]]
	column.FilePath, column.FileOffset = nil, 0
	column.OffsetIndexOffset, column.OffsetIndexLength, column.ColumnIndexOffset, column.ColumnIndexLength = nil, nil, nil, nil
	meta := column.MetaData
	meta.PathInSchema = o.layout.paths[to]
	meta.DataPageOffset += shift
	meta.DictionaryPageOffset = nil
	if first := of.DictionaryPageOffset() + shift; of.HasDictionaryPage() && of.DictionaryPageOffset() > 0 {
		meta.DictionaryPageOffset = &first
	}
	meta.IndexPageOffset, meta.BloomFilterOffset, meta.BloomFilterLength = nil, nil, nil
	if !tellsBounds(of) {
		meta.Statistics = nil
	}
}

// tellsBounds tells whether the statistics of a column chunk are right and hold for all its values. Without bounds they
// must not stand beside others that have some: the bounds of the file would be theirs alone.
func tellsBounds(of *metadata.ColumnChunkMetaData) bool {
	set, err := of.StatsSet()
	if !set || err != nil {
		return false
	}
	stats, err := of.Statistics()
	return err == nil && stats != nil && (stats.HasMinMax() || stats.HasNullCount() && stats.NullCount() == of.NumValues())
}

// finish writes the footer and closes the file.
func (o *output) finish() (*metadata.FileMetaData, error) {
	footer, err := o.writer.FileMetadata()
	if err != nil {
		return nil, errors.Join(err, o.to.Close())
	}
	encoded := footer.RowGroups
	all := encoded[:0:0]
	footer.NumRows = 0
	for n, g := range o.groups {
		group := o.from.RowGroups[g.from]
		if !g.copied {
			group, encoded = encoded[0], encoded[1:]
			for _, column := range group.Columns {
				column.MetaData.DataPageOffset += g.shift
				if column.MetaData.DictionaryPageOffset != nil {
					*column.MetaData.DictionaryPageOffset += g.shift
				}
			}
			if group.FileOffset != nil {
				*group.FileOffset += g.shift
			}
		}
		group.Ordinal = nil
		if n <= math.MaxInt16 {
			ordinal := int16(n)
			group.Ordinal = &ordinal
		}
		all, footer.NumRows = append(all, group), footer.NumRows+group.NumRows
	}
	footer.RowGroups = all
	return footer, errors.Join(o.writeFooter(footer), o.to.Close())
}

func (o *output) writeFooter(footer *metadata.FileMetaData) error {
	n, err := footer.WriteTo(o.to, nil)
	if err != nil {
		return err
	}
	_, err = o.to.Write(append(binary.LittleEndian.AppendUint32(nil, uint32(n)), parquetMagic...))
	return err
}
