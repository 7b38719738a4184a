package topic

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestWhatIsProducedIsFetched(t *testing.T) {
	onEach(t, func(t *testing.T, brokers []string) {
		o := newTopic(t, brokers, 4)
		start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
		want := map[int][]Record{}
		var all []Record
		for i := range 50_000 {
			key := fmt.Appendf(nil, "u-%d", i%997)
			r := Record{
				Partition: PartitionOf(key, 4), Time: start + int64(i)*1000, Key: key,
				Value: fmt.Appendf(nil, `{"type":"listen","listen_id":"l-%d","pad":"%s"}`, i, strings.Repeat("x", i%100)),
			}
			all = append(all, r)
			r.Offset = int64(len(want[r.Partition]))
			want[r.Partition] = append(want[r.Partition], r)
		}
		p := ours(t, o)
		if err := p.Produce(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		tp := open(t, o)
		parts, err := tp.Partitions(t.Context())
		if d := cmp.Diff([]int{0, 1, 2, 3}, parts); d != "" || err != nil {
			t.Fatal(d, err)
		}
		for _, n := range parts {
			got := readFrom(t, tp, n, 0)
			if len(got) != len(want[n]) {
				t.Fatalf("%d records of %d", len(got), len(want[n]))
			}
			for i := range got { // cmp.Diff takes seconds over all of them
				if !reflect.DeepEqual(want[n][i], got[i]) {
					t.Fatal(cmp.Diff(want[n][i], got[i]))
				}
			}
		}
	})
}

func TestRecordsThatDoNotCompressFitTheBrokersLimit(t *testing.T) {
	onEach(t, func(t *testing.T, brokers []string) {
		o := newTopic(t, brokers, 1)
		random := rand.NewChaCha8([32]byte{1})
		rs := make([]Record, 4000)
		for i := range rs {
			rs[i].Value = make([]byte, 1000)
			_, _ = random.Read(rs[i].Value)
		}
		p := ours(t, o)
		if err := p.Produce(t.Context(), rs); err != nil {
			t.Fatal(err)
		}
		if n := len(readFrom(t, open(t, o), 0, 0)); n != len(rs) {
			t.Fatal(n)
		}
	})
}

func TestARecordWithoutATimeGetsTheCurrentOne(t *testing.T) {
	onEach(t, func(t *testing.T, brokers []string) {
		o := newTopic(t, brokers, 1)
		p := ours(t, o)
		before := time.Now().UnixMilli() * 1000
		if err := p.Produce(t.Context(), []Record{{Value: []byte("a")}, {Value: []byte("b"), Time: NoTime}}); err != nil {
			t.Fatal(err)
		}
		for _, r := range readFrom(t, open(t, o), 0, 0) {
			if r.Time < before || r.Time > time.Now().UnixMicro() {
				t.Errorf("%s at %d", r.Value, r.Time)
			}
		}
	})
}

func TestProducingToAMissingPartitionIsAnError(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, brokers []string) {
		p := ours(t, newTopic(t, brokers, 1))
		err := p.Produce(t.Context(), []Record{{Partition: 5, Value: []byte("v")}})
		var ut *UnknownTopicError
		if !errors.As(err, &ut) || ut.Partition != 5 {
			t.Fatal(err)
		}
	})
}

func TestCreateRefusesAnExistingTopic(t *testing.T) {
	onEach(t, func(t *testing.T, brokers []string) {
		o := newTopic(t, brokers, 1)
		o.Topic += "-second"
		t.Cleanup(func() { deleteTopic(t, o) })
		if err := Create(t.Context(), o, 3); err != nil {
			t.Fatal(err)
		}
		ps, err := open(t, o).Partitions(t.Context())
		if len(ps) != 3 || err != nil {
			t.Fatal(ps, err)
		}
		if err := Create(t.Context(), o, 3); !errors.Is(err, ErrExists) {
			t.Fatal(err)
		}
		o.Topic += "-empty"
		if err := Create(t.Context(), o, 0); err == nil {
			t.Fatal("created a topic without partitions")
		}
	})
}

func TestKeysGoWhereTheJavaClientPutsThem(t *testing.T) {
	java := kgo.StickyKeyPartitioner(nil).ForTopic("t")
	for i := range uint64(5000) {
		key := binary.AppendUvarint(nil, i*i)
		for _, n := range []int{1, 4, 12, 256, 1000} {
			if got, want := PartitionOf(key, n), java.Partition(&kgo.Record{Key: key}, n); got != want {
				t.Fatalf("key %x of %d partitions: %d instead of %d", key, n, got, want)
			}
		}
	}
}
