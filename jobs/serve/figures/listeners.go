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
	k, lists := 0, make([][]uint64, 0, len(sets))
	for _, s := range sets {
		if s.k > 0 && (k == 0 || s.k < k) {
			k = s.k
		}
		lists = append(lists, s.hashes)
	}
	// Two at a time: sorting all of a month's days together takes several times as long.
	for len(lists) > 1 {
		half := lists[:0:0]
		for i := 0; i+1 < len(lists); i += 2 {
			half = append(half, merge(lists[i], lists[i+1], k))
		}
		if len(lists)%2 == 1 {
			half = append(half, lists[len(lists)-1])
		}
		lists = half
	}
	if len(lists) == 0 {
		return Set{}
	}
	return Set{k: k, hashes: slices.Clone(lists[0][:min(k, len(lists[0]))])}
}

// merge gives the smallest k of two ascending lists, each once.
func merge(a, b []uint64, k int) []uint64 {
	list := make([]uint64, 0, min(k, len(a)+len(b)))
	for len(list) < k && len(a) > 0 && len(b) > 0 {
		h := min(a[0], b[0])
		if a[0] == h {
			a = a[1:]
		}
		if b[0] == h {
			b = b[1:]
		}
		list = append(list, h)
	}
	rest := a
	if len(a) == 0 {
		rest = b
	}
	return append(list, rest[:min(len(rest), k-len(list))]...)
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
