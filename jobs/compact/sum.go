package compact

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"

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
	s.rows, s.hi, s.lo = s.rows+1, s.hi*orderFactor+h.hi, s.lo*orderFactor+h.lo
}

// orderFactor is odd, so that no row is ever lost from the polynomial.
const orderFactor = 0x9E3779B97F4A7C15

// rowHash is a number of 128 bits.
type rowHash struct{ hi, lo uint64 }

// secrets are of this process, one for each column: those of texts, of numbers, and the flag.
var secrets = newSecrets()

func newSecrets() (list [texts + longs + 1]uint64) {
	var random [8 * len(list)]byte
	rand.Read(random[:])
	for i := range list {
		list[i] = binary.LittleEndian.Uint64(random[8*i:])
	}
	return list
}

// hash makes the hashes of the batch's rows, two columns at a time: the sum of the products of both values, each with a
// secret added (NH, as UMAC has it). Two rows that differ have the same one by a chance of 2^-64, whatever is in them,
// and that of texts comes from their own hashes. A column of texts is gone over alone: what a dictionary has of one row
// is fetched while that of the row before is on its way.
func (c *cursor) hash() {
	c.hashes = slices.Grow(c.hashes[:0], c.n)[:c.n]
	var left, right [hashRows]uint64
	for from := 0; from < c.n; from += hashRows {
		n := min(hashRows, c.n-from)
		rows := c.hashes[from : from+n]
		for i, f := range c.flags[from : from+n] {
			rows[i].hi, rows[i].lo = bits.Mul64(uint64(f), secrets[texts+longs])
		}
		for k := 0; k < texts; k += 2 {
			c.text[k].hash(left[:n], from)
			c.text[k+1].hash(right[:n], from)
			multiply(rows, left[:n], right[:n], secrets[k], secrets[k+1])
		}
		for k := 0; k < longs; k += 2 {
			multiply(rows, c.long[k][from:from+n], c.long[k+1][from:from+n], secrets[texts+k], secrets[texts+k+1])
		}
		for i := range rows {
			rows[i].mix()
		}
	}
}

// hashRows are hashed at a time.
const hashRows = 128

func multiply[T int64 | uint64](rows []rowHash, left, right []T, a, b uint64) {
	left, right = left[:len(rows)], right[:len(rows)]
	for i := range rows {
		hi, lo := bits.Mul64(uint64(left[i])+a, uint64(right[i])+b)
		var carry uint64
		rows[i].lo, carry = bits.Add64(rows[i].lo, lo, 0)
		rows[i].hi, _ = bits.Add64(rows[i].hi, hi, carry)
	}
}

// mix makes one number of another, so that what two rows differ by is not what two others do that differ in the same
// value: the polynomial adds them up.
func (h *rowHash) mix() {
	h.hi ^= h.lo >> 32
	h.hi *= mixFactor
	h.lo ^= h.hi >> 29
	h.lo *= mixFactor
	h.hi ^= h.lo >> 32
}

// mixFactor is odd, so that no two numbers become the same.
const mixFactor = 0xC2B2AE3D27D4EB4F

// hash gives the hashes of some texts, the first of which is of row number from of the batch. No text has another one
// than any text.
func (c *column) hash(to []uint64, from int) {
	if c.words == nil {
		for i, value := range c.values[from : from+len(to)] {
			to[i] = dayfile.Hash(value)
		}
		return
	}
	words := c.words.words
	for i, of := range c.index[from : from+len(to)] {
		h := noText
		if of != noWord {
			h = words[of].hash
		}
		to[i] = h
	}
}

var noText = dayfile.Hash("")

func (s *sum) equal(t *sum) bool { return s.rows == t.rows && s.hi == t.hi && s.lo == t.lo }

func (s *sum) String() string { return fmt.Sprintf("%d rows, %016x%016x", s.rows, s.hi, s.lo) }
