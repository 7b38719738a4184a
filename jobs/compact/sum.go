package compact

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/zeebo/xxh3"

	"github.com/lakectl/lakectl/jobs/ingest/dayfile"
)

// sum tells rows in their order apart from others: their number, and a polynomial of a hash of each over all columns. A
// text counts by its own hash, which is made once for each that a dictionary has.
type sum struct {
	rows   int64
	hi, lo uint64
}

func (s *sum) add(c *cursor) {
	h := &c.hashes[c.row()]
	s.rows, s.hi, s.lo = s.rows+1, s.hi*orderFactor+h.Hi, s.lo*orderFactor+h.Lo
}

// orderFactor is odd, so that no row is ever lost from the polynomial.
const orderFactor = 0x9E3779B97F4A7C15

const (
	wordBytes = 8
	hashRows  = 64 // whose bytes lie together until they are hashed
)

// rowBytes are a row as it is hashed: a text by its own hash.
type rowBytes [wordBytes*(texts+longs) + 1]byte

// hash makes the hashes of the batch's rows. Their bytes are put together column by column: what a dictionary has of
// one row is fetched while that of the row before is on its way.
func (c *cursor) hash() {
	c.hashes = slices.Grow(c.hashes[:0], c.n)[:c.n]
	var rows [hashRows]rowBytes
	for from := 0; from < c.n; from += hashRows {
		n := min(hashRows, c.n-from)
		at := 0
		for column := range c.text {
			c.text[column].hash(rows[:n], from, at)
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

// hash puts the hashes of texts into rows, the first of which is row number from of the batch. No text has another one
// than any text.
func (c *column) hash(rows []rowBytes, from, at int) {
	if c.words == nil {
		for i, value := range c.values[from : from+len(rows)] {
			binary.LittleEndian.PutUint64(rows[i][at:], dayfile.Hash(value))
		}
		return
	}
	words := c.words.words
	for i, of := range c.index[from : from+len(rows)] {
		h := noText
		if of != noWord {
			h = words[of].hash
		}
		binary.LittleEndian.PutUint64(rows[i][at:], h)
	}
}

var noText = dayfile.Hash("")

func (s *sum) equal(t *sum) bool { return s.rows == t.rows && s.hi == t.hi && s.lo == t.lo }

func (s *sum) String() string { return fmt.Sprintf("%d rows, %016x%016x", s.rows, s.hi, s.lo) }
