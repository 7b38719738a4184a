package demo

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/chain"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/jobs/rollup"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/jobs/simulate"
	"github.com/lakectl/lakectl/jobs/topic"
	"github.com/lakectl/lakectl/lake"
)

const (
	demoPartitions = 4
	demoPools      = `period,country,tier,currency,amount_minor
2026-03,*,*,EUR,100000000
2026-03,DE,premium,EUR,25000000
`
)

// story is one run of the demo: three stretches of the stream, with the jobs run after each.
type story struct {
	c      *frame.Call
	o      Options
	env    jobs.Env
	month  *simulate.Month
	truth  simulate.Truth
	broker *simulate.Broker
	topic  topic.Options
	report demoReport
}

func newStory(c *frame.Call, o Options, env jobs.Env) *story {
	return &story{c: c, o: o, env: env}
}

func (s *story) close() {
	if s.broker != nil {
		s.broker.Close()
	}
}

// tell runs the story in order. Every step goes through the code that production runs.
func (s *story) tell(ctx context.Context) error {
	started := time.Now()
	s.env.Progress("simulating a month of listens")
	s.month = simulate.New(simulate.Options{Seed: s.o.Seed, Listens: s.o.Listens, Month: s.before()})
	s.truth = s.month.Truth()
	for _, step := range []func(context.Context) error{
		s.start, s.monthEnds, s.lateBuffersArrive, s.runAgain, s.deletionsArrive, s.proveErased, s.recount,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	s.report.Seconds = time.Since(started).Seconds()
	return s.report.check(s.truth)
}

// before is the month of the story: where devices go on listening the last one whose late records and requests are in
// too, for what is yet to come binds nobody; else always the same.
func (s *story) before() time.Time {
	if !s.o.Live {
		return time.Time{}
	}
	y, m, _ := s.env.Now().UTC().Add(-simulate.Tail).Date()
	return time.Date(y, m-1, 1, 0, 0, 0, 0, time.UTC)
}

// start brings up the broker, or makes the topic on a real one, and applies the pools.
func (s *story) start(ctx context.Context) error {
	s.report.Month, s.report.Seed, s.report.Lake = lake.MonthOf(s.truth.From).String(), s.o.Seed, s.o.Dir
	s.topic = topic.Options{Brokers: s.c.Config.Kafka.Brokers, Topic: s.c.Config.Kafka.Topic, ClientID: "lakectl-demo", Log: s.env.Log}
	if s.c.Typed("kafka.brokers") {
		s.report.Broker = strings.Join(s.topic.Brokers, ",")
		if !s.c.Typed("kafka.topic") {
			s.topic.Topic = fmt.Sprintf("lakectl-demo-%d", time.Now().UnixMilli())
		}
		if err := topic.Create(ctx, s.topic, demoPartitions); err != nil {
			return err
		}
	} else {
		broker, err := simulate.StartBroker(s.topic.Topic, demoPartitions)
		if err != nil {
			return err
		}
		s.broker, s.topic.Brokers, s.report.Broker = broker, broker.Addrs(), "embedded"
	}
	pools, err := terms.ParsePools(strings.NewReader(strings.ReplaceAll(demoPools, "2026-03", s.report.Month)))
	if err != nil {
		return err
	}
	for _, p := range pools {
		s.report.Pools = append(s.report.Pools, demoPool{Country: p.Country, Tier: p.Tier, Currency: p.Currency, AmountMinor: p.AmountMinor})
	}
	_, err = royalty.ApplyPools(ctx, s.env, pools)
	return err
}

// monthEnds brings what was received within the month: the dashboard is live, royalties are run once.
func (s *story) monthEnds(ctx context.Context) error {
	if err := s.bring(ctx, time.Time{}, s.truth.To); err != nil {
		return err
	}
	if s.o.Live {
		if err := s.nameTracks(ctx); err != nil {
			return err
		}
	}
	if _, err := chain.RollUp(ctx, s.env, s.rollup()); err != nil {
		return err
	}
	w := &s.report.Doubling
	w.Client, w.Device, w.From, w.To = s.truth.Doubling.Client, s.truth.Doubling.Device, s.truth.Doubling.From, s.truth.Doubling.To
	var err error
	if w.Copies, err = s.week(ctx, catalog.Listens, "counted", "demo/week_counted"); err != nil {
		return err
	}
	if w.PlaysLive, err = s.week(ctx, catalog.AudienceByDay, "plays", "demo/week_plays"); err != nil {
		return err
	}
	if s.report.Before, err = s.runRoyalties(ctx); err != nil {
		return err
	}
	if err := s.closeMonth(ctx); err != nil {
		return err
	}
	if w.CountedBefore, err = s.week(ctx, catalog.ListensCounted, "counted", "demo/week_counted"); err != nil {
		return err
	}
	exactly := s.rollup()
	exactly.TrueUp = true
	if _, err := chain.RollUp(ctx, s.env, exactly); err != nil {
		return err
	}
	if w.PlaysExact, err = s.week(ctx, catalog.AudienceByDay, "plays", "demo/week_plays"); err != nil {
		return err
	}
	w.CountedAfter, err = s.week(ctx, catalog.ListensCounted, "counted", "demo/week_counted")
	return err
}

// lateBuffersArrive brings what phones sent after the month's end.
func (s *story) lateBuffersArrive(ctx context.Context) error {
	if err := s.bring(ctx, s.truth.To, s.firstRequest()); err != nil {
		return err
	}
	var err error
	if s.report.After, err = s.runRoyalties(ctx); err != nil {
		return err
	}
	err = s.query(ctx, map[string]string{"duplicates": catalog.Duplicates}, "demo/conflicts", nil, []any{&s.report.Conflicts}, func() error { return nil })
	if err != nil {
		return err
	}
	_, err = chain.RollUp(ctx, s.env, s.rollup())
	return err
}

func (s *story) firstRequest() time.Time {
	at := s.truth.To.AddDate(1, 0, 0)
	for _, d := range s.truth.Deletions {
		if d.Received.Before(at) {
			at = d.Received
		}
	}
	return at
}

// runAgain shows that a run with nothing new writes nothing.
func (s *story) runAgain(ctx context.Context) error {
	again, err := royalty.Run(ctx, s.env, royalty.Options{})
	s.report.RerunWrote = again.Written
	if err != nil {
		return err
	}
	run, err := royalty.NewestRun(ctx, s.env, s.report.Month)
	s.report.RerunChecksum = run.Checksum
	return err
}

// deletionsArrive brings the requests and the copies that come after them.
func (s *story) deletionsArrive(ctx context.Context) error {
	if err := s.bring(ctx, s.firstRequest(), s.truth.To.AddDate(1, 0, 0)); err != nil {
		return err
	}
	done, err := chain.CarryOut(ctx, s.env, chain.DeletionsOptions{Rollup: s.rollup()})
	if err != nil {
		return err
	}
	s.report.Erased = erasedRows(done)
	s.report.Final, err = s.runRoyalties(ctx)
	return err
}

// recount compares the published lines with a recount from the archive alone.
func (s *story) recount(ctx context.Context) error {
	full, err := royalty.Run(ctx, s.env, royalty.Options{Full: true})
	if err != nil {
		return err
	}
	s.report.FullAgrees, s.report.Checksum = full.Full.Agrees, s.report.Final.Checksum
	if err := s.readPools(ctx); err != nil {
		return err
	}
	if err := s.readAdjustments(ctx); err != nil {
		return err
	}
	return s.readPayouts(ctx)
}

// readPools sums what the published payouts pay of each pool that was applied.
func (s *story) readPools(ctx context.Context) error {
	run, err := royalty.NewestRun(ctx, s.env, s.report.Month)
	if err != nil {
		return err
	}
	for i, p := range s.report.Pools {
		s.report.Pools[i].Undistributed = slices.ContainsFunc(run.Undistributed, func(u royalty.UndistributedPool) bool {
			return u.Country == p.Country && u.Tier == p.Tier && u.Currency == p.Currency
		})
	}
	var sum demoPool
	return s.query(ctx, map[string]string{"payouts": catalog.RoyaltyPayouts}, "demo/pool_sums",
		[]any{s.report.Month}, []any{&sum.Country, &sum.Tier, &sum.Currency, &sum.PaidMinor}, func() error {
			i := slices.IndexFunc(s.report.Pools, func(p demoPool) bool {
				return p.Country == sum.Country && p.Tier == sum.Tier && p.Currency == sum.Currency
			})
			if i < 0 {
				return fmt.Errorf("payouts of a pool %s/%s/%s that nobody applied: %w", sum.Country, sum.Tier, sum.Currency, jobs.ErrProof)
			}
			s.report.Pools[i].PaidMinor = sum.PaidMinor
			return nil
		})
}

// bring produces the records received in [from, to) and ingests the topic to its end.
func (s *story) bring(ctx context.Context, from, to time.Time) error {
	received := func(yield func(simulate.Event) bool) {
		for e := range s.month.Events() {
			if at := time.UnixMicro(e.ReceivedTime); !at.Before(from) && at.Before(to) && !yield(e) {
				return
			}
		}
	}
	if err := s.produce(ctx, received); err != nil {
		return err
	}
	return s.ingest(ctx)
}

// ingest reads the topic to its end.
func (s *story) ingest(ctx context.Context) error {
	t, err := topic.Open(ctx, s.topic)
	if err != nil {
		return err
	}
	report, err := ingest.Kafka(ctx, s.env, t, ingest.Options{FlushRows: 50_000, UntilCaughtUp: true})
	if err := errors.Join(err, t.Close()); err != nil {
		return err
	}
	s.report.add(report)
	return nil
}

func (s *story) produce(ctx context.Context, events iter.Seq[simulate.Event]) error {
	p := topic.NewProducer(s.topic)
	var batch []topic.Record
	send := func() error {
		if len(batch) == 0 {
			return nil
		}
		s.report.Produced += len(batch)
		s.env.Progress(fmt.Sprintf("producing: %d records", s.report.Produced))
		err := p.Produce(ctx, batch)
		batch = batch[:0]
		return err
	}
	for e := range events {
		batch = append(batch, record(e))
		if len(batch) == 10_000 {
			if err := send(); err != nil {
				return errors.Join(err, p.Close())
			}
		}
	}
	return errors.Join(send(), p.Close())
}

// record is an event as the topic has it: by user, so that a user's events stay in order.
func record(e simulate.Event) topic.Record {
	return topic.Record{Partition: topic.PartitionOf(e.Key, demoPartitions), Time: e.ReceivedTime, Key: e.Key, Value: e.Value}
}

// runRoyalties runs the job and reads what is published for the month then.
func (s *story) runRoyalties(ctx context.Context) (demoPeriod, error) {
	if _, err := royalty.Run(ctx, s.env, royalty.Options{}); err != nil {
		return demoPeriod{}, err
	}
	r, err := royalty.NewestRun(ctx, s.env, s.report.Month)
	return demoPeriod{
		RunID: r.RunID, Listens: r.Listens, QualifiedListens: r.QualifiedListens, Duplicates: r.Duplicates,
		PayloadConflicts: r.PayloadConflicts, Checksum: r.Checksum,
	}, err
}

// rollup are the options of every rollup of the demo.
func (s *story) rollup() rollup.Options {
	return rollup.Options{Hours: s.c.Config.Retention.Hours, RecentFolder: s.c.Config.RecentFolder()}
}

// week counts the doubling client's week in one table.
func (s *story) week(ctx context.Context, table, view, statement string) (n int64, err error) {
	w := s.report.Doubling
	err = s.query(ctx, map[string]string{view: table}, statement, []any{w.Device, w.From, w.To}, []any{&n}, func() error { return nil })
	return n, err
}

func (s *story) readPayouts(ctx context.Context) error {
	var a demoArtist
	return s.query(ctx, map[string]string{"payouts": catalog.RoyaltyPayouts, "lines": catalog.RoyaltyLines}, "demo/top_artists",
		[]any{s.report.Month, "EUR", 5}, []any{&a.ArtistID, &a.AmountMinor, &a.Tracks, &a.QualifiedListens},
		func() error { s.report.Payouts = append(s.report.Payouts, a); return nil })
}

func (s *story) query(ctx context.Context, views map[string]string, statement string, args, dest []any, visit func() error) (err error) {
	db, err := s.env.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for view, table := range views {
		var now lake.Snapshot
		if now, err = s.env.Snapshot(ctx, table); err != nil {
			return err
		}
		if err := db.Bind(ctx, view, now); err != nil {
			return err
		}
	}
	return db.Each(ctx, statement, args, dest, visit)
}
