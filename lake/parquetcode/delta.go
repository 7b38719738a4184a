package parquetcode

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"

	"github.com/lakectl/lakectl/lake"
)

// Differences come in blocks of four parts, each with bits for the largest of its own.
const (
	deltaParts = 4
	deltaPart  = 32
	deltaBlock = deltaParts * deltaPart
)

// AppendDelta appends numbers as differences from the one before (DELTA_BINARY_PACKED).
func AppendDelta[T int32 | int64](to []byte, values []T) []byte {
	var last int64
	if len(values) > 0 {
		last = int64(values[0])
	}
	to = binary.AppendUvarint(to, deltaBlock)
	to = binary.AppendUvarint(to, deltaParts)
	to = binary.AppendUvarint(to, uint64(len(values)))
	to = binary.AppendVarint(to, last)
	var block [deltaBlock]uint64
	for rest := values[min(1, len(values)):]; len(rest) > 0; {
		n := min(len(rest), deltaBlock)
		least := int64(math.MaxInt64)
		for i, v := range rest[:n] {
			difference := int64(v) - last
			block[i], last, least = uint64(difference), int64(v), min(least, difference)
		}
		for i := n; i < deltaBlock; i++ {
			block[i] = uint64(least)
		}
		to = appendBlock(to, &block, n, least)
		rest = rest[n:]
	}
	return to
}

// appendBlock appends a block of which n differences count. Parts after them have no bits.
func appendBlock(to []byte, block *[deltaBlock]uint64, n int, least int64) []byte {
	to = binary.AppendVarint(to, least)
	widths := len(to)
	to = append(to, make([]byte, deltaParts)...)
	for part := 0; part*deltaPart < n; part++ {
		differences := block[part*deltaPart : (part+1)*deltaPart]
		var all uint64
		for i := range differences {
			differences[i] -= uint64(least)
			all |= differences[i]
		}
		width := bits.Len64(all)
		to[widths+part] = byte(width)
		to = AppendBits(to, differences, width)
	}
	return to
}

// Delta are numbers that [AppendDelta] or another writer wrote, from the next one on.
type Delta struct {
	data   []byte // after the part that is being read
	total  int    // numbers that are left
	last   int64
	fresh  bool // last has not been given yet
	size   int  // numbers of a part
	least  int64
	widths []byte // of the parts of the block that are left
	parts  int

	left  int // numbers of the part
	width int
	bits  []byte
	at    int
}

// NewDelta stands before the first of some numbers.
func NewDelta(data []byte) (d Delta, err error) {
	var head [3]uint64 // numbers of a block, parts of a block, numbers in all
	for i := range head {
		n, size := binary.Uvarint(data)
		if size <= 0 || n >= mostOfARun {
			return d, fmt.Errorf("differences without a head: %w", lake.ErrDamaged)
		}
		head[i], data = n, data[size:]
	}
	first, size := binary.Varint(data)
	if size <= 0 || head[1] == 0 || head[0] == 0 || head[0]%(packedRun*head[1]) != 0 {
		return d, fmt.Errorf("differences with an odd head: %w", lake.ErrDamaged)
	}
	return Delta{data: data[size:], total: int(head[2]), last: first, fresh: true, size: int(head[0] / head[1]), parts: int(head[1])}, nil
}

// Read fills into with the next numbers.
func (d *Delta) Read(into []int64) error {
	if d.total < len(into) {
		return fmt.Errorf("%d numbers of %d: %w", d.total, len(into), lake.ErrDamaged)
	}
	d.total -= len(into)
	if d.fresh && len(into) > 0 {
		d.fresh, into[0] = false, d.last
		into = into[1:]
	}
	for len(into) > 0 {
		if d.left == 0 {
			if err := d.next(); err != nil {
				return err
			}
		}
		n := min(d.left, len(into))
		d.unpack(into[:n])
		d.left, into = d.left-n, into[n:]
	}
	return nil
}

func (d *Delta) unpack(into []int64) {
	mask := ^uint64(0) >> (64 - d.width)
	at, last := d.at, d.last
	for i := range into {
		of, shift := at>>3, at&7
		w := word(d.bits, of) >> shift
		if shift+d.width > 64 {
			w |= word(d.bits, of+8) << (64 - shift)
		}
		last += d.least + int64(w&mask)
		into[i] = last
		at += d.width
	}
	d.at, d.last = at, last
}

// next goes to the next part.
func (d *Delta) next() error {
	if len(d.widths) == 0 {
		least, size := binary.Varint(d.data)
		if size <= 0 || len(d.data) < size+d.parts {
			return fmt.Errorf("differences that end early: %w", lake.ErrDamaged)
		}
		d.least, d.widths, d.data = least, d.data[size:size+d.parts], d.data[size+d.parts:]
	}
	d.width, d.widths = int(d.widths[0]), d.widths[1:]
	bytes := d.size / 8 * d.width
	if d.width > 64 || bytes > len(d.data) {
		return fmt.Errorf("differences that end early: %w", lake.ErrDamaged)
	}
	d.left, d.at, d.bits, d.data = d.size, 0, d.data[:bytes], d.data[bytes:]
	return nil
}
