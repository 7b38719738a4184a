package lease

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// onLake makes leases whose holders are on machines of their own and renew every 40 ms.
func onLake(t *testing.T, l *laketest.Lake) *Lease {
	t.Helper()
	made := New(jobs.Env{Lake: l.Lake, Log: slog.New(slog.DiscardHandler), Now: time.Now})
	made.every, made.gone = 40*time.Millisecond, func(holding) bool { return false }
	return made
}

// leader is a process that leads when it can.
type leader struct {
	leads atomic.Bool
	stop  func()
	ended chan error
}

// start lets a lease lead; at most one of those that share among leads at any time.
func start(t *testing.T, l *Lease, among *atomic.Int32) *leader {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := &leader{stop: cancel, ended: make(chan error, 1)}
	go func() {
		p.ended <- l.Lead(ctx, func(ctx context.Context) error {
			if n := among.Add(1); n > 1 {
				t.Errorf("%d lead", n)
			}
			p.leads.Store(true)
			<-ctx.Done()
			p.leads.Store(false)
			among.Add(-1)
			return ctx.Err()
		})
	}()
	t.Cleanup(cancel)
	return p
}

func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); lake.Pause(t.Context(), 5*time.Millisecond) { //nolint:errcheck // the loop asks
		if time.Now().After(deadline) {
			t.Fatalf("still not: %s", what)
		}
	}
}

func TestOneLeadsAndTheNextFollowsWhenItEnds(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	var among atomic.Int32
	a := start(t, onLake(t, l), &among)
	await(t, "the first leads", a.leads.Load)
	b, c := start(t, onLake(t, l), &among), start(t, onLake(t, l), &among)
	lake.Pause(t.Context(), 300*time.Millisecond) //nolint:errcheck // nobody ends it
	if b.leads.Load() || c.leads.Load() {
		t.Error("another leads beside a holder that renews")
	}
	a.stop()
	if err := <-a.ended; err != nil {
		t.Error(err)
	}
	await(t, "another leads", func() bool { return b.leads.Load() != c.leads.Load() })
	table, err := l.Lake.Table(t.Context(), catalog.RunLease)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(table.Snapshots()); n != 0 {
		t.Errorf("%d snapshots", n)
	}
}

func TestRenewalsKeepTheTableSmall(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	one := onLake(t, l)
	for i := range 60 {
		mine, err := one.swap(t.Context(), valueOf(t, one))
		if err != nil || !mine {
			t.Fatalf("renewal %d: %t, %v", i, mine, err)
		}
	}
	table, err := l.Lake.Table(t.Context(), catalog.RunLease)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimPrefix(table.Location(), "file://"), "metadata", "*"))
	if err != nil || len(files) == 0 || len(files) > 25 {
		t.Errorf("%d metadata files, %v", len(files), err)
	}
}

func valueOf(t *testing.T, l *Lease) string {
	t.Helper()
	value, _, err := l.read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestAHolderThatWasSuspendedFindsThatItNoLongerLeads(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	suspended, awake := onLake(t, l), onLake(t, l)
	if held, err := suspended.take(t.Context(), &watched{}); err != nil || !held {
		t.Fatalf("%t, %v", held, err)
	}
	w := &watched{}
	if held, err := awake.take(t.Context(), w); err != nil || held {
		t.Fatalf("taken from a holder just seen: %t, %v", held, err)
	}
	w.since = w.since.Add(-3 * awake.every)
	if held, err := awake.take(t.Context(), w); err != nil || !held {
		t.Fatalf("not taken from one that was silent: %t, %v", held, err)
	}
	if mine, err := suspended.beat(t.Context()); err != nil || mine {
		t.Errorf("the one that was suspended: %t, %v", mine, err)
	}
	if mine, err := awake.beat(t.Context()); err != nil || !mine {
		t.Errorf("the one that took over: %t, %v", mine, err)
	}
	suspended.giveUp(t.Context())
	if mine, err := awake.beat(t.Context()); err != nil || !mine {
		t.Errorf("after the other one ended: %t, %v", mine, err)
	}
}

func TestOfTwoWhoTakeFromTheSameValueOneDoes(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	for range 10 {
		took := make(chan bool, 2)
		value := valueOf(t, onLake(t, l))
		for range 2 {
			one := onLake(t, l)
			go func() {
				did, err := one.swap(t.Context(), value)
				if err != nil {
					t.Error(err)
				}
				took <- did
			}()
		}
		if a, b := <-took, <-took; a == b {
			t.Errorf("both: %t", a)
		}
	}
}

func TestALostAnswerIsFoundInTheTable(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	lost := 0
	one := onLake(t, l.With(&laketest.Faults{Strike: func(step laketest.Step, table string) error {
		if step == laketest.AfterCommit && table == catalog.RunLease && lost == 0 {
			lost++
			return laketest.ErrInjected
		}
		return nil
	}}))
	if did, err := one.swap(t.Context(), ""); err != nil || !did || lost != 1 {
		t.Errorf("%t, %v, %d answers lost", did, err, lost)
	}
}

func TestALeaderThatFailsEndsLeading(t *testing.T) {
	t.Parallel()
	one, broken := onLake(t, laketest.New(t)), errors.New("broken")
	if err := one.Lead(t.Context(), func(context.Context) error { return broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
	if value := valueOf(t, one); value != "" {
		t.Errorf("still held: %s", value)
	}
}

func TestAProcessOfThisMachineIsKnownToHaveEnded(t *testing.T) {
	t.Parallel()
	me := thisProcess()
	if me.Machine == "" {
		t.Skip("no /proc")
	}
	if me.ended() {
		t.Error("this process has not ended")
	}
	other := me
	other.Machine = "elsewhere"
	other.PID = 1 << 30
	if other.ended() {
		t.Error("nobody here knows of another machine's")
	}
	reborn := me
	reborn.Born = "1"
	if !reborn.ended() {
		t.Error("its id is another's now")
	}
	c := exec.Command("sleep", "100")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	child := process{Machine: me.Machine, PID: c.Process.Pid, Born: born(c.Process.Pid)}
	if child.ended() {
		t.Error("it sleeps")
	}
	if err := c.Process.Signal(os.Kill); err != nil {
		t.Fatal(err)
	}
	await(t, "a child that was killed, and not waited for yet, has ended", child.ended)
	c.Wait() //nolint:errcheck // it was killed
	if !child.ended() {
		t.Error("it was waited for")
	}
}
