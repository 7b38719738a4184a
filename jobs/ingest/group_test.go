package ingest_test

import (
	"net"
	"testing"

	"github.com/segmentio/kafka-go"

	"github.com/lakectl/lakectl/jobs/ingest"
)

// Tools that show a group's lag read the offsets from Kafka. The archive does not: offsets that somebody else
// moved change nothing.
func TestTheGroupIsToldWhatIsArchivedAndNeverAsked(t *testing.T) {
	k := newKafka(t, 2)
	k.produce(k.samples(40))
	k.mustIngest(ingest.Options{Group: "lag"})
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
}

type address string

func (address) Network() string  { return "tcp" }
func (a address) String() string { return string(a) }

var _ net.Addr = address("")
