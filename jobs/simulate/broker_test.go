package simulate

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
)

func TestTheBrokerKeepsWhatIsProduced(t *testing.T) {
	b, err := StartBroker("listens", 3)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	client := &kafka.Client{Addr: kafka.TCP(b.Addrs()...), Timeout: 10 * time.Second}
	ctx := context.Background()

	meta, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{"listens"}})
	if err != nil || len(meta.Topics) != 1 || len(meta.Topics[0].Partitions) != 3 {
		t.Fatalf("metadata %+v, %v", meta, err)
	}
	// A month of the past has to stay: no retention.
	past := time.UnixMilli(1_772_000_000_000)
	_, err = client.Produce(ctx, &kafka.ProduceRequest{
		Topic: "listens", Partition: 1, RequiredAcks: kafka.RequireAll,
		Records: kafka.NewRecordReader(kafka.Record{Time: past, Key: kafka.NewBytes([]byte("u1")), Value: kafka.NewBytes([]byte{})}),
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.Fetch(ctx, &kafka.FetchRequest{Topic: "listens", Partition: 1, MinBytes: 1, MaxBytes: 1 << 20, MaxWait: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	r, err := got.Records.ReadRecord()
	if err != nil || !r.Time.Equal(past) {
		t.Fatalf("record %+v, %v", r, err)
	}
	if key, _ := kafka.ReadAll(r.Key); string(key) != "u1" {
		t.Errorf("key %q", key)
	}
	if _, err := got.Records.ReadRecord(); !errors.Is(err, io.EOF) {
		t.Errorf("after the last record: %v", err)
	}
}

func TestTheBrokerListensOnLoopbackOnly(t *testing.T) {
	b, err := StartBroker("listens", 1)
	if err != nil {
		t.Fatal(err)
	}
	addrs := b.Addrs()
	for _, addr := range addrs {
		if host, _, err := net.SplitHostPort(addr); err != nil || host != "127.0.0.1" {
			t.Errorf("listens on %s, %v", addr, err)
		}
	}
	b.Close()
	b.Close()
	if conn, err := net.DialTimeout("tcp", addrs[0], time.Second); err == nil {
		conn.Close() //nolint:errcheck // the test has failed already
		t.Error("still listens after Close")
	}
}

func TestABrokerNeedsAPartition(t *testing.T) {
	if b, err := StartBroker("listens", 0); err == nil {
		b.Close()
		t.Error("started with no partition")
	}
}
