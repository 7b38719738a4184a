package recent

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/dchest/siphash"
)

// entry is one row of the archive: the hash of its listen_id, the hash of the position it came from, and where it lies.
type entry struct {
	hi, lo uint64 // the hash: 64 bits, and 56 bits
	pos    uint64
	row    uint64 // number of the file among those sifted, row number in it: 32 bits each, so in the order of reading
}

const lowBits = 56

func place(file int, row int64) uint64 { return uint64(file)<<32 | uint64(row) }

func (e entry) at() (file int, row int64) { return int(e.row >> 32), int64(e.row & (1<<32 - 1)) }

func (e entry) same(f entry) bool { return e.hi == f.hi && e.lo == f.lo }

func compareEntries(a, b entry) int {
	if c := cmp.Compare(a.hi, b.hi); c != 0 {
		return c
	}
	if c := cmp.Compare(a.lo, b.lo); c != 0 {
		return c
	}
	return cmp.Compare(a.row, b.row)
}

// key is what ids and positions are hashed with. Each state has its own.
type key [16]byte

// hasher hashes ids and positions. It remembers the source it met last: rows of one source mostly come together.
type hasher struct {
	k0, k1    uint64
	source    []byte // the last one: topic, 0, partition
	s0, s1    uint64 // the key of its offsets
	candidate []byte
}

func newHasher(k key) *hasher {
	return &hasher{k0: binary.LittleEndian.Uint64(k[:8]), k1: binary.LittleEndian.Uint64(k[8:])}
}

func (h *hasher) id(listen []byte) (hi, lo uint64) {
	hi, lo = siphash.Hash128(h.k0, h.k1, listen)
	return hi, lo & (1<<lowBits - 1)
}

// position hashes the offset under a key that is made of the source.
func (h *hasher) position(topic []byte, partition, offset int64) uint64 {
	h.candidate = append(append(h.candidate[:0], topic...), 0)
	h.candidate = binary.LittleEndian.AppendUint64(h.candidate, uint64(partition))
	if !slices.Equal(h.candidate, h.source) {
		h.source = append(h.source[:0], h.candidate...)
		h.s0, h.s1 = siphash.Hash128(^h.k0, ^h.k1, h.source)
	}
	var number [8]byte
	binary.LittleEndian.PutUint64(number[:], uint64(offset))
	return siphash.Hash(h.s0, h.s1, number[:])
}

const (
	batchEntries = 3 << 17 // in memory at a time, 12 MiB
	binEntries   = 8       // of a bin on average
	fewEntries   = 24      // that insertion sort is the quickest for
	mostBins     = 1 << 9  // of a pass: their ends stay in the cache
)

// sortEntries sorts entries in place: into bins by the first bits that they do not share, which are spread evenly as
// they are of a hash, then each bin. A second array of entries would be as large as all else in memory.
func sortEntries(list []entry, shared int) {
	if len(list) <= fewEntries {
		insertionSort(list)
		return
	}
	width := min(bits.Len(uint(len(list)/binEntries)), bits.Len(mostBins)-1)
	if shared+width > 48 { // one id many times
		slices.SortFunc(list, compareEntries)
		return
	}
	ends := intoBins(list, shared, width)
	begin := uint32(0)
	for _, end := range ends[:1<<width] {
		if end-begin > 1 {
			sortEntries(list[begin:end], shared+width)
		}
		begin = end
	}
}

// intoBins moves every entry into the bin that its bits after the shared ones number, cycle by cycle.
func intoBins(list []entry, shared, width int) (ends [mostBins]uint32) {
	bin := func(e *entry) uint64 { return e.hi << shared >> (64 - width) }
	for i := range list {
		ends[bin(&list[i])]++
	}
	next, sum := ends, uint32(0)
	for b, n := range ends[:1<<width] {
		next[b] = sum
		sum += n
		ends[b] = sum
	}
	for b := range uint64(1) << width {
		for next[b] < ends[b] {
			e := list[next[b]]
			for to := bin(&e); to != b; to = bin(&e) {
				list[next[to]], e = e, list[next[to]]
				next[to]++
			}
			list[next[b]] = e
			next[b]++
		}
	}
	return ends
}

func insertionSort(list []entry) {
	for i := 1; i < len(list); i++ {
		e, j := list[i], i
		for ; j > 0 && compareEntries(e, list[j-1]) < 0; j-- {
			list[j] = list[j-1]
		}
		list[j] = e
	}
}
