package strip

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/lakectl/lakectl/lake"
)

// shortestRun is how often a number repeats before it is worth a run: eight are packed together.
const shortestRun = 8

// mostPacked is how many groups of eight one header of a byte may tell.
const mostPacked = 63

var errHybrid = fmt.Errorf("its runs of numbers do not fill it: %w", lake.ErrDamaged)

// decodeHybrid reads numbers of some bits each, as Parquet writes levels and indices: in runs, and packed.
func decodeHybrid(into []uint32, data []byte, width int) error {
	if width < 0 || width > 32 {
		return errHybrid
	}
	for len(into) > 0 {
		header, n := binary.Uvarint(data)
		if n <= 0 || header>>1 == 0 {
			return errHybrid
		}
		data = data[n:]
		count := header >> 1
		if header&1 == 0 {
			size := (width + 7) / 8
			if len(data) < size {
				return errHybrid
			}
			run := into[:min(count, uint64(len(into)))]
			value := little(data[:size])
			for i := range run {
				run[i] = value
			}
			into, data = into[len(run):], data[size:]
			continue
		}
		many := min(count, uint64(len(into)+7)/8)
		size := int(many) * width
		if len(data) < size {
			if size = len(data); size*8 < min(int(many)*8, len(into))*width { // the last group may be cut short
				return errHybrid
			}
		}
		values := into[:min(int(many)*8, len(into))]
		unpack(values, data[:size], width)
		into, data = into[len(values):], data[size:]
	}
	return nil
}

// little is a number of at most four bytes.
func little(b []byte) (value uint32) {
	for i, one := range b {
		value |= uint32(one) << (8 * i)
	}
	return value
}

// unpack reads packed numbers, of which data has enough.
func unpack(into []uint32, data []byte, width int) {
	if width == 0 {
		clear(into)
		return
	}
	mask := uint64(1)<<width - 1
	held, has := uint64(0), 0
	for i := range into {
		for has < width {
			if len(data) >= 4 && has <= 32 {
				held |= uint64(binary.LittleEndian.Uint32(data)) << has
				data, has = data[4:], has+32
				continue
			}
			held |= uint64(data[0]) << has
			data, has = data[1:], has+8
		}
		into[i] = uint32(held & mask)
		held, has = held>>width, has-width
	}
}

// appendHybrid writes numbers of some bits each.
func appendHybrid(b []byte, values []uint32, width int) []byte {
	for len(values) > 0 {
		if run := runOf(values); run >= shortestRun || run == len(values) {
			b = appendRun(b, run, values[0], width)
			values = values[run:]
			continue
		}
		many := 8
		for many < len(values) && many < 8*mostPacked && runOf(values[many:min(len(values), many+shortestRun)]) < shortestRun {
			many += 8
		}
		b = append(b, byte((many/8)<<1|1))
		b = pack(b, values[:min(many, len(values))], width)
		values = values[min(many, len(values)):]
	}
	return b
}

func appendRun(b []byte, run int, value uint32, width int) []byte {
	b = binary.AppendUvarint(b, uint64(run)<<1)
	for i := range (width + 7) / 8 {
		b = append(b, byte(value>>(8*i)))
	}
	return b
}

// runOf is how many of the first numbers are equal.
func runOf(values []uint32) int {
	for i, v := range values {
		if v != values[0] {
			return i
		}
	}
	return len(values)
}

// pack packs numbers; the last group of eight is filled up.
func pack(b []byte, values []uint32, width int) []byte {
	held, has := uint64(0), 0
	for _, v := range values {
		held |= uint64(v) << has
		if has += width; has >= 32 {
			b = binary.LittleEndian.AppendUint32(b, uint32(held))
			held, has = held>>32, has-32
		}
	}
	for range -len(values) & 7 {
		if has += width; has >= 32 {
			b = binary.LittleEndian.AppendUint32(b, uint32(held))
			held, has = held>>32, has-32
		}
	}
	for ; has > 0; has -= 8 {
		b = append(b, byte(held))
		held >>= 8
	}
	return b
}

// widthOf is the bits of the greatest number.
func widthOf(greatest int) int { return bits.Len(uint(greatest)) }
