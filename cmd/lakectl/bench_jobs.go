package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/jobs/ingest/topic"
	"github.com/lakectl/lakectl/jobs/simulate"
	lakesql "github.com/lakectl/lakectl/sql"
)

func runBenchIngest(ctx context.Context, c *call) (_ any, err error) {
	b, err := newBench(ctx, c)
	if err != nil {
		return nil, err
	}
	defer b.close()
	to := topic.Options{Brokers: c.Config.Kafka.Brokers, Topic: fmt.Sprintf("lakectl-bench-%d", time.Now().UnixMilli()), ClientID: "lakectl-bench", Log: c.Log}
	note := "broker: " + fmt.Sprint(to.Brokers)
	if c.IsSet("brokers") {
		err = topic.Create(ctx, to, demoPartitions)
	} else {
		var broker *simulate.Broker
		if broker, err = simulate.StartBroker(to.Topic, demoPartitions); err == nil {
			defer broker.Close()
			to.Brokers, note = broker.Addrs(), "broker: embedded, on the same cores"
		}
	}
	if err != nil {
		return nil, err
	}
	if err := produceLoad(ctx, c, to); err != nil {
		return nil, err
	}
	job, err := b.child(ctx, "ingest", int64(c.Int("rows")), "ingest", "--until-caught-up", "--brokers", to.Brokers[0], "--topic", to.Topic)
	if err != nil {
		return nil, err
	}
	limit, err := rewriteLimit(ctx, b.env)
	if err != nil {
		return nil, err
	}
	report := newBenchReport(job, limit)
	report.Notes = []string{note, "limit: arrow-go writes the same sorted rows again with the same settings, one thread, to nowhere"}
	return report, nil
}

// rewriteLimit measures the writing alone: reading the rows back is not part of the limit.
func rewriteLimit(ctx context.Context, env jobs.Env) (measure, error) {
	var wall, cpu time.Duration
	rows, err := ingest.Rewrite(ctx, env, func(work func() error) error {
		m, err := here("", func() (int64, error) { return 1, work() })
		wall += time.Duration(m.Seconds * float64(time.Second))
		cpu += time.Duration(m.CPUMicrosec * float64(time.Microsecond))
		return err
	})
	return newMeasure("arrow-go writes the rows", rows, wall, cpu, 0), err
}

func produceLoad(ctx context.Context, c *call, to topic.Options) error {
	p := topic.NewProducer(to)
	batch := make([]topic.Record, 0, 20_000)
	sent := 0
	send := func() error {
		err := p.Produce(ctx, batch)
		sent, batch = sent+len(batch), batch[:0]
		c.Progress.Say(fmt.Sprintf("producing: %d records", sent))
		return err
	}
	for e := range simulate.Load(simulate.LoadOptions{Seed: c.Uint64("seed"), Rows: c.Int("rows"), DuplicateShare: 0.05}) {
		batch = append(batch, topic.Record{Partition: topic.PartitionOf(e.Key, demoPartitions), Time: e.ReceivedTime, Key: e.Key, Value: e.Value})
		if len(batch) == cap(batch) {
			if err := send(); err != nil {
				return errors.Join(err, p.Close())
			}
		}
	}
	return errors.Join(send(), p.Close())
}

func runBenchRoyalties(ctx context.Context, c *call) (any, error) {
	b, err := newBench(ctx, c)
	if err != nil {
		return nil, err
	}
	defer b.close()
	if err := ingestLoad(ctx, c, b.env); err != nil {
		return nil, err
	}
	job, err := b.child(ctx, "job royalties, first run", int64(c.Int("rows")), "job", "royalties")
	if err != nil {
		return nil, err
	}
	limit, err := here("bare DuckDB statement", func() (int64, error) { return royaltiesLimit(ctx, b.env) })
	if err != nil {
		return nil, err
	}
	return newBenchReport(job, limit), nil
}

// ingestLoad brings the load into the archive as one file source.
func ingestLoad(ctx context.Context, c *call, env jobs.Env) error {
	r, w := io.Pipe()
	written := make(chan error, 1)
	go func() {
		var err error
		for e := range simulate.Load(simulate.LoadOptions{Seed: c.Uint64("seed"), Rows: c.Int("rows"), DuplicateShare: 0.05}) {
			if _, err = w.Write(append(e.Value, '\n')); err != nil {
				break
			}
		}
		w.Close() //nolint:errcheck // never fails
		written <- err
	}()
	_, err := ingest.Files(ctx, env, []string{"-"}, r, ingest.Options{Source: "bench"})
	r.Close() //nolint:errcheck // ends the writer too
	return errors.Join(err, <-written)
}

func royaltiesLimit(ctx context.Context, env jobs.Env) (rows int64, err error) {
	db, err := env.Open(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	s, err := env.Snapshot(ctx, catalog.Listens)
	if err != nil {
		return 0, err
	}
	if err := db.Bind(ctx, "archive", s); err != nil {
		return 0, err
	}
	var lines, listens int64
	if err := db.One(ctx, lakesql.Text("bench/royalties_limit"), nil, []any{&lines, &listens}); err != nil {
		return 0, err
	}
	return rows, db.One(ctx, "SELECT count(*) FROM archive", nil, []any{&rows})
}
