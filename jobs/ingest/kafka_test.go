package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/jobs/topic"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

func TestEveryRecordOfATopicEndsInExactlyOnePlace(t *testing.T) {
	k := newKafka(t, 3)
	k.produce(k.samples(200))
	got := k.mustIngest(ingest.Options{FlushRows: 64})
	k.check()
	want := ingest.Report{
		Records: 200, Archived: 120, Deletions: 20, Suppressed: 20, Snapshots: 4, Positions: got.Positions,
		Quarantined: map[listen.Reason]int64{listen.MalformedJSON: 20, listen.EventTimeInFuture: 20},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("report (-want +got)\n%s", diff)
	}
	for p, end := range k.ends {
		if next := got.Positions.Topics[0].Next[p]; next != end {
			t.Errorf("position of partition %d is %d, want %d", p, next, end)
		}
	}
}

func TestCaughtUpRunCommitsNothing(t *testing.T) {
	k := newKafka(t, 2)
	k.mustIngest(ingest.Options{})
	if id := k.snapshots()[catalog.Listens]; id != 0 {
		t.Errorf("an empty topic made snapshot %d", id)
	}
	k.produce(k.samples(20))
	k.mustIngest(ingest.Options{})
	before := k.snapshots()
	if got := k.mustIngest(ingest.Options{}); got.Records != 0 || got.Snapshots != 0 {
		t.Errorf("caught up, yet %d records and %d snapshots", got.Records, got.Snapshots)
	}
	if diff := cmp.Diff(before, k.snapshots()); diff != "" {
		t.Errorf("nothing new, yet tables changed\n%s", diff)
	}
}

func TestRestartResumesAtThePositions(t *testing.T) {
	k := newKafka(t, 2)
	for range 3 {
		k.produce(k.samples(20))
		if got := k.mustIngest(ingest.Options{}); got.Records != 20 || got.Snapshots != 1 {
			t.Fatalf("%d records in %d snapshots, want 20 in 1", got.Records, got.Snapshots)
		}
	}
	k.check()
}

func TestPositionsAdvanceWithoutRows(t *testing.T) {
	k := newKafka(t, 1)
	k.produce([]sample{{"u", "{", "quarantine malformed_json"}})
	if got := k.mustIngest(ingest.Options{}); got.Snapshots != 1 {
		t.Fatalf("%d snapshots of listens", got.Snapshots)
	}
	k.check()
	if got := k.mustIngest(ingest.Options{}); got.Records != 0 {
		t.Fatalf("read %d records again", got.Records)
	}
}

func TestFlushByBytes(t *testing.T) {
	k := newKafka(t, 1)
	k.produce(k.samples(50))
	told := 0
	if got := k.mustIngest(ingest.Options{FlushBytes: 1, Committed: func() { told++ }}); got.Snapshots != 50 || told != 50 {
		t.Errorf("%d snapshots, told of %d, want one for each record", got.Snapshots, told)
	}
	k.check()
}

// running is an ingester that consumes until it is stopped.
type running struct {
	stop     context.CancelFunc
	progress chan string
	done     chan error
}

func (k *broker) start(o ingest.Options) *running {
	k.t.Helper()
	ctx, stop := context.WithCancel(k.t.Context())
	t, err := topic.Open(ctx, k.options)
	if err != nil {
		k.t.Fatal(err)
	}
	r := &running{stop: stop, progress: make(chan string, 100), done: make(chan error, 1)}
	env := k.env(k.lake)
	env.Progress = func(text string) {
		select {
		case r.progress <- text:
		default: // most tests read none: a member that says more than the channel holds must not wait for them
		}
	}
	go func() {
		_, err := ingest.Kafka(ctx, env, t, o)
		r.done <- errors.Join(err, t.Close())
	}()
	return r
}

// archived waits until the archive has n rows.
func (k *broker) archived(n int64) {
	k.t.Helper()
	d := k.lake.DB(k.t)
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		if err := d.Bind(k.t.Context(), "l", k.lake.Snapshot(k.t, catalog.Listens)); err != nil {
			k.t.Fatal(err)
		}
		var got int64
		if err := d.OneText(k.t.Context(), "SELECT count(*) FROM l", nil, []any{&got}); err != nil {
			k.t.Fatal(err)
		}
		if got >= n {
			return
		}
		select {
		case <-k.t.Context().Done():
			k.t.Fatal("the rows never came")
		case <-poll.C:
		}
	}
}

func TestFlushByAge(t *testing.T) {
	k := newKafka(t, 1)
	r := k.start(ingest.Options{FlushAge: 50 * time.Millisecond})
	for n := int64(1); n <= 2; n++ {
		k.produce(k.samples(10))
		k.archived(6 * n)
	}
	r.stop()
	if err := <-r.done; err != nil {
		t.Fatal(err)
	}
	k.check()
}

func TestStopCommitsWhatWasRead(t *testing.T) {
	k := newKafka(t, 1)
	k.produce(k.samples(30))
	r := k.start(ingest.Options{FlushAge: time.Hour})
	if text := <-r.progress; !strings.Contains(text, "30 records") {
		t.Fatalf("progress says %q", text)
	}
	r.stop()
	if err := <-r.done; err != nil {
		t.Fatalf("a stop is no error: %v", err)
	}
	k.check()
}

// grow adds partitions until the topic has n.
func (k *broker) grow(n int) {
	k.t.Helper()
	admin := kafka.Client{Addr: kafka.TCP(k.options.Brokers...)}
	res, err := admin.CreatePartitions(k.t.Context(), &kafka.CreatePartitionsRequest{Topics: []kafka.TopicPartitionsConfig{{Name: "listens", Count: int32(n)}}})
	if err != nil || res.Errors["listens"] != nil {
		k.t.Fatal(err, res)
	}
	k.ends = append(k.ends, make([]int64, n-len(k.ends))...)
}

func TestAddedPartitionsAreRead(t *testing.T) {
	k := newKafka(t, 1)
	k.produce(k.samples(10))
	r := k.start(ingest.Options{FlushAge: 50 * time.Millisecond, PartitionsEvery: 20 * time.Millisecond})
	k.archived(6)
	k.grow(3)
	k.produce(k.samples(40))
	k.archived(30)
	r.stop()
	if err := <-r.done; err != nil {
		t.Fatal(err)
	}
	k.check()
}

func TestPositionOutsideOfTheTopicStops(t *testing.T) {
	for _, next := range []int64{-5, 1000} {
		t.Run(fmt.Sprint(next), func(t *testing.T) {
			k := newKafka(t, 1)
			k.produce(k.samples(10))
			k.mustIngest(ingest.Options{})
			_, err := k.lake.Commit(t.Context(), catalog.Listens, lake.Commit{Job: "test", Stage: func(now lake.Snapshot) (map[string]string, error) {
				p, err := now.Positions()
				p.Topics[0].Next[0] = next
				return map[string]string{lake.StateKey(lake.PositionsKey): p.String()}, err
			}})
			if err != nil {
				t.Fatal(err)
			}
			_, err = k.ingest(t.Context(), k.lake, ingest.Options{})
			if !errors.Is(err, topic.ErrOutOfRange) || lake.Hint(err) == "" || !strings.Contains(err.Error(), fmt.Sprint(next)) || !strings.Contains(err.Error(), "0 to 10") {
				t.Fatalf("got %v", err)
			}
		})
	}
}

// inPartition makes a listen for each id, of users whose records go to a partition.
func (k *broker) inPartition(p int, ids ...string) (list []sample) {
	for n := 0; len(list) < len(ids); n++ {
		user := fmt.Sprint("u", n)
		if topic.PartitionOf([]byte(user), len(k.ends)) == p {
			id := ids[len(list)]
			list = append(list, sample{user, listenJSON(id, user, day(1), day(1)), "listens " + id})
		}
	}
	return list
}

// trim deletes the records of a partition below an offset.
func (k *broker) trim(partition int32, below int64) {
	k.t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(k.options.Brokers...))
	if err != nil {
		k.t.Fatal(err)
	}
	defer cl.Close()
	rp := kmsg.NewDeleteRecordsRequestTopicPartition()
	rp.Partition, rp.Offset = partition, below
	rt := kmsg.NewDeleteRecordsRequestTopic()
	rt.Topic, rt.Partitions = "listens", append(rt.Partitions, rp)
	req := kmsg.NewPtrDeleteRecordsRequest()
	req.Topics = append(req.Topics, rt)
	res, err := req.RequestWith(k.t.Context(), cl)
	if err == nil {
		err = kerr.ErrorForCode(res.Topics[0].Partitions[0].ErrorCode)
	}
	if err != nil {
		k.t.Fatal(err)
	}
}

func (k *broker) positions() map[int]int64 {
	k.t.Helper()
	p, err := k.lake.Snapshot(k.t, catalog.Listens).Positions()
	if err != nil || len(p.Topics) != 1 {
		k.t.Fatalf("positions %v, %v", p, err)
	}
	return p.Topics[0].Next
}

func TestRecordsTrimmedFromAPartitionThatWasEmptyAreMissed(t *testing.T) {
	k := newKafka(t, 2)
	k.produce(k.inPartition(0, "a", "b", "c"))
	k.mustIngest(ingest.Options{FlushRows: 1})
	if diff := cmp.Diff(map[int]int64{0: 3, 1: 0}, k.positions()); diff != "" {
		t.Fatalf("positions (-want +got)\n%s", diff)
	}
	k.check()
	k.produce(k.inPartition(1, "d", "e", "f"))
	k.trim(1, 2)
	_, err := k.ingest(t.Context(), k.lake, ingest.Options{})
	var missed *topic.OutOfRangeError
	if !errors.As(err, &missed) || missed.Partition != 1 || missed.Asked != 0 || missed.Start != 2 || lake.Hint(err) == "" {
		t.Fatalf("got %v", err)
	}
}

func TestPartitionThatWasTrimmedBeforeTheFirstRunStartsWhereTheBrokerDoes(t *testing.T) {
	k := newKafka(t, 2)
	k.produce(k.inPartition(1, "a", "b"))
	k.trim(1, 2)
	clear(k.want)
	k.produce(k.inPartition(0, "c"))
	k.mustIngest(ingest.Options{})
	if diff := cmp.Diff(map[int]int64{0: 1, 1: 2}, k.positions()); diff != "" {
		t.Fatalf("positions (-want +got)\n%s", diff)
	}
	k.check()
	if !strings.Contains(k.log.String(), "first records are gone") {
		t.Error("nothing in the log")
	}
}

func TestAddedPartitionWithoutRecordsGetsAPosition(t *testing.T) {
	k := newKafka(t, 1)
	r := k.start(ingest.Options{FlushAge: 50 * time.Millisecond, PartitionsEvery: 20 * time.Millisecond})
	k.grow(2)
	for n := int64(1); ; n++ { // until a commit after the partition was noticed
		k.produce([]sample{k.inPartition(0, fmt.Sprint("l", n))[0]})
		k.archived(n)
		if len(k.positions()) == 2 {
			break
		}
	}
	r.stop()
	if err := <-r.done; err != nil {
		t.Fatal(err)
	}
	k.check()
}

// stranger is a topic "listens" on another broker.
func (k *broker) stranger(cluster string) *broker {
	k.t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.ClusterID(cluster), kfake.SeedTopics(1, "listens"))
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(c.Close)
	other := &broker{world: k.world, options: k.options, ends: make([]int64, 1)}
	other.options.Brokers = c.ListenAddrs()
	return other
}

func TestAnotherTopicUnderTheNameStops(t *testing.T) {
	for cluster, says := range map[string]string{"simulated": "deleted and made again", "another": "cluster"} {
		t.Run(cluster, func(t *testing.T) {
			k := newKafka(t, 1)
			k.produce(k.samples(10))
			known := k.mustIngest(ingest.Options{}).Positions.Topics[0].TopicID
			before := k.snapshots()
			_, err := k.stranger(cluster).ingest(t.Context(), k.lake, ingest.Options{})
			if err == nil || !strings.Contains(err.Error(), says) || lake.Hint(err) == "" {
				t.Fatalf("got %v", err)
			}
			if cluster == "simulated" && !strings.Contains(err.Error(), known) {
				t.Errorf("%v does not name topic id %s", err, known)
			}
			if diff := cmp.Diff(before, k.snapshots()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTopicNamedLikeAFileSourceStops(t *testing.T) {
	k := newKafka(t, 1)
	k.mustFiles(ingest.Options{Source: "listens"}, k.file("a.jsonl", "listens", k.samples(10)))
	if _, err := k.ingest(t.Context(), k.lake, ingest.Options{}); err == nil || lake.Hint(err) == "" {
		t.Fatalf("got %v", err)
	}
}
