package lake_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// sleep lets a writer be suspended for two days, in which the table is swept.
func sleep(t *testing.T, l *laketest.Lake) {
	age(t, folderOf(t, l), 48*time.Hour)
	plan, err := l.PlanOrphans(t.Context(), catalog.PlaysByHour)
	if err != nil {
		t.Fatal(err)
	}
	if done, err := l.SweepOrphans(t.Context(), plan); err != nil || done.Files == 0 {
		t.Fatalf("%+v, %v", done, err)
	}
}

func TestWriterThatWasSuspendedPastASweepCommitsNoMissingFile(t *testing.T) {
	for _, where := range []laketest.Step{"before it commits", laketest.LoadTable, laketest.BeforeCommit} {
		t.Run(string(where), func(t *testing.T) {
			l := laketest.New(t)
			history(t, l, 1)
			files := write(t, l, play(3, "t", 9))
			slept := where == "before it commits"
			if slept {
				sleep(t, l)
			}
			writer := l.With(&laketest.Faults{Strike: func(step laketest.Step, _ string) error {
				if step == where && !slept {
					slept = true
					sleep(t, l)
				}
				return nil
			}})
			before := l.Snapshot(t, catalog.PlaysByHour)
			_, err := writer.Commit(t.Context(), catalog.PlaysByHour, lake.Commit{Job: "test", Add: files, Stage: anyBase(nil)})
			if !slept || !errors.Is(err, lake.ErrStale) || !errors.Is(err, lake.ErrFenced) || lake.Hint(err) == "" {
				t.Fatalf("slept %t, %v", slept, err)
			}
			expect(t, l.Snapshot(t, catalog.PlaysByHour).ID(), before.ID())
			commit(t, l, lake.Commit{Job: "test", Add: write(t, l, play(3, "t", 9))})
			expect(t, sums(t, l, l.Snapshot(t, catalog.PlaysByHour)), map[string]int64{"01t0": 1, "02t": 1, "03t": 9})
		})
	}
}

// Without data files a commit still stages a manifest list, which a sweep takes like any other file.
func TestStateOfAWriterThatWasSuspendedLandsAfterASweep(t *testing.T) {
	l := laketest.New(t)
	history(t, l, 1)
	slept := false
	writer := l.With(&laketest.Faults{Strike: func(step laketest.Step, _ string) error {
		if step == laketest.BeforeCommit && !slept {
			slept = true
			sleep(t, l)
		}
		return nil
	}})
	s, err := writer.Commit(t.Context(), catalog.PlaysByHour, lake.Commit{Job: "test", Stage: anyBase(map[string]string{lake.StateKey("x"): "1"})})
	if err != nil || !slept {
		t.Fatalf("slept %t, %v", slept, err)
	}
	value, err := l.Snapshot(t, catalog.PlaysByHour).State("x")
	expect(t, []any{value, err, l.Snapshot(t, catalog.PlaysByHour).ID()}, []any{"1", nil, s.ID()})
	after, _ := onDisk(t, l)
	for _, path := range referred(t, l) {
		if !slices.Contains(after, path) {
			t.Errorf("%s is gone", path)
		}
	}
}

func TestFilesOfHalfTheGraceAreWrittenAnew(t *testing.T) {
	l := laketest.New(t)
	files := write(t, l, play(3, "t", 9))
	age(t, folderOf(t, l), 10*time.Minute)
	at := func(grace time.Duration) error {
		_, err := l.WithGrace(grace).Commit(t.Context(), catalog.PlaysByHour, lake.Commit{Job: "test", Add: files, Stage: anyBase(nil)})
		return err
	}
	if err := at(19 * time.Minute); !errors.Is(err, lake.ErrStale) {
		t.Errorf("older than half the grace: %v", err)
	}
	if err := at(25 * time.Minute); err != nil {
		t.Errorf("younger than half the grace: %v", err)
	}
}
