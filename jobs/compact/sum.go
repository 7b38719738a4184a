package compact

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/zeebo/xxh3"

	"github.com/lakectl/lakectl/jobs/ingest/dayfile"
)

// sum tells rows apart from other rows, whatever their order: their number, and the sum of a hash of each over all
// columns. A text counts by its own hash, which is made once for each that a dictionary has.
type sum struct {
	rows   int64
	hi, lo uint64
}

func (s *sum) add(c *cursor) {
	h := &c.hashes[c.row()]
	s.rows, s.hi, s.lo = s.rows+1, s.hi+h.Hi, s.lo+h.Lo
}

const (
	wordBytes = 8
	hashRows  = 64 // whose bytes lie together until they are hashed
)

// hash makes the hashes of the batch's rows. Their bytes are put together column by column: what a dictionary has of
// one row is fetched while that of the row before is on its way.
func (c *cursor) hash() {
	c.hashes = slices.Grow(c.hashes[:0], c.n)[:c.n]
	var rows [hashRows][wordBytes*(texts+longs) + 1]byte
	for from := 0; from < c.n; from += hashRows {
		n := min(hashRows, c.n-from)
		at := 0
		for column := range c.text {
			for i := range n {
				binary.LittleEndian.PutUint64(rows[i][at:], c.text[column].hash(from+i))
			}
			at += wordBytes
		}
		for column := range c.long {
			for i, v := range c.long[column][from : from+n] {
				binary.LittleEndian.PutUint64(rows[i][at:], uint64(v))
			}
			at += wordBytes
		}
		for i, f := range c.flags[from : from+n] {
			rows[i][at] = byte(f)
			c.hashes[from+i] = xxh3.Hash128(rows[i][:])
		}
	}
}

// hash is that of a row's text. No text has another one than any text.
func (c *column) hash(row int) uint64 {
	if c.words == nil {
		return dayfile.Hash(c.values[row])
	}
	if i := c.index[row]; i != noWord {
		return c.words.hashes[i]
	}
	return noText
}

var noText = dayfile.Hash("")

func (s *sum) equal(t *sum) bool { return s.rows == t.rows && s.hi == t.hi && s.lo == t.lo }

func (s *sum) String() string { return fmt.Sprintf("%d rows, %016x%016x", s.rows, s.hi, s.lo) }
