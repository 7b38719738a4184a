package access

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// How old what a request is judged by may be. The age counts from the start of the reading.
const (
	fresh    = 2 * time.Second        // older: read again, and go on with what there is
	stale    = 3 * time.Second        // older: wait for that reading
	patience = time.Second            // so long; then, or where it failed, go on with what there is
	tooOld   = time.Minute            // but not with this
	readMost = 30 * time.Second       // one reading
	retry    = 500 * time.Millisecond // after one that failed
)

// ErrUnavailable says that who has access could not be read for a minute.
var ErrUnavailable = errors.New("who has access cannot be read")

// reading is the table as one reading found it.
type reading struct {
	*book
	snapshot int64
	began    time.Time
}

// loader keeps what the table says in memory, for all requests. One reading runs at a time.
type loader struct {
	env   jobs.Env
	clock func() time.Time // of ages; env.Now tells what has expired

	mu       sync.Mutex
	now      *reading
	closed   bool          // access was given to somebody once, as far as this process has seen
	running  chan struct{} // closed when the reading that runs is done; nil: none runs
	troubled time.Time     // when a reading last failed or kept somebody waiting in vain
	failure  error
}

// book is who has access, at most stale old where the lake can be read.
func (l *loader) book(ctx context.Context) (*book, error) {
	now, running := l.look()
	if now != nil && running == nil {
		return now.book, nil
	}
	if running != nil {
		select {
		case <-running:
		case <-ctx.Done():
		case <-time.After(patience):
			l.mu.Lock()
			l.troubled = l.clock()
			l.mu.Unlock()
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.now == nil || l.clock().Sub(l.now.began) >= tooOld {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, errors.Join(l.failure, ctx.Err()))
	}
	return l.now.book, nil
}

// look is what there is, and the reading to wait for first, if it pays to. It starts one that is due.
func (l *loader) look() (now *reading, wait chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.clock()
	age := tooOld
	if l.now != nil {
		age = at.Sub(l.now.began)
	}
	if age < fresh {
		return l.now, nil
	}
	calm := at.Sub(l.troubled) >= retry
	if l.running == nil && calm {
		l.running = make(chan struct{})
		go l.read(l.running)
	}
	switch {
	case age < stale, age < tooOld && !calm:
		return l.now, nil
	case l.running == nil:
		return nil, nil // too old, and a reading has just failed
	}
	return l.now, l.running
}

// refresh reads the table at once, for who has just changed it.
func (l *loader) refresh(ctx context.Context) error {
	l.mu.Lock()
	if l.running == nil {
		l.running = make(chan struct{})
		go l.read(l.running)
	}
	running, began := l.running, l.clock()
	l.mu.Unlock()
	select {
	case <-running:
	case <-ctx.Done():
		return ctx.Err()
	}
	l.mu.Lock()
	seen := l.now != nil && !l.now.began.Before(began)
	failed := l.failure
	l.mu.Unlock()
	if seen || failed != nil {
		return failed
	}
	return l.refresh(ctx) // the reading that ran had begun before
}

// read reads the table once.
func (l *loader) read(done chan struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), readMost)
	defer cancel()
	l.mu.Lock()
	before, next := l.now, &reading{began: l.clock()}
	l.mu.Unlock()
	err := lake.Safely(func() error { return l.fill(ctx, next, before) })()

	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err != nil && l.failure == nil:
		l.env.Log.Warn("who has access cannot be read", "error", err)
	case err == nil && l.failure != nil:
		l.env.Log.Info("who has access can be read again")
	}
	if l.failure = err; err != nil {
		l.troubled = l.clock()
	} else {
		l.now, l.closed = next, l.closed || !next.empty()
		l.troubled = time.Time{}
	}
	l.running = nil
	close(done)
}

// fill reads the table where it has moved since the reading before. In a lake that has no such table nobody was given
// access.
func (l *loader) fill(ctx context.Context, next, before *reading) error {
	s, err := l.env.Snapshot(ctx, catalog.AccessTokens)
	if errors.Is(err, lake.ErrNotFound) {
		next.book = readBook(nil)
		return nil
	}
	if err != nil {
		return err
	}
	next.snapshot = s.ID()
	if before != nil && before.snapshot == next.snapshot {
		next.book = before.book
		return nil
	}
	rows, err := lake.ReadRecords[catalog.AccessRow](ctx, s, l.env.Duck.Verify)
	next.book = readBook(rows)
	return err
}

// unavailable says since when nobody can be let in, and what becomes of it.
func (l *loader) unavailable() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	since := "cannot be read at the moment"
	if l.now != nil {
		since = "could last be read at " + l.now.began.UTC().Format("15:04:05") + " UTC"
	}
	return "Who may see what " + since + ", and without that no figure is shown. A page that is open keeps its figures, and one that was asked for now comes by itself. Programs: ask again in a few seconds."
}

// given tells whether access was given to somebody, ever.
func (l *loader) given() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}
