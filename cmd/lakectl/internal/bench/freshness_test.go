package bench

import (
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

func TestWhatWasLostOrCountedTwiceIsNoProof(t *testing.T) {
	good := freshCounts{Records: 12, Listens: 10, Archived: 12, Live: 11, Plays: 10, Counted: 10}
	if err := good.check(); err != nil {
		t.Error(err)
	}
	for what, spoil := range map[string]func(*freshCounts){
		"a record lost":     func(f *freshCounts) { f.Archived-- },
		"a record twice":    func(f *freshCounts) { f.Archived++ },
		"a play lost":       func(f *freshCounts) { f.Plays-- },
		"a play twice":      func(f *freshCounts) { f.Plays++ },
		"not in the ledger": func(f *freshCounts) { f.Counted-- },
	} {
		bad := good
		spoil(&bad)
		if err := bad.check(); !errors.Is(err, jobs.ErrProof) || lake.Hint(err) == "" {
			t.Errorf("%s: got %v", what, err)
		}
	}
}

func TestTheStagesOfAProbeSumToItsWay(t *testing.T) {
	at := func(seconds float64) time.Time {
		return time.Unix(1000, 0).Add(time.Duration(seconds * float64(time.Second)))
	}
	p := &probes{sent: []time.Time{at(0), at(1), at(5), at(11)}}
	w := &tableWatch{
		archived: []held{{probes: 1, at: at(0)}, {probes: 3, began: at(9), at: at(10)}, {probes: 4, began: at(12), at: at(13)}},
		rolled:   []held{{probes: 1, at: at(0)}, {probes: 3, at: at(16)}, {probes: 4, at: at(20)}},
	}
	for n, seconds := range []float64{0, 17, 17, 21} {
		if err := p.arrived(n+1, at(seconds)); err != nil {
			t.Fatal(err)
		}
	}
	var got []float64
	for _, s := range w.stages(p, []time.Time{at(14), at(18)}) {
		got = append(got, s.Mean)
	}
	// (8+4+1, 1+1+1, 4+4+5, 2+2+2, 1+1+1) / 3
	if diff := cmp.Diff([]float64{13. / 3, 1, 13. / 3, 2, 1}, got, cmp.Comparer(func(a, b float64) bool { return a-b < 1e-6 && b-a < 1e-6 })); diff != "" {
		t.Error(diff)
	}
}

func TestAProcessThatEndedIsNoSmallOne(t *testing.T) {
	here := newTree(os.Getpid())
	if err := here.look(t.Context()); err != nil || here.most() == 0 {
		t.Errorf("%v, %v MiB", err, here.most())
	}
	c := exec.CommandContext(t.Context(), "true")
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	if err := newTree(c.Process.Pid).look(t.Context()); err == nil {
		t.Error("a process that ended is looked at")
	}
}

func TestAnAnswerThatGoesBackOrAheadIsRefused(t *testing.T) {
	p := &probes{}
	for range 3 {
		p.next(time.Now())
	}
	if err := p.arrived(2, time.Now()); err != nil {
		t.Error(err)
	}
	for _, plays := range []int{1, 4} {
		if err := p.arrived(plays, time.Now()); err == nil {
			t.Errorf("%d plays after 2 of 3 are taken", plays)
		}
	}
}
