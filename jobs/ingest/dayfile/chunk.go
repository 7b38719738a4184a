package dayfile

import (
	"encoding/binary"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/schema"
	"github.com/klauspost/compress/zstd"

	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/parquetcode"
)

// pageRows are rows of a page at most, so that no number of eight bytes makes it larger than pageBytes.
const pageRows = pageBytes / 8

// paper is what pages are made on, one after the other.
type paper struct {
	raw, packed []byte
	levels      []int32
	encoder     *zstd.Encoder
}

// newPaper packs as arrow-go does by the properties: with a checksum in each frame, texts always by their letters.
func newPaper() (*paper, error) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(zstdLevel)), zstd.WithEncoderConcurrency(1),
		zstd.WithZeroFrames(true), zstd.WithAllLitEntropyCompression(true))
	return &paper{encoder: encoder}, err
}

// chunk is one column of a row group that is being written.
type chunk struct {
	*paper
	column *schema.Column
	props  *parquet.WriterProperties
	meta   *metadata.ColumnChunkMetaDataBuilder
	pager  file.PageWriter

	rows, absent int
	words        bool // a dictionary has been written
	bounded      bool
	least, most  []byte // of all values, where bounded
}

// newChunk begins the next column of a row group.
func (o *output) newChunk(group *metadata.RowGroupMetaDataBuilder, on *paper) (*chunk, error) {
	meta := group.NextColumnChunk()
	path := meta.Descr().Path()
	pager, err := file.NewPageWriter(o, o.props.CompressionFor(path), o.props.CompressionLevelFor(path), meta, o.groups,
		int16(group.CurrentColumn()), o.props.Allocator(), false, nil, nil)
	return &chunk{paper: on, column: meta.Descr(), props: o.props, meta: meta, pager: pager}, err
}

// dictionary writes the texts that the pages have indices into.
func (c *chunk) dictionary(texts []string) error {
	c.raw = c.raw[:0]
	for _, text := range texts {
		c.raw = appendText(c.raw, text)
	}
	c.words = true
	page := file.NewDictionaryPage(memory.NewBufferBytes(c.raw), int32(len(texts)), c.props.DictionaryPageEncoding())
	defer page.Release()
	_, err := c.pager.WriteDictionaryPage(page)
	return err
}

// page writes a page of some rows, whose values come behind the levels. has says which rows have one, all without it.
func (c *chunk) page(rows int, has func(row int) bool, encoding parquet.Encoding, values func(to []byte) []byte) error {
	c.raw = c.raw[:0]
	absent := c.presences(rows, has)
	if c.column.MaxDefinitionLevel() > 0 {
		c.raw = append(c.raw, make([]byte, lengthBytes)...)
		if absent == 0 {
			c.raw = parquetcode.AppendRun[int32](c.raw, 1, rows, 1)
		} else {
			c.raw = parquetcode.AppendHybrid(c.raw, c.levels, 1)
		}
		binary.LittleEndian.PutUint32(c.raw, uint32(len(c.raw)-lengthBytes))
	} else if absent > 0 {
		return fmt.Errorf("column %s lacks a value: %w", c.column.Name(), lake.ErrUnsupported)
	}
	c.raw = values(c.raw)
	c.packed = c.encoder.EncodeAll(c.raw, c.packed[:0])
	page := file.NewDataPageV1(memory.NewBufferBytes(c.packed), int32(rows), encoding, parquet.Encodings.RLE, parquet.Encodings.RLE, int32(len(c.raw)))
	defer page.Release()
	c.rows, c.absent = c.rows+rows, c.absent+absent
	_, err := c.pager.WriteDataPage(page)
	return err
}

// presences notes of each row whether it has a value, and counts those that have none.
func (c *chunk) presences(rows int, has func(row int) bool) (absent int) {
	if has == nil {
		return 0
	}
	c.levels = c.levels[:0]
	for i := range rows {
		if has(i) {
			c.levels = append(c.levels, 1)
		} else {
			c.levels = append(c.levels, 0)
			absent++
		}
	}
	return absent
}

// bounds says between which values all are, as Parquet encodes them.
func (c *chunk) bounds(least, most []byte) { c.bounded, c.least, c.most = true, least, most }

// finish ends the column.
func (c *chunk) finish() error {
	if parquetcode.Statistics(c.column, c.props) {
		var stats metadata.EncodedStatistics
		stats.SetNullCount(int64(c.absent))
		if c.bounded {
			stats.SetMin(c.least).SetMax(c.most)
		}
		parquetcode.SetStatistics(c.meta, c.props, stats)
	}
	return c.pager.Close(c.words, false)
}
