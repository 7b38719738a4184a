package strip

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"

	"github.com/lakectl/lakectl/lake/parquetcode"
)

// chunkWriter writes one column chunk.
type chunkWriter struct {
	file.PageWriter
	chunk  *metadata.ColumnChunkMetaDataBuilder
	props  *parquet.WriterProperties
	from   *pageReader
	stats  metadata.TypedStatistics // nil where the column gets none
	nulls  int64
	pages  []packed // whose values are written as they were
	later  []*page  // whose indices are written once it is known what of the dictionary is left
	buffer *buffers
}

// buffers are those of a page while it is put together.
type buffers struct {
	plain      []byte
	strings    []parquet.ByteArray
	compressed bytes.Buffer
}

// packed is a page that is ready.
type packed struct {
	rows, bytes int
	data        []byte
}

// copyPages copies a column chunk page by page with values as they are encoded. It is errOtherwise, and nothing is
// written, where they must be decoded.
func (in *input) copyPages(ctx context.Context, number, column int, gone []int64, first int64, sum *columnSum, into *chunkWriter) error {
	of := in.MetaData().Schema.Column(column)
	chunk, err := in.MetaData().RowGroup(number).ColumnChunk(column)
	if err != nil {
		return err
	}
	if of.MaxRepetitionLevel() > 0 || !asIs(chunk) || into != nil && into.props.EncodingFor(into.chunk.Descr().Path()) != parquet.Encodings.Plain {
		return errOtherwise
	}
	pages, err := in.open(number, column)
	if err != nil {
		return err
	}
	r, err := newPageReader(pages, of)
	if err != nil {
		return err
	}
	if into != nil {
		into.begin(r)
	}
	return r.copy(ctx, in.MetaData().RowGroup(number).NumRows(), gone, first, sum, into)
}

// copy reads all pages of a chunk of so many rows, and writes them without those that are gone.
func (r *pageReader) copy(ctx context.Context, rows int64, gone []int64, first int64, sum *columnSum, into *chunkWriter) error {
	r.left = rows
	for at := int64(0); at < rows; {
		if err := ctx.Err(); err != nil {
			return err
		}
		p, err := r.next()
		switch {
		case err != nil:
			return err
		case p == nil:
			return errRows
		}
		n := int64(p.rows)
		p.without(between(gone, first+at, first+at+n), first+at, r.most, r.width)
		at += n
		sum.page(p, r)
		if into != nil && p.rows > 0 {
			into.take(p)
		}
	}
	if into == nil {
		return nil
	}
	return into.finish()
}

// asIs tells whether the values of a column chunk may all be plain, or all in a dictionary.
func asIs(chunk *metadata.ColumnChunkMetaData) bool {
	for _, e := range chunk.Encodings() {
		switch e {
		case parquet.Encodings.Plain, parquet.Encodings.RLEDict, parquet.Encodings.PlainDict, parquet.Encodings.RLE, parquet.Encodings.BitPacked:
		default:
			return false
		}
	}
	return !chunk.HasDictionaryPage() || repeats(chunk)
}

// begin has the chunk that is read.
func (w *chunkWriter) begin(r *pageReader) {
	w.from = r
	if of := w.chunk.Descr(); parquetcode.Statistics(of, w.props) {
		w.stats = metadata.NewStatistics(of, w.props.Allocator())
	}
}

// take has a page for the new chunk.
func (w *chunkWriter) take(p *page) {
	w.nulls += int64(p.rows - p.values)
	if w.from.dictionary != nil {
		w.later = append(w.later, p)
		return
	}
	w.count(p.plain, int64(p.rows-p.values))
	w.pack(p, func(b []byte) []byte { return append(b, p.plain...) })
}

// pack puts a page together and compresses it.
func (w *chunkWriter) pack(p *page, values func([]byte) []byte) {
	b := w.buffer.plain[:0]
	if most := w.from.most; most > 0 {
		levels := p.levels
		b = append(b, 0, 0, 0, 0)
		if levels == nil {
			b = parquetcode.AppendRun(b, uint32(most), p.rows, parquetcode.Width(int(most)))
		} else {
			b = parquetcode.AppendHybrid(b, levels, parquetcode.Width(int(most)))
		}
		binary.LittleEndian.PutUint32(b, uint32(len(b)-4))
	}
	b = values(b)
	w.buffer.plain = b
	data := b
	if w.HasCompressor() {
		w.buffer.compressed.Reset()
		data = w.Compress(&w.buffer.compressed, b)
	}
	w.pages = append(w.pages, packed{rows: p.rows, bytes: len(b), data: bytes.Clone(data)})
}

// finish writes the chunk.
func (w *chunkWriter) finish() error {
	encoding := parquet.Encodings.Plain
	if w.from.dictionary != nil {
		encoding = w.props.DictionaryIndexEncoding()
		if err := w.finishDictionary(); err != nil {
			return err
		}
	}
	for _, p := range w.pages {
		page := file.NewDataPageV1(memory.NewBufferBytes(p.data), int32(p.rows), encoding, parquet.Encodings.RLE, parquet.Encodings.RLE, int32(p.bytes))
		if _, err := w.WriteDataPage(page); err != nil {
			return err
		}
	}
	if w.stats != nil {
		told, err := w.stats.Encode()
		if err != nil {
			return err
		}
		parquetcode.SetStatistics(w.chunk, w.props, told)
	}
	return w.Close(w.from.dictionary != nil, false)
}

// finishDictionary writes what is left of the dictionary and puts the pages of indices together.
func (w *chunkWriter) finishDictionary() error {
	d := w.shrink(w.from.dictionary)
	page := file.NewDictionaryPage(memory.NewBufferBytes(d.plain), int32(d.len()), w.props.DictionaryPageEncoding())
	if _, err := w.WriteDictionaryPage(page); err != nil {
		return err
	}
	w.count(d.plain, w.nulls)
	width := 0
	if d.len() > 0 {
		width = max(1, parquetcode.Width(d.len()-1)) // some readers know no indices of 0 bits
	}
	for _, p := range w.later {
		w.pack(p, func(b []byte) []byte { return parquetcode.AppendHybrid(append(b, byte(width)), p.indices, width) })
	}
	return nil
}

// shrink leaves values out of a dictionary that no row has any more: an erased one must not stay in it.
func (w *chunkWriter) shrink(d *dictionary) *dictionary {
	to := make([]uint32, d.len())
	for _, p := range w.later {
		for _, i := range p.indices {
			to[i] = 1
		}
	}
	left := &dictionary{plain: make([]byte, 0, len(d.plain)), starts: append(make([]int, 0, len(d.starts)), 0)}
	for i, used := range to {
		if used == 0 {
			continue
		}
		to[i] = uint32(left.len())
		left.plain = append(left.plain, d.value(uint32(i))...)
		left.starts = append(left.starts, len(left.plain))
	}
	if left.len() == d.len() {
		return d
	}
	for _, p := range w.later {
		for n, i := range p.indices {
			p.indices[n] = to[i]
		}
	}
	return left
}

// count tells the statistics of plain values.
func (w *chunkWriter) count(plain []byte, nulls int64) {
	switch s := w.stats.(type) {
	case *metadata.Int32Statistics:
		s.Update(fixed(plain, 4, func(b []byte) int32 { return int32(binary.LittleEndian.Uint32(b)) }), nulls)
	case *metadata.Int64Statistics:
		s.Update(fixed(plain, 8, func(b []byte) int64 { return int64(binary.LittleEndian.Uint64(b)) }), nulls)
	case *metadata.Float32Statistics:
		s.Update(fixed(plain, 4, func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }), nulls)
	case *metadata.Float64Statistics:
		s.Update(fixed(plain, 8, func(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) }), nulls)
	case *metadata.FixedLenByteArrayStatistics:
		s.Update(fixed(plain, w.from.width, func(b []byte) parquet.FixedLenByteArray { return b }), nulls)
	case *metadata.ByteArrayStatistics:
		values := w.buffer.strings[:0]
		for at := 0; at < len(plain); {
			n := lengthAt(plain, at)
			values, at = append(values, plain[at+4:at+n]), at+n
		}
		s.Update(values, nulls)
		w.buffer.strings = values
	}
}

func fixed[T any](plain []byte, width int, value func([]byte) T) []T {
	values := make([]T, len(plain)/width)
	for i := range values {
		values[i] = value(plain[i*width:][:width])
	}
	return values
}
