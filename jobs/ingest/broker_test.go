package ingest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/jobs/simulate"
	"github.com/lakectl/lakectl/jobs/topic"
	"github.com/lakectl/lakectl/lake"
)

// onEachBroker runs one test against the embedded broker and against Apache Kafka, with a lake and a topic of
// its own each time.
func onEachBroker(t *testing.T, partitions int, test func(t *testing.T, k *broker)) {
	t.Helper()
	t.Run("embedded", func(t *testing.T) {
		b, err := simulate.StartBroker("another", 1)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.Close)
		test(t, newTopic(t, b.Addrs(), partitions))
	})
	t.Run("kafka", func(t *testing.T) {
		test(t, newTopic(t, strings.Split(laketest.Engine(t, "KAFKA_BROKERS"), ","), partitions))
	})
}

// newTopic makes a lake, and a topic of a name that nobody else uses.
func newTopic(t *testing.T, brokers []string, partitions int) *broker {
	t.Helper()
	k := &broker{world: newWorld(t), ends: make([]int64, partitions), options: topic.Options{
		Brokers: brokers, Topic: fmt.Sprintf("ingesttest-%d", time.Now().UnixNano()), MaxWait: 20 * time.Millisecond,
	}}
	if err := topic.Create(t.Context(), k.options, partitions); err != nil {
		t.Fatal(err)
	}
	return k
}

// client is another client than ours, so that the suite does not depend on topic.Producer.
func (k *broker) client(opts ...kgo.Opt) *kgo.Client {
	k.t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(k.options.Brokers...), kgo.DefaultProduceTopic(k.options.Topic)}, opts...)...)
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(cl.Close)
	return cl
}

// delivery is a sample and where the broker put it.
type delivery struct {
	sample
	partition int
	offset    int64
}

// send produces ten samples, one of every kind, which stand or fall together.
func (k *broker) send(cl *kgo.Client) []delivery {
	k.t.Helper()
	var sent []delivery
	for _, s := range k.samples(10) {
		r, err := cl.ProduceSync(k.t.Context(), &kgo.Record{Key: []byte(s.user), Value: []byte(s.value), Timestamp: day(15)}).First()
		if err != nil {
			k.t.Fatal(err)
		}
		sent = append(sent, delivery{s, int(r.Partition), r.Offset})
	}
	return sent
}

// binding says that the records must be in the archive.
func (k *broker) binding(sent ...[]delivery) {
	for _, list := range sent {
		for _, d := range list {
			k.expect(k.options.Topic, d.partition, d.offset, d.outcome)
		}
	}
}

// listens counts the rows that the archive must have.
func (k *broker) listens() (n int64) {
	for _, outcome := range k.want {
		if strings.HasPrefix(outcome, "listens ") {
			n++
		}
	}
	return n
}

func (r *running) mustStop(t *testing.T) {
	t.Helper()
	r.stop()
	if err := <-r.done; err != nil {
		t.Fatal(err)
	}
}

func (k *broker) end(cl *kgo.Client, how kgo.TransactionEndTry) {
	k.t.Helper()
	if err := cl.EndTransaction(k.t.Context(), how); err != nil {
		k.t.Fatal(err)
	}
}

func (k *broker) begin(clients ...*kgo.Client) {
	k.t.Helper()
	for _, cl := range clients {
		if err := cl.BeginTransaction(); err != nil {
			k.t.Fatal(err)
		}
	}
}

func TestOfInterleavedTransactionsExactlyTheCommittedRecordsArrive(t *testing.T) {
	laketest.Costly(t)
	onEachBroker(t, 2, func(t *testing.T, k *broker) {
		plain := k.client()
		a, b := k.client(kgo.TransactionalID(k.options.Topic+"-a")), k.client(kgo.TransactionalID(k.options.Topic+"-b"))
		r := k.start(ingest.Options{FlushAge: 50 * time.Millisecond, FlushRows: 30})
		for round := range 6 {
			k.begin(a, b)
			ofA, ofB := k.send(a), k.send(b)
			k.binding(k.send(plain))
			moreOfA := k.send(a)
			commitA, commitB := round%2 == 0, round%3 == 0
			k.end(a, kgo.TransactionEndTry(commitA))
			moreOfB := k.send(b)
			k.end(b, kgo.TransactionEndTry(commitB))
			if commitA {
				k.binding(ofA, moreOfA)
			}
			if commitB {
				k.binding(ofB, moreOfB)
			}
		}
		k.archived(k.listens())
		k.begin(b)
		open := k.send(b)
		behind := k.send(plain)
		if n := len(byPartition(open)); n != 2 {
			t.Fatalf("the open transaction is in %d partitions of 2", n)
		}
		r.mustStop(t)
		k.mustIngest(ingest.Options{})
		k.check()
		k.end(b, kgo.TryCommit)
		k.binding(open, behind)
		r = k.start(ingest.Options{FlushAge: 50 * time.Millisecond})
		k.archived(k.listens())
		r.mustStop(t)
		k.check()
	})
}

func byPartition(sent []delivery) map[int][]int64 {
	offsets := map[int][]int64{}
	for _, d := range sent {
		offsets[d.partition] = append(offsets[d.partition], d.offset)
	}
	return offsets
}

// removeBefore does what retention does: the records of a partition below an offset are gone.
func (k *broker) removeBefore(partition int, offset int64) {
	k.t.Helper()
	rp := kmsg.NewDeleteRecordsRequestTopicPartition()
	rp.Partition, rp.Offset = int32(partition), offset
	rt := kmsg.NewDeleteRecordsRequestTopic()
	rt.Topic, rt.Partitions = k.options.Topic, append(rt.Partitions, rp)
	req := kmsg.NewPtrDeleteRecordsRequest()
	req.Topics = append(req.Topics, rt)
	res, err := req.RequestWith(k.t.Context(), k.client())
	if err == nil {
		err = kerr.ErrorForCode(res.Topics[0].Partitions[0].ErrorCode)
	}
	if err != nil {
		k.t.Fatal(err)
	}
}

func TestUnreadRecordsThatRetentionRemovedStopTheRun(t *testing.T) {
	onEachBroker(t, 2, func(t *testing.T, k *broker) {
		cl := k.client()
		k.binding(k.send(cl))
		k.mustIngest(ingest.Options{})
		next := k.positions()[1]
		unread := byPartition(append(k.send(cl), k.send(cl)...))[1]
		left := unread[len(unread)-2]
		k.removeBefore(1, left)
		before := k.snapshots()

		want := topic.OutOfRangeError{Topic: k.options.Topic, Partition: 1, Asked: next, Start: left, End: unread[len(unread)-1] + 1}
		stopped := func(err error) {
			t.Helper()
			var missed *topic.OutOfRangeError
			if !errors.As(err, &missed) || !errors.Is(err, topic.ErrOutOfRange) || lake.Hint(err) == "" {
				t.Fatalf("got %v", err)
			}
			if diff := cmp.Diff(want, *missed); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			for _, n := range []int64{next, left} {
				if !strings.Contains(err.Error(), fmt.Sprint(n)) {
					t.Errorf("%v does not name %d", err, n)
				}
			}
		}
		_, err := k.ingest(t.Context(), k.lake, ingest.Options{})
		stopped(err)
		for _, o := range []ingest.Options{{}, member(k.options.Topic)} {
			r := k.start(o)
			stopped(<-r.done)
			r.stop()
		}
		if diff := cmp.Diff(before, k.snapshots()); diff != "" {
			t.Errorf("committed all the same\n%s", diff)
		}
		k.check()
	})
}
