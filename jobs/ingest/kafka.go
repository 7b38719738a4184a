package ingest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/topic"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

const (
	// chunksAhead is how many chunks may wait for the decoder.
	chunksAhead = 16
	// stopGrace is how long a stopped run may take to commit what it has read.
	stopGrace = 30 * time.Second
)

// Kafka ingests a topic until ctx ends, or with Options.UntilCaughtUp until it has read what the topic held
// at the start. When ctx ends it commits what it has read and returns no error. With Options.Group and without
// UntilCaughtUp it reads the share of the partitions that the group gives it; otherwise it reads them all.
func Kafka(ctx context.Context, env jobs.Env, t *topic.Topic, o Options) (Report, error) {
	report := Report{Quarantined: map[listen.Reason]int64{}}
	k := &consumer{env: env, o: o.withDefaults(), topic: t, report: &report}
	err := k.run(ctx)
	if err = recovered(report.Recovered, err); err != nil {
		return report, fmt.Errorf("ingest topic %s: %w", t.Identity().Topic, err)
	}
	return report, nil
}

// consumer reads the partitions of a topic for one ingester.
type consumer struct {
	env    jobs.Env
	o      Options
	topic  *topic.Topic
	report *Report
	src    topicSource
	g      *ingester
	from   map[int]int64 // where listens stood when the session began
}

func (k *consumer) run(ctx context.Context) (err error) {
	late, stop := outlive(ctx)
	defer stop()
	e := &engine{env: k.env}
	defer func() { err = errors.Join(err, e.close()) }()
	if k.report.Recovered, err = (recovery{env: k.env, engine: e}).run(ctx); err != nil {
		return unlessEnded(ctx, err)
	}
	k.src = topicSource(k.topic.Identity())
	defer k.o.Metrics.watch(ctx, k.env, k.topic)()
	k.g = newIngester(k.env, k.o, k.src, &finished{env: k.env, engine: e}, k.report)
	if k.o.Group != "" && !k.o.UntilCaughtUp {
		return k.share(ctx, late)
	}
	if k.o.Group != "" {
		k.g.committed = func(ctx context.Context) { k.told(k.topic.TellGroup(ctx, k.o.Group, k.g.listens.held)) }
	}
	partitions, err := k.topic.Partitions(ctx)
	if err != nil {
		return unlessEnded(ctx, err)
	}
	return k.unlessStale(ctx, late, partitions)
}

// session reads partitions from where listens stands until ctx ends, or until it has caught up, and commits
// what it has read.
func (k *consumer) session(ctx, late context.Context, partitions []int) error {
	defer k.o.Metrics.left()
	bounds, err := k.start(ctx, partitions)
	if err == nil && len(k.g.batch.chosen) > 0 {
		err = k.g.flush(late) // on record before anything is read from there
	}
	if err != nil {
		return unlessEnded(ctx, err)
	}
	return k.consume(ctx, late, bounds)
}

// start finds out where to read on, and makes sure that the topic is the one the archive knows.
func (k *consumer) start(ctx context.Context, partitions []int) (map[int]topic.Bounds, error) {
	if err := k.g.enter(ctx, partitions); err != nil {
		return nil, err
	}
	var err error
	if k.from, err = k.fromGroup(ctx, k.g.listens, partitions); err != nil {
		return nil, err
	}
	k.report.Positions = k.src.moved(k.report.Positions, k.from)
	if len(k.from) == 0 {
		taken, err := k.g.finished.has(ctx, k.src.name())
		if err == nil && taken {
			err = k.src.taken()
		}
		if err != nil {
			return nil, err
		}
	}
	bounds, err := k.bounds(ctx, partitions)
	for partition, b := range bounds {
		k.g.reads(partition, b.Start)
	}
	return bounds, err
}

// told notes that the consumer group does not know what is archived. Nothing depends on it.
func (k *consumer) told(err error) {
	if err != nil {
		k.env.Log.Warn("kafka was not told the positions", "group", k.o.Group, "error", err)
	}
}

// bounds are where to start in each partition and where it ends now. A position outside of what the broker
// holds stops the run: going on elsewhere would lose records or read them twice. Only a partition without a
// position starts where the broker does. Options.From overrules both, on record.
func (k *consumer) bounds(ctx context.Context, partitions []int) (map[int]topic.Bounds, error) {
	found, err := k.topic.Bounds(ctx, partitions)
	if err != nil {
		return nil, err
	}
	k.o.Metrics.ends(found)
	for partition, b := range found {
		next, known := k.from[partition]
		switch {
		case known && b.Start <= next && next <= b.End:
			found[partition] = topic.Bounds{Start: next, End: b.End}
			continue
		case known && (next > b.End || !k.o.From.decides(partition)):
			return nil, &topic.OutOfRangeError{Topic: k.src.Topic, Partition: partition, Asked: next, Start: b.Start, End: b.End}
		case k.o.From.decides(partition):
			if found[partition], err = k.choose(partition, b, next, known); err != nil {
				return nil, err
			}
		case b.Start > 0:
			k.env.Log.Warn("partition has no position and its first records are gone", "topic", k.src.Topic, "partition", partition, "offset", b.Start)
		}
	}
	return found, nil
}

// consume runs a reader for each partition and takes what they read until they end. What was read is
// committed even if a reader failed. late is ctx, and some time more.
func (k *consumer) consume(ctx, late context.Context, bounds map[int]topic.Bounds) error {
	reading, stop := context.WithCancel(ctx)
	readers, reading := errgroup.WithContext(reading)
	chunks := make(chan *chunk, chunksAhead)
	for partition, b := range bounds {
		readers.Go(lake.Safely(func() error { return k.read(reading, partition, b, chunks) }))
	}
	if !k.o.UntilCaughtUp && k.o.Group == "" { // a group spreads itself anew when partitions are added
		readers.Go(lake.Safely(func() error { return k.follow(reading, readers, bounds, chunks) }))
	}
	read := make(chan error, 1)
	go func() {
		read <- readers.Wait()
		close(chunks)
	}()
	err := k.takeAll(ctx, late, chunks)
	stop()
	failed := unlessEnded(ctx, <-read)
	if err != nil {
		return err
	}
	return errors.Join(failed, k.g.flush(late))
}

func (k *consumer) takeAll(ctx, late context.Context, chunks <-chan *chunk) error {
	for {
		select {
		case c, open := <-chunks:
			if !open {
				return nil
			}
			if err := k.g.take(late, c); err != nil {
				return err
			}
		case <-k.g.age.C:
			if err := k.g.flush(late); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
		k.g.progress(func() string {
			return fmt.Sprintf("ingest: %d records read, %d archived, %d commits", k.g.consumed(), k.report.Archived, k.report.Snapshots)
		})
	}
}

// read hands over the records of one partition from b.Start on, to b.End where the run ends there.
func (k *consumer) read(ctx context.Context, partition int, b topic.Bounds, out chan<- *chunk) error {
	end := int64(math.MaxInt64)
	if k.o.UntilCaughtUp {
		end = b.End
	}
	for from := b.Start; from < end; {
		c := &chunk{partition: partition}
		next, err := k.topic.Fetch(ctx, partition, from, func(r topic.Record) error {
			if r.Offset >= end {
				return nil
			}
			if c.full() {
				c.next = r.Offset
				if err := send(ctx, out, c); err != nil {
					return err
				}
				c = &chunk{partition: partition}
			}
			c.add(record{offset: r.Offset, time: r.Time, hasTime: r.Time != topic.NoTime, key: r.Key, value: r.Value})
			return nil
		})
		if err != nil {
			return err
		}
		if next > from {
			c.next = min(next, end)
			if err := send(ctx, out, c); err != nil {
				return err
			}
		}
		from = next
	}
	return nil
}

func send(ctx context.Context, out chan<- *chunk, c *chunk) error {
	select {
	case out <- c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// follow starts readers for partitions that are added to the topic while the run lasts.
func (k *consumer) follow(ctx context.Context, readers *errgroup.Group, started map[int]topic.Bounds, out chan<- *chunk) error {
	var known []int
	for partition := range started {
		known = append(known, partition)
	}
	every := time.NewTicker(k.o.PartitionsEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-every.C:
		}
		partitions, err := k.topic.Partitions(ctx)
		if err != nil {
			return err
		}
		added := slices.DeleteFunc(partitions, func(p int) bool { return slices.Contains(known, p) })
		if len(added) == 0 {
			continue
		}
		bounds, err := k.bounds(ctx, added)
		if err != nil {
			return err
		}
		for partition, b := range bounds {
			k.env.Log.Info("reading new partition", "topic", k.src.Topic, "partition", partition, "offset", b.Start)
			readers.Go(lake.Safely(func() error {
				if err := send(ctx, out, &chunk{partition: partition, next: b.Start}); err != nil { // as start does
					return err
				}
				return k.read(ctx, partition, b, out)
			}))
		}
		known = append(known, added...)
	}
}

// outlive returns a context that ends some time after ctx, so that a commit under way can land. The caller
// calls stop.
func outlive(ctx context.Context) (late context.Context, stop func()) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	unhook := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(stopGrace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-late.Done():
		}
	})
	return late, func() { unhook(); cancel() }
}

// unlessEnded drops an error that says no more than that ctx ended.
func unlessEnded(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}
