package topic

import (
	"context"
	"fmt"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/listoffsets"
)

const (
	atStart int64 = -2
	atEnd   int64 = -1
)

// Bounds is what a partition holds: offsets from Start up to, not including,
// End, the last stable offset.
type Bounds struct{ Start, End int64 }

// Bounds asks the leaders of the partitions.
func (t *Topic) Bounds(ctx context.Context, partitions []int) (map[int]Bounds, error) {
	var found map[int]Bounds
	log := -1
	if len(partitions) == 1 {
		log = partitions[0]
	}
	err := t.retry(ctx, "list offsets", log, func(ctx context.Context, _ int) (err error) {
		found, err = t.bounds(ctx, partitions)
		return err
	})
	return found, err
}

// bounds is one attempt: two requests for each leader, for kafka-go would send
// two for each partition, all at once.
func (t *Topic) bounds(ctx context.Context, partitions []int) (map[int]Bounds, error) {
	d, err := t.verify(ctx, partitions...)
	if err != nil {
		return nil, err
	}
	led := map[int32][]int{}
	for _, p := range partitions {
		led[d.leaders[p]] = append(led[d.leaders[p]], p)
	}
	found := make(map[int]Bounds, len(partitions))
	for leader, ps := range led {
		if leader < 0 {
			return nil, kafka.LeaderNotAvailable
		}
		starts, err := t.listOffsets(ctx, ps, atStart)
		if err != nil {
			return nil, err
		}
		ends, err := t.listOffsets(ctx, ps, atEnd)
		if err != nil {
			return nil, err
		}
		for _, p := range ps {
			found[p] = Bounds{Start: starts[p], End: ends[p]}
		}
	}
	return found, nil
}

func (t *Topic) listOffsets(ctx context.Context, partitions []int, at int64) (map[int]int64, error) {
	ask := make([]listoffsets.RequestPartition, len(partitions))
	for i, p := range partitions {
		ask[i] = listoffsets.RequestPartition{Partition: int32(p), CurrentLeaderEpoch: -1, Timestamp: at}
	}
	m, err := t.roundTrip(ctx, 0, &offsetsRequest{
		ReplicaID:      -1,
		IsolationLevel: readCommitted,
		Topics:         []listoffsets.RequestTopic{{Topic: t.opts.Topic, Partitions: ask}},
	})
	if err != nil {
		return nil, err
	}
	offsets := make(map[int]int64, len(partitions))
	for _, topic := range m.(*listoffsets.Response).Topics {
		for _, p := range topic.Partitions {
			if p.ErrorCode != 0 {
				return nil, kafka.Error(p.ErrorCode)
			}
			offsets[int(p.Partition)] = p.Offset
		}
	}
	for _, p := range partitions {
		if _, ok := offsets[p]; !ok {
			return nil, fmt.Errorf("list offsets: %w: partition %d is not in it", errMalformed, p)
		}
	}
	return offsets, nil
}

// offsetsRequest is the same message without kafka-go's splitting.
type offsetsRequest listoffsets.Request

func (*offsetsRequest) ApiKey() protocol.ApiKey { return protocol.ListOffsets }

// Broker is the leader of the first partition; the caller groups by leader, and
// a broker that leads one no longer says so.
func (r *offsetsRequest) Broker(cluster protocol.Cluster) (protocol.Broker, error) {
	topic, number := r.Topics[0].Topic, r.Topics[0].Partitions[0].Partition
	broker, ok := cluster.Brokers[cluster.Topics[topic].Partitions[number].Leader]
	if !ok {
		return broker, protocol.NewErrNoLeader(topic, number)
	}
	return broker, nil
}
