package run

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs/schedule"
	"github.com/lakectl/lakectl/lake/trino"
)

// Job is a command line that runs on a schedule.
type Job struct {
	Name  string
	When  schedule.When
	Args  []string
	Works []string // on what: no two jobs that work on the same run at once
}

// What jobs work on.
const (
	dashboard = "dashboard"
	ledger    = "ledger"
)

const (
	// children is how many may run at once.
	children = 2
	// tick is how often the clock is looked at.
	tick = 200 * time.Millisecond
	// soon is the pause before a job runs again that is not done, or that somebody else was faster than.
	soon = 2 * time.Second
)

// Pauses after a failure double from the first to the last.
const (
	firstPause = 5 * time.Second
	lastPause  = 10 * time.Minute
	// lastPauseFresh is the last one of jobs that others see the delay of.
	lastPauseFresh = time.Minute
)

// task is a job and what became of it. Runner.mu guards it.
type task struct {
	Job
	past    schedule.Past
	due     bool
	since   time.Duration // uptime from which on it was due
	notYet  time.Duration // uptime before which it is not tried again
	tries   int           // in a row that did not end well
	covered int64         // archive snapshot that its newest good run began at
	began   schedule.Instant
	beganAt int64 // archive snapshot then
	running bool
	is      JobStatus
}

// lead runs ingest and the jobs until the context ends, and then until the children have.
func (r *Runner) lead(ctx context.Context) error {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.ingest(ctx)
	}()
	r.resume(ctx)
	r.loop(ctx)
	<-ended
	return nil
}

// loop starts what is due.
func (r *Runner) loop(ctx context.Context) {
	done := make(chan func())
	running := 0
	every := time.NewTicker(tick)
	defer every.Stop()
	for ctx.Err() == nil || running > 0 {
		select {
		case finish := <-done:
			running--
			finish()
		case <-every.C:
		case <-ctx.Done():
			if running > 0 {
				running--
				(<-done)()
			}
		}
		if ctx.Err() != nil {
			continue
		}
		for _, t := range r.pick(r.now()) {
			running++
			go func() {
				o := r.child(ctx, t.Job)
				if o.done() {
					r.keep(ctx, t)
				}
				done <- func() { r.finish(ctx, t, o) }
			}()
		}
	}
}

// pick marks what begins now as running: what waited longest first, as far as children may run, and nothing that works
// on what another one does.
func (r *Runner) pick(now schedule.Instant) (begin []*task) {
	r.mu.Lock()
	defer r.mu.Unlock()
	busy, free := map[string]bool{}, children
	var waiting []*task
	for _, t := range r.tasks {
		switch {
		case t.running:
			free--
			for _, on := range t.Works {
				busy[on] = true
			}
		case !r.isDue(t, now):
			t.due = false
		default:
			if !t.due {
				t.due, t.since = true, now.Up
			}
			if now.Up >= t.notYet {
				waiting = append(waiting, t)
			}
		}
	}
	slices.SortStableFunc(waiting, func(a, b *task) int { return cmp.Compare(a.since, b.since) })
	for _, t := range waiting {
		if free == 0 || slices.ContainsFunc(t.Works, func(on string) bool { return busy[on] }) {
			continue
		}
		free--
		for _, on := range t.Works {
			busy[on] = true
		}
		t.running, t.began, t.beganAt = true, now, r.archive.ID
		t.is.LastStart = now.Wall
		begin = append(begin, t)
	}
	return begin
}

func (r *Runner) isDue(t *task, now schedule.Instant) bool {
	if t.When.IsOnSnapshot() {
		return r.archive.ID != 0 && r.archive.ID != t.covered
	}
	return t.When.Due(t.past, now)
}

// finish takes in how a run ended.
func (r *Runner) finish(ctx context.Context, t *task, o outcome) {
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	t.running, t.due = false, false
	t.is.LastEnd, t.is.LastSeconds, t.is.LastExit = now.Wall, o.took.Seconds(), o.exit()
	if o.done() {
		t.tries, t.notYet, t.past, t.covered = 0, 0, t.When.Begin(t.began), t.beganAt
		t.is.Runs++
		t.is.LastDone, t.is.LastError = now.Wall, ""
		r.env.Log.Info("job done", "job", t.Name, "duration_ms", o.took.Milliseconds())
		return
	}
	if ctx.Err() != nil { // it was stopped
		return
	}
	t.tries++
	pause := t.pause(o)
	t.notYet = now.Up + pause
	if o.again() {
		t.is.Again++
		r.env.Log.Info("job runs again", "job", t.Name, "exit_code", o.code, "said", o.said, "in_ms", pause.Milliseconds())
		return
	}
	t.is.Failures++
	t.is.LastError = o.said
	r.env.Log.Error("job failed", "job", t.Name, "exit_code", o.code, "error", o.said, "hint", o.hint, "again_in_ms", pause.Milliseconds())
}

// pause is how long the job is left alone after a run that is not done. Its jitter spreads those that failed together.
func (t *task) pause(o outcome) time.Duration {
	first, last := firstPause, lastPause
	if o.again() {
		first = soon
	}
	if !t.When.IsDaily() {
		last = lastPauseFresh
	}
	limit := min(first<<min(t.tries-1, 16), last)
	return limit/2 + rand.N(limit/2+1)
}

// outcome is how one run of a child ended.
type outcome struct {
	code int    // exit code; -1 where it has none
	said string // its error; "" for none
	hint string
	took time.Duration
}

func (o outcome) done() bool { return o.code == frame.ExitDone }

// again tells whether the run is no failure: it has done a part, or somebody else was faster. One that lost Trino is a
// failure: operators have to hear of it for as long as Trino is away.
func (o outcome) again() bool {
	return (o.code == frame.ExitPartial || o.code == frame.ExitFenced) && !strings.Contains(o.said, trino.ErrLost.Error())
}

func (o outcome) exit() *int { return &o.code }
