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
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/jobs/ingest/topic"
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
	if got := k.mustIngest(ingest.Options{FlushBytes: 1}); got.Snapshots != 50 {
		t.Errorf("%d snapshots, want one for each record", got.Snapshots)
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
	env.Progress = func(text string) { r.progress <- text }
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
		if err := d.One(k.t.Context(), "SELECT count(*) FROM l", nil, []any{&got}); err != nil {
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

func TestAddedPartitionsAreRead(t *testing.T) {
	k := newKafka(t, 1)
	k.produce(k.samples(10))
	r := k.start(ingest.Options{FlushAge: 50 * time.Millisecond, PartitionsEvery: 20 * time.Millisecond})
	k.archived(6)
	admin := kafka.Client{Addr: kafka.TCP(k.options.Brokers...)}
	res, err := admin.CreatePartitions(t.Context(), &kafka.CreatePartitionsRequest{Topics: []kafka.TopicPartitionsConfig{{Name: "listens", Count: 3}}})
	if err != nil || res.Errors["listens"] != nil {
		t.Fatal(err, res)
	}
	k.ends = make([]int64, 3)
	k.ends[0] = 10
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
