package figures

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Few is the number of listeners below which a count is not shown.
const Few = 5

// Set is a set of listeners: their k smallest hashes, ascending. The zero value is empty.
type Set struct {
	k      int
	hashes []uint64
}

// errSet is wrapped by every error of [ParseSet].
var errSet = errors.New("not a set of listeners")

// ParseSet reads a set that holds at most k hashes, see the package comment. The error names what is wrong, not the
// bytes.
func ParseSet(raw []byte, k int) (Set, error) {
	if len(raw)%8 != 0 || len(raw)/8 > k {
		return Set{}, fmt.Errorf("%w: %d bytes, for at most %d hashes of 8", errSet, len(raw), k)
	}
	s := Set{k: k, hashes: make([]uint64, len(raw)/8)}
	for i := range s.hashes {
		s.hashes[i] = binary.BigEndian.Uint64(raw[8*i:])
		if i > 0 && s.hashes[i] <= s.hashes[i-1] {
			return Set{}, fmt.Errorf("%w: hash %d is not above the one before it", errSet, i)
		}
	}
	return s, nil
}

// Unite is the union of sets. It holds as many hashes as the smallest k of them allows, for beyond it no set is
// complete.
func Unite(sets ...Set) Set {
	var u Set
	n := 0
	for _, s := range sets {
		if s.k > 0 && (u.k == 0 || s.k < u.k) {
			u.k = s.k
		}
		n += len(s.hashes)
	}
	u.hashes = make([]uint64, 0, n)
	for _, s := range sets {
		u.hashes = append(u.hashes, s.hashes...)
	}
	slices.Sort(u.hashes)
	u.hashes = slices.Compact(u.hashes)
	if len(u.hashes) > u.k {
		u.hashes = u.hashes[:u.k]
	}
	return u
}

// Count is how many listeners are in a set.
type Count struct {
	Listeners int64
	Exact     bool
}

// Count counts the listeners.
func (s Set) Count() Count {
	if len(s.hashes) < s.k || s.k == 0 {
		return Count{Listeners: int64(len(s.hashes)), Exact: true}
	}
	largest := float64(s.hashes[len(s.hashes)-1]) + 1
	return Count{Listeners: int64(math.Round(float64(s.k-1) / largest * (1 << 32) * (1 << 32)))}
}

// IsFew tells whether the set has fewer than [Few] listeners. Its k must be Few or more.
func (s Set) IsFew() bool { return len(s.hashes) < Few }

// Bytes is the form that [ParseSet] reads.
func (s Set) Bytes() []byte {
	raw := make([]byte, 0, 8*len(s.hashes))
	for _, h := range s.hashes {
		raw = binary.BigEndian.AppendUint64(raw, h)
	}
	return raw
}
