package strip

import (
	"context"
	"errors"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/parquetcode"
)

// output is a file that is written. Its footer is that of the input, whose row groups are changed to what is written.
type output struct {
	to     *lake.FileWriter
	layout layout
	schema *schema.Schema
	props  *parquet.WriterProperties
	writer *file.Writer           // of the footer
	from   *metadata.FileMetaData // of the input; row groups that were written, as the new file has them
	groups []written
	buffer buffers
}

// written is a row group of the new file.
type written struct {
	from   int // row group of the input
	copied bool
}

func newOutput(ctx context.Context, in *input, to *lake.FileWriter, l layout) (*output, error) {
	props := propertiesLike(in.MetaData(), l)
	w, err := file.NewParquetWriterWithError(to, l.root, file.WithWriterProps(props))
	if err != nil {
		return nil, err
	}
	bytes, err := in.MetaData().Serialize(ctx)
	if err != nil {
		return nil, err
	}
	from, err := metadata.NewFileMetaData(bytes, nil)
	return &output{to: to, layout: l, schema: schema.NewSchema(l.root), props: props, writer: w, from: from}, err
}

// encode writes a row group without the rows that are lost; first is the number of its first row.
func (o *output) encode(ctx context.Context, in *input, number int, lost []int64, first int64, sums *sums) error {
	begin, w := o.to.Bytes(), &groupWriter{to: o}
	if err := in.group(ctx, number, o.layout.columns, lost, first, sums, w); err != nil {
		return err
	}
	group := o.from.RowGroups[number]
	columns, bytes := group.Columns[:0:0], int64(0)
	group.TotalByteSize = 0
	for _, c := range w.chunks {
		if meta := c.Contents().MetaData; meta.Statistics != nil && !lake.BothEnds(meta.Statistics, meta.NumValues) {
			meta.Statistics = nil
		}
		columns = append(columns, c.Contents())
		bytes, group.TotalByteSize = bytes+c.TotalCompressedSize(), group.TotalByteSize+c.TotalUncompressedSize()
	}
	group.Columns, group.FileOffset, group.TotalCompressedSize = columns, &begin, &bytes
	group.NumRows -= int64(len(lost))
	o.order(number)
	o.groups = append(o.groups, written{from: number})
	return nil
}

// groupWriter writes the columns of a row group one after another.
type groupWriter struct {
	to     *output
	chunks []*metadata.ColumnChunkMetaDataBuilder
}

// column begins the next one; nil of a group that is not written.
func (w *groupWriter) column(n int) (*chunkWriter, error) {
	if w == nil {
		return nil, nil
	}
	o := w.to
	c := &chunkWriter{chunk: metadata.NewColumnChunkMetaDataBuilder(o.props, o.schema.Column(n)), props: o.props, buffer: &o.buffer}
	path := o.schema.Column(n).Path()
	var err error
	c.PageWriter, err = file.NewPageWriter(place{o.to}, o.props.CompressionFor(path), o.props.CompressionLevelFor(path), c.chunk, 0, int16(n), o.props.Allocator(), false, nil, nil)
	w.chunks = append(w.chunks, c.chunk)
	return c, err
}

// place is the file, and where it is written on.
type place struct{ *lake.FileWriter }

func (p place) Tell() int64 { return p.Bytes() }

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
	o.order(number)
	o.groups = append(o.groups, written{from: number, copied: true})
	return nil
}

// order says by the new numbers of columns what the rows of a group are ordered by, up to the first column that the new
// file lacks.
func (o *output) order(number int) {
	group := o.from.RowGroups[number]
	for n, by := range group.SortingColumns {
		to := slices.Index(o.layout.columns, int(by.ColumnIdx))
		if to < 0 {
			group.SortingColumns = group.SortingColumns[:n]
			break
		}
		by.ColumnIdx = int32(to)
	}
	if len(group.SortingColumns) == 0 {
		group.SortingColumns = nil
	}
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
	if meta.Statistics != nil && !(tellsBounds(of) && lake.BothEnds(meta.Statistics, meta.NumValues)) {
		meta.Statistics = nil
	}
}

// tellsBounds tells whether the statistics of a column chunk are right and hold for all its values.
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
	all := footer.RowGroups[:0:0]
	footer.NumRows = 0
	for n, g := range o.groups {
		group := o.from.RowGroups[g.from]
		group.Ordinal = nil
		if n <= math.MaxInt16 {
			ordinal := int16(n)
			group.Ordinal = &ordinal
		}
		all, footer.NumRows = append(all, group), footer.NumRows+group.NumRows
	}
	footer.RowGroups = all
	return footer, errors.Join(parquetcode.WriteFooter(o.to, footer), o.to.Close())
}
