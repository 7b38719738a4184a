package topic

import (
	"context"
	"time"

	"github.com/segmentio/kafka-go"
	"golang.org/x/sync/errgroup"
)

const (
	// batchBytes keeps a batch that does not compress below the 1,048,588 bytes
	// that brokers take by default.
	batchBytes = 900_000
	// recordOverhead is more than lengths, offset and time of a record take.
	recordOverhead = 30
	// producing is how many partitions are written to at once.
	producing = 4
)

// Producer writes to one topic, lz4 compressed, acknowledged by all in-sync
// replicas. Safe for concurrent use; the order within a partition is kept inside
// one call of Produce.
type Producer struct{ *client }

// NewProducer does not talk to the cluster yet. The caller closes the Producer.
func NewProducer(o Options) *Producer { return &Producer{client: newClient(o)} }

// Close ends the connections. Nothing is buffered between calls of Produce.
func (p *Producer) Close() error {
	p.close()
	return nil
}

// Produce writes the records to the partitions they name, with their Time, or
// the current time where that is 0 or NoTime. It returns when all are
// acknowledged. At least once: after an error any of them may have been written,
// and one whose acknowledgement was lost is written again.
func (p *Producer) Produce(ctx context.Context, records []Record) error {
	if err := p.opts.check(); err != nil {
		return err
	}
	parts := map[int][]int{} // partition -> indexes into records
	for i, r := range records {
		parts[r.Partition] = append(parts[r.Partition], i)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(producing)
	for partition, indexes := range parts {
		group.Go(func() error { return p.producePartition(ctx, partition, records, indexes) })
	}
	return group.Wait()
}

func (p *Producer) producePartition(ctx context.Context, partition int, records []Record, indexes []int) error {
	for len(indexes) > 0 {
		n, size := 0, 0
		for ; n < len(indexes); n++ {
			r := &records[indexes[n]]
			size += len(r.Key) + len(r.Value) + recordOverhead
			if n > 0 && size > batchBytes {
				break
			}
		}
		if err := p.send(ctx, partition, records, indexes[:n]); err != nil {
			return err
		}
		indexes = indexes[n:]
	}
	return nil
}

func (p *Producer) send(ctx context.Context, partition int, records []Record, indexes []int) error {
	cluster := &kafka.Client{Addr: p.addr, Transport: p.transport, Timeout: requestTimeout}
	return p.retry(ctx, "produce", partition, func(ctx context.Context, attempt int) error {
		if attempt > 0 {
			if err := p.partitionExists(ctx, partition); err != nil {
				return err
			}
		}
		batch := make([]kafka.Record, len(indexes))
		for i, at := range indexes {
			batch[i] = toKafka(&records[at])
		}
		res, err := cluster.Produce(ctx, &kafka.ProduceRequest{
			Topic:        p.opts.Topic,
			Partition:    partition,
			RequiredAcks: kafka.RequireAll,
			Records:      kafka.NewRecordReader(batch...),
			Compression:  kafka.Lz4,
		})
		if err != nil {
			return err
		}
		return res.Error
	})
}

func (p *Producer) partitionExists(ctx context.Context, partition int) error {
	d, err := p.describe(ctx)
	if err != nil {
		return err
	}
	if _, ok := d.leaders[partition]; !ok {
		return errMissingPartition
	}
	return nil
}

func toKafka(r *Record) kafka.Record {
	k := kafka.Record{Key: kafka.NewBytes(r.Key), Value: kafka.NewBytes(r.Value)}
	if r.Time != 0 && r.Time != NoTime {
		k.Time = time.UnixMicro(r.Time)
	}
	return k
}

// PartitionOf places a key as Kafka's Java client and librdkafka's "murmur2"
// do, a nil key as an empty one.
func PartitionOf(key []byte, n int) int {
	if n <= len(numbers) {
		return murmur2.Balance(kafka.Message{Key: key}, numbers[:n]...)
	}
	return murmur2.Balance(kafka.Message{Key: key}, count(n)...)
}

var (
	murmur2 = kafka.Murmur2Balancer{Consistent: true}
	numbers = count(256) // what Balance picks from, for topics of usual size
)

func count(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}
