package parquetcode

import (
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/lake"
)

func TestNumbersAreReadAsTheyWereWritten(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for width := range 33 {
		for range 60 {
			values := make([]uint32, random.IntN(700))
			same := 1 + random.IntN(40)
			for i := range values {
				if values[i] = uint32(random.Uint64() & (1<<width - 1)); i > 0 && random.IntN(same) > 0 {
					values[i] = values[i-1]
				}
			}
			written := AppendHybrid(nil, values, width)
			read := make([]uint32, len(values))
			if err := DecodeHybrid(read, written, width); err != nil {
				t.Fatalf("%d numbers of %d bits: %v", len(values), width, err)
			}
			if diff := cmp.Diff(values, read); diff != "" {
				t.Fatalf("%d bits (-want +got)\n%s", width, diff)
			}
		}
	}
}

func TestNumbersThatAreCutShortAreDamaged(t *testing.T) {
	values := make([]uint32, 100)
	for i := range values {
		values[i] = uint32(i % 50)
	}
	for _, width := range []int{6, 13, 32} {
		written := AppendHybrid(nil, values, width)
		for n := range len(written) - width/2 {
			if err := DecodeHybrid(make([]uint32, 100), written[:n], width); !errors.Is(err, lake.ErrDamaged) {
				t.Errorf("%d of %d bytes: %v", n, len(written), err)
			}
		}
	}
	if err := DecodeHybrid(make([]uint32, 1), []byte{2, 0}, 33); !errors.Is(err, lake.ErrDamaged) {
		t.Errorf("numbers of 33 bits: %v", err)
	}
}

func TestDamagedNumbersAreAnErrorAndNoMore(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	for range 20_000 {
		data := make([]byte, r.IntN(40))
		for i := range data {
			data[i] = byte(r.Uint32()) >> r.IntN(8) // small numbers are lengths that may be right
		}
		h := NewHybrid[int32](data, r.IntN(MostBits+1))
		if err := h.Read(make([]int32, r.IntN(200))); err != nil && !errors.Is(err, lake.ErrDamaged) {
			t.Fatal(err)
		}
		d, err := NewDelta(append(binary.AppendUvarint(nil, 128), append([]byte{4, 200, 1}, data...)...))
		if err == nil {
			err = d.Read(make([]int64, r.IntN(200)))
		}
		if err != nil && !errors.Is(err, lake.ErrDamaged) {
			t.Fatal(err)
		}
	}
}

// The widest differences there are take all bits, and a ninth byte where they do not begin at one.
func TestDifferencesOfAnyWidthAreRead(t *testing.T) {
	want := []int64{5, math.MaxInt64, math.MinInt64, 0, -1, 1 << 61, -(1 << 61)}
	const least, width = math.MinInt64, 63
	head := binary.AppendVarint(binary.AppendUvarint([]byte{128, 1, 4}, uint64(len(want))), want[0])
	var deltas [32]uint64
	for i := range want[1:] {
		deltas[i] = uint64(want[i+1]) - uint64(want[i]) - 1<<63
	}
	for _, width := range []int{64, width} {
		bits := make([]byte, 4*width)
		for i, d := range deltas {
			for b := range width {
				if d>>b&1 == 1 {
					bits[(i*width+b)/8] |= 1 << ((i*width + b) % 8)
				}
			}
		}
		d, err := NewDelta(append(append(binary.AppendVarint(head[:len(head):len(head)], least), byte(width), 0, 0, 0), bits...))
		if err != nil {
			t.Fatal(err)
		}
		got := make([]int64, len(want))
		if err := d.Read(got); err != nil {
			t.Fatal(err)
		}
		if width == 64 {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("of %d bits (-want +got)\n%s", width, diff)
			}
			continue
		}
		last := uint64(want[0]) // without the highest bit, what is left is still read right
		for i := range got[1:] {
			if last += deltas[i]&^(1<<63) + 1<<63; uint64(got[i+1]) != last {
				t.Fatalf("of %d bits, number %d is %d", width, i+1, got[i+1])
			}
		}
	}
}

// Whoever counts levels by their lowest bit and goes by them otherwise would go beyond the values.
func TestARunOfANumberOfMoreBitsIsDamaged(t *testing.T) {
	for width, data := range map[int][]byte{1: {200, 1, 2}, 7: {200, 1, 128}, 9: {200, 1, 0, 2}, 31: {200, 1, 0, 0, 0, 128}} {
		if err := DecodeHybrid(make([]int32, 100), data, width); !errors.Is(err, lake.ErrDamaged) {
			t.Errorf("%d bits: %v", width, err)
		}
		h := NewHybrid[int32](data, width)
		if h.All(100, int32(1)<<width) {
			t.Errorf("%d bits: all numbers are one of more bits", width)
		}
		if err := h.Read(make([]int32, 1)); !errors.Is(err, lake.ErrDamaged) {
			t.Errorf("%d bits, after asking for one run: %v", width, err)
		}
	}
}
