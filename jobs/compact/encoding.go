package compact

import (
	"encoding/binary"
	"fmt"

	"github.com/lakectl/lakectl/lake"
)

// hybrid are small numbers as Parquet has levels and dictionary indices: runs of one number, and runs of numbers that
// are packed into so many bits each.
type hybrid struct {
	data  []byte // after the run
	width int    // bits of a number
	left  int    // numbers of the run
	same  bool
	value int32
	bits  []byte // of a packed run
	at    int    // bit of the next number
}

const (
	mostBits   = 32
	packedRun  = 8       // numbers in a packed run come in so many
	mostOfARun = 1 << 31 // a page has no more
)

// read fills into with the next numbers.
func (h *hybrid) read(into []int32) error {
	for len(into) > 0 {
		if h.left == 0 {
			if err := h.next(); err != nil {
				return err
			}
		}
		n := min(h.left, len(into))
		if h.same {
			for i := range into[:n] {
				into[i] = h.value
			}
		} else {
			h.unpack(into[:n])
		}
		h.left, into = h.left-n, into[n:]
	}
	return nil
}

// all tells whether the next n numbers are of one run of a value, and goes over them if they are.
func (h *hybrid) all(n int, value int32) bool {
	if h.left == 0 && len(h.data) > 0 && h.next() != nil {
		return false
	}
	if !h.same || h.left < n || h.value != value {
		return false
	}
	h.left -= n
	return true
}

func (h *hybrid) next() error {
	header, size := binary.Uvarint(h.data)
	if size <= 0 || header>>1 == 0 || header>>1 >= mostOfARun {
		return fmt.Errorf("a run of no length: %w", lake.ErrDamaged)
	}
	h.data = h.data[size:]
	n := int(header >> 1)
	if h.same = header&1 == 0; h.same {
		bytes := (h.width + 7) / 8
		if bytes > len(h.data) {
			return fmt.Errorf("a run that ends early: %w", lake.ErrDamaged)
		}
		var value [8]byte
		copy(value[:], h.data[:bytes])
		h.left, h.value, h.data = n, int32(binary.LittleEndian.Uint32(value[:])), h.data[bytes:]
		return nil
	}
	bytes := n * h.width
	h.left = n * packedRun
	if bytes > len(h.data) { // a writer may leave out what pads the last run
		bytes = len(h.data)
		if h.left = bytes * packedRun / h.width; h.left == 0 {
			return fmt.Errorf("a run that ends early: %w", lake.ErrDamaged)
		}
	}
	h.bits, h.at, h.data = h.data[:bytes], 0, h.data[bytes:]
	return nil
}

func (h *hybrid) unpack(into []int32) {
	mask := uint64(1)<<h.width - 1
	at := h.at
	for i := range into {
		into[i] = int32(word(h.bits, at>>3) >> (at & 7) & mask)
		at += h.width
	}
	h.at = at
}

// word is eight bytes from a place on, as a number. Beyond the end are zeros.
func word(bits []byte, at int) uint64 {
	if at+8 <= len(bits) {
		return binary.LittleEndian.Uint64(bits[at:])
	}
	var rest [8]byte
	if at < len(bits) {
		copy(rest[:], bits[at:])
	}
	return binary.LittleEndian.Uint64(rest[:])
}

// delta are whole numbers as differences from the one before (DELTA_BINARY_PACKED).
type delta struct {
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

func newDelta(data []byte) (d delta, err error) {
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
	return delta{data: data[size:], total: int(head[2]), last: first, fresh: true, size: int(head[0] / head[1]), parts: int(head[1])}, nil
}

// read fills into with the next numbers.
func (d *delta) read(into []int64) error {
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

func (d *delta) unpack(into []int64) {
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
func (d *delta) next() error {
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
