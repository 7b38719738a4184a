package ingest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/topic"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// Status says how far the archive is behind a topic. Positions are those of listens; what the consumer group
// was told plays no part.
type Status struct {
	Topic string `json:"topic"`
	// Problem is why an ingester would refuse the topic, with what to do about it. The archive's positions are
	// then those of something else and are not shown.
	Problem string `json:"problem,omitempty"`
	Hint    string `json:"hint,omitempty" text:"-"`

	LagRecords int64  `json:"lag_records"` // of all partitions
	LagSeconds *int64 `json:"lag_seconds"` // the largest; null where one is not known

	ArchivedRows int64 `json:"archived_rows"` // of listens now, from all sources, erased rows taken off
	Suppressed   int64 `json:"suppressed"`    // over the life of the archive

	// The newest commit of ingest on listens that is retained, of whichever source; null where there is none.
	LastCommitAt         *time.Time `json:"last_commit_at"`
	LastCommitAgeSeconds *int64     `json:"last_commit_age_seconds"`
	LastCommitSeconds    *float64   `json:"last_commit_seconds"` // from the beginning of the flush to the commit

	Quarantined map[listen.Reason]int64 `json:"quarantined"` // records that are refused, from all sources
	Partitions  []PartitionStatus       `json:"partitions"`
	// Debt is what maintenance has left to do on the tables that ingest writes.
	Debt []lake.Debt `json:"debt"`
}

// PartitionStatus is the status of one partition.
//
// LagRecords is a difference of offsets, so markers and records of aborted transactions count until a commit
// passes them. LagSeconds looks at records: the age of the oldest committed one that the archive does not have,
// 0 where there is none of them. What lies behind the first open transaction is no lag yet.
type PartitionStatus struct {
	Partition       int    `json:"partition"`
	CommittedOffset *int64 `json:"committed_offset"` // the next one to archive; null: none is archived
	EndOffset       int64  `json:"end_offset"`
	LagRecords      int64  `json:"lag_records"`
	LagSeconds      *int64 `json:"lag_seconds"` // null where too much has to be read to tell

	EventTimeWatermark *time.Time `json:"event_time_watermark"` // newest event time archived

	// Problem is why an ingester would stop here. The lag is then that of the records the broker still has.
	Problem string `json:"problem"`
	Hint    string `json:"hint,omitempty" text:"-"`

	start int64 // where the lag begins
}

const (
	// lookingAt is how many partitions are asked at once for their oldest record.
	lookingAt = 4
	// mostLooks is how many answers of the broker may hold no committed record before the age stays unknown.
	mostLooks = 64
)

// StatusOf compares the archive with the topic. It writes nothing, and takes no part in the consumer group.
func StatusOf(ctx context.Context, env jobs.Env, t *topic.Topic) (Status, error) {
	s := Status{Topic: t.Identity().Topic}
	if err := s.read(ctx, env, t); err != nil {
		return s, fmt.Errorf("status of topic %s: %w", s.Topic, err)
	}
	return s, nil
}

// ArchiveStatus is what is known of a topic without its broker: what is archived of it, not what is behind.
func ArchiveStatus(ctx context.Context, env jobs.Env, name string) (Status, error) {
	s := Status{Topic: name}
	if err := s.readPositions(ctx, env); err != nil {
		return s, fmt.Errorf("status of topic %s in the archive: %w", name, err)
	}
	return s, nil
}

func (s *Status) readPositions(ctx context.Context, env jobs.Env) error {
	table, err := env.Lake.Table(ctx, catalog.Listens)
	if err != nil {
		return err
	}
	if err := s.readArchive(ctx, env, table); err != nil {
		return err
	}
	positions, err := table.Current().Positions()
	if err != nil {
		return err
	}
	marks, err := catalog.WatermarksOf(table.Current())
	if err != nil {
		return err
	}
	for _, t := range positions.Topics {
		if t.Topic != s.Topic {
			continue
		}
		for _, partition := range slices.Sorted(maps.Keys(t.Next)) {
			next := t.Next[partition]
			p := PartitionStatus{Partition: partition, CommittedOffset: &next}
			if at, ok := marks[s.Topic][partition]; ok {
				mark := instant(at)
				p.EventTimeWatermark = &mark
			}
			s.Partitions = append(s.Partitions, p)
		}
	}
	return nil
}

// read looks at the archive first: what the broker says afterwards is not behind it.
func (s *Status) read(ctx context.Context, env jobs.Env, t *topic.Topic) error {
	table, err := env.Lake.Table(ctx, catalog.Listens)
	if err != nil {
		return err
	}
	if err := s.readArchive(ctx, env, table); err != nil {
		return err
	}
	held, err := s.held(ctx, env, table.Current(), topicSource(t.Identity()))
	if err != nil {
		return err
	}
	partitions, err := t.Partitions(ctx)
	if err != nil {
		return err
	}
	bounds, err := t.Bounds(ctx, partitions)
	if err != nil {
		return err
	}
	marks, err := catalog.WatermarksOf(table.Current())
	if err != nil {
		return err
	}
	for _, partition := range partitions {
		s.Partitions = append(s.Partitions, newPartitionStatus(s.Topic, partition, held, bounds[partition], marks[s.Topic]))
	}
	for _, partition := range slices.Sorted(maps.Keys(held)) {
		if _, there := bounds[partition]; !there {
			next := held[partition]
			s.Partitions = append(s.Partitions, PartitionStatus{Partition: partition, CommittedOffset: &next, LagSeconds: new(int64), Problem: "the topic has no such partition"})
		}
	}
	return s.readLag(ctx, env, t)
}

// readArchive reads what the snapshots of listens and quarantine say.
func (s *Status) readArchive(ctx context.Context, env jobs.Env, table *lake.Table) (err error) {
	now := table.Current()
	rows, deleted := now.Property("total-records"), now.Property("total-position-deletes")
	if s.ArchivedRows, err = difference(rows, deleted); err != nil {
		return fmt.Errorf("rows in the summary of listens snapshot %d: %w", now.ID(), err)
	}
	if s.Suppressed, err = now.StateNumber(catalog.Suppressed); err != nil {
		return err
	}
	for _, made := range slices.Backward(table.Snapshots()) {
		text := made.Property(catalog.FlushBegan)
		if text == "" {
			continue
		}
		began, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return fmt.Errorf("%s in the summary of listens snapshot %d: %w", catalog.FlushBegan, made.ID(), err)
		}
		at, age := made.Time(), wholeSeconds(env.Now().Sub(made.Time()))
		took := max(0, at.Sub(began.Truncate(time.Millisecond)).Seconds()) // snapshots know milliseconds
		s.LastCommitAt, s.LastCommitAgeSeconds, s.LastCommitSeconds = &at, &age, &took
		break
	}
	if s.Debt, err = debts(ctx, env); err != nil {
		return err
	}
	s.Quarantined, err = QuarantineCounts(ctx, env, Filter{})
	return err
}

// held reads the positions of the topic. Where an ingester would refuse it, they are empty and the problem is
// set.
func (s *Status) held(ctx context.Context, env jobs.Env, now lake.Snapshot, src topicSource) (map[int]int64, error) {
	positions, err := now.Positions()
	if err != nil {
		return nil, err
	}
	next, refused := src.held(positions)
	if refused == nil && len(next) == 0 {
		e := &engine{env: env}
		taken, err := (&finished{env: env, engine: e}).has(ctx, src.name())
		if err = errors.Join(err, e.close()); err != nil {
			return nil, err
		}
		if taken {
			refused = src.taken()
		}
	}
	if refused != nil {
		s.Problem, s.Hint = refused.Error(), lake.Hint(refused)
		return map[int]int64{}, nil
	}
	return next, nil
}

func newPartitionStatus(name string, partition int, held map[int]int64, b topic.Bounds, marks map[int]int64) PartitionStatus {
	p := PartitionStatus{Partition: partition, EndOffset: b.End, start: b.Start, LagSeconds: new(int64)}
	next, known := held[partition]
	if known {
		p.CommittedOffset, p.start = &next, min(max(next, b.Start), b.End)
		if at, ok := marks[partition]; ok {
			mark := instant(at)
			p.EventTimeWatermark = &mark
		}
	}
	if known && next != p.start {
		p.stopped(&topic.OutOfRangeError{Topic: name, Partition: partition, Asked: next, Start: b.Start, End: b.End})
	}
	p.LagRecords = p.EndOffset - p.start
	return p
}

func (p *PartitionStatus) stopped(err error) { p.Problem, p.Hint = err.Error(), lake.Hint(err) }

// readLag finds out how old the oldest records are that are not archived, and sums up.
func (s *Status) readLag(ctx context.Context, env jobs.Env, t *topic.Topic) error {
	looks, within := errgroup.WithContext(ctx)
	looks.SetLimit(lookingAt)
	for i := range s.Partitions {
		looks.Go(lake.Safely(func() error { return s.Partitions[i].readAge(within, env, t) }))
	}
	if err := looks.Wait(); err != nil {
		return err
	}
	s.LagSeconds = new(int64)
	for _, p := range s.Partitions {
		s.LagRecords += p.LagRecords
		if s.LagSeconds != nil && (p.LagSeconds == nil || *p.LagSeconds > *s.LagSeconds) {
			s.LagSeconds = p.LagSeconds
		}
	}
	return nil
}

// errSeen ends a fetch that has shown what it was made for.
var errSeen = errors.New("seen")

// readAge reads on from the position until it meets a committed record with a time.
func (p *PartitionStatus) readAge(ctx context.Context, env jobs.Env, t *topic.Topic) error {
	from := p.start
	for range mostLooks {
		if from >= p.EndOffset {
			return nil
		}
		next, err := t.Fetch(ctx, p.Partition, from, func(r topic.Record) error {
			if r.Offset >= p.EndOffset || r.Time == topic.NoTime {
				return nil
			}
			*p.LagSeconds = wholeSeconds(env.Now().Sub(time.UnixMicro(r.Time)))
			return errSeen
		})
		switch {
		case errors.Is(err, errSeen):
			return nil
		case err != nil && lake.Hint(err) != "": // a verdict on the partition, which an ingester would meet too
			p.stopped(err)
			return nil
		case err != nil:
			return err
		case next <= from:
			return nil
		}
		from = next
	}
	p.LagSeconds = nil
	return nil
}

// wholeSeconds rounds down. What clocks that disagree put into the future is no time ago.
func wholeSeconds(d time.Duration) int64 { return max(0, int64(d/time.Second)) }

// difference of two counts of a summary, which leaves out those that are 0.
func difference(all, less string) (int64, error) {
	var n [2]int64
	for i, text := range []string{all, less} {
		if text == "" {
			continue
		}
		var err error
		if n[i], err = strconv.ParseInt(text, 10, 64); err != nil {
			return 0, err
		}
	}
	return n[0] - n[1], nil
}
