package topic

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// onEach runs a test on the embedded broker, and on a real one when
// KAFKA_BROKERS names it.
func onEach(t *testing.T, test func(t *testing.T, brokers []string)) {
	t.Helper()
	t.Run("embedded", func(t *testing.T) { test(t, embedded(t).ListenAddrs()) })
	t.Run("real", func(t *testing.T) { test(t, strings.Split(engine(t, "KAFKA_BROKERS"), ",")) })
}

// engine is what a variable says about a real broker. Without it the test skips; where LAKECTL_REQUIRE_ENGINES is
// set it fails. (The same helper of laketest would link DuckDB into these tests.)
func engine(t *testing.T, variable string) string {
	t.Helper()
	value := os.Getenv(variable)
	if value == "" && os.Getenv("LAKECTL_REQUIRE_ENGINES") != "" {
		t.Fatalf("%s is not set", variable)
	}
	if value == "" {
		t.Skipf("%s is not set: needs a real broker, see .ci/engines/kafka.sh", variable)
	}
	return value
}

func embedded(t *testing.T, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

var topics atomic.Int64

// newTopic makes a topic of a name nobody else uses.
func newTopic(t *testing.T, brokers []string, partitions int32, configs ...string) Options {
	t.Helper()
	o := Options{
		Brokers: brokers,
		Topic:   fmt.Sprintf("topictest-%d-%d", time.Now().UnixNano(), topics.Add(1)),
		MaxWait: 50 * time.Millisecond,
		Log:     slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	createTopic(t, o, partitions, configs...)
	t.Cleanup(func() { deleteTopic(t, o) })
	return o
}

func createTopic(t *testing.T, o Options, partitions int32, configs ...string) {
	t.Helper()
	rt := kmsg.NewCreateTopicsRequestTopic()
	rt.Topic, rt.NumPartitions, rt.ReplicationFactor = o.Topic, partitions, -1
	for i := 0; i < len(configs); i += 2 {
		rc := kmsg.NewCreateTopicsRequestTopicConfig()
		rc.Name, rc.Value = configs[i], &configs[i+1]
		rt.Configs = append(rt.Configs, rc)
	}
	req := kmsg.NewPtrCreateTopicsRequest()
	req.Topics = append(req.Topics, rt)
	for {
		res, err := req.RequestWith(t.Context(), producer(t, o))
		if err != nil {
			t.Fatal(err)
		}
		if err = kerr.ErrorForCode(res.Topics[0].ErrorCode); err == nil {
			break
		}
		if !errors.Is(err, kerr.TopicAlreadyExists) { // a deletion may still be under way
			t.Fatal(err)
		}
	}
}

func deleteTopic(t *testing.T, o Options) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(o.Brokers...))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	rt := kmsg.NewDeleteTopicsRequestTopic()
	rt.Topic = &o.Topic
	req := kmsg.NewPtrDeleteTopicsRequest()
	req.TopicNames, req.Topics = []string{o.Topic}, append(req.Topics, rt)
	if _, err := req.RequestWith(ctx, cl); err != nil && t.Context().Err() == nil {
		t.Fatal(err)
	}
}

func deleteRecords(t *testing.T, o Options, before int64) {
	t.Helper()
	rp := kmsg.NewDeleteRecordsRequestTopicPartition()
	rp.Offset = before
	rt := kmsg.NewDeleteRecordsRequestTopic()
	rt.Topic, rt.Partitions = o.Topic, append(rt.Partitions, rp)
	req := kmsg.NewPtrDeleteRecordsRequest()
	req.Topics = append(req.Topics, rt)
	res, err := req.RequestWith(t.Context(), producer(t, o))
	if err != nil {
		t.Fatal(err)
	}
	if err := kerr.ErrorForCode(res.Topics[0].Partitions[0].ErrorCode); err != nil {
		t.Fatal(err)
	}
}

// producer is another client than ours, so that tests do not depend on Producer.
func producer(t *testing.T, o Options, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(o.Brokers...), kgo.DefaultProduceTopic(o.Topic), kgo.RecordPartitioner(kgo.ManualPartitioner()),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

func ours(t *testing.T, o Options) *Producer {
	p := NewProducer(o)
	t.Cleanup(p.close)
	return p
}

func transactional(t *testing.T, o Options, id string) *kgo.Client {
	return producer(t, o, kgo.TransactionalID(o.Topic+"-"+id))
}

// put writes each value to partition 0 as a batch of its own, and returns the
// offset of the last.
func put(t *testing.T, cl *kgo.Client, values ...string) (last int64) {
	t.Helper()
	for _, v := range values {
		r, err := cl.ProduceSync(t.Context(), kgo.StringRecord(v)).First()
		if err != nil {
			t.Fatal(err)
		}
		last = r.Offset
	}
	return last
}

// putBatch writes the values to partition 0 as one batch.
func putBatch(t *testing.T, cl *kgo.Client, values ...string) {
	t.Helper()
	var rs []*kgo.Record
	for _, v := range values {
		rs = append(rs, kgo.StringRecord(v))
	}
	if err := cl.ProduceSync(t.Context(), rs...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

func begin(t *testing.T, cl *kgo.Client) {
	t.Helper()
	if err := cl.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
}

// awaitEnd waits for the markers, which a broker writes after it has agreed to end
// a transaction.
func awaitEnd(t *testing.T, tp *Topic, last int64) {
	t.Helper()
	for range 100 {
		if bounds(t, tp, 0).End == last {
			return
		}
		sleep(t.Context(), 50*time.Millisecond)
	}
	t.Fatalf("bounds are %v, not to %d", bounds(t, tp, 0), last)
}

func end(t *testing.T, cl *kgo.Client, how kgo.TransactionEndTry) {
	t.Helper()
	if err := cl.EndTransaction(t.Context(), how); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, o Options) *Topic {
	t.Helper()
	tp, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tp.close)
	return tp
}

func bounds(t *testing.T, tp *Topic, partition int) Bounds {
	t.Helper()
	bs, err := tp.Bounds(t.Context(), []int{partition})
	if err != nil {
		t.Fatal(err)
	}
	return bs[partition]
}

// readFrom reads a partition to its end, with copies of what Fetch lends.
func readFrom(t *testing.T, tp *Topic, partition int, from int64) []Record {
	t.Helper()
	var got []Record
	last := bounds(t, tp, partition).End
	for at := from; at < last; {
		next, err := tp.Fetch(t.Context(), partition, at, func(r Record) error {
			r.Key, r.Value = bytes.Clone(r.Key), bytes.Clone(r.Value)
			got = append(got, r)
			return nil
		})
		if err != nil {
			t.Fatalf("fetch at %d: %v", at, err)
		}
		if next <= at {
			t.Fatalf("fetch at %d of %d made no progress: next is %d", at, last, next)
		}
		at = next
	}
	return got
}

// values are offset=value.
func values(rs []Record) []string {
	var vs []string
	for _, r := range rs {
		vs = append(vs, fmt.Sprintf("%d=%s", r.Offset, r.Value))
	}
	return vs
}

// wiretap is a listener whose connections pass what the broker writes through a
// function, which may change it or fail it.
type wiretap struct {
	write atomic.Pointer[func([]byte) error]
}

func (w *wiretap) set(fn func([]byte) error) { w.write.Store(&fn) }

func (w *wiretap) listen(network, address string) (net.Listener, error) {
	l, err := net.Listen(network, address)
	return tappedListener{l, w}, err
}

type tappedListener struct {
	net.Listener
	tap *wiretap
}

func (l tappedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return tappedConn{c, l.tap}, err
}

type tappedConn struct {
	net.Conn
	tap *wiretap
}

func (c tappedConn) Write(b []byte) (int, error) {
	if fn := c.tap.write.Load(); fn != nil {
		b = bytes.Clone(b)
		if err := (*fn)(b); err != nil {
			_ = c.Close()
			return 0, err
		}
	}
	return c.Conn.Write(b)
}
