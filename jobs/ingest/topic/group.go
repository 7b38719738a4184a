package topic

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
)

// tellTimeout bounds how long telling Kafka may hold up a caller that has more important things to do.
const tellTimeout = 2 * time.Second

// TellGroup stores positions as the offsets of a consumer group, for tools that show a group's lag. It is tried
// once. Nothing here ever reads them back: the archive holds the positions that count.
func (t *Topic) TellGroup(ctx context.Context, group string, next map[int]int64) error {
	ctx, cancel := context.WithTimeout(ctx, tellTimeout)
	defer cancel()
	offsets := make([]kafka.OffsetCommit, 0, len(next))
	for partition, offset := range next {
		offsets = append(offsets, kafka.OffsetCommit{Partition: partition, Offset: offset})
	}
	admin := &kafka.Client{Addr: t.addr, Transport: t.transport, Timeout: tellTimeout}
	// Generation -1 and no member: offsets of a group that nobody has joined.
	res, err := admin.OffsetCommit(ctx, &kafka.OffsetCommitRequest{
		GroupID: group, GenerationID: -1, Topics: map[string][]kafka.OffsetCommit{t.opts.Topic: offsets},
	})
	if err != nil {
		return fmt.Errorf("tell group %s: %w", group, err)
	}
	for _, p := range res.Topics[t.opts.Topic] {
		if p.Error != nil {
			return fmt.Errorf("tell group %s, partition %d: %w", group, p.Partition, p.Error)
		}
	}
	return nil
}
