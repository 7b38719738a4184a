package strip

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/zeebo/xxh3"
)

// Sum tells the rows of a file from others: their number and a hash of each column.
type Sum struct {
	Rows    int64
	columns map[int32]columnHash // by field id; below 0 by the place in the file
}

// Equal tells whether two files have the same rows in the same order.
func (s Sum) Equal(t Sum) bool { return s.Rows == t.Rows && maps.Equal(s.columns, t.columns) }

func (s Sum) String() string {
	h := xxh3.New()
	for id := range int32(math.MaxInt16) { // in the order of ids
		if sum, has := s.columns[id]; has {
			h.Write(sum[:]) //nolint:errcheck // never fails
		}
	}
	return fmt.Sprintf("%d rows, %016x", s.Rows, h.Sum64())
}

// columnHash is what a column comes to: how present its values are, the values, and the bytes that were copied.
type columnHash [3 * 16]byte

// columnSum hashes a column. Presence and values are apart, so that it is the same however many rows are read at once.
type columnSum struct {
	presence, values, bytes *xxh3.Hasher
	buffer                  *[]byte // of all columns of a file
}

func newColumnSum(buffer *[]byte) *columnSum {
	return &columnSum{presence: xxh3.New(), values: xxh3.New(), bytes: xxh3.New(), buffer: buffer}
}

func (c *columnSum) sum() (sum columnHash) {
	for i, h := range []*xxh3.Hasher{c.presence, c.values, c.bytes} {
		part := h.Sum128().Bytes()
		copy(sum[i*len(part):], part[:])
	}
	return sum
}

// copied takes a column chunk that is kept as it is, and what its footer says of how to read it.
func (c *columnSum) copied(of *metadata.ColumnChunkMetaData, bytes []byte) {
	//nolint:errcheck // never fails
	fmt.Fprintf(c.bytes, "%s %s %v %d %d %d\n", of.Type(), of.Compression(), of.Encodings(), of.NumValues(), of.TotalUncompressedSize(), len(bytes))
	c.bytes.Write(bytes) //nolint:errcheck // never fails
}

// add takes the next rows: how present each is, and the values of those that are.
func add[T any](c *columnSum, levels []int16, values []T) {
	b := (*c.buffer)[:0]
	for _, l := range levels {
		b = append(b, byte(l))
	}
	c.presence.Write(b) //nolint:errcheck // never fails
	b = appendValues(b[:0], values)
	c.values.Write(b) //nolint:errcheck // never fails
	*c.buffer = b
}

// page takes the next rows as they are encoded. They come to what [add] makes of them.
func (c *columnSum) page(p *page, r *pageReader) {
	d, width, hashed := r.dictionary, r.width, r.hashes
	b := slices.Grow((*c.buffer)[:0], 8*p.rows)
	for _, l := range p.levels {
		b = append(b, byte(l))
	}
	for range p.rows - len(b) {
		b = append(b, byte(r.most))
	}
	c.presence.Write(b) //nolint:errcheck // never fails
	b = b[:0]
	switch {
	case p.indices != nil && hashed:
		for _, i := range p.indices {
			b = binary.LittleEndian.AppendUint64(b, d.hashes[i])
		}
	case p.indices != nil:
		for _, i := range p.indices {
			b = append(b, d.value(i)...)
		}
	case hashed:
		for at, n := 0, width; at < len(p.plain); at += n {
			if width == 0 {
				n = lengthAt(p.plain, at)
			}
			b = binary.LittleEndian.AppendUint64(b, xxh3.Hash(content(p.plain[at:at+n], width)))
		}
	default:
		c.values.Write(p.plain) //nolint:errcheck // never fails
	}
	c.values.Write(b) //nolint:errcheck // never fails
	*c.buffer = b
}

// clone is a sum that goes on apart from this one.
func (c *columnSum) clone() *columnSum {
	presence, values, bytes := *c.presence, *c.values, *c.bytes
	return &columnSum{presence: &presence, values: &values, bytes: &bytes, buffer: c.buffer}
}

func appendValues(b []byte, values any) []byte {
	switch all := values.(type) {
	case []bool:
		for _, v := range all {
			if v {
				b = append(b, 1)
			} else {
				b = append(b, 0)
			}
		}
	case []int32:
		for _, v := range all {
			b = binary.LittleEndian.AppendUint32(b, uint32(v))
		}
	case []int64:
		for _, v := range all {
			b = binary.LittleEndian.AppendUint64(b, uint64(v))
		}
	case []float32:
		for _, v := range all {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
	case []float64:
		for _, v := range all {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
	case []parquet.Int96:
		for _, v := range all {
			b = append(b, v[:]...)
		}
	case []parquet.ByteArray: // of which a hash is enough, as a dictionary has it ready
		for _, v := range all {
			b = binary.LittleEndian.AppendUint64(b, xxh3.Hash(v))
		}
	case []parquet.FixedLenByteArray:
		for _, v := range all {
			b = binary.LittleEndian.AppendUint64(b, xxh3.Hash(v))
		}
	}
	return b
}
