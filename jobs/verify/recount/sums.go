package recount

import (
	"math/bits"
)

// sum is what the rows of one day or month of a table sum to.
type sum struct {
	first, second int64  // plays and milliseconds, or listens and those that qualify
	keys, weights uint64 // the same, each times the hash of its key
}

// add takes up a line: its key, and what it says.
func (s *sum) add(key uint64, first, second int64) {
	s.first, s.second = s.first+first, s.second+second
	s.keys, s.weights = s.keys+key*uint64(first), s.weights+key*uint64(second)
}

// keyOf is the hash of a key of several columns, whose order counts.
func keyOf(columns ...uint64) uint64 {
	h := uint64(0x9e3779b97f4a7c15)
	for _, c := range columns {
		high, low := bits.Mul64(h^c, 0xa0761d6478bd642f^bits.RotateLeft64(c, 29))
		h = high ^ low ^ bits.RotateLeft64(h, 17)
	}
	high, low := bits.Mul64(h^textHash(""), 0xe7037ed1a0b428db)
	return high ^ low
}

// sums are by day since 1970, or by the hash of the month's name.
type sums map[int64]*sum

func (s sums) at(part int64) *sum {
	if s[part] == nil {
		s[part] = &sum{}
	}
	return s[part]
}

const (
	usHour = 3_600_000_000
	usDay  = 24 * usHour
)

// floor rounds down, also what lies before 1970.
func floor(n, by int64) int64 {
	q := n / by
	if n%by < 0 {
		q--
	}
	return q
}
