package topic

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"sync"

	"github.com/segmentio/kafka-go/compress"
)

// Layout of a record batch (message format 2), in bytes from its start.
const (
	atLength     = 8  // of what follows the length field
	atMagic      = 16 // same place in the older formats
	atCRC        = 17 // of everything from atAttributes
	atAttributes = 21
	atLastDelta  = 23 // last offset - base offset, unchanged by compaction
	atBaseTime   = 27
	atMaxTime    = 35
	atProducer   = 43
	atCount      = 57
	batchHeader  = 61

	beforeLength = 12

	codecBits       = 0x07
	logAppendTime   = 0x08
	isTransactional = 0x10
	isControl       = 0x20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// damage is what is wrong with a batch; it passes when the bytes were damaged on
// their way.
type damage struct{ error }

func damaged(format string, args ...any) error { return damage{fmt.Errorf(format, args...)} }

type batch struct {
	raw        []byte
	base, last int64
	attributes int16
	producer   int64
}

// nextBatch cuts the first batch off set and checks it. At the end of the answer
// brokers cut a batch short: then whole is false.
func nextBatch(set []byte) (b batch, rest []byte, whole bool, err error) {
	if len(set) > atMagic && set[atMagic] != 2 {
		return b, nil, false, fmt.Errorf("message format %d is not supported, only record batches are: "+
			"have a broker of Kafka 0.11 to 3.9 rewrite the topic", set[atMagic])
	}
	if len(set) < batchHeader {
		return b, nil, false, nil
	}
	length := int(int32(binary.BigEndian.Uint32(set[atLength:])))
	if length < batchHeader-beforeLength {
		return b, nil, false, damaged("its length field is %d", length)
	}
	end := beforeLength + length
	if end > len(set) {
		return b, nil, false, nil
	}
	b.raw = set[:end]
	want := binary.BigEndian.Uint32(b.raw[atCRC:])
	if got := crc32.Checksum(b.raw[atAttributes:], castagnoli); got != want {
		return b, nil, false, damaged("crc is %08x, header says %08x", got, want)
	}
	b.base = int64(binary.BigEndian.Uint64(b.raw))
	delta := int32(binary.BigEndian.Uint32(b.raw[atLastDelta:]))
	if b.base < 0 || delta < 0 || b.base > math.MaxInt64-1-int64(delta) {
		return b, nil, false, damaged("its offsets are %d + %d", b.base, delta)
	}
	b.last = b.base + int64(delta)
	b.attributes = int16(binary.BigEndian.Uint16(b.raw[atAttributes:]))
	b.producer = int64(binary.BigEndian.Uint64(b.raw[atProducer:]))
	return b, set[end:], true, nil
}

func (b batch) has(bit int16) bool { return b.attributes&bit != 0 }

// lastMilli is the end of the year 9999. Producers that send microseconds land far behind it.
const lastMilli = 253_402_300_799_999

// time turns milliseconds of a record into microseconds.
func (b batch) time(millis int64) int64 {
	if millis < 0 || millis > lastMilli {
		return NoTime
	}
	return millis * 1000
}

var inflated = sync.Pool{New: func() any { return new([]byte) }}

// records calls fn with every record at or after from and returns the offset
// after the last one that fn took; b.last+1 when it took all.
func (b batch) records(partition int, from int64, fn func(Record) error) (int64, error) {
	scratch := inflated.Get().(*[]byte)
	defer inflated.Put(scratch)
	body := b.raw[batchHeader:]
	if codec := compress.Compression(b.attributes & codecBits); codec != compress.None && len(body) > 0 {
		var err error
		if body, err = inflate((*scratch)[:0], codec, body); err != nil {
			return from, err
		}
		*scratch = body
	}
	in := reader{buf: body}
	baseTime := int64(binary.BigEndian.Uint64(b.raw[atBaseTime:]))
	maxTime := int64(binary.BigEndian.Uint64(b.raw[atMaxTime:]))
	next, before := from, b.base-1
	for n := int32(binary.BigEndian.Uint32(b.raw[atCount:])); n > 0; n-- {
		r, err := b.record(&in, before)
		if err != nil {
			return next, err
		}
		before = r.Offset
		if r.Offset < from {
			continue
		}
		r.Partition, r.Time = partition, b.time(baseTime+r.Time)
		if b.has(logAppendTime) {
			r.Time = b.time(maxTime)
		}
		if err := fn(r); err != nil {
			return r.Offset, err
		}
		next = r.Offset + 1
	}
	if len(in.buf) != 0 {
		return next, damaged("%d bytes follow the last record", len(in.buf))
	}
	return max(from, b.last+1), nil
}

// record reads the record after offset before; its Time is still relative to the
// batch. Headers are not looked at.
func (b batch) record(in *reader, before int64) (Record, error) {
	one := reader{buf: in.bytes()}
	one.take(1) // attributes, unused
	millis := one.varint()
	delta := one.varint()
	r := Record{Time: millis, Offset: b.base + delta}
	r.Key = one.bytes()
	r.Value = one.bytes()
	if in.bad || one.bad {
		return r, damaged("a record does not fit")
	}
	if r.Offset <= before || r.Offset > b.last {
		return r, damaged("record offset %d does not follow %d up to %d", r.Offset, before, b.last)
	}
	return r, nil
}

type abortedTransaction struct{ producer, first int64 }

// deliver walks the batches of one answer and calls fn with the committed
// records at or after offset. It returns the next offset to fetch, which is past
// everything delivered and everything that never will be.
func deliver(set []byte, aborted []abortedTransaction, partition int, offset int64, fn func(Record) error) (int64, error) {
	slices.SortFunc(aborted, func(a, b abortedTransaction) int {
		if a.first < b.first {
			return -1
		}
		return 1
	})
	open := map[int64]bool{} // producers inside a transaction that was aborted
	next := offset
	for first := true; ; first = false {
		b, rest, whole, err := nextBatch(set)
		if err != nil {
			return next, err
		}
		if !whole {
			if first && len(set) > 0 {
				err = damaged("the answer ends inside it")
			}
			return next, err
		}
		set = rest
		for len(aborted) > 0 && aborted[0].first <= b.last {
			open[aborted[0].producer] = true
			aborted = aborted[1:]
		}
		switch {
		case b.has(isControl): // the marker that ends the producer's transaction
			delete(open, b.producer)
		case b.has(isTransactional) && open[b.producer]:
		default:
			if next, err = b.records(partition, next, fn); err != nil {
				return next, err
			}
		}
		next = max(next, b.last+1)
	}
}
