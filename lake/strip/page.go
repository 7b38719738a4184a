package strip

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"
	"github.com/zeebo/xxh3"

	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/parquetcode"
)

// errOtherwise says that a column chunk is encoded in a way that package file must read.
var errOtherwise = errors.New("its values have another encoding")

// lengthBytes are those of the number before a value of any length.
const lengthBytes = 4

var errRows = fmt.Errorf("its pages have not the rows of its row group: %w", lake.ErrDamaged)

var errPage = fmt.Errorf("a page is too short for its values: %w", lake.ErrDamaged)

// plainWidth is the bytes that a plain value has: 0 where its length stands before it, -1 where values share bytes.
func plainWidth(of *schema.Column) int {
	switch of.PhysicalType() {
	case parquet.Types.Int32, parquet.Types.Float:
		return 4
	case parquet.Types.Int64, parquet.Types.Double:
		return 8
	case parquet.Types.Int96:
		return 12
	case parquet.Types.FixedLenByteArray:
		return of.TypeLength()
	case parquet.Types.ByteArray:
		return 0
	}
	return -1
}

// page is a data page whose values are as the file has them: plain, or as indices of the dictionary.
type page struct {
	rows    int
	levels  []uint32 // nil where all values are present
	indices []uint32
	plain   []byte
	values  int // that are present
}

// dictionary is that of a column chunk: its plain values, and where each begins.
type dictionary struct {
	plain  []byte
	starts []int
	hashes []uint64 // of each value; nil where values have one width
}

func (d *dictionary) len() int { return len(d.starts) - 1 }

func (d *dictionary) value(i uint32) []byte { return d.plain[d.starts[i]:d.starts[i+1]] }

// pageReader reads a column chunk page by page.
type pageReader struct {
	pages      file.PageReader
	width      int
	most       int16 // definition level of a value that is present
	dictionary *dictionary
	hashes     bool  // a value counts in sums by its hash
	left       int64 // rows of the row group that are not read yet; damaged pages may claim any number
}

func newPageReader(pages file.PageReader, of *schema.Column) (*pageReader, error) {
	kind := of.PhysicalType()
	r := &pageReader{pages: pages, width: plainWidth(of), most: of.MaxDefinitionLevel()}
	r.hashes = kind == parquet.Types.ByteArray || kind == parquet.Types.FixedLenByteArray
	if r.width < 0 {
		return nil, errOtherwise
	}
	return r, nil
}

// next is the next data page, nil after the last.
func (r *pageReader) next() (*page, error) {
	for r.pages.Next() {
		switch p := r.pages.Page().(type) {
		case *file.DictionaryPage:
			if err := r.readDictionary(p); err != nil {
				return nil, err
			}
		case *file.DataPageV1:
			if r.most > 0 && p.DefinitionLevelEncoding() != parquet.Encodings.RLE {
				return nil, errOtherwise
			}
			data := p.Data()
			if r.most == 0 {
				return r.read(p, nil, data)
			}
			if len(data) < 4 || uint64(binary.LittleEndian.Uint32(data)) > uint64(len(data)-4) {
				return nil, errPage
			}
			end := 4 + int(binary.LittleEndian.Uint32(data))
			return r.read(p, data[4:end], data[end:])
		case *file.DataPageV2:
			data, levels := p.Data(), int(p.DefinitionLevelByteLen())
			if p.RepetitionLevelByteLen() != 0 || levels > len(data) {
				return nil, errPage
			}
			return r.read(p, data[:levels], data[levels:])
		}
	}
	return nil, r.pages.Err()
}

func (r *pageReader) read(of file.DataPage, levels, values []byte) (p *page, err error) {
	if r.left -= int64(of.NumValues()); r.left < 0 {
		return nil, errRows
	}
	p = &page{rows: int(of.NumValues()), values: int(of.NumValues())}
	if r.most > 0 {
		if err := p.readLevels(levels, uint32(r.most)); err != nil {
			return nil, err
		}
	}
	switch parquet.Encoding(of.Encoding()) {
	case parquet.Encodings.Plain:
		if r.dictionary != nil {
			return nil, errOtherwise
		}
		p.plain, err = firstPlain(values, p.values, r.width)
		return p, err
	case parquet.Encodings.RLEDict, parquet.Encodings.PlainDict:
		return p, r.readIndices(p, values)
	}
	return nil, errOtherwise
}

func (p *page) readLevels(data []byte, most uint32) error {
	p.levels = make([]uint32, p.rows)
	if err := parquetcode.DecodeHybrid(p.levels, data, parquetcode.Width(int(most))); err != nil {
		return err
	}
	for _, l := range p.levels {
		if l < most {
			p.values--
		} else if l > most {
			return errPage
		}
	}
	if p.values == p.rows {
		p.levels = nil
	}
	return nil
}

func (r *pageReader) readIndices(p *page, data []byte) error {
	if r.dictionary == nil {
		return errPage
	}
	p.indices = make([]uint32, p.values)
	if p.values == 0 {
		return nil
	}
	if len(data) == 0 {
		return errPage
	}
	if err := parquetcode.DecodeHybrid(p.indices, data[1:], int(data[0])); err != nil {
		return err
	}
	greatest := uint32(0)
	for _, i := range p.indices {
		greatest = max(greatest, i)
	}
	if int(greatest) >= r.dictionary.len() {
		return fmt.Errorf("value %d of a dictionary of %d: %w", greatest, r.dictionary.len(), lake.ErrDamaged)
	}
	return nil
}

func (r *pageReader) readDictionary(p *file.DictionaryPage) error {
	if e := parquet.Encoding(p.Encoding()); r.dictionary != nil || e != parquet.Encodings.Plain && e != parquet.Encodings.PlainDict {
		return errOtherwise
	}
	least := int64(r.width)
	if least == 0 {
		least = lengthBytes
	}
	if int64(p.NumValues())*least > int64(len(p.Data())) {
		return errPage
	}
	d := &dictionary{plain: append([]byte(nil), p.Data()...), starts: make([]int, 1, p.NumValues()+1)}
	for at := 0; len(d.starts) <= int(p.NumValues()); {
		n := r.width
		if n == 0 {
			if n = lengthAt(d.plain, at); n < 0 {
				return errPage
			}
		}
		if at += n; at > len(d.plain) {
			return errPage
		}
		d.starts = append(d.starts, at)
	}
	if r.hashes {
		d.hashes = make([]uint64, d.len())
		for i := range d.hashes {
			d.hashes[i] = xxh3.Hash(content(d.value(uint32(i)), r.width))
		}
	}
	r.dictionary = d
	return nil
}

// lengthAt is that of a plain value and of the number before it; -1 where there is none.
func lengthAt(plain []byte, at int) int {
	if len(plain)-at < 4 {
		return -1
	}
	n := binary.LittleEndian.Uint32(plain[at:])
	if n > math.MaxInt32 || int(n) > len(plain)-at-4 {
		return -1
	}
	return 4 + int(n)
}

// content is a plain value without its length.
func content(value []byte, width int) []byte {
	if width == 0 {
		return value[4:]
	}
	return value
}

// firstPlain are the first plain values.
func firstPlain(plain []byte, values, width int) ([]byte, error) {
	end := values * width
	if width == 0 {
		for range values {
			n := lengthAt(plain, end)
			if n < 0 {
				return nil, errPage
			}
			end += n
		}
	}
	if end > len(plain) {
		return nil, errPage
	}
	return plain[:end], nil
}

// without takes rows out; gone are their numbers, ascending, the first row of the page being number first.
func (p *page) without(gone []int64, first int64, most int16, width int) {
	if len(gone) == 0 {
		return
	}
	rows := make([]int, len(gone))
	for i, n := range gone {
		rows[i] = int(n - first)
	}
	values := rows
	if p.levels != nil {
		values = make([]int, 0, len(rows))
		at, next := 0, 0
		for _, row := range rows {
			for ; at < row; at++ {
				if p.levels[at] == uint32(most) {
					next++
				}
			}
			if p.levels[row] == uint32(most) {
				values = append(values, next)
			}
		}
		p.levels = cut(p.levels, rows)
	}
	if p.indices != nil {
		p.indices = cut(p.indices, values)
	} else {
		p.plain = cutPlain(p.plain, values, width)
	}
	p.rows, p.values = p.rows-len(rows), p.values-len(values)
}

// cut takes values out of a list, in place.
func cut[T any](list []T, gone []int) []T {
	if len(gone) == 0 {
		return list
	}
	kept := list[:gone[0]]
	for i, n := range gone {
		end := len(list)
		if i+1 < len(gone) {
			end = gone[i+1]
		}
		kept = append(kept, list[n+1:end]...)
	}
	return kept
}

// cutPlain takes plain values out, in place.
func cutPlain(plain []byte, gone []int, width int) []byte {
	kept, from, at, next := plain[:0], 0, 0, 0
	for _, n := range gone {
		length := width
		if width == 0 {
			for ; next < n; next++ {
				at += lengthAt(plain, at)
			}
			length, next = lengthAt(plain, at), next+1
		} else {
			at = n * width
		}
		kept = append(kept, plain[from:at]...)
		at += length
		from = at
	}
	return append(kept, plain[from:]...)
}
