package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/compact"
	"github.com/lakectl/lakectl/jobs/maintain"
)

// CommittersOptions are the ingesters that [Committers] simulates.
type CommittersOptions struct {
	Members int           // ingesters, each with a partition of its own
	Share   int           // members whose files travel in one commit
	Flush   time.Duration // between two flushes of a member
	For     time.Duration // the load lasts
	Seed    uint64
	// Configured measures the catalog of the configuration, which must have no table of lakectl's.
	Configured bool
}

// committersReport says whether one table takes the commits of so many ingesters.
type committersReport struct {
	Catalog      string  `json:"catalog"`
	Members      int     `json:"members"`
	Share        int     `json:"members_a_commit"`
	FlushSeconds float64 `json:"flush_seconds"`
	Seconds      float64 `json:"seconds"`

	Due     int     `json:"commits_due"`
	Landed  int     `json:"commits_landed"` // in time or late
	Failed  int     `json:"commits_failed"` // after all attempts, or not landed a flush after the load ended
	Offered float64 `json:"commits_due_per_second"`
	Rate    float64 `json:"commits_landed_per_second"`
	Tries   float64 `json:"tries_a_commit"`
	P50     float64 `json:"p50_ms"` // from when a commit is due until it has landed
	P99     float64 `json:"p99_ms"`
	Max     float64 `json:"max_ms"`
	CPU     float64 `json:"cpu_ms_a_commit"` // its file's included
	KeepsUp bool    `json:"keeps_up"`        // all that were due landed, 99 of 100 within a flush
}

// Committers simulates ingesters that flush into one table, each at its own moment, and says whether they keep up.
//
// They share this process and what it has parsed of the table, so the cores of one machine stand for those of many: the
// bound that is measured is that of a table, whose commits happen one after the other.
func Committers(ctx context.Context, c *frame.Call, o CommittersOptions) (any, error) {
	if o.Members < 1 || o.Share < 1 || o.Flush <= 0 || o.For < o.Flush {
		return nil, usage.Errorf("see "+c.Command.HelpName+" --help", "--members %d, --share %d, --flush %s, --for %s", o.Members, o.Share, o.Flush, o.For)
	}
	begin := newBench
	if o.Configured {
		begin = configuredBench
	}
	b, err := begin(ctx, c)
	if err != nil {
		return nil, err
	}
	defer b.close()
	s := &simulation{CommittersOptions: o, b: b, catalog: c.Config.Catalog.Type, until: time.Now().Add(o.For)}
	cpu, err := here("", func() (int64, error) { return 1, s.run(ctx, c) })
	if err != nil {
		return nil, err
	}
	return s.report(cpu), s.judge(ctx)
}

// judge holds the rows of the table against the commits that landed. One that failed may have landed after all.
func (s *simulation) judge(ctx context.Context) error {
	now, err := s.b.env.Snapshot(ctx, catalog.Listens)
	if err != nil {
		return err
	}
	files, err := now.Files(ctx)
	rows := int64(0)
	for _, f := range files {
		rows += f.Count()
	}
	if err == nil && (rows < s.rows || rows > s.rows+s.unknown) {
		return fmt.Errorf("%d listens are in the table, and commits of %d landed, %d more may have: %w", rows, s.rows, s.unknown, jobs.ErrProof)
	}
	return err
}

// simulation is a run of committers.
type simulation struct {
	CommittersOptions
	b       *bench
	catalog string // its type
	until   time.Time

	mu                 sync.Mutex
	due, failed, tries int
	took               []time.Duration
	rows, unknown      int64 // listens of commits that landed, and of those that failed
}

func (s *simulation) run(ctx context.Context, c *frame.Call) error {
	ctx, end := context.WithDeadline(ctx, s.until.Add(s.Flush))
	defer end()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	random := rand.New(rand.NewPCG(s.Seed, 1)) //nolint:gosec // a load, no secret
	var all sync.WaitGroup
	for first := 0; first < s.Members; first += s.Share {
		partitions := make([]int, min(s.Share, s.Members-first))
		for i := range partitions {
			partitions[i] = first + i
		}
		due := time.Now().Add(time.Duration(random.Float64() * float64(s.Flush)))
		all.Go(func() {
			if err := s.commits(ctx, partitions, due); err != nil {
				cancel(err)
			}
		})
	}
	all.Go(func() {
		if err := s.maintains(ctx, c); err != nil {
			cancel(err)
		}
	})
	all.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// commits flushes until the load ends. A flush that took longer than the next was due makes that one late, and those
// between are none: their listens travel in the next.
func (s *simulation) commits(ctx context.Context, partitions []int, due time.Time) error {
	for n := 1; due.Before(s.until); n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Until(due)):
		}
		var f *flush
		for _, p := range partitions {
			one, err := newFlush(ctx, s.b.env, n*s.Members+p, []int{p})
			if err != nil {
				return unlessOver(ctx, err)
			}
			if f == nil {
				f = one
				continue
			}
			f.files, f.partitions = append(f.files, one.files...), append(f.partitions, p)
		}
		s.note(f, time.Since(due), f.commit(ctx, s.b.env))
		passed := max(1, int(time.Since(due)/s.Flush))
		due = due.Add(time.Duration(passed) * s.Flush)
	}
	return nil
}

// unlessOver is an error that did not come of the end of the load.
func unlessOver(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // what did not land counts as failed
	}
	return err
}

func (s *simulation) note(f *flush, took time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.due += max(1, int(took/s.Flush))
	s.tries += f.tries
	if err != nil {
		s.failed++
		s.unknown += int64(len(f.partitions))
		return
	}
	s.took = append(s.took, took)
	s.rows += int64(len(f.partitions))
}

// maintains keeps the table in shape, as a service does.
func (s *simulation) maintains(ctx context.Context, c *frame.Call) error {
	for time.Now().Before(s.until) {
		_, err := maintain.Run(ctx, s.b.env, maintain.Options{Retention: time.Minute, Files: &compact.Options{}})
		if err := unlessOver(ctx, err); err != nil {
			return err
		}
		s.mu.Lock()
		landed := len(s.took)
		s.mu.Unlock()
		c.Progress.Say(fmt.Sprintf("bench: %d commits landed", landed))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(min(10*time.Second, max(0, time.Until(s.until)))):
		}
	}
	return nil
}

func (s *simulation) report(cpu measure) committersReport {
	r := committersReport{
		Catalog: s.catalog, Members: s.Members, Share: s.Share, FlushSeconds: s.Flush.Seconds(), Seconds: cpu.Seconds,
		Due: s.due, Landed: len(s.took), Failed: s.failed, Offered: float64(s.due) / s.For.Seconds(), Rate: float64(len(s.took)) / cpu.Seconds,
	}
	if r.Landed == 0 {
		return r
	}
	n := float64(r.Landed + r.Failed)
	r.Tries, r.CPU = float64(s.tries)/n, cpu.CPUMicrosec/1000/n
	r.P50, r.P99, r.Max = quantile(s.took, 0.5), quantile(s.took, 0.99), quantile(s.took, 1)
	r.KeepsUp = r.Failed == 0 && r.Landed == r.Due && r.P99 <= float64(s.Flush.Milliseconds())
	return r
}
