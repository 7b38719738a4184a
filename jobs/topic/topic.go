package topic

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/segmentio/kafka-go"
)

// NoTime is the Time of a record that carries no usable timestamp.
const NoTime int64 = -1 << 63

// Identity tells one topic from every other of the same name.
type Identity struct {
	Cluster, Topic string
	TopicID        string // as Kafka's tools print it; "" with brokers before 2.8
}

// Record is one record of the topic.
type Record struct {
	Partition int
	Offset    int64 // ignored by Produce
	Time      int64 // microseconds since the epoch, of which Kafka keeps milliseconds; or NoTime
	Key       []byte
	Value     []byte
}

// Topic reads one topic. Safe for concurrent use.
type Topic struct {
	*client
	identity Identity
}

// Open learns the identity of the topic. The caller closes the Topic.
func Open(ctx context.Context, o Options) (*Topic, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	t := &Topic{client: newClient(o)}
	err := t.firstAnswer(ctx, "open topic", func(ctx context.Context, _ int) error {
		if err := t.learnVersions(ctx); err != nil {
			return err
		}
		d, err := t.describe(ctx)
		if err == nil {
			t.identity = Identity{Cluster: d.cluster, Topic: o.Topic, TopicID: d.id}
		}
		return err
	})
	if err != nil {
		t.close()
		return nil, err
	}
	if t.identity.TopicID == "" {
		t.opts.Log.Warn("kafka brokers have no topic ids, a recreated topic cannot be noticed", "topic", o.Topic)
	}
	return t, nil
}

// forever keeps records whatever their timestamps say: a broker's default retention drops a month of the past
// within minutes.
var forever = []kafka.ConfigEntry{{ConfigName: "retention.ms", ConfigValue: "-1"}}

// Create makes the topic with the cluster's default replication and without a
// time limit on its records, and waits until every partition has a leader. An
// existing topic is ErrExists.
func Create(ctx context.Context, o Options, partitions int) error {
	if err := o.check(); err != nil {
		return err
	}
	c := newClient(o)
	defer c.close()
	admin := &kafka.Client{Addr: c.addr, Transport: c.transport, Timeout: requestTimeout}
	err := c.firstAnswer(ctx, "create topic", func(ctx context.Context, attempt int) error {
		res, err := admin.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{
			{Topic: o.Topic, NumPartitions: partitions, ReplicationFactor: -1, ConfigEntries: forever},
		}})
		if err != nil {
			return err
		}
		err = res.Errors[o.Topic]
		if attempt > 0 && errors.Is(err, kafka.TopicAlreadyExists) {
			return nil // made by an attempt whose answer was lost
		}
		return err
	})
	if errors.Is(err, kafka.TopicAlreadyExists) {
		return fmt.Errorf("create topic %q: %w", o.Topic, ErrExists)
	}
	if err != nil {
		return err
	}
	return c.retry(ctx, "await topic", -1, func(ctx context.Context, _ int) error {
		d, err := c.describe(ctx)
		if err != nil {
			return err
		}
		if len(d.leaders) < partitions || slices.Contains(slices.Collect(maps.Values(d.leaders)), -1) {
			return kafka.LeaderNotAvailable
		}
		return nil
	})
}

// firstAnswer is retry with an end: a cluster that never answers is a wrong
// address more often than an outage.
func (c *client) firstAnswer(ctx context.Context, request string, op func(context.Context, int) error) error {
	bounded, cancel := context.WithTimeout(ctx, openPatience)
	defer cancel()
	err := c.retry(bounded, request, -1, op)
	switch {
	case err == nil:
		return nil
	case errors.Is(bounded.Err(), context.DeadlineExceeded):
		return &UnreachableError{Brokers: c.opts.Brokers, Err: err}
	case ctx.Err() != nil:
		return err
	}
	var verdict interface{ Hint() string }
	var code kafka.Error
	switch {
	case errors.As(err, &verdict):
		return err
	case errors.As(err, &code) && code != kafka.SASLAuthenticationFailed && code != kafka.UnsupportedSASLMechanism:
		return fmt.Errorf("%s %q: %w", request, c.opts.Topic, err)
	}
	return &UnreachableError{Brokers: c.opts.Brokers, Err: err}
}

// Close ends the connections.
func (t *Topic) Close() error {
	t.close()
	return nil
}

// Identity is what Open found.
func (t *Topic) Identity() Identity { return t.identity }

// Partitions lists the partitions there are now, in order.
func (t *Topic) Partitions(ctx context.Context) ([]int, error) {
	var d *description
	err := t.retry(ctx, "list partitions", -1, func(ctx context.Context, _ int) (err error) {
		d, err = t.verify(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(d.leaders)), nil
}

// verify describes the topic and makes sure that it is still the one opened and
// has the partitions.
func (t *Topic) verify(ctx context.Context, partitions ...int) (*description, error) {
	d, err := t.describe(ctx)
	if err != nil {
		return nil, err
	}
	if err := t.same(d); err != nil {
		return nil, err
	}
	for _, p := range partitions {
		if _, ok := d.leaders[p]; !ok {
			return nil, errMissingPartition
		}
	}
	return d, nil
}

// same tells a recreated topic. A broker without topic ids, seen before or during
// an upgrade, proves nothing.
func (t *Topic) same(d *description) error {
	now := Identity{Cluster: d.cluster, Topic: t.opts.Topic, TopicID: d.id}
	if now.TopicID == "" || t.identity.TopicID == "" {
		now.TopicID = t.identity.TopicID
	}
	if now != t.identity {
		return &RecreatedError{Was: t.identity, Now: now}
	}
	return nil
}
