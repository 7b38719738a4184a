package topic

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
)

const (
	heartbeatEvery    = time.Second      // and with it how soon a member hears that others came or went
	rebalancePatience = 30 * time.Second // for members that commit before they give partitions away
	rejoinPause       = 500 * time.Millisecond
	leavePatience     = 5 * time.Second
)

// GroupOptions say how to be a member of a consumer group.
type GroupOptions struct {
	Group           string
	Lake            string        // id of the lake that is archived into; members of another are refused. "": not told
	SessionTimeout  time.Duration // without a sign of life a member has left; 10 s. Brokers take 6 s to 30 min by default
	PartitionsEvery time.Duration // how often to look for added partitions; 5 s
}

func (o GroupOptions) withDefaults() GroupOptions {
	if o.SessionTimeout <= 0 {
		o.SessionTimeout = 10 * time.Second
	}
	if o.PartitionsEvery <= 0 {
		o.PartitionsEvery = 5 * time.Second
	}
	return o
}

// Member is a member of a consumer group. The group only spreads partitions over its members; it proves
// nothing about who may commit what.
type Member struct {
	topic *Topic
	group *kafka.ConsumerGroup
	name  string
	lake  string
	first bool // it was seen to have the group for its lake, so who comes later has to go
}

// Join becomes a member. Partitions come with Next. The caller leaves.
func (t *Topic) Join(o GroupOptions) (*Member, error) {
	o = o.withDefaults()
	group, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: o.Group, Brokers: t.opts.Brokers, Topics: []string{t.opts.Topic},
		Dialer:                 &kafka.Dialer{ClientID: t.opts.ClientID, Timeout: 10 * time.Second, DualStack: true, TLS: t.opts.TLS, SASLMechanism: t.opts.SASL},
		GroupBalancers:         balancers(o.Lake),
		HeartbeatInterval:      min(heartbeatEvery, o.SessionTimeout/4),
		SessionTimeout:         o.SessionTimeout,
		RebalanceTimeout:       rebalancePatience,
		JoinGroupBackoff:       rejoinPause,
		WatchPartitionChanges:  true,
		PartitionWatchInterval: o.PartitionsEvery,
	})
	if err != nil {
		return nil, fmt.Errorf("join group %s: %w", o.Group, err)
	}
	return &Member{topic: t, group: group, name: o.Group, lake: o.Lake}, nil
}

// Next waits for the member's next share of the partitions. What passes by itself is tried again until ctx ends.
func (m *Member) Next(ctx context.Context) (*Assignment, error) {
	for {
		generation, err := m.group.Next(ctx)
		switch {
		case err == nil:
			err := m.alone(ctx)
			if m.first && errors.As(err, new(*OtherLakeError)) {
				m.topic.opts.Log.Warn("waiting until the members of another lake have left the group", "group", m.name, "error", err)
				continue
			}
			if err != nil {
				return nil, err
			}
			return &Assignment{member: m, generation: generation}, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case !passing(err):
			return nil, &GroupError{Group: m.name, Err: err}
		}
		m.topic.opts.Log.Warn("kafka group request failed, trying again", "group", m.name, "error", err)
	}
}

// passing reports whether joining again can help. Leadership, coordinators and memberships move.
func passing(err error) bool {
	var code kafka.Error
	if !errors.As(err, &code) {
		return transient(err)
	}
	switch code {
	case kafka.UnknownMemberId, kafka.IllegalGeneration, kafka.RebalanceInProgress, kafka.MemberIDRequired:
		return true
	}
	return transient(err)
}

// Leave gives the partitions back to the group. A broker that does not answer learns of it when the session ends.
func (m *Member) Leave() {
	left := make(chan struct{})
	go func() {
		m.group.Close() //nolint:errcheck // never fails
		close(left)
	}()
	timer := time.NewTimer(leavePatience)
	defer timer.Stop()
	select {
	case <-left:
	case <-timer.C:
	}
}

// Assignment is a member's share of the partitions, until the group is spread anew.
type Assignment struct {
	member     *Member
	generation *kafka.Generation
}

// Partitions lists the share. It may be empty.
func (a *Assignment) Partitions() []int {
	var list []int
	for _, p := range a.generation.Assignments[a.member.topic.opts.Topic] {
		list = append(list, p.ID)
	}
	return list
}

// Run calls work with a context that ends with ctx or when the group is spread anew, and returns what it
// returns. The others wait for their new shares until work is done, half a minute at most.
func (a *Assignment) Run(ctx context.Context, work func(context.Context) error) error {
	done := make(chan error, 1)
	a.generation.Start(func(over context.Context) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(over, cancel)()
		done <- work(ctx)
	})
	return <-done
}

// Tell stores positions as the group's offsets, in the name of this member; see [Topic.TellGroup].
func (a *Assignment) Tell(ctx context.Context, next map[int]int64) error {
	return a.member.topic.tell(ctx, &kafka.OffsetCommitRequest{
		GroupID: a.generation.GroupID, GenerationID: int(a.generation.ID), MemberID: a.generation.MemberID,
	}, next)
}

// tellTimeout bounds how long telling Kafka may hold up a caller that has more important things to do.
const tellTimeout = 2 * time.Second

// TellGroup stores positions as the offsets of a consumer group without members, for tools that show a group's
// lag. It is tried once. The archive holds the positions that count; see [Topic.Committed] for when it has lost them.
func (t *Topic) TellGroup(ctx context.Context, group string, next map[int]int64) error {
	return t.tell(ctx, &kafka.OffsetCommitRequest{GroupID: group, GenerationID: -1}, next)
}

// Committed reads the offsets that a group was told for the topic, without those it has none of. It is for an archive
// that has lost its own positions.
func (t *Topic) Committed(ctx context.Context, group string, partitions []int) (map[int]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, committedTimeout)
	defer cancel()
	admin := &kafka.Client{Addr: t.addr, Transport: t.transport, Timeout: committedTimeout}
	res, err := admin.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{t.opts.Topic: partitions}})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		return nil, fmt.Errorf("ask group %s for its offsets: %w", group, err)
	}
	next := map[int]int64{}
	for _, p := range res.Topics[t.opts.Topic] {
		if p.Error != nil {
			return nil, fmt.Errorf("ask group %s for its offset in partition %d: %w", group, p.Partition, p.Error)
		}
		if p.CommittedOffset >= 0 {
			next[p.Partition] = p.CommittedOffset
		}
	}
	return next, nil
}

// committedTimeout bounds how long the coordinator of a group may take to say its offsets; the first time it loads
// them.
const committedTimeout = 30 * time.Second

func (t *Topic) tell(ctx context.Context, r *kafka.OffsetCommitRequest, next map[int]int64) error {
	ctx, cancel := context.WithTimeout(ctx, tellTimeout)
	defer cancel()
	offsets := make([]kafka.OffsetCommit, 0, len(next))
	for partition, offset := range next {
		offsets = append(offsets, kafka.OffsetCommit{Partition: partition, Offset: offset})
	}
	r.Topics = map[string][]kafka.OffsetCommit{t.opts.Topic: offsets}
	admin := &kafka.Client{Addr: t.addr, Transport: t.transport, Timeout: tellTimeout}
	res, err := admin.OffsetCommit(ctx, r)
	if err != nil {
		return fmt.Errorf("tell group %s: %w", r.GroupID, err)
	}
	for _, p := range res.Topics[t.opts.Topic] {
		if p.Error != nil {
			return fmt.Errorf("tell group %s, partition %d: %w", r.GroupID, p.Partition, p.Error)
		}
	}
	return nil
}
