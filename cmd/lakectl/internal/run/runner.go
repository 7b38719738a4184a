package run

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/lease"
	"github.com/lakectl/lakectl/jobs/schedule"
	"github.com/lakectl/lakectl/lake"
)

const (
	// lookEvery is how often the tables are looked at for something new that others have written.
	lookEvery = time.Second
	// stopTime is how long everything may take to end.
	stopTime = 9 * time.Second
)

// Options are the parts.
type Options struct {
	Jobs    []Job
	Program Program
	// Ingest reads the topic until its context ends; nil where this is not wanted.
	Ingest func(context.Context) error
	// IngestLag is how long the oldest record has waited that Ingest has not archived; nil where nobody knows.
	IngestLag func() time.Duration
	// Serve answers until its context ends; ready is called with the address once it listens.
	Serve func(ctx context.Context, ready func(at net.Addr, alone bool)) error
	// Ready is called once everything has begun.
	Ready func(at net.Addr, alone bool)
}

// Runner runs the parts and knows how they are.
type Runner struct {
	env   jobs.Env
	o     Options
	start time.Time // with the clock that only goes forward
	lease *lease.Lease
	every time.Duration // lookEvery
	news  chan struct{}

	mu       sync.Mutex
	tasks    []*task
	archive  Archive
	ingester IngestStatus
	looked   time.Time // when the tables were last read
	lookErr  string
}

// New makes a Runner. It contacts nothing.
func New(env jobs.Env, o Options) *Runner {
	start := time.Now()
	r := &Runner{env: env, o: o, start: start, every: lookEvery, news: make(chan struct{}, 1), looked: start, lease: lease.New(env), ingester: IngestStatus{State: "off"}}
	if o.Ingest != nil {
		r.ingester.State = "waits"
	}
	for _, job := range o.Jobs {
		r.tasks = append(r.tasks, &task{Job: job, past: job.When.Waiting(r.now()), is: JobStatus{Job: job.Name, Schedule: job.When.String()}})
		if !job.When.IsDaily() {
			r.tasks[len(r.tasks)-1].past = schedule.Past{}
		}
	}
	return r
}

// Look has the tables looked at now: something new is there.
func (r *Runner) Look() {
	select {
	case r.news <- struct{}{}:
	default: // one that begins later sees it
	}
}

// now is by both clocks.
func (r *Runner) now() schedule.Instant {
	return schedule.Instant{Wall: r.env.Now(), Up: time.Since(r.start)}
}

// Run runs everything until the context ends.
func (r *Runner) Run(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var parts sync.WaitGroup
	part := func(run func(context.Context) error) {
		parts.Go(func() {
			if err := lake.Safely(func() error { return run(ctx) })(); err != nil && ctx.Err() == nil {
				stop(err)
			}
		})
	}
	part(func(ctx context.Context) error {
		return r.o.Serve(ctx, func(at net.Addr, alone bool) {
			part(func(ctx context.Context) error { return r.lease.Lead(ctx, r.lead) })
			part(r.watch)
			part(r.tell)
			if r.o.Ready != nil {
				r.o.Ready(at, alone)
			}
		})
	})
	<-ctx.Done()
	notify("STOPPING=1")
	ended := make(chan struct{})
	go func() { parts.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(stopTime):
		r.env.Log.Warn("not everything ended in time, and is left as a kill would leave it")
	}
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// ingest reads the topic, and begins again after failures.
func (r *Runner) ingest(ctx context.Context) {
	if r.o.Ingest == nil {
		return
	}
	for tries := 0; ctx.Err() == nil; tries++ {
		began := time.Now()
		r.noteIngest(func(s *IngestStatus) { s.State, s.Since = "runs", r.env.Now() })
		err := lake.Safely(func() error { return r.o.Ingest(ctx) })()
		if ctx.Err() != nil {
			break
		}
		if time.Since(began) > time.Minute {
			tries = 0
		}
		limit := min(time.Second<<min(tries, 6), 30*time.Second)
		pause := limit/2 + rand.N(limit/2)
		said := "it ended by itself"
		if err != nil {
			said = err.Error()
		}
		r.noteIngest(func(s *IngestStatus) { s.State, s.LastError, s.Restarts = "waits after a failure", said, s.Restarts+1 })
		r.env.Log.Error("ingest failed", "error", said, "hint", lake.Hint(err), "again_in_ms", pause.Milliseconds())
		lake.Pause(ctx, pause) //nolint:errcheck // the loop asks
	}
	r.noteIngest(func(s *IngestStatus) { s.State = "waits" })
}

func (r *Runner) noteIngest(change func(*IngestStatus)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.ingester)
}

// resume takes in which nights earlier leaders have done. A job whose first night is to come is put on record.
func (r *Runner) resume(ctx context.Context) {
	for _, t := range r.tasks {
		if !t.When.IsDaily() {
			continue
		}
		now, key := r.now(), catalog.SlotProperty(t.Name)
		past := t.When.Waiting(now)
		known, err := r.slot(ctx, key)
		switch {
		case err != nil:
			r.env.Log.Warn("nights that earlier runs have done cannot be read", "job", t.Name, "error", err)
			continue
		case !known.IsZero():
			past = t.When.Resumed(known, now)
		default:
			r.swapSlot(ctx, t.Name, "", past.Slot)
		}
		r.mu.Lock()
		t.past = past
		r.mu.Unlock()
	}
}

func (r *Runner) slot(ctx context.Context, key string) (time.Time, error) {
	table, err := r.env.Lake.Table(ctx, catalog.RunLease)
	if err != nil {
		return time.Time{}, err
	}
	at, err := time.Parse(time.RFC3339, table.Property(key))
	if err != nil {
		return time.Time{}, nil //nolint:nilerr // none, or not ours: as if the job had never run
	}
	return at, nil
}

// keep puts on record which night a job has done.
func (r *Runner) keep(ctx context.Context, t *task) {
	if !t.When.IsDaily() {
		return
	}
	table, err := r.env.Lake.Table(ctx, catalog.RunLease)
	if err != nil {
		r.env.Log.Warn("the night that a job has done is not on record", "job", t.Name, "error", err)
		return
	}
	r.swapSlot(ctx, t.Name, table.Property(catalog.SlotProperty(t.Name)), t.When.Begin(t.began).Slot)
}

func (r *Runner) swapSlot(ctx context.Context, job, from string, to time.Time) {
	if _, err := r.env.Lake.SwapProperty(ctx, catalog.RunLease, catalog.SlotProperty(job), from, to.Format(time.RFC3339)); err != nil && ctx.Err() == nil {
		r.env.Log.Warn("the night that a job has done is not on record", "job", job, "error", err)
	}
}
