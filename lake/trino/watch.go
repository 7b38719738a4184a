package trino

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lakectl/lakectl/lake"
)

// ErrStill is returned, as [ErrLost], where a query ran and stood still for [Options].Standstill.
var ErrStill = errors.New("the query stood still")

// standstill is how long a query may stand still by default.
const standstill = 10 * time.Minute

// looks is how often a watch looks before it ends a query.
const looks = 20

// unmoved are Trino's states in which figures do not move: of a query that waits for its turn, which may take as long
// as the cluster is busy, and while it is planned, which Trino ends by query.max-planning-time.
var unmoved = map[string]bool{"QUEUED": true, "WAITING_FOR_RESOURCES": true, "DISPATCHING": true, "PLANNING": true}

// watch ends a query that stands still, or whose server says nothing any more. Trino 483 leaves a query running for
// ever where its memory limit is met while a task hands its last rows on: the task never ends, and nothing fails. A
// server that is frozen or cut off leaves its connections open.
type watch struct {
	limit time.Duration
	tell  func(Progress) // hears of the progress too; nil: nobody

	heard    atomic.Int64 // how often Trino has said how far it is
	moves    atomic.Int64 // how often the query moved: its figures changed, or need not, or a row came
	visiting atomic.Bool  // the caller is at a row, and Trino waits for it
	last     Progress     // of the goroutine that Trino's word comes on
}

// watched is a context for a query, and its watch. The query must have ended before stop is called.
func (c *Client) watched(ctx context.Context) (_ context.Context, w *watch, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	w = &watch{limit: c.o.Standstill, tell: c.o.Progress}
	var done sync.WaitGroup
	done.Go(func() { w.look(ctx, cancel) })
	return ctx, w, func() {
		cancel(nil)
		done.Wait()
	}
}

// look ends the query by its context when it is time.
func (w *watch) look(ctx context.Context, cancel context.CancelCauseFunc) {
	every := time.NewTicker(w.limit / looks)
	defer every.Stop()
	var heard, moves int64
	silent, still := 0, 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		silent, still = silent+1, still+1
		if now := w.heard.Load(); now != heard {
			heard, silent = now, 0
		}
		if now := w.moves.Load(); now != moves || w.visiting.Load() {
			moves, silent, still = now, 0, 0
		}
		switch {
		case silent > looks:
			cancel(lost(fmt.Errorf("trino said nothing for %s", w.limit)))
		case still > looks:
			cancel(lake.WithHint(fmt.Errorf("%w: %w for %s", ErrLost, ErrStill, w.limit),
				"run the same command again; a query that meets its memory limit can end like this: raise query.max-memory-per-node of Trino where it comes back, or trino.standstill where the cluster is that busy"))
		}
	}
}

// update is called with Trino's word, by one goroutine at a time.
func (w *watch) update(p Progress) {
	w.heard.Add(1)
	if p != w.last || unmoved[p.State] {
		w.moves.Add(1)
	}
	w.last = p
	if w.tell != nil {
		w.tell(p)
	}
}

// visit calls f with a row; how long f takes is not Trino's doing.
func (w *watch) visit(f func() error) error {
	w.visiting.Store(true)
	defer w.visiting.Store(false)
	w.moves.Add(1)
	return f()
}
