package parquetcode

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/lakectl/lakectl/lake"
)

// Parquet packs numbers in eights: a run of one value that is shorter saves nothing.
const packedRun = 8

// MostBits are those of the widest number.
const MostBits = 32

const mostOfARun = 1 << 31 // a page has no more

// Width is the bits of the greatest number.
func Width(greatest int) int { return bits.Len(uint(greatest)) }

// AppendHybrid appends small numbers as Parquet has levels and dictionary indices: runs of one number, and runs of
// numbers of so many bits each.
func AppendHybrid[T int32 | uint32](to []byte, values []T, width int) []byte {
	for at := 0; at < len(values); {
		if n := run(values[at:]); n >= packedRun {
			to = AppendRun(to, values[at], n, width)
			at += n
			continue
		}
		end := at + packedRun
		for end < len(values) && !repeats(values[end:]) {
			end += packedRun
		}
		end = min(end, len(values))
		eights := (end - at + packedRun - 1) / packedRun
		to = binary.AppendUvarint(to, uint64(eights)<<1|1)
		last := len(to) + eights*width
		to = AppendBits(to, values[at:end], width)
		for len(to) < last {
			to = append(to, 0)
		}
		at = end
	}
	return to
}

// AppendRun appends one number that stands for so many.
func AppendRun[T int32 | uint32](to []byte, value T, n, width int) []byte {
	to = binary.AppendUvarint(to, uint64(n)<<1)
	for ; width > 0; width -= 8 {
		to, value = append(to, byte(value)), value>>8
	}
	return to
}

// run is how many of the first numbers are the same.
func run[T int32 | uint32](values []T) int {
	for i, v := range values {
		if v != values[0] {
			return i
		}
	}
	return len(values)
}

// repeats tells whether a run begins that is worth one.
func repeats[T int32 | uint32](values []T) bool {
	return len(values) >= packedRun && run(values[:packedRun]) == packedRun
}

// AppendBits appends numbers of so many bits each, the lowest bit first, and pads them to whole bytes.
func AppendBits[T int32 | uint32 | uint64](to []byte, values []T, width int) []byte {
	var word uint64
	filled := 0
	for _, v := range values {
		word |= uint64(v) << filled
		if filled += width; filled >= 64 {
			to = binary.LittleEndian.AppendUint64(to, word)
			filled -= 64
			word = uint64(v) >> (width - filled)
		}
	}
	for ; filled > 0; filled -= 8 {
		to, word = append(to, byte(word)), word>>8
	}
	return to
}

// Hybrid are numbers that [AppendHybrid] or another writer wrote, from the next one on.
type Hybrid[T int32 | uint32] struct {
	data  []byte // after the run
	width int    // bits of a number
	left  int    // numbers of the run
	same  bool
	value T
	bits  []byte // of a packed run
	at    int    // bit of the next number
}

// NewHybrid stands before the first of some numbers, of at most [MostBits] bits each.
func NewHybrid[T int32 | uint32](data []byte, width int) Hybrid[T] {
	return Hybrid[T]{data: data, width: width}
}

// DecodeHybrid fills into with the first numbers.
func DecodeHybrid[T int32 | uint32](into []T, data []byte, width int) error {
	if width < 0 || width > MostBits {
		return fmt.Errorf("numbers of %d bits: %w", width, lake.ErrDamaged)
	}
	h := NewHybrid[T](data, width)
	return h.Read(into)
}

// Read fills into with the next numbers.
func (h *Hybrid[T]) Read(into []T) error {
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

// All tells whether the next n numbers are of one run of a value, and goes over them if they are.
func (h *Hybrid[T]) All(n int, value T) bool {
	if h.left == 0 && len(h.data) > 0 && h.next() != nil {
		return false
	}
	if !h.same || h.left < n || h.value != value {
		return false
	}
	h.left -= n
	return true
}

// next goes to the next run. Where there is none that makes sense, it stays where it is.
func (h *Hybrid[T]) next() error {
	header, size := binary.Uvarint(h.data)
	if size <= 0 || header>>1 == 0 || header>>1 >= mostOfARun {
		return fmt.Errorf("a run of no length: %w", lake.ErrDamaged)
	}
	n, data := int(header>>1), h.data[size:]
	if header&1 == 0 {
		return h.repeat(n, data)
	}
	bytes, left := n*h.width, n*packedRun
	if bytes > len(data) { // a writer may leave out what pads the last run
		bytes = len(data)
		if left = bytes * packedRun / h.width; left == 0 {
			return fmt.Errorf("a run that ends early: %w", lake.ErrDamaged)
		}
	}
	h.same, h.left, h.bits, h.at, h.data = false, left, data[:bytes], 0, data[bytes:]
	return nil
}

// repeat begins a run of one number, which has whole bytes: bits beyond its width are damage.
func (h *Hybrid[T]) repeat(n int, data []byte) error {
	bytes := (h.width + 7) / 8
	if bytes > len(data) {
		return fmt.Errorf("a run that ends early: %w", lake.ErrDamaged)
	}
	var number [8]byte
	copy(number[:], data[:bytes])
	value := binary.LittleEndian.Uint64(number[:])
	if value>>h.width != 0 {
		return fmt.Errorf("a number of more than %d bits: %w", h.width, lake.ErrDamaged)
	}
	h.same, h.left, h.value, h.data = true, n, T(value), data[bytes:]
	return nil
}

func (h *Hybrid[T]) unpack(into []T) {
	mask := uint64(1)<<h.width - 1
	at := h.at
	for i := range into {
		into[i] = T(word(h.bits, at>>3) >> (at & 7) & mask)
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
