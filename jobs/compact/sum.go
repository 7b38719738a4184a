package compact

import (
	"encoding/binary"
	"fmt"

	"github.com/zeebo/xxh3"
)

// sum tells rows apart from other rows, whatever their order: their number, and the sum of a hash of each over all
// columns. A text counts by its own hash, which is made once for each that a dictionary has.
type sum struct {
	rows   int64
	hi, lo uint64
	buffer [wordBytes*(texts+longs) + 1]byte
}

const wordBytes = 8

func (s *sum) add(c *cursor) {
	i := c.row()
	b := &s.buffer
	at := 0
	for column := range c.text {
		binary.LittleEndian.PutUint64(b[at:], c.text[column].hash(i))
		at += wordBytes
	}
	for column := range c.long {
		binary.LittleEndian.PutUint64(b[at:], uint64(c.long[column][i]))
		at += wordBytes
	}
	b[at] = byte(c.flags[i])
	h := xxh3.Hash128(b[:])
	s.rows, s.hi, s.lo = s.rows+1, s.hi+h.Hi, s.lo+h.Lo
}

// hash is that of a row's text. No text has another one than any text.
func (c *column) hash(row int) uint64 {
	if c.words == nil {
		return xxh3.HashString(c.values[row])
	}
	if i := c.index[row]; i != noWord {
		return c.words.hashes[i]
	}
	return noText
}

var noText = xxh3.HashString("")

func (s *sum) equal(t *sum) bool { return s.rows == t.rows && s.hi == t.hi && s.lo == t.lo }

func (s *sum) String() string { return fmt.Sprintf("%d rows, %016x%016x", s.rows, s.hi, s.lo) }
