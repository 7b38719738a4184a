package topic

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/segmentio/kafka-go/compress"
)

// header is a batch to be encoded: only the offsets in at have records.
type header struct {
	base, producer int64
	delta          int32
	attributes     int16
	baseMS, maxMS  int64
	at             []int64
	value          string
}

func (h header) encode() []byte {
	var body []byte
	for _, at := range h.at {
		r := []byte{0}
		r = binary.AppendVarint(r, at) // milliseconds after baseMS
		r = binary.AppendVarint(r, at-h.base)
		r = binary.AppendVarint(r, -1)
		r = binary.AppendVarint(r, int64(len(h.value)))
		r = append(r, h.value...)
		r = append(r, 0)
		body = append(binary.AppendVarint(body, int64(len(r))), r...)
	}
	if codec := h.attributes & codecBits; codec != 0 {
		var packed bytes.Buffer
		w := compress.Codecs[codec].NewWriter(&packed)
		_, _ = w.Write(body) // to memory
		_ = w.Close()
		body = packed.Bytes()
	}
	b := make([]byte, batchHeader, batchHeader+len(body))
	binary.BigEndian.PutUint64(b, uint64(h.base))
	b[atMagic] = 2
	binary.BigEndian.PutUint16(b[atAttributes:], uint16(h.attributes))
	binary.BigEndian.PutUint32(b[atLastDelta:], uint32(h.delta))
	binary.BigEndian.PutUint64(b[atBaseTime:], uint64(h.baseMS))
	binary.BigEndian.PutUint64(b[atMaxTime:], uint64(h.maxMS))
	binary.BigEndian.PutUint64(b[atProducer:], uint64(h.producer))
	binary.BigEndian.PutUint32(b[atCount:], uint32(len(h.at)))
	return seal(append(b, body...))
}

// seal sets the length and the checksum.
func seal(b []byte) []byte {
	binary.BigEndian.PutUint32(b[atLength:], uint32(len(b)-beforeLength))
	binary.BigEndian.PutUint32(b[atCRC:], crc32.Checksum(b[atAttributes:], castagnoli))
	return b
}

func collect(set []byte, aborted []abortedTransaction, from int64) (offsets []int64, next int64, err error) {
	next, err = deliver(set, aborted, 0, from, func(r Record) error {
		offsets = append(offsets, r.Offset)
		return nil
	})
	return offsets, next, err
}

func TestTheTailOfACompactedBatchIsPassed(t *testing.T) {
	set := header{base: 0, delta: 9, at: []int64{2, 4}}.encode()
	for from, want := range map[int64][]int64{0: {2, 4}, 3: {4}, 5: nil, 9: nil} {
		got, next, err := collect(set, nil, from)
		if d := cmp.Diff(want, got); d != "" || next != 10 || err != nil {
			t.Errorf("from %d: next %d, %v %s", from, next, err, d)
		}
	}
	for codec := range int16(5) { // a batch that lost all its records, gap behind it
		set := append(header{base: 20, delta: 4, attributes: codec}.encode()[:batchHeader:batchHeader], header{base: 40, at: []int64{40}}.encode()...)
		set = append(seal(set[:batchHeader:batchHeader]), set[batchHeader:]...)
		got, next, err := collect(set, nil, 10)
		if d := cmp.Diff([]int64{40}, got); d != "" || next != 41 || err != nil {
			t.Errorf("codec %d: next %d, %v %s", codec, next, err, d)
		}
	}
}

func TestOnlyTheAbortedTransactionsOfAProducerAreHidden(t *testing.T) {
	const a, b = 7, 8
	tx := func(base, producer int64, attributes int16) []byte {
		return header{base: base, producer: producer, attributes: isTransactional | attributes, at: []int64{base}}.encode()
	}
	var set []byte
	for _, piece := range [][]byte{
		tx(10, a, 0), tx(11, b, 0), tx(12, a, isControl), // a aborts 10
		tx(13, a, 0), tx(14, b, 0), tx(15, a, isControl), // a commits 13
		tx(16, a, 0), tx(17, b, isControl), tx(18, b, 0), // b commits 11, 14
		tx(19, b, isControl), tx(20, a, isControl), // b aborts 18, a aborts 16
		header{base: 21, producer: a, at: []int64{21}}.encode(),
	} {
		set = append(set, piece...)
	}
	got, next, err := collect(set, []abortedTransaction{{a, 16}, {b, 18}, {a, 10}}, 10)
	if d := cmp.Diff([]int64{11, 13, 14, 21}, got); d != "" || next != 22 || err != nil {
		t.Fatalf("next %d, %v %s", next, err, d)
	}
}

func TestTimesThatMakeNoSenseAreNoTime(t *testing.T) {
	times := func(h header) (got []int64) {
		h.at = []int64{h.base}
		if _, err := deliver(h.encode(), nil, 0, h.base, func(r Record) error { got = append(got, r.Time); return nil }); err != nil {
			t.Fatal(err)
		}
		return got
	}
	for _, c := range []struct {
		h    header
		want int64
	}{
		{header{baseMS: 1000}, 1_000_000},
		{header{baseMS: -1}, NoTime},
		{header{baseMS: 253_402_300_799_999}, 253_402_300_799_999_000}, // the end of the year 9999
		{header{baseMS: 253_402_300_800_000}, NoTime},
		{header{baseMS: 1_772_704_800_000_000}, NoTime}, // 2026, in microseconds
		{header{maxMS: 1_772_704_800_000_000, attributes: logAppendTime}, NoTime},
		{header{baseMS: math.MaxInt64}, NoTime},
		{header{baseMS: math.MinInt64}, NoTime},
		{header{baseMS: 5, maxMS: 77, attributes: logAppendTime}, 77_000},
	} {
		if d := cmp.Diff([]int64{c.want}, times(c.h)); d != "" {
			t.Errorf("%+v: %s", c.h, d)
		}
	}
}

func TestDamageIsNamed(t *testing.T) {
	good := header{base: 5, delta: 2, at: []int64{5, 6, 7}, value: "value"}
	edit := func(fn func(b []byte) []byte) []byte { return seal(fn(good.encode())) }
	for want, set := range map[string][]byte{
		"crc is":                flip(good.encode(), 70),
		"length field is":       func() []byte { b := good.encode(); binary.BigEndian.PutUint32(b[atLength:], 3); return b }(),
		"ends inside":           good.encode()[:80],
		"does not fit":          edit(func(b []byte) []byte { b[atCount+3] = 9; return b }),
		"bytes follow":          edit(func(b []byte) []byte { b[atCount+3] = 1; return b }),
		"does not follow":       edit(func(b []byte) []byte { b[atLastDelta+3] = 1; return b }),
		"its offsets are":       edit(func(b []byte) []byte { b[0] = 0xff; return b }),
		"decompress":            edit(func(b []byte) []byte { b[atAttributes+1] = 3; return b }),
		"codec 7 is not known":  edit(func(b []byte) []byte { b[atAttributes+1] = 7; return b }),
		"format 1 is not":       flip(good.encode(), atMagic, 3),
		"more than 268435456 b": header{attributes: 4, at: []int64{0}, value: strings.Repeat("x", maxInflated)}.encode(),
	} {
		_, next, err := collect(set, nil, 5)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
		if next > 8 {
			t.Errorf("%s: went on to %d", want, next)
		}
	}
}

func flip(b []byte, at int, bits ...byte) []byte {
	b[at] ^= append(bits, 0x10)[0]
	return b
}

func TestWhatPrecedesDamageIsKept(t *testing.T) {
	set := append(header{base: 0, delta: 1, at: []int64{0, 1}}.encode(), flip(header{base: 2, at: []int64{2}}.encode(), 65)...)
	got, next, err := collect(set, nil, 0)
	var bad damage
	if d := cmp.Diff([]int64{0, 1}, got); d != "" || next != 2 || !errors.As(err, &bad) {
		t.Fatalf("next %d, %v %s", next, err, d)
	}
}

func FuzzDeliverNeverPanicsAndNeverGoesBack(f *testing.F) {
	for codec := range int16(5) {
		f.Add(header{base: 3, delta: 4, attributes: codec, at: []int64{3, 5}, value: "v"}.encode(), int64(4))
	}
	f.Fuzz(func(t *testing.T, set []byte, from int64) {
		if len(set) >= batchHeader { // else every change stops at the checksum
			seal(set)
		}
		if _, next, _ := collect(set, nil, from); next < from {
			t.Fatalf("next %d is before %d", next, from)
		}
		for version := int16(oldestFetch); version <= 11; version++ {
			_ = new(fetched).decode(set, version)
		}
		_, _ = (&describeRequest{topic: "t"}).decode(set)
	})
}

func BenchmarkDeliver(b *testing.B) {
	for codec := range int16(5) {
		h := header{delta: 3999, attributes: codec, value: strings.Repeat(`{"type":"listen"},`, 14)}
		for i := range int64(4000) {
			h.at = append(h.at, i)
		}
		set := h.encode()
		b.Run(fmt.Sprint(codec), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := deliver(set, nil, 0, 0, func(Record) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*4000), "ns/record")
		})
	}
}
