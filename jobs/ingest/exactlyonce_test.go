package ingest_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// everyStep kills run at its first step, then at its second, and so on until it survives, and repeats it after
// each death.
func everyStep(t *testing.T, run func(nth int, through func(*laketest.Lake) *laketest.Lake) error) {
	t.Helper()
	for nth := 1; ; nth = laketest.NextStep(nth) {
		faults, struck := crash(nth)
		err := run(nth, func(l *laketest.Lake) *laketest.Lake { return l.With(faults) })
		if struck() {
			err = run(nth, func(l *laketest.Lake) *laketest.Lake { return l })
		}
		if err != nil {
			t.Fatalf("step %d: %v", nth, err)
		}
		if !struck() {
			if nth < 20 {
				t.Fatalf("only %d steps", nth)
			}
			return
		}
	}
}

func TestCrashAtEveryStepOfATopicCountsOnce(t *testing.T) {
	t.Parallel()
	k := newKafka(t, 2)
	sent := 0
	everyStep(t, func(nth int, through func(*laketest.Lake) *laketest.Lake) error {
		if nth > sent {
			k.produce(k.samples(20))
			sent = nth
		}
		_, err := k.ingest(t.Context(), through(k.lake), ingest.Options{})
		if err == nil && nth%10 == 0 {
			k.check()
		}
		return err
	})
	k.check()
}

func TestCrashAtEveryStepOfAFileCountsOnce(t *testing.T) {
	t.Parallel()
	var w *world
	var path string
	o := ingest.Options{Source: "a", FlushRows: 15}
	of := 0
	everyStep(t, func(nth int, through func(*laketest.Lake) *laketest.Lake) error {
		if nth > of {
			w, of = newWorld(t), nth
			path = w.file("a.jsonl", "a", w.samples(20))
		}
		_, err := w.files(through(w.lake), o, path)
		if err == nil {
			w.check()
			if got := w.mustFiles(o, path); !got.Files[0].Already || got.Records != 0 {
				t.Fatalf("step %d: the file is not finished: %+v", nth, got)
			}
		}
		return err
	})
}

func TestCommitsWhoseAnswerIsLostCountOnce(t *testing.T) {
	for _, step := range []laketest.Step{laketest.BeforeCommit, laketest.AfterCommit} {
		t.Run(string(step), func(t *testing.T) {
			k := newKafka(t, 2)
			k.produce(k.samples(60))
			lost := map[string]int{}
			faults := &laketest.Faults{Strike: func(at laketest.Step, table string) error {
				if at != step {
					return nil
				}
				if lost[table]++; lost[table]%2 == 1 {
					return laketest.ErrInjected
				}
				return nil
			}}
			if _, err := k.ingest(t.Context(), k.lake.With(faults), ingest.Options{FlushRows: 20}); err != nil {
				t.Fatal(err)
			}
			if len(lost) != 3 {
				t.Fatalf("faults struck %v", lost)
			}
			k.check()
		})
	}
}

func TestTwoIngestersOnTheSamePartitionsCountOnce(t *testing.T) {
	k := newKafka(t, 3)
	k.produce(k.samples(300))
	var fenced int
	for range 20 {
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i := range errs {
			wg.Go(func() { _, errs[i] = k.ingest(t.Context(), k.lake, ingest.Options{FlushRows: 40}) })
		}
		wg.Wait()
		done := true
		for _, err := range errs {
			switch {
			case errors.Is(err, lake.ErrFenced):
				fenced++
				done = false
				if lake.Hint(err) == "" {
					t.Errorf("no hint: %v", err)
				}
			case err != nil:
				t.Fatal(err)
			}
		}
		if done {
			break
		}
	}
	k.check()
	if fenced == 0 {
		t.Error("nobody was fenced: the two never met")
	}
}

// held runs an ingester that stops at a step of a table, once, until release is called.
func held(l *laketest.Lake, step laketest.Step, table string, run func(*laketest.Lake) error) (release func() error) {
	reached, goOn, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	var once sync.Once
	faults := &laketest.Faults{Strike: func(at laketest.Step, of string) error {
		if at == step && of == table {
			once.Do(func() { close(reached); <-goOn })
		}
		return nil
	}}
	go func() { done <- run(l.With(faults)) }()
	<-reached
	return func() error { close(goOn); return <-done }
}

func TestZombieThatComesBackIsFenced(t *testing.T) {
	for _, table := range []string{catalog.Listens, catalog.Quarantine, catalog.DeletionRequests} {
		t.Run(table, func(t *testing.T) {
			k := newKafka(t, 2)
			k.produce(k.samples(30))
			release := held(k.lake, laketest.BeforeCommit, table, func(l *laketest.Lake) error {
				_, err := k.ingest(t.Context(), l, ingest.Options{})
				return err
			})
			// The zombie may have committed to the tables before; the next ingester starts from there.
			k.mustIngest(ingest.Options{})
			k.check()
			k.produce(k.samples(30))
			k.mustIngest(ingest.Options{})
			if err := release(); !errors.Is(err, lake.ErrFenced) {
				t.Fatalf("got %v, want ErrFenced", err)
			}
			k.check()
		})
	}
}

// cutOff is a crash right before a commit to a table.
func cutOff(table string) *laketest.Faults {
	dead, _ := crash(1)
	gone := false
	return &laketest.Faults{Strike: func(at laketest.Step, of string) error {
		gone = gone || at == laketest.BeforeCommit && of == table
		if gone {
			return dead.Strike(at, of)
		}
		return nil
	}}
}

func TestSmallTableMovedByACrashedRivalFences(t *testing.T) {
	k := newKafka(t, 1)
	k.produce(k.samples(30))
	release := held(k.lake, laketest.BeforeCommit, catalog.Quarantine, func(l *laketest.Lake) error {
		_, err := k.ingest(t.Context(), l, ingest.Options{})
		return err
	})
	if _, err := k.ingest(t.Context(), k.lake.With(cutOff(catalog.Listens)), ingest.Options{}); err == nil {
		t.Fatal("the rival survived")
	}
	if err := release(); !errors.Is(err, lake.ErrFenced) {
		t.Fatalf("got %v, want ErrFenced", err)
	}
	k.mustIngest(ingest.Options{FlushRows: 7})
	k.check()
}

// A record that an interrupted flush has put into quarantine stays there, even if the next run would accept
// it; and one that it would refuse now is not taken for one that is there.
func TestChangedLimitsAfterACrashMoveNoRecord(t *testing.T) {
	strict := listen.Limits{MaxAhead: time.Hour, MaxLate: 24 * time.Hour}
	lax := listen.Limits{MaxAhead: 3 * time.Hour, MaxLate: 365 * 24 * time.Hour}
	for name, limits := range map[string][2]listen.Limits{"widened": {strict, lax}, "narrowed": {lax, strict}} {
		t.Run(name, func(t *testing.T) {
			k := newKafka(t, 1)
			late := listenJSON("late", "user-001", day(1), day(5))
			ahead := listenJSON("ahead", "user-001", day(1).Add(2*time.Hour), day(1))
			fine := listenJSON("fine", "user-001", day(1), day(1))
			list := []sample{{"user-001", late, ""}, {"user-001", ahead, ""}, {"user-001", fine, ""}, {"user-001", "{", ""}}
			k.produce(list)
			if _, err := k.ingest(t.Context(), k.lake.With(cutOff(catalog.Listens)), ingest.Options{Limits: limits[0]}); err == nil {
				t.Fatal("the run survived")
			}
			k.mustIngest(ingest.Options{Limits: limits[1]})
			k.want = map[string]string{
				"listens/0/2": "listens fine", "listens/0/3": "quarantine malformed_json",
				"listens/0/0": "quarantine event_time_too_old", "listens/0/1": "quarantine event_time_in_future",
			}
			if diff := cmp.Diff(k.want, k.found()); diff != "" {
				t.Fatalf("(-want +got)\n%s", diff)
			}
		})
	}
}

// Both runs find no entry for the file. The first finishes it, and a later commit takes the entry away again.
func TestFileFinishedMeanwhileIsNotIngestedTwice(t *testing.T) {
	for _, table := range []string{catalog.Listens, catalog.Quarantine, catalog.DeletionRequests} {
		t.Run(table, func(t *testing.T) {
			w := newWorld(t)
			path := w.file("a.jsonl", "a", w.samples(20))
			release := held(w.lake, laketest.BeforeCommit, table, func(l *laketest.Lake) error {
				_, err := w.files(l, ingest.Options{Source: "a"}, path)
				return err
			})
			w.mustFiles(ingest.Options{Source: "a"}, path)
			w.mustFiles(ingest.Options{Source: "b"}, w.file("b.jsonl", "b", w.samples(20)))
			p, err := w.lake.Snapshot(t, table).Positions()
			if _, left := p.Files["a"]; left || err != nil {
				t.Fatalf("positions of %s still hold the finished file: %v, %v", table, p, err)
			}
			if err := release(); !errors.Is(err, lake.ErrFenced) {
				t.Fatalf("got %v, want ErrFenced", err)
			}
			w.check()
		})
	}
}

func TestPositionsOfOtherSourcesAreKept(t *testing.T) {
	k := newKafka(t, 2)
	k.produce(k.samples(30))
	k.mustIngest(ingest.Options{})
	faults, _ := crash(60) // after the first of two flushes
	path := k.file("a.jsonl", "a", k.samples(20))
	_, err := k.files(k.lake.With(faults), ingest.Options{Source: "a", FlushRows: 10}, path)
	if err == nil {
		t.Fatal("the run survived")
	}
	k.produce(k.samples(30))
	k.mustIngest(ingest.Options{})
	p, err := k.lake.Snapshot(t, catalog.Listens).Positions()
	if err != nil || p.Files["a"] != 11 || len(p.Topics) != 1 || len(p.Topics[0].Next) != 2 {
		t.Fatalf("positions %v, %v", p, err)
	}
	k.mustFiles(ingest.Options{Source: "a"}, path)
	k.check()
	if strings.Contains(fmt.Sprint(k.mustFiles(ingest.Options{Source: "a"}, path).Files), "false") {
		t.Error("the file is not finished")
	}
}
