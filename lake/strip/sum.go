package strip

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/zeebo/xxh3"
)

// Sum tells the rows of a file from others: their number and a hash of each column.
type Sum struct {
	Rows    int64
	columns map[int32][32]byte // by field id
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

// columnSum hashes a column: which rows have a value, and the values. Both apart, so that it is the same however many
// rows are read at once.
type columnSum struct {
	presence, values *xxh3.Hasher
	buffer           []byte
}

func newColumnSum() *columnSum { return &columnSum{presence: xxh3.New(), values: xxh3.New()} }

func (c *columnSum) sum() (sum [32]byte) {
	presence, values := c.presence.Sum128().Bytes(), c.values.Sum128().Bytes()
	copy(sum[:], presence[:])
	copy(sum[len(presence):], values[:])
	return sum
}

// add takes the next rows: how present each is, and the values of those that are.
func add[T any](c *columnSum, levels []int16, values []T) {
	b := c.buffer[:0]
	for _, l := range levels {
		b = append(b, byte(l))
	}
	c.presence.Write(b) //nolint:errcheck // never fails
	b = b[:0]
	for i := range values {
		b = appendValue(b, values[i])
	}
	c.values.Write(b) //nolint:errcheck // never fails
	c.buffer = b
}

func appendValue(b []byte, value any) []byte {
	switch v := value.(type) {
	case bool:
		if v {
			return append(b, 1)
		}
		return append(b, 0)
	case int32:
		return binary.LittleEndian.AppendUint32(b, uint32(v))
	case int64:
		return binary.LittleEndian.AppendUint64(b, uint64(v))
	case float32:
		return binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	case float64:
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	case parquet.Int96:
		return append(b, v[:]...)
	case parquet.ByteArray:
		return append(binary.LittleEndian.AppendUint32(b, uint32(len(v))), v...)
	case parquet.FixedLenByteArray:
		return append(binary.LittleEndian.AppendUint32(b, uint32(len(v))), v...)
	}
	return b
}
