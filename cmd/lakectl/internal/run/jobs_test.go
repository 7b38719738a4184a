package run

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/config"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/schedule"
	"github.com/lakectl/lakectl/lake/trino"
)

// standard is a Runner with the product's jobs on their default schedules, on no lake.
func standard(t *testing.T) *Runner {
	t.Helper()
	works, err := Jobs(config.Schedule{Rollup: "snapshot", Deletions: "1m", Royalties: "03:00", TrueUp: "04:00", Maintain: "15m"})
	if err != nil {
		t.Fatal(err)
	}
	return New(jobs.Env{Log: slog.New(slog.DiscardHandler), Now: time.Now}, Options{Jobs: works})
}

func moment(up time.Duration) schedule.Instant {
	return schedule.Instant{Wall: time.Date(2026, 3, 10, 2, 0, 0, 0, time.UTC).Add(up), Up: up}
}

func TestHoweverLongJobsTakeTwoRunAtMostAndNoneBesideAnotherOnItsTables(t *testing.T) {
	r := standard(t)
	for _, task := range r.tasks {
		if task.When.IsDaily() {
			task.past = task.When.Waiting(moment(0))
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	running, runs, waited := map[*task]time.Duration{}, map[string]int{}, map[string]time.Duration{}
	for up := time.Duration(0); up < 24*time.Hour; up += 5 * time.Second {
		now := moment(up)
		r.archive.ID = 1 + int64(up/(15*time.Second))
		for task, until := range running {
			if up >= until {
				delete(running, task)
				task.beganAt = r.archive.ID - 1
				r.finish(t.Context(), task, outcome{})
				task.past = task.When.Begin(now) // finish has the real clock
			}
		}
		for _, task := range r.pick(now) {
			if _, twice := running[task]; twice {
				t.Fatalf("%s runs twice", task.Name)
			}
			waited[task.Name] = max(waited[task.Name], up-task.since)
			runs[task.Name]++
			running[task] = up + time.Duration(random.IntN(90))*time.Second
			if task.When.IsDaily() {
				running[task] = up + 30*time.Minute
			}
		}
		if len(running) > children {
			t.Fatalf("%d run", len(running))
		}
		on := map[string]int{}
		for task := range running {
			for _, table := range task.Works {
				if on[table]++; on[table] > 1 {
					t.Fatalf("two work on the %s", table)
				}
			}
		}
	}
	if runs["royalties"] != 1 || runs["true_up"] != 1 || runs["rollup"] < 500 || runs["deletions"] < 300 || runs["maintain"] < 85 {
		t.Errorf("runs of a day: %v", runs)
	}
	if waited["maintain"] > 35*time.Minute || waited["royalties"] > 5*time.Minute || waited["true_up"] > 35*time.Minute {
		t.Errorf("they waited %v", waited)
	}
}

func TestAJobThatFailsIsTriedAgainWithGrowingPausesAndStopsNoOther(t *testing.T) {
	r := standard(t)
	r.archive.ID = 7
	maintain := r.tasks[slices.IndexFunc(r.tasks, func(t *task) bool { return t.Name == "maintain" })]
	var pauses []time.Duration
	for range 12 {
		now := r.now()
		maintain.notYet = 0
		if !slices.Contains(r.pick(now), maintain) {
			t.Fatal("it is not tried again")
		}
		r.finish(t.Context(), maintain, outcome{code: 1, said: "broken"})
		pauses = append(pauses, maintain.notYet-now.Up)
		for _, task := range r.tasks { // those that began with it
			if task.running {
				r.finish(t.Context(), task, outcome{})
			}
		}
		if slices.Contains(r.pick(r.now()), maintain) {
			t.Fatal("it is tried again at once")
		}
	}
	if pauses[0] < firstPause/2 || pauses[0] > firstPause+time.Second || pauses[11] < lastPauseFresh/2 || pauses[11] > lastPauseFresh+time.Second {
		t.Errorf("pauses: %v", pauses)
	}
	if maintain.is.Failures != 12 || maintain.is.LastError != "broken" {
		t.Errorf("%+v", maintain.is)
	}
	if rollup := r.tasks[0]; rollup.is.Failures != 0 || rollup.is.Runs == 0 {
		t.Errorf("the rollup: %+v", rollup.is)
	}
	maintain.notYet = 0
	r.pick(r.now())
	r.finish(t.Context(), maintain, outcome{})
	if maintain.is.LastError != "" || maintain.tries != 0 || maintain.notYet != 0 {
		t.Errorf("after it went well: %+v", maintain.is)
	}
}

func TestSomebodyElseWasFasterIsNoFailure(t *testing.T) {
	for code, again := range map[int]bool{1: false, 2: false, 3: true, 4: true, 5: false, 6: false, -1: false} {
		r := standard(t)
		r.archive.ID = 7
		r.pick(r.now())
		rollup := r.tasks[0]
		if !rollup.running {
			t.Fatal("a new snapshot, and no rollup")
		}
		r.finish(t.Context(), rollup, outcome{code: code, said: "so it is"})
		if (rollup.is.Again == 1) != again || (rollup.is.Failures == 0) != again || (rollup.is.LastError == "") != again {
			t.Errorf("code %d: %+v", code, rollup.is)
		}
		if pause := rollup.notYet - r.now().Up; again && pause > soon+time.Second || !again && pause < firstPause/2-time.Second {
			t.Errorf("code %d: again in %s", code, pause)
		}
		if !r.isDue(rollup, r.now()) {
			t.Errorf("code %d: the snapshot counts as done", code)
		}
	}
}

func TestASnapshotThatCameWhileTheRollupRanGivesAnother(t *testing.T) {
	r := standard(t)
	rollup := r.tasks[0]
	r.tasks = r.tasks[:1]
	if r.isDue(rollup, r.now()) {
		t.Error("due in an empty archive")
	}
	r.archive.ID = 7
	r.pick(r.now())
	r.archive.ID = 8
	r.finish(t.Context(), rollup, outcome{})
	if !slices.Contains(r.pick(r.now()), rollup) {
		t.Error("not due")
	}
	r.finish(t.Context(), rollup, outcome{})
	if r.isDue(rollup, r.now()) {
		t.Error("due without anything new")
	}
}

func TestARunThatWasStoppedIsNoFailure(t *testing.T) {
	r := standard(t)
	r.archive.ID = 7
	r.pick(r.now())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r.finish(ctx, r.tasks[0], outcome{code: -1, said: "ended by the signal"})
	if is := r.tasks[0].is; is.Failures != 0 || is.LastError != "" {
		t.Errorf("%+v", is)
	}
}

func TestTheMemoryOfAllProcessesTogetherIsShared(t *testing.T) {
	for _, all := range []int64{768 << 20, 3 << 30, 64 << 30} {
		b := budgetOf(all, 1<<30)
		if b.parent+children*(b.childDuck+b.childGo) > all || b.childDuck > 1<<30 || b.childDuck < 64<<20 || b.parentDuck > b.parent/2 {
			t.Errorf("of %d: %+v", all, b)
		}
	}
}

func TestAJobThatLostTrinoFails(t *testing.T) {
	lost := outcome{code: frame.ExitPartial, said: "count royalties: " + trino.ErrLost.Error() + ": connection refused"}
	if lost.again() {
		t.Error("nobody would hear of it for as long as Trino is away")
	}
	if part := (outcome{code: frame.ExitPartial, said: "partly done"}); !part.again() {
		t.Error("a part is no failure")
	}
}
