package compact

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"unsafe"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/lakectl/lakectl/jobs/ingest/dayfile"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
	"github.com/lakectl/lakectl/lake/parquetcode"
)

// errOdd is for pages that are left to arrow-go: of a version or an encoding that ingest does not write.
var errOdd = errors.New("a page of another kind than ingest writes")

// pages reads one column of a row group page by page. Of a text it makes nothing but where it lies.
type pages struct {
	from     file.PageReader
	kind     parquet.Type
	optional bool

	left     int // rows of the page
	levels   parquetcode.Hybrid[int32]
	encoding parquet.Encoding
	index    parquetcode.Hybrid[int32]
	plain    []byte
	bit      int // of plain, in a column of flags
	packed   parquetcode.Delta
	words    *dictionary
}

// openPages stands at the first page of a column of a row group.
func openPages(r *file.Reader, group, column int) (*pages, error) {
	from, err := r.RowGroup(group).GetColumnPageReader(column)
	if err != nil {
		return nil, err
	}
	c := r.MetaData().Schema.Column(column)
	p := &pages{from: from, kind: c.PhysicalType(), optional: c.MaxDefinitionLevel() > 0}
	if err := p.next(); err != nil {
		return nil, errors.Join(err, from.Close())
	}
	return p, nil
}

// next goes to the next page that has rows.
func (p *pages) next() error {
	for p.left = 0; p.left == 0; {
		if !p.from.Next() {
			return errors.Join(fmt.Errorf("a column ends before its row group: %w", lake.ErrDamaged), p.from.Err())
		}
		var err error
		switch page := p.from.Page().(type) {
		case *file.DictionaryPage:
			err = p.dictionary(page)
		case *file.DataPageV1:
			err = p.begin(page)
		default:
			err = errOdd
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// begin begins with a page of values.
func (p *pages) begin(page *file.DataPageV1) error {
	data := page.Data()
	if p.optional {
		if page.DefinitionLevelEncoding() != parquet.Encodings.RLE {
			return errOdd
		}
		levels, rest, ok := text(data)
		if !ok {
			return fmt.Errorf("a page without levels: %w", lake.ErrDamaged)
		}
		p.levels, data = parquetcode.NewHybrid[int32](levels, 1), rest
	}
	p.left, p.encoding = int(page.NumValues()), parquet.Encoding(page.Encoding())
	switch {
	case p.encoding == parquet.Encodings.Plain:
		p.plain, p.bit = data, 0
	case p.encoding == parquet.Encodings.DeltaBinaryPacked && p.kind == parquet.Types.Int64:
		var err error
		p.packed, err = parquetcode.NewDelta(data)
		return err
	case (p.encoding == parquet.Encodings.RLEDict || p.encoding == parquet.Encodings.PlainDict) && p.words != nil:
		if len(data) == 0 || data[0] > parquetcode.MostBits {
			return fmt.Errorf("a page without indices: %w", lake.ErrDamaged)
		}
		p.index = parquetcode.NewHybrid[int32](data[1:], int(data[0]))
	default:
		return errOdd
	}
	return nil
}

// text takes a text off the front of some data, where its length is before it.
func text(data []byte) (value, rest []byte, ok bool) {
	if len(data) < lengthBytes {
		return nil, nil, false
	}
	n := uint64(binary.LittleEndian.Uint32(data))
	data = data[lengthBytes:]
	if n > uint64(len(data)) {
		return nil, nil, false
	}
	return data[:n], data[n:], true
}

func lent(value []byte) string { return unsafe.String(unsafe.SliceData(value), len(value)) }

// dictionary has the texts of a column chunk where they lie in its page, the hash of each, and its number in the file
// that is being written.
type dictionary struct {
	page  []byte
	words []word // and one more, which only says where the last one ends
	empty bool   // a text has no length
	epoch int    // that the numbers are of
}

// word is a text of a dictionary. What a row asks for lies together.
type word struct {
	hash   uint64
	number uint32 // 0 where none is known
	start  uint32
}

func (d *dictionary) text(i int32) string {
	return lent(d.page[d.words[i].start : d.words[i+1].start-lengthBytes])
}

func (d *dictionary) len() int { return len(d.words) - 1 }

// lengthBytes are in front of each text.
const lengthBytes = 4

func (p *pages) dictionary(page *file.DictionaryPage) error {
	encoding := parquet.Encoding(page.Encoding())
	if p.kind != parquet.Types.ByteArray || p.words != nil || encoding != parquet.Encodings.Plain && encoding != parquet.Encodings.PlainDict {
		return errOdd
	}
	n := int(page.NumValues())
	if n > len(page.Data())/lengthBytes {
		return fmt.Errorf("a dictionary of %d bytes says it has %d texts: %w", len(page.Data()), n, lake.ErrDamaged)
	}
	d := &dictionary{page: page.Data(), words: make([]word, n+1)}
	data := d.page
	for i := range n {
		d.words[i].start = uint32(len(d.page) - len(data) + lengthBytes)
		value, rest, ok := text(data)
		if !ok {
			return fmt.Errorf("a dictionary ends early: %w", lake.ErrDamaged)
		}
		data = rest
		d.empty = d.empty || len(value) == 0
		d.words[i].hash = dayfile.Hash(lent(value))
	}
	d.words[n].start = uint32(len(d.page) - len(data) + lengthBytes)
	p.words = d
	return nil
}

// present reads which of the next n rows have a value: nil where all do.
func (p *pages) present(n int, levels []int32) (list []int32, values int, err error) {
	if !p.optional || p.levels.All(n, 1) {
		return nil, n, nil
	}
	list = levels[:n]
	if err := p.levels.Read(list); err != nil {
		return nil, 0, err
	}
	for _, is := range list {
		values += int(is & 1)
	}
	return list, values, nil
}

// texts reads the next n rows of a column of texts. A text of no length is another engine's.
func (p *pages) texts(n int, levels []int32, to *column) error {
	present, values, err := p.present(n, levels)
	if err != nil {
		return err
	}
	p.left -= n
	if p.encoding != parquet.Encodings.Plain {
		return p.indices(n, values, present, to)
	}
	to.words = nil
	to.values = slices.Grow(to.values[:0], n)
	for i := range n {
		if present != nil && present[i] == 0 {
			to.values = append(to.values, "")
			continue
		}
		value, rest, ok := text(p.plain)
		if !ok {
			return fmt.Errorf("texts end early: %w", lake.ErrDamaged)
		}
		if len(value) == 0 {
			return errEmpty
		}
		p.plain = rest
		to.values = append(to.values, lent(value))
	}
	return nil
}

func (p *pages) indices(n, values int, present []int32, to *column) error {
	to.words = p.words
	to.index = slices.Grow(to.index[:0], n)[:n]
	read := to.index[n-values:]
	if err := p.index.Read(read); err != nil {
		return err
	}
	for _, i := range read {
		if uint32(i) >= uint32(p.words.len()) {
			return fmt.Errorf("an index beyond its dictionary: %w", lake.ErrDamaged)
		}
		if p.words.empty && p.words.text(i) == "" {
			return errEmpty
		}
	}
	if present != nil { // the values are at the end, so none is overwritten before it is moved
		next := n - values
		for i, is := range present {
			if is == 0 {
				to.index[i] = noWord
				continue
			}
			to.index[i] = to.index[next]
			next++
		}
	}
	return nil
}

// longs appends whole numbers of the next n rows. Where none is, optional says that this is as it may be.
func (p *pages) longs(n int, levels []int32, into []int64, optional bool) error {
	present, values, err := p.present(n, levels)
	if err != nil {
		return err
	}
	p.left -= n
	if values < n && !optional {
		return errAbsent
	}
	read := into[n-values:]
	switch {
	case p.encoding == parquet.Encodings.DeltaBinaryPacked:
		err = p.packed.Read(read)
	case p.kind == parquet.Types.Int64 && len(p.plain) >= 8*values:
		for i := range read {
			read[i] = int64(binary.LittleEndian.Uint64(p.plain[8*i:]))
		}
		p.plain = p.plain[8*values:]
	case p.kind == parquet.Types.Int32 && len(p.plain) >= 4*values:
		for i := range read {
			read[i] = int64(int32(binary.LittleEndian.Uint32(p.plain[4*i:])))
		}
		p.plain = p.plain[4*values:]
	default:
		err = fmt.Errorf("numbers end early: %w", lake.ErrDamaged)
	}
	if err != nil {
		return err
	}
	if optional && slices.Contains(read, 0) {
		return errEmpty
	}
	if present != nil {
		next := n - values
		for i, is := range present {
			if is == 0 {
				into[i] = 0
				continue
			}
			into[i] = into[next]
			next++
		}
	}
	return nil
}

// flags reads the next rows of a column that is true, false or nothing.
func (p *pages) flags(levels []int32, into []listen.Flag) error {
	present, values, err := p.present(len(into), levels)
	if err != nil {
		return err
	}
	p.left -= len(into)
	if p.bit+values > 8*len(p.plain) {
		return fmt.Errorf("flags end early: %w", lake.ErrDamaged)
	}
	for i := range into {
		if present != nil && present[i] == 0 {
			into[i] = 0
			continue
		}
		into[i] = listen.False
		if p.plain[p.bit>>3]>>(p.bit&7)&1 == 1 {
			into[i] = listen.True
		}
		p.bit++
	}
	return nil
}
