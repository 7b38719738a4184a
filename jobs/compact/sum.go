package compact

import (
	"encoding/binary"
	"fmt"

	"github.com/zeebo/xxh3"
)

// sum tells rows apart from other rows, whatever their order: their number, and the sum of a hash of each over all
// columns.
type sum struct {
	rows   int64
	hi, lo uint64
	buffer []byte
}

func (s *sum) add(c *cursor) {
	i := c.row()
	b := s.buffer[:0]
	for column := range c.text {
		v := c.text[column][i]
		b = binary.LittleEndian.AppendUint32(b, uint32(len(v)))
		b = append(b, v...)
	}
	for column := range c.long {
		b = binary.LittleEndian.AppendUint64(b, uint64(c.long[column][i]))
	}
	s.buffer = append(b, byte(c.flags[i]))
	h := xxh3.Hash128(s.buffer)
	s.rows, s.hi, s.lo = s.rows+1, s.hi+h.Hi, s.lo+h.Lo
}

func (s *sum) equal(t *sum) bool { return s.rows == t.rows && s.hi == t.hi && s.lo == t.lo }

func (s *sum) String() string { return fmt.Sprintf("%d rows, %016x%016x", s.rows, s.hi, s.lo) }
