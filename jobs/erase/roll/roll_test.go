package roll

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/erase"
	"github.com/lakectl/lakectl/lake"
)

func testEnv(l *laketest.Lake) jobs.Env {
	return jobs.Env{
		Lake: l.Lake, Duck: l.Duck, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return day(28) }, Progress: func(string) {},
	}
}

func day(n int) time.Time { return time.Date(2026, 3, n, 0, 0, 0, 0, time.UTC) }

// commit adds rows to a table as a job that says where its source stands.
func commit[T any](t *testing.T, l *laketest.Lake, table, positions string, rows ...T) {
	t.Helper()
	at, err := l.Table(t.Context(), table)
	if err != nil {
		t.Fatal(err)
	}
	files, err := lake.WriteRecords(t.Context(), at, catalog.IngestJob, rows)
	if err != nil {
		t.Fatal(err)
	}
	_, err = l.Commit(t.Context(), table, lake.Commit{Job: catalog.IngestJob, Add: files, Stage: func(lake.Snapshot) (map[string]string, error) {
		if positions == "" {
			return nil, nil
		}
		return map[string]string{lake.StateKey(lake.PositionsKey): positions}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
}

func request(n int, user string) catalog.RequestRow {
	from := day(1)
	return catalog.RequestRow{
		RequestID: "r", Subject: "0123", UserID: user, RequestedAt: day(20), ReceivedTime: day(20).Add(time.Duration(n) * time.Hour), From: &from,
		Place: catalog.Place{Topic: "listens", Offset: int64(n)},
	}
}

func step(n, hour int, state, why string) catalog.StepRow {
	return catalog.StepRow{RequestID: "r", State: state, At: day(21).Add(time.Duration(hour) * time.Hour), Place: catalog.Place{Topic: "listens", Offset: int64(n)}, Why: why}
}

// old is a lake that knows the first of five requests, new one that has seen them all: one was verified, one held when
// its rows were gone, one held before, one withdrawn.
func old(t *testing.T) *laketest.Lake {
	l := laketest.New(t)
	commit(t, l, catalog.DeletionRequests, `{"topics":[{"cluster":"c","topic":"listens","topic_id":"i","next":{"0":2}}]}`, request(1, "ana"))
	commit(t, l, catalog.DeletionLog, "", step(1, 1, "rows_deleted", ""), step(1, 2, "recomputed", ""))
	return l
}

func grown(t *testing.T) (l *laketest.Lake, rewind func()) {
	l = old(t)
	rewind = l.Rewinder(t)
	commit(t, l, catalog.DeletionRequests, `{"topics":[{"cluster":"c","topic":"listens","topic_id":"i","next":{"0":9,"1":4}}]}`,
		request(2, ""), request(3, "cid"), request(4, "dee"), request(5, "eve"))
	commit(t, l, catalog.DeletionLog, "", step(2, 3, "recomputed", ""), step(2, 4, "verified", ""), step(3, 5, "recomputed", ""), step(3, 6, "held", "files"),
		step(4, 7, "held", "case"), step(5, 8, "withdrawn", "mistake"))
	return l, rewind
}

func export(t *testing.T, l *laketest.Lake) List {
	t.Helper()
	list, err := Export(t.Context(), testEnv(l))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestAListComesBackFromItsFileAsItWasAndIsItsOwnersAlone(t *testing.T) {
	l, _ := grown(t)
	list := export(t, l)
	file := filepath.Join(t.TempDir(), "list")
	if err := list.Write(file); err != nil {
		t.Fatal(err)
	}
	got, err := Read(file)
	if diff := cmp.Diff(list, got); err != nil || diff != "" || len(got.Entries) != 5 {
		t.Errorf("%v (-written +read):\n%s", err, diff)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	first, err := list.text()
	if err != nil {
		t.Fatal(err)
	}
	if second, err := export(t, l).text(); err != nil || string(first) != string(second) {
		t.Errorf("the same lake gave another list: %v", err)
	}
}

func TestAListOfWhichAByteIsAnotherOrMissingIsDamaged(t *testing.T) {
	l, _ := grown(t)
	text, err := export(t, l).text()
	if err != nil {
		t.Fatal(err)
	}
	for i := range text {
		changed := append([]byte{}, text...)
		changed[i] ^= 1
		if _, err := parse(changed); err == nil {
			t.Errorf("byte %d is another: nobody noticed", i)
		}
		if _, err := parse(text[:i]); err == nil {
			t.Errorf("the bytes from %d on are missing: nobody noticed", i)
		}
	}
}

func TestAListOfAnotherLakeChangesNothing(t *testing.T) {
	l, rewind := grown(t)
	list := export(t, l)
	rewind()
	before := l.Snapshot(t, catalog.DeletionRequests).ID()
	list.Head.LakeID = "another"
	_, err := Add(t.Context(), testEnv(l), list)
	if !errors.Is(err, ErrOtherLake) || lake.Hint(err) == "" || l.Snapshot(t, catalog.DeletionRequests).ID() != before {
		t.Errorf("got %v", err)
	}
}

// reapply does what chain.Reapply does, with a log that says of the requests what the deletions job would.
func reapply(ctx context.Context, t *testing.T, l *laketest.Lake, list List, env jobs.Env) error {
	if _, err := Add(ctx, env, list); err != nil {
		return err
	}
	for _, e := range export(t, l).Entries {
		if !e.Recomputed && e.Decision != held && e.Decision != "withdrawn" {
			s := step(int(e.Offset), 0, "recomputed", "")
			s.At = day(29)
			commit(t, l, catalog.DeletionLog, "", s)
		}
	}
	_, err := Settle(ctx, env, list)
	return err
}

// told is what the lake says of each request, and how far it has read.
func told(t *testing.T, l *laketest.Lake) List {
	list := export(t, l)
	list.Head.Sequence, list.Head.LogSequence = 0, 0
	for i := range list.Entries {
		if list.Entries[i].State == erase.Verified { // what is left of it is verified again
			list.Entries[i].State = erase.Recomputed
		}
		list.Entries[i].RowsGone = list.Entries[i].Recomputed
	}
	return list
}

func TestReapplyingKilledAtAnyStepEndsAsIfItHadNotBeen(t *testing.T) {
	l, rewind := grown(t)
	list := export(t, l)
	want := told(t, l)
	nth := 1
	for ; ; nth = laketest.NextStep(nth) {
		rewind()
		ctx, cancel := context.WithCancel(t.Context())
		err := reapply(ctx, t, l, list, testEnv(l.With(laketest.CrashOnce(nth, cancel))))
		cancel()
		for range 2 { // the second time nothing is left to do
			if err := reapply(t.Context(), t, l, list, testEnv(l)); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(want, told(t, l)); diff != "" {
			t.Fatalf("killed at step %d (-want +got):\n%s", nth, diff)
		}
		if err == nil {
			break
		}
	}
	if nth < 10 {
		t.Fatalf("%d steps: the faults do not reach the work", nth)
	}
	requests := l.Snapshot(t, catalog.DeletionRequests).ID()
	if done, err := Add(t.Context(), testEnv(l), list); err != nil || done != (Added{Listed: 5}) || l.Snapshot(t, catalog.DeletionRequests).ID() != requests {
		t.Errorf("again: %+v, %v", done, err)
	}
}

// What was held or withdrawn is never carried out on the way, and what was carried out is not kept by its hold.
func TestDecisionsHoldFromTheFirstCommitOn(t *testing.T) {
	l, rewind := grown(t)
	list := export(t, l)
	rewind()
	if _, err := Add(t.Context(), testEnv(l), list); err != nil {
		t.Fatal(err)
	}
	got := map[int64]string{}
	for _, e := range export(t, l).Entries {
		got[e.Offset] = e.Decision
	}
	if diff := cmp.Diff(map[int64]string{1: "", 2: "", 3: "", 4: held, 5: "withdrawn"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestALakeIsBehindItsMarkUntilItsRequestsAreRecomputedAgain(t *testing.T) {
	l, rewind := grown(t)
	list := export(t, l)
	dir := t.TempDir()
	check := func(when string, want error) {
		t.Helper()
		if err := Check(t.Context(), testEnv(l), dir); !errors.Is(err, want) || want != nil && lake.Hint(err) == "" {
			t.Errorf("%s: got %v, want %v", when, err, want)
		}
	}
	check("no mark", nil)
	if err := PutMark(t.Context(), testEnv(l), filepath.Join(dir, "none")); err != nil {
		t.Errorf("a folder that is not there: %v", err)
	}
	if err := PutMark(t.Context(), testEnv(l), dir); err != nil {
		t.Fatal(err)
	}
	check("the lake itself", nil)
	commit(t, l, catalog.DeletionLog, "", step(1, 9, "held", "later"))
	check("the lake later", nil)
	rewind()
	check("restored", ErrBehind)
	if _, err := Add(t.Context(), testEnv(l), list); err != nil {
		t.Fatal(err)
	}
	check("added", ErrBehind)
	if err := reapply(t.Context(), t, l, list, testEnv(l)); err != nil {
		t.Fatal(err)
	}
	check("recomputed", nil)
	file := markFile(dir, list.Head.LakeID)
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Check(t.Context(), testEnv(l), dir); err == nil || lake.Hint(err) == "" {
		t.Errorf("a damaged mark: %v", err)
	}
}

func TestARequestThatWasCarriedOutWaitsForNoDelayAgain(t *testing.T) {
	now, hour := day(28), time.Hour
	list := List{Entries: []Entry{{ReceivedTime: now.Add(-5 * hour), RowsGone: true}, {ReceivedTime: now.Add(-hour)}}}
	for configured, want := range map[time.Duration]time.Duration{0: 0, 2 * hour: 2 * hour, 9 * hour: 5 * hour} {
		if got := list.Delay(configured, now); got != want {
			t.Errorf("delay %v: got %v, want %v", configured, got, want)
		}
	}
}

func TestPositionsAfterTheListPassOverNothingItLacks(t *testing.T) {
	topic := func(next map[int]int64) lake.Positions {
		return lake.Positions{}.WithTopic("c", "listens", "i", next)
	}
	rows := []catalog.RequestRow{{Place: catalog.Place{Topic: "listens", Offset: 8}}, {Place: catalog.Place{Topic: "file", Offset: 4}}, {Place: catalog.Place{Topic: "lost", Offset: 2}}}
	listed := topic(map[int]int64{0: 9, 1: 2})
	listed.Rows = map[string]map[int]int64{"lost": {0: 3}}
	got := advanced(topic(map[int]int64{0: 3, 1: 5}), listed, rows)
	want := topic(map[int]int64{0: 9, 1: 5}).WithFile("file", 5)
	want.Rows = map[string]map[int]int64{"lost": {0: 3}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
