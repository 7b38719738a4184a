package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/jobs/topic"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// status reads the status as of now and makes sure that this changes no table.
func (k *broker) status(now time.Time) ingest.Status {
	k.t.Helper()
	t, err := topic.Open(k.t.Context(), k.options)
	if err != nil {
		k.t.Fatal(err)
	}
	defer t.Close() //nolint:errcheck // test
	env := k.env(k.lake)
	env.Now = func() time.Time { return now }
	before := k.snapshots()
	s, err := ingest.StatusOf(k.t.Context(), env, t)
	if err != nil {
		k.t.Fatal(err)
	}
	if diff := cmp.Diff(before, k.snapshots()); diff != "" {
		k.t.Errorf("looking changed a table\n%s", diff)
	}
	return s
}

// newest asks the archive itself for the newest event time of each partition.
func (k *broker) newest() map[int]time.Time {
	k.t.Helper()
	d := k.lake.DB(k.t)
	if err := d.Bind(k.t.Context(), "l", k.lake.Snapshot(k.t, catalog.Listens)); err != nil {
		k.t.Fatal(err)
	}
	found := map[int]time.Time{}
	var partition int
	var micros int64
	err := d.EachText(k.t.Context(), "SELECT source_partition, epoch_us(max(event_time)) FROM l GROUP BY 1", nil, []any{&partition, &micros}, func() error {
		found[partition] = time.UnixMicro(micros).UTC()
		return nil
	})
	if err != nil {
		k.t.Fatal(err)
	}
	return found
}

var lines = cmpopts.IgnoreUnexported(ingest.PartitionStatus{})

func TestStatusTellsHowFarTheArchiveIsBehind(t *testing.T) {
	onEachBroker(t, 2, func(t *testing.T, k *broker) {
		cl := k.client()
		var sent [][]delivery
		for range 4 {
			sent = append(sent, k.send(cl)) // all on day 15
		}
		k.binding(sent...)
		ends, fiveDays, none := map[int]int64{}, int64(5*24*60*60), int64(0)
		for _, list := range sent {
			for _, d := range list {
				ends[d.partition] = max(ends[d.partition], d.offset+1)
			}
		}
		want := ingest.Status{
			Topic: k.options.Topic, LagRecords: 40, LagSeconds: &fiveDays, Quarantined: map[listen.Reason]int64{},
			Debt: []lake.Debt{{Table: catalog.Listens}, {Table: catalog.Quarantine}, {Table: catalog.DeletionRequests}},
			Partitions: []ingest.PartitionStatus{
				{Partition: 0, EndOffset: ends[0], LagRecords: ends[0], LagSeconds: &fiveDays},
				{Partition: 1, EndOffset: ends[1], LagRecords: ends[1], LagSeconds: &fiveDays},
			},
		}
		if diff := cmp.Diff(want, k.status(day(20)), lines); diff != "" {
			t.Fatalf("before anything was archived (-want +got)\n%s", diff)
		}

		k.mustIngest(ingest.Options{})
		k.check()
		want.LagRecords, want.LagSeconds, want.ArchivedRows, want.Suppressed = 0, &none, k.listens(), k.suppressed
		want.Quarantined = map[listen.Reason]int64{listen.MalformedJSON: 4, listen.EventTimeInFuture: 4}
		marks := k.newest()
		for i := range want.Partitions {
			p := &want.Partitions[i]
			committed, mark := ends[i], marks[i]
			p.CommittedOffset, p.LagRecords, p.LagSeconds, p.EventTimeWatermark = &committed, 0, &none, &mark
		}
		got := k.status(day(20))
		ignored := cmpopts.IgnoreFields(ingest.Status{}, "Debt", "LastCommitAt", "LastCommitAgeSeconds", "LastCommitSeconds")
		if diff := cmp.Diff(want, got, lines, ignored); diff != "" {
			t.Fatalf("caught up (-want +got)\n%s", diff)
		}

		oneDay := int64(24 * 60 * 60)
		for _, sentOn := range []int{19, 18} { // the first one counts, not the oldest time
			r := &kgo.Record{Partition: 1, Value: []byte("{"), Timestamp: day(sentOn)}
			if err := k.client(kgo.RecordPartitioner(kgo.ManualPartitioner())).ProduceSync(t.Context(), r).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		want.LagRecords, want.LagSeconds = 2, &oneDay
		p := &want.Partitions[1]
		p.EndOffset, p.LagRecords, p.LagSeconds = p.EndOffset+2, 2, &oneDay
		if diff := cmp.Diff(want, k.status(day(20)), lines, ignored); diff != "" {
			t.Fatalf("two records behind (-want +got)\n%s", diff)
		}
	})
}

func TestStatusTellsWhenTheLastCommitWasAndHowLongItTook(t *testing.T) {
	k := newKafka(t, 1)
	if s := k.status(day(20)); s.LastCommitAt != nil || s.LastCommitAgeSeconds != nil || s.LastCommitSeconds != nil {
		t.Fatalf("a commit of nobody: %v", s)
	}
	k.produce(k.samples(10))
	began := time.Now().Truncate(time.Millisecond)
	k.run(func(env *jobs.Env) { env.Now = time.Now })
	ended := time.Now()
	// A commit of another job is none of ingest.
	if _, err := k.lake.Commit(t.Context(), catalog.Listens, lake.Commit{Job: "test", Stage: func(lake.Snapshot) (map[string]string, error) { return nil, nil }}); err != nil {
		t.Fatal(err)
	}
	s := k.status(ended.Add(time.Hour))
	if s.LastCommitAt == nil || s.LastCommitAt.Before(began) || s.LastCommitAt.After(ended) {
		t.Fatalf("committed at %v, want between %v and %v", s.LastCommitAt, began, ended)
	}
	if age := *s.LastCommitAgeSeconds; age < 3600 || age > 3600+int64(ended.Sub(began).Seconds()) {
		t.Errorf("age %d s", age)
	}
	if took := *s.LastCommitSeconds; took <= 0 || took > ended.Sub(began).Seconds() {
		t.Errorf("took %v s", took)
	}
}

// run ingests until it has caught up in a changed environment.
func (k *broker) run(change func(*jobs.Env)) {
	k.t.Helper()
	t, err := topic.Open(k.t.Context(), k.options)
	if err != nil {
		k.t.Fatal(err)
	}
	env := k.env(k.lake)
	change(&env)
	_, err = ingest.Kafka(k.t.Context(), env, t, ingest.Options{UntilCaughtUp: true})
	if err = errors.Join(err, t.Close()); err != nil {
		k.t.Fatal(err)
	}
}

// behind waits until the lag is n records: the marker of a transaction comes some time after its end was asked for.
func (k *broker) behind(n int64) ingest.Status {
	k.t.Helper()
	var s ingest.Status
	eventually(k.t, func() string {
		if s = k.status(day(20)); s.LagRecords == n {
			return ""
		}
		return fmt.Sprintf("a lag of %d records, want %d", s.LagRecords, n)
	})
	return s
}

// eventually looks until there is nothing to complain about.
func eventually(t *testing.T, look func() (complaint string)) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	every := time.NewTicker(10 * time.Millisecond)
	defer every.Stop()
	for complaint := look(); complaint != ""; complaint = look() {
		select {
		case <-ctx.Done():
			t.Fatal(complaint)
		case <-every.C:
		}
	}
}

func TestAbortedAndOpenTransactionsAreNoAge(t *testing.T) {
	onEachBroker(t, 1, func(t *testing.T, k *broker) {
		plain, tx := k.client(), k.client(kgo.TransactionalID(k.options.Topic))
		k.binding(k.send(plain))
		k.begin(tx)
		k.send(tx)
		k.end(tx, kgo.TryAbort)
		k.behind(21)                   // ten, ten, and the marker
		k.mustIngest(ingest.Options{}) // passes the aborted ones, for there are others before them
		s := k.status(day(20))
		if p := s.Partitions[0]; *p.CommittedOffset != 21 || p.EndOffset != 21 || s.LagRecords != 0 || *s.LagSeconds != 0 {
			t.Fatalf("caught up behind an aborted transaction: %+v", s)
		}
		k.begin(tx)
		k.send(tx)
		k.end(tx, kgo.TryAbort)
		if s = k.behind(11); *s.LagSeconds != 0 {
			t.Fatalf("only aborted records: a lag of %d s", *s.LagSeconds)
		}
		k.binding(k.send(plain))
		if s = k.behind(21); *s.LagSeconds != 5*24*60*60 {
			t.Fatalf("ten records behind aborted ones: a lag of %d s", *s.LagSeconds)
		}
		k.mustIngest(ingest.Options{})
		k.begin(tx)
		k.send(tx)
		if s = k.behind(0); *s.LagSeconds != 0 {
			t.Fatalf("an open transaction: a lag of %d s", *s.LagSeconds)
		}
		k.end(tx, kgo.TryAbort)
		k.check()
	})
}

func TestStatusShowsWhereIngestWouldStop(t *testing.T) {
	k := newKafka(t, 2)
	k.produce(k.inPartition(0, "a", "b"))
	k.mustIngest(ingest.Options{})
	k.produce(k.inPartition(0, "c", "d", "e"))
	k.trim(0, 4)
	s := k.status(day(20))
	p, other := s.Partitions[0], s.Partitions[1]
	if !strings.Contains(p.Problem, "offset 2") || !strings.Contains(p.Hint, "--from earliest") || *p.CommittedOffset != 2 || p.LagRecords != 1 || *p.LagSeconds != 5*24*60*60 {
		t.Errorf("records deleted before they were read: %+v", p)
	}
	if s.Problem != "" || other.Problem != "" || other.LagRecords != 0 {
		t.Errorf("nothing is wrong elsewhere: %+v", s)
	}
	_, err := k.lake.Commit(t.Context(), catalog.Listens, lake.Commit{Job: "test", Stage: func(now lake.Snapshot) (map[string]string, error) {
		p, err := now.Positions()
		p.Topics[0].Next = map[int]int64{0: 1000, 1: 0, 7: 3}
		return map[string]string{lake.StateKey(lake.PositionsKey): p.String()}, err
	}})
	if err != nil {
		t.Fatal(err)
	}
	s = k.status(day(20))
	if p := s.Partitions[0]; !strings.Contains(p.Problem, "offset 1000") || p.Hint == "" || p.LagRecords != 0 || *p.LagSeconds != 0 {
		t.Errorf("position behind the end: %+v", p)
	}
	if p := s.Partitions[2]; p.Partition != 7 || p.Problem == "" || *p.CommittedOffset != 3 {
		t.Errorf("position in a partition that is gone: %+v", p)
	}
}

func TestStatusOfAnotherTopicUnderTheNameIsAProblemAndNoLagOfTheOld(t *testing.T) {
	for cluster, says := range map[string]string{"simulated": "deleted and made again", "another": "cluster"} {
		t.Run(cluster, func(t *testing.T) {
			k := newKafka(t, 1)
			k.produce(k.samples(10))
			k.mustIngest(ingest.Options{})
			archived := k.listens()
			other := k.stranger(cluster)
			other.produce(other.samples(3))
			s := other.status(day(20))
			if !strings.Contains(s.Problem, says) || s.Hint == "" {
				t.Fatalf("problem %q, hint %q", s.Problem, s.Hint)
			}
			if p := s.Partitions[0]; p.CommittedOffset != nil || p.EventTimeWatermark != nil || p.LagRecords != 3 {
				t.Errorf("positions of the old topic taken for the new one's: %+v", p)
			}
			if s.ArchivedRows != archived {
				t.Errorf("%d rows, the archive has %d", s.ArchivedRows, archived)
			}
		})
	}
	k := newKafka(t, 1)
	k.mustFiles(ingest.Options{Source: "listens"}, k.file("a.jsonl", "listens", k.samples(10)))
	if s := k.status(day(20)); !strings.Contains(s.Problem, "file") || s.Hint == "" {
		t.Errorf("a file has the topic's name: %+v", s)
	}
}
