package lease

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

const (
	// Every is how often a holder renews, and how often who waits looks.
	Every = 10 * time.Second
	// TTL is how long a value may stay the same before its holder counts as gone: two renewals may fail.
	TTL = 3 * Every
	// giveUpTime bounds the last commit, with which a holder gives the lease up.
	giveUpTime = 2 * time.Second
)

// Lease is that of one process on one lake.
type Lease struct {
	env   jobs.Env
	every time.Duration
	me    holding
	gone  func(holding) bool

	mu   sync.Mutex
	seen State
}

// State is what a process knows of the lease.
type State struct {
	Leads  bool      `json:"leads"`            // this process does
	Holder string    `json:"holder,omitempty"` // host and process of who does, as it was last read
	Since  time.Time `json:"since,omitzero"`   // when this process began to lead
	Error  string    `json:"last_error,omitempty"`
}

// holding is the value of the property.
type holding struct {
	ID      string  `json:"id"`   // of the process that leads, never used again
	Beat    int64   `json:"beat"` // goes up with each renewal
	Host    string  `json:"host"` // for people
	Process process `json:"process"`
}

func (h holding) String() string { return fmt.Sprintf("%s process %d", h.Host, h.Process.PID) }

func (h holding) text() string {
	text, err := json.Marshal(h)
	if err != nil {
		panic(err) // it is made of texts and numbers
	}
	return string(text)
}

// New makes the lease of this process.
func New(env jobs.Env) *Lease {
	return &Lease{env: env, every: Every, me: holding{ID: uuid.NewString(), Host: hostname(), Process: thisProcess()}, gone: func(h holding) bool { return h.Process.ended() }}
}

// State is what is known now.
func (l *Lease) State() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen
}

func (l *Lease) note(change func(*State)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.seen)
}

// Lead waits for the lease and calls lead with a context that ends when the lease is lost, again and again until ctx
// ends. lead returns soon after its context has ended; where it returns an error before, Lead does too.
func (l *Lease) Lead(ctx context.Context, lead func(context.Context) error) error {
	var w watched
	for ctx.Err() == nil {
		held, err := l.take(ctx, &w)
		switch {
		case held:
			if err := l.hold(ctx, lead); err != nil {
				return err
			}
			w = watched{}
			continue
		case errors.Is(err, lake.ErrNotFound):
			return lake.WithHint(err, "run 'lakectl init': it makes the tables that an earlier version did not have")
		case err != nil && ctx.Err() == nil:
			l.env.Log.Warn("the lease of the jobs cannot be read or taken", "error", err)
			l.note(func(s *State) { s.Error = err.Error() })
		}
		lake.Pause(ctx, l.every/2+rand.N(l.every/2+1)) //nolint:errcheck // the loop asks
	}
	return nil
}

// watched is the value of the lease as somebody who waits sees it.
type watched struct {
	value string
	since time.Time // with the reading of the clock that only goes forward
}

// take swaps the value for one of this process where nobody holds the lease.
func (l *Lease) take(ctx context.Context, w *watched) (held bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, Every)
	defer cancel()
	value, other, err := l.read(ctx)
	if err != nil {
		return false, err
	}
	if value != w.value || w.since.IsZero() {
		*w = watched{value, time.Now()}
	}
	if value != "" {
		l.note(func(s *State) { s.Holder, s.Error = other.String(), "" })
		if time.Since(w.since) < TTL/Every*l.every && !l.gone(other) {
			return false, nil
		}
	}
	return l.swap(ctx, value)
}

// read is the value of the lease, and what it says; nobody where it says nothing that can be read.
func (l *Lease) read(ctx context.Context) (value string, by holding, err error) {
	t, err := l.env.Lake.Table(ctx, catalog.RunLease)
	if err != nil {
		return "", holding{}, err
	}
	value = t.Property(catalog.LeaseProperty)
	if json.Unmarshal([]byte(value), &by) != nil {
		by = holding{}
	}
	return value, by, nil
}

// swap puts this process into the place of a value, and tells whether it did.
func (l *Lease) swap(ctx context.Context, value string) (bool, error) {
	l.me.Beat++
	return l.env.Lake.SwapProperty(ctx, catalog.RunLease, catalog.LeaseProperty, value, l.me.text())
}

// hold leads while the lease is renewed.
func (l *Lease) hold(ctx context.Context, lead func(context.Context) error) error {
	l.env.Log.Info("this process runs the jobs", "host", l.me.Host, "pid", l.me.Process.PID)
	l.note(func(s *State) { *s = State{Leads: true, Holder: l.me.String(), Since: l.env.Now()} })
	leading, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan struct{})
	var led error
	go func() {
		defer close(done)
		led = lead(leading)
	}()
	lost := l.renew(leading, done)
	early := leading.Err() == nil && !lost // before it was asked to
	stop()
	<-done
	l.note(func(s *State) { s.Leads = false })
	if !lost {
		l.giveUp(context.WithoutCancel(ctx))
	}
	if early {
		return led
	}
	return nil
}

// renew renews the lease until the context ends or the leader has; true where the lease is another's then, or may be.
func (l *Lease) renew(ctx context.Context, done <-chan struct{}) (lost bool) {
	for renewed := time.Now(); ; {
		select {
		case <-ctx.Done():
			return false
		case <-done:
			return false
		case <-time.After(l.every):
		}
		mine, err := l.beat(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil && time.Since(renewed) < TTL/Every*l.every:
			l.env.Log.Warn("the lease of the jobs was not renewed", "error", err)
			l.note(func(s *State) { s.Error = err.Error() })
		case err != nil:
			l.env.Log.Warn("the lease of the jobs ran out, for it could not be renewed", "error", err)
			return true
		case !mine:
			l.env.Log.Warn("another process has taken over the jobs, and this one waits")
			return true
		default:
			renewed = time.Now()
			l.note(func(s *State) { s.Error = "" })
		}
	}
}

// beat renews, and tells whether the lease is still this process's.
func (l *Lease) beat(ctx context.Context) (mine bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, Every)
	defer cancel()
	value, by, err := l.read(ctx)
	if err != nil || by.ID != l.me.ID {
		return false, err
	}
	return l.swap(ctx, value)
}

// giveUp lets the next one lead at once.
func (l *Lease) giveUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, giveUpTime)
	defer cancel()
	value, by, err := l.read(ctx)
	if err == nil && by.ID == l.me.ID {
		_, err = l.env.Lake.SwapProperty(ctx, catalog.RunLease, catalog.LeaseProperty, value, "")
	}
	if err != nil {
		l.env.Log.Warn("the lease was not given up, and others wait until it runs out", "error", err)
	}
}
