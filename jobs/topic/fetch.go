package topic

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/fetch"
)

const (
	readCommitted   = 1
	oldestFetch     = 4 // the first version with isolation levels
	corruptAttempts = 3
)

// Fetch calls fn with the committed records of a partition from offset on, as
// many as fit one answer of the broker, and returns the offset to go on from. At
// the end of the partition it waits Options.MaxWait and returns offset. Key and
// Value are valid during fn only.
//
// With an error next is still the first offset that fn did not take; an error of
// fn comes back as it is.
func (t *Topic) Fetch(ctx context.Context, partition int, offset int64, fn func(Record) error) (next int64, err error) {
	for attempt := 1; ; attempt++ {
		answer, err := t.fetch(ctx, partition, offset)
		if err != nil {
			return offset, err
		}
		next, err := deliver(answer.records, answer.aborted, partition, offset, fn)
		answer.release()
		var bad damage
		switch {
		case !errors.As(err, &bad):
			return next, err
		case next > offset:
			return next, nil // the next call starts at the damaged batch
		case attempt == corruptAttempts:
			return next, &CorruptError{Topic: t.opts.Topic, Partition: partition, Offset: offset, Err: bad.error}
		}
		t.opts.Log.Warn("kafka batch is damaged, reading it again", "topic", t.opts.Topic,
			"partition", partition, "offset", offset, "attempt", attempt, "error", bad.error)
		t.dropLayout()
		if !sleep(ctx, pauseAfter(attempt)) {
			return next, ctx.Err()
		}
	}
}

// fetch gets one answer from the leader, of the topic that was opened.
func (t *Topic) fetch(ctx context.Context, partition int, offset int64) (*fetched, error) {
	var answer *fetched
	err := t.retry(ctx, "fetch", partition, func(ctx context.Context, attempt int) error {
		if attempt > 0 {
			if _, err := t.verify(ctx, partition); err != nil {
				return err
			}
		}
		m, err := t.roundTrip(ctx, t.opts.MaxWait, t.fetchRequest(partition, offset))
		if err != nil {
			return err
		}
		answer = m.(*fetched)
		if err = t.accept(ctx, answer, partition, offset); err != nil {
			answer.release()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// accept decides whether an answer may be delivered from.
func (t *Topic) accept(ctx context.Context, f *fetched, partition int, offset int64) error {
	switch {
	case f.code == kafka.OffsetOutOfRange, f.code == 0 && f.lastStable < offset:
		return t.outOfRange(ctx, partition, offset)
	case f.code != 0:
		return f.code
	case f.topic == nil:
		return nil
	case f.topic.code == kafka.UnknownTopicOrPartition:
		return errMissing
	case f.topic.code != 0:
		return f.topic.code
	}
	return t.same(f.topic)
}

// outOfRange makes sure before it says so. A broker that has just become leader
// may know a lower end than the one before it; ListOffsets waits until it has
// caught up.
func (t *Topic) outOfRange(ctx context.Context, partition int, offset int64) error {
	bounds, err := t.bounds(ctx, []int{partition})
	if err != nil {
		return err
	}
	b := bounds[partition]
	if b.Start <= offset && offset <= b.End {
		return fmt.Errorf("broker refused offset %d, which lies in %d to %d", offset, b.Start, b.End)
	}
	return &OutOfRangeError{Topic: t.opts.Topic, Partition: partition, Asked: offset, Start: b.Start, End: b.End}
}

func (t *Topic) fetchRequest(partition int, offset int64) *fetchRequest {
	r := &fetchRequest{
		clientID: t.opts.ClientID,
		Request: fetch.Request{
			ReplicaID:      -1,
			MaxWaitTime:    int32(t.opts.MaxWait.Milliseconds()),
			MinBytes:       1,
			MaxBytes:       math.MaxInt32, // the partition's limit counts; kfake forgets the aborted list when this one cuts
			IsolationLevel: readCommitted,
			SessionEpoch:   -1, // no session
			Topics: []fetch.RequestTopic{{
				Topic: t.opts.Topic,
				Partitions: []fetch.RequestPartition{{
					Partition:          int32(partition),
					CurrentLeaderEpoch: -1,
					FetchOffset:        offset,
					LogStartOffset:     -1,
					PartitionMaxBytes:  int32(t.opts.MaxBytes),
				}},
			}},
		},
	}
	if t.topicIDs {
		r.describe = t.describeRequest()
	}
	return r
}

// fetchRequest is kafka-go's request with our own reading of the answer. When
// records come, the same broker is asked on the same connection which topic it
// has under the name: asked after the fact, a new topic cannot pass for the old.
type fetchRequest struct {
	fetch.Request
	clientID string
	describe *describeRequest // nil without topic ids
	version  int16
}

// fetched is the answer for one partition.
type fetched struct {
	code       kafka.Error
	lastStable int64
	aborted    []abortedTransaction
	records    []byte       // of buf
	topic      *description // nil without records or topic ids
	buf        *[]byte
}

func (*fetched) ApiKey() protocol.ApiKey { return protocol.Fetch }

var answers = sync.Pool{New: func() any { return new([]byte) }}

// release gives the memory back; records are invalid then.
func (f *fetched) release() {
	answers.Put(f.buf)
	f.buf, f.records = nil, nil
}

func (r *fetchRequest) Required(versions map[protocol.ApiKey]int16) bool {
	r.version = versions[protocol.Fetch]
	return true
}

func (r *fetchRequest) RawExchange(rw io.ReadWriter) (protocol.Message, error) {
	if r.version < oldestFetch {
		return nil, fmt.Errorf("brokers before Kafka 0.11 cannot tell aborted records: %w", kafka.UnsupportedVersion)
	}
	id := correlation.Add(1)
	if err := protocol.WriteRequest(rw, r.version, id, r.clientID, &r.Request); err != nil {
		return nil, err
	}
	buf := answers.Get().(*[]byte)
	answer, err := readAnswer(rw, id, *buf)
	if err != nil {
		return nil, err
	}
	*buf = answer
	f := &fetched{buf: buf}
	if err := f.decode(answer, r.version); err != nil {
		return nil, err
	}
	if len(f.records) > 0 && r.describe != nil {
		if f.topic, err = r.describe.exchange(rw); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// decode reads an answer to Fetch v4 to v11 that asked for one partition.
func (f *fetched) decode(answer []byte, version int16) error {
	in := reader{buf: answer}
	in.int32() // throttle
	if version >= 7 {
		f.code = kafka.Error(in.int16())
		in.int32() // session
	}
	if topics := in.int32(); topics == 0 && f.code != 0 {
		return nil //nolint:nilerr // the answer was read; its code says what the broker thinks
	}
	in.take(int(in.int16())) // name
	in.int32()               // partitions
	in.int32()               // partition
	if code := kafka.Error(in.int16()); f.code == 0 {
		f.code = code
	}
	in.int64() // high watermark
	f.lastStable = in.int64()
	if version >= 5 {
		in.int64() // log start, -1 with an error
	}
	for n := in.int32(); n > 0 && !in.bad; n-- {
		f.aborted = append(f.aborted, abortedTransaction{producer: in.int64(), first: in.int64()})
	}
	if version >= 11 {
		in.int32() // preferred replica, none without a rack
	}
	f.records = in.take(max(0, int(in.int32())))
	if in.bad {
		return fmt.Errorf("fetch: %w", errMalformed)
	}
	return nil
}
