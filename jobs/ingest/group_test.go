package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/segmentio/kafka-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/jobs/topic"
	"github.com/lakectl/lakectl/lake"
)

// member are the options of a test's members: everything happens soon.
func member(group string) ingest.Options {
	return ingest.Options{Group: group, FlushAge: 50 * time.Millisecond, PartitionsEvery: 50 * time.Millisecond, SessionTimeout: time.Second}
}

// writers counts the commits on listens by the partitions that they moved together.
func (k *broker) writers() map[string]int {
	k.t.Helper()
	moved := map[string]int{}
	before := map[int]int64{}
	for _, s := range k.lake.Snapshot(k.t, catalog.Listens).Table().Snapshots() {
		p, err := s.Positions()
		if err != nil {
			k.t.Fatal(err)
		}
		var which []int
		for partition := range len(k.ends) {
			if now, ok := p.Topics[0].Next[partition]; ok && now != before[partition] {
				which = append(which, partition)
				before[partition] = now
			}
		}
		moved[fmt.Sprint(which)]++
	}
	return moved
}

// shared waits until n partitions were each moved by commits of their own, which takes n members.
func (k *broker) shared(n int) {
	k.t.Helper()
	for {
		k.produce(k.samples(40))
		k.archived(int64(k.sent) * 6 / 10)
		alone := 0
		for which := range k.writers() {
			if len(which) == len("[0]") {
				alone++
			}
		}
		if alone == n {
			return
		}
	}
}

func TestMembersOfAGroupShareThePartitions(t *testing.T) {
	laketest.Costly(t)
	k := newKafka(t, 3)
	k.produce(k.samples(60))
	var members []*running
	for range 3 {
		members = append(members, k.start(member("team")))
	}
	k.shared(3)
	for _, m := range members {
		m.mustStop(t)
	}
	k.check()
}

func TestMemberThatLeavesHandsItsPartitionsOver(t *testing.T) {
	laketest.Costly(t)
	k := newKafka(t, 2)
	first, second := k.start(member("team")), k.start(member("team"))
	k.shared(2)
	first.mustStop(t)
	k.produce(k.samples(60))
	k.archived(int64(k.sent) * 6 / 10)
	second.mustStop(t)
	k.check()
}

func TestAddedPartitionsAreSharedByTheGroup(t *testing.T) {
	k := newKafka(t, 1)
	first, second := k.start(member("team")), k.start(member("team"))
	k.produce(k.samples(20))
	k.archived(12)
	k.grow(2)
	k.shared(2)
	first.mustStop(t)
	second.mustStop(t)
	k.check()
}

// A batch that a stopped member still holds was read by others meanwhile. It is dropped, and the member goes on.
func TestFencedMemberDropsItsBatchAndGoesOn(t *testing.T) {
	k := newKafka(t, 1)
	k.produce(k.samples(30))
	o := member("team")
	o.FlushAge = time.Hour
	held := k.start(o)
	for text := range held.progress {
		if strings.Contains(text, "30 records") {
			break
		}
	}
	k.mustIngest(ingest.Options{}) // somebody outside of the group
	k.produce(k.samples(30))
	held.mustStop(t) // commits what it holds, and finds itself fenced
	if !k.logged("fenced: another ingester has read these partitions") {
		t.Error("nobody was fenced")
	}
	k.mustIngest(ingest.Options{})
	k.check()
}

// open opens the topic until the test ends.
func (k *broker) open() *topic.Topic {
	k.t.Helper()
	t, err := topic.Open(k.t.Context(), k.options)
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() { t.Close() }) //nolint:errcheck // never fails
	return t
}

func (w *world) logged(text string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Contains(w.log.String(), text)
}

// Someone outside of the group who reads the same partitions all the time is a mistake in the set-up.
func TestMemberThatIsFencedAgainAndAgainGivesUp(t *testing.T) {
	laketest.Costly(t)
	k := newKafka(t, 1)
	tp := k.open()
	id := tp.Identity()
	moved := int64(0) // the position, by somebody else, before each commit of the member
	faults := &laketest.Faults{Strike: func(at laketest.Step, table string) error {
		if at != laketest.BeforeCommit || table != catalog.Listens {
			return nil
		}
		moved++
		_, err := k.lake.Commit(t.Context(), catalog.Listens, lake.Commit{Job: "test", Stage: func(now lake.Snapshot) (map[string]string, error) {
			p, err := now.Positions()
			if err != nil {
				return nil, err
			}
			p = p.WithTopic(id.Cluster, id.Topic, id.TopicID, map[int]int64{0: moved})
			return map[string]string{lake.StateKey(lake.PositionsKey): p.String()}, nil
		}})
		return errors.Join(err, laketest.ErrInjected)
	}}
	k.produce(k.samples(30))
	_, err := ingest.Kafka(t.Context(), k.env(k.lake.With(faults)), tp, member("team"))
	if !errors.Is(err, lake.ErrFenced) || lake.Hint(err) == "" {
		t.Fatalf("got %v, want ErrFenced", err)
	}
}

func TestTwoGroupsAndTwoLakesOnOneTopicAreStrangers(t *testing.T) {
	k := newKafka(t, 2)
	other := &broker{world: newWorld(t), options: k.options, ends: make([]int64, 2)}
	a, b := k.start(member("a")), other.start(member("b"))
	k.produce(k.samples(60))
	k.archived(36)
	other.archived(36)
	a.mustStop(t)
	b.mustStop(t)
	k.check()
	other.want, other.suppressed = k.want, k.suppressed
	other.check()
}

// The request and the listen lie in partitions of two members.
func TestRequestReadByOneMemberBindsTheOthers(t *testing.T) {
	laketest.Costly(t)
	k := newKafka(t, 2)
	members := []*running{k.start(member("team")), k.start(member("team"))}
	k.shared(2)
	other := k.inPartition(1, "")[0].user // of the record's key; the payload names somebody else
	k.produce([]sample{{k.inPartition(0, "")[0].user, deletionJSON("r", "leaver", day(10)), "deletion_requests r"}})
	for before := k.lake.Snapshot(t, catalog.DeletionRequests).ID(); k.lake.Snapshot(t, catalog.DeletionRequests).ID() == before; {
		<-time.After(5 * time.Millisecond)
	}
	<-time.After(2 * member("").FlushAge) // a batch that was under way has ended
	k.produce([]sample{{other, listenJSON("l", "leaver", day(1), day(2)), "suppressed"}, {other, listenJSON("m", "stayer", day(1), day(2)), "listens m"}})
	k.archived(int64(k.sent)*6/10 + 1)
	for _, m := range members {
		m.mustStop(t)
	}
	k.check()
}

// Many members commit to one table at once, each again and again.
func TestMembersDoNotStarveEachOther(t *testing.T) {
	laketest.Long(t, "members wait for each other")
	const n = 6
	k := newKafka(t, n)
	var members []*running
	for range n {
		o := member("team")
		o.FlushRows = 5
		members = append(members, k.start(o))
	}
	k.shared(n)
	k.produce(k.samples(600))
	k.archived(int64(k.sent) * 6 / 10)
	for _, m := range members {
		m.mustStop(t)
	}
	k.check()
}

// Tools that show a group's lag read the offsets from Kafka. The archive does not: offsets that somebody else
// moved change nothing.
func TestTheGroupIsToldWhatIsArchivedAndNeverAsked(t *testing.T) {
	for name, ingestAll := range map[string]func(k *broker){
		"outside of the group": func(k *broker) { k.mustIngest(ingest.Options{Group: "lag"}) },
		"as a member": func(k *broker) {
			m := k.start(member("lag"))
			k.archived(24)
			m.mustStop(k.t)
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKafka(t, 2)
			k.produce(k.samples(40))
			ingestAll(k)
			client := &kafka.Client{Addr: address(k.options.Brokers[0])}
			told, err := client.OffsetFetch(t.Context(), &kafka.OffsetFetchRequest{GroupID: "lag", Topics: map[string][]int{"listens": {0, 1}}})
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range told.Topics["listens"] {
				if p.CommittedOffset != k.ends[p.Partition] {
					t.Errorf("partition %d: the group was told %d, want %d", p.Partition, p.CommittedOffset, k.ends[p.Partition])
				}
			}
			back := []kafka.OffsetCommit{{Partition: 0, Offset: 0}, {Partition: 1, Offset: 0}}
			if _, err := client.OffsetCommit(t.Context(), &kafka.OffsetCommitRequest{GroupID: "lag", GenerationID: -1, Topics: map[string][]kafka.OffsetCommit{"listens": back}}); err != nil {
				t.Fatal(err)
			}
			if got := k.mustIngest(ingest.Options{Group: "lag"}); got.Records != 0 {
				t.Errorf("read %d records again", got.Records)
			}
			k.check()
		})
	}
}

func TestSessionThatTheBrokersDoNotAllowIsAnErrorWithAHint(t *testing.T) {
	k := newKafka(t, 1)
	o := member("team")
	o.SessionTimeout = 24 * time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, err := ingest.Kafka(ctx, k.env(k.lake), k.open(), o)
	if err == nil || ctx.Err() != nil || lake.Hint(err) == "" {
		t.Fatalf("got %v", err)
	}
}

func TestFromDecidesOnlyWhereNoPositionIsLeft(t *testing.T) {
	k := newKafka(t, 2)
	k.produce(k.inPartition(0, "a", "b", "c"))
	k.mustIngest(ingest.Options{})
	k.produce(k.inPartition(1, "d", "e", "f"))
	k.trim(1, 2)
	earliest, err := ingest.ParseFrom("earliest")
	if err != nil {
		t.Fatal(err)
	}
	k.mustIngest(ingest.Options{From: earliest})
	delete(k.want, "listens/1/0")
	delete(k.want, "listens/1/1")
	k.check()
	first := k.lake.Snapshot(t, catalog.Listens).Table().Snapshots()[1]
	want := `[{"partition":1,"was":0,"from":2,"log_start":2,"log_end":3,"asked":"earliest"}]`
	if diff := cmp.Diff(want, first.Property("lakectl.from")); diff != "" {
		t.Errorf("summary (-want +got)\n%s", diff)
	}
	latest, err := ingest.ParseFrom("latest")
	if err != nil {
		t.Fatal(err)
	}
	k.produce(k.inPartition(1, "g"))
	k.mustIngest(ingest.Options{From: latest}) // the position is good: nothing is skipped
	k.check()
}

func TestFromThatCannotBeIsWrongUsage(t *testing.T) {
	for _, text := range []string{"first", "0", "0=", "=5", "0=-1", "0=1,0=2", "0=x", "-1=0", "0=1,"} {
		if _, err := ingest.ParseFrom(text); !errors.Is(err, ingest.ErrUsage) || lake.Hint(err) == "" {
			t.Errorf("%q: got %v", text, err)
		}
	}
	k := newKafka(t, 1)
	k.produce(k.inPartition(0, "a"))
	beyond, err := ingest.ParseFrom("0=2")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.ingest(t.Context(), k.lake, ingest.Options{From: beyond}); !errors.Is(err, ingest.ErrUsage) || lake.Hint(err) == "" {
		t.Errorf("got %v", err)
	}
}

func TestTopicOfNonsenseStopsBeforeItFillsTheQuarantine(t *testing.T) {
	k := newKafka(t, 1)
	k.produce(k.samples(100))
	k.mustIngest(ingest.Options{})
	nonsense := make([]sample, 10_000)
	for i := range nonsense {
		nonsense[i] = sample{"u", `{"order": 1}`, "quarantine unknown_type"}
	}
	k.produce(nonsense)
	before := k.snapshots()
	_, err := k.ingest(t.Context(), k.lake, ingest.Options{})
	if err == nil || lake.Hint(err) == "" || !strings.Contains(err.Error(), "10000 unknown_type") {
		t.Fatalf("got %v", err)
	}
	if diff := cmp.Diff(before, k.snapshots()); diff != "" {
		t.Errorf("something was committed\n%s", diff)
	}
	k.mustIngest(ingest.Options{MaxRefusedPercent: 100})
	k.check()
}

// One client that sends nonsense must not stop the others.
func TestManyRefusedRecordsAmongGoodOnesDoNotStop(t *testing.T) {
	k := newKafka(t, 1)
	for range 4 {
		list := k.samples(1000)
		for range 2000 {
			list = append(list, sample{"u", "{", "quarantine malformed_json"})
		}
		k.produce(list)
	}
	k.mustIngest(ingest.Options{FlushRows: 3000})
	k.check()
}

type address string

func (address) Network() string  { return "tcp" }
func (a address) String() string { return string(a) }

var _ net.Addr = address("")
