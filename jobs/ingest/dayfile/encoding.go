package dayfile

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// Parquet packs numbers in eights: a run of one value that is shorter saves nothing.
const packedRun = 8

// appendHybrid appends small numbers as Parquet has levels and dictionary indices: runs of one number, and runs of
// numbers of so many bits each.
func appendHybrid(to []byte, values []int32, width int) []byte {
	for at := 0; at < len(values); {
		if n := run(values[at:]); n >= packedRun {
			to = appendRun(to, values[at], n, width)
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
		to = appendBits(to, values[at:end], width)
		for len(to) < last {
			to = append(to, 0)
		}
		at = end
	}
	return to
}

// appendRun appends one number that stands for so many.
func appendRun(to []byte, value int32, n, width int) []byte {
	to = binary.AppendUvarint(to, uint64(n)<<1)
	for ; width > 0; width -= 8 {
		to, value = append(to, byte(value)), value>>8
	}
	return to
}

// run is how many of the first numbers are the same.
func run(values []int32) int {
	for i, v := range values {
		if v != values[0] {
			return i
		}
	}
	return len(values)
}

// repeats tells whether a run begins that is worth one.
func repeats(values []int32) bool {
	return len(values) >= packedRun && run(values[:packedRun]) == packedRun
}

// appendBits appends numbers of so many bits each, the lowest bit first, and pads them to whole bytes.
func appendBits[T int32 | uint64](to []byte, values []T, width int) []byte {
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

// Differences come in blocks of four parts, each with bits for the largest of its own.
const (
	deltaParts = 4
	deltaPart  = 32
	deltaBlock = deltaParts * deltaPart
)

// appendDelta appends numbers as differences from the one before (DELTA_BINARY_PACKED).
func appendDelta[T int32 | int64](to []byte, values []T) []byte {
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
		to = appendBits(to, differences, width)
	}
	return to
}

// appendPlain appends numbers as they are.
func appendPlain[T int32 | int64](to []byte, values []T) []byte {
	switch values := any(values).(type) {
	case []int32:
		for _, v := range values {
			to = binary.LittleEndian.AppendUint32(to, uint32(v))
		}
	case []int64:
		for _, v := range values {
			to = binary.LittleEndian.AppendUint64(to, uint64(v))
		}
	}
	return to
}

// appendText appends a text behind its length.
func appendText[T string | []byte](to []byte, value T) []byte {
	return append(binary.LittleEndian.AppendUint32(to, uint32(len(value))), value...)
}
