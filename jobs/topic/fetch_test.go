package topic

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestAbortedAndOpenTransactionsAreNeverDelivered(t *testing.T) {
	onEach(t, func(t *testing.T, brokers []string) {
		o := newTopic(t, brokers, 1)
		b := transactional(t, o, "b")
		openAt := interleave(t, producer(t, o), transactional(t, o, "a"), b)
		tp := open(t, o)
		plainText := func(from int64) (vs []string) { // markers fall where the broker likes: no offsets
			for _, r := range readFrom(t, tp, 0, from) {
				vs = append(vs, string(r.Value))
			}
			return vs
		}
		awaitEnd(t, tp, openAt)
		want := []string{"plain", "b-kept", "b-kept", "plain", "b-kept", "a-kept"}
		if d := cmp.Diff(want, plainText(0)); d != "" {
			t.Fatal(d)
		}
		next, err := tp.Fetch(t.Context(), 0, openAt, func(r Record) error { return fmt.Errorf("delivered %s", r.Value) })
		if next != openAt || err != nil {
			t.Fatalf("fetch behind the last stable offset: next %d, %v", next, err)
		}
		end(t, b, kgo.TryCommit)
		awaitEnd(t, tp, 16)
		if d := cmp.Diff([]string{"b-open", "behind the open one"}, plainText(openAt)); d != "" {
			t.Fatal(d)
		}
	})
}

// interleave leaves a transaction of b open and returns where it starts.
func interleave(t *testing.T, plain, a, b *kgo.Client) int64 {
	t.Helper()
	put(t, plain, "plain")
	begin(t, a)
	begin(t, b)
	put(t, a, "a-aborted")
	putBatch(t, b, "b-kept", "b-kept")
	put(t, plain, "plain")
	put(t, a, "a-aborted")
	end(t, a, kgo.TryAbort)
	put(t, b, "b-kept")
	begin(t, a)
	put(t, a, "a-kept")
	end(t, b, kgo.TryCommit)
	begin(t, b)
	put(t, b, "b-aborted")
	end(t, a, kgo.TryCommit)
	end(t, b, kgo.TryAbort)
	begin(t, b)
	openAt := put(t, b, "b-open")
	put(t, plain, "behind the open one")
	return openAt
}

func TestEveryStartOffsetSeesTheSameRecords(t *testing.T) {
	onEach(t, func(t *testing.T, brokers []string) {
		o := newTopic(t, brokers, 1)
		a, b := transactional(t, o, "a"), transactional(t, o, "b")
		for i := range 12 {
			begin(t, a)
			begin(t, b)
			putBatch(t, a, "a", "a", "a")
			putBatch(t, b, "b", "b")
			put(t, a, "a")
			put(t, b, "b")
			end(t, a, kgo.TransactionEndTry(i%3 == 0))
			put(t, b, "b")
			end(t, b, kgo.TransactionEndTry(i%4 == 1))
		}
		o.MaxBytes = 400 // a few batches an answer
		tp := open(t, o)
		awaitEnd(t, tp, 12*8+24)
		all := readFrom(t, tp, 0, 0)
		if n := len(all); n != 4*4+3*4 { // 4 of a, 3 of b, 4 records each
			t.Fatalf("%d committed records", n)
		}
		for from := range bounds(t, tp, 0).End {
			i := slices.IndexFunc(all, func(r Record) bool { return r.Offset >= from })
			var want []Record
			if i >= 0 {
				want = all[i:]
			}
			if d := cmp.Diff(want, readFrom(t, tp, 0, from)); d != "" {
				t.Fatalf("from %d: %s", from, d)
			}
		}
	})
}

func TestEndIsTheLastStableOffset(t *testing.T) {
	onEach(t, func(t *testing.T, brokers []string) {
		o := newTopic(t, brokers, 3)
		put(t, producer(t, o), "0", "1")
		tx := transactional(t, o, "tx")
		begin(t, tx)
		put(t, tx, "2")
		put(t, producer(t, o), "3")
		tp := open(t, o)
		got, err := tp.Bounds(t.Context(), []int{0, 1, 2})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(map[int]Bounds{0: {0, 2}, 1: {0, 0}, 2: {0, 0}}, got); d != "" {
			t.Fatal(d)
		}
		end(t, tx, kgo.TryAbort)
		awaitEnd(t, tp, 5)
	})
}

func TestOffsetsOutOfRangeAreNeverClamped(t *testing.T) {
	onEach(t, func(t *testing.T, brokers []string) {
		o := newTopic(t, brokers, 1)
		put(t, producer(t, o), "0", "1", "2", "3", "4")
		tx := transactional(t, o, "tx")
		begin(t, tx)
		put(t, tx, "open", "open")
		deleteRecords(t, o, 2)
		tp := open(t, o)
		for _, asked := range []int64{-1, 0, 1, 6, 7, 100} {
			next, err := tp.Fetch(t.Context(), 0, asked, func(r Record) error { return fmt.Errorf("delivered %d", r.Offset) })
			var oor *OutOfRangeError
			if !errors.As(err, &oor) || !errors.Is(err, ErrOutOfRange) || next != asked {
				t.Fatalf("asked for %d: next %d, %v", asked, next, err)
			}
			if d := cmp.Diff(&OutOfRangeError{Topic: o.Topic, Asked: asked, Start: 2, End: 5}, oor); d != "" {
				t.Fatal(d)
			}
			if oor.Hint() == "" || !strings.Contains(err.Error(), "2 to 5") {
				t.Fatal(err)
			}
		}
		if d := cmp.Diff([]string{"2=2", "3=3", "4=4"}, values(readFrom(t, tp, 0, 2))); d != "" {
			t.Fatal(d)
		}
	})
}

func TestDeletedRecordsInsideABatchAreAnError(t *testing.T) {
	onEach(t, func(t *testing.T, brokers []string) {
		o := newTopic(t, brokers, 1)
		putBatch(t, producer(t, o), "0", "1", "2", "3")
		deleteRecords(t, o, 2)
		tp := open(t, o)
		if _, err := tp.Fetch(t.Context(), 0, 1, func(Record) error { return nil }); !errors.Is(err, ErrOutOfRange) {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{"2=2", "3=3"}, values(readFrom(t, tp, 0, 2))); d != "" {
			t.Fatal(d)
		}
	})
}

func TestEveryCompressionIsRead(t *testing.T) {
	onEach(t, func(t *testing.T, brokers []string) {
		for name, codec := range map[string]kgo.CompressionCodec{
			"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
			"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
		} {
			t.Run(name, func(t *testing.T) {
				o := newTopic(t, brokers, 1)
				var want []string
				for i := range 3000 {
					want = append(want, fmt.Sprintf("%d %s", i, strings.Repeat("abc", i%200)))
				}
				putBatch(t, producer(t, o, kgo.ProducerBatchCompression(codec)), want...)
				var got []string
				for _, r := range readFrom(t, open(t, o), 0, 0) {
					got = append(got, string(r.Value))
				}
				if d := cmp.Diff(want, got); d != "" {
					t.Fatal(d)
				}
			})
		}
	})
}

func TestABatchLargerThanMaxBytesIsRead(t *testing.T) {
	onEach(t, func(t *testing.T, brokers []string) {
		o := newTopic(t, brokers, 1)
		cl := producer(t, o, kgo.ProducerBatchCompression(kgo.NoCompression()))
		big := strings.Repeat("x", 300_000)
		put(t, cl, big, "small", big)
		o.MaxBytes = 1000
		got := readFrom(t, open(t, o), 0, 0)
		if len(got) != 3 || len(got[0].Value) != len(big) || len(got[2].Value) != len(big) {
			t.Fatal(len(got))
		}
	})
}

func TestTimesAreTheRecordsOwn(t *testing.T) {
	onEach(t, func(t *testing.T, brokers []string) {
		o := newTopic(t, brokers, 1)
		at := time.Date(2026, 3, 31, 23, 59, 59, 987_000_000, time.UTC)
		var rs []*kgo.Record
		for _, d := range []time.Duration{0, -time.Hour, 20 * time.Millisecond} {
			rs = append(rs, &kgo.Record{Value: []byte("v"), Timestamp: at.Add(d)})
		}
		if err := producer(t, o).ProduceSync(t.Context(), rs...).FirstErr(); err != nil {
			t.Fatal(err)
		}
		got := readFrom(t, open(t, o), 0, 0)
		for i, r := range rs {
			if got[i].Time != r.Timestamp.UnixMicro() {
				t.Errorf("record %d: %d instead of %d", i, got[i].Time, r.Timestamp.UnixMicro())
			}
		}
	})
}

func TestALogAppendTimeTopicGivesTheBrokersTime(t *testing.T) {
	// The embedded broker knows no log append time.
	o := newTopic(t, strings.Split(engine(t, "KAFKA_BROKERS"), ","), 1, "message.timestamp.type", "LogAppendTime")
	before := time.Now().Add(-time.Second).UnixMicro()
	r := &kgo.Record{Value: []byte("v"), Timestamp: time.UnixMilli(1)}
	if err := producer(t, o).ProduceSync(t.Context(), r).FirstErr(); err != nil {
		t.Fatal(err)
	}
	if got := readFrom(t, open(t, o), 0, 0)[0].Time; got < before {
		t.Fatalf("time is %v", time.UnixMicro(got))
	}
}

func TestARefusedRecordComesAgain(t *testing.T) {
	onEach(t, func(t *testing.T, brokers []string) {
		o := newTopic(t, brokers, 1)
		putBatch(t, producer(t, o), "0", "1", "2")
		tp := open(t, o)
		full := errors.New("full")
		next, err := tp.Fetch(t.Context(), 0, 0, func(r Record) error {
			if r.Offset == 1 {
				return full
			}
			return nil
		})
		if next != 1 || !errors.Is(err, full) {
			t.Fatalf("next %d, %v", next, err)
		}
		if d := cmp.Diff([]string{"1=1", "2=2"}, values(readFrom(t, tp, 0, next))); d != "" {
			t.Fatal(d)
		}
	})
}

func TestNullAndEmptyFieldsAreToldApart(t *testing.T) {
	onEach(t, func(t *testing.T, brokers []string) {
		o := newTopic(t, brokers, 1)
		err := producer(t, o).ProduceSync(t.Context(),
			&kgo.Record{Key: []byte("k")}, &kgo.Record{Value: []byte{}},
			&kgo.Record{Value: []byte("v"), Headers: []kgo.RecordHeader{{Key: "h", Value: []byte("x")}}},
		).FirstErr()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		if _, err := open(t, o).Fetch(t.Context(), 0, 0, func(r Record) error {
			got = append(got, fmt.Sprintf("%q %v %q %v", r.Key, r.Key == nil, r.Value, r.Value == nil))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		want := []string{`"k" false "" true`, `"" true "" false`, `"" true "v" false`}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
	})
}
