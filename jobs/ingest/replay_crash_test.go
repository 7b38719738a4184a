package ingest_test

import (
	"errors"
	"slices"
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

func TestCrashAtEveryStepOfAReplayCountsOnce(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	var w *world
	n, kept := 0, 0
	everyStep(t, func(nth int, through func(*laketest.Lake) *laketest.Lake) error {
		if nth > n {
			if n = nth; n%10 == 1 { // a lake of few files is quicker
				w, kept = newWorld(t), 0
			}
			w.keepSome()
			kept += 8
		}
		_, err := w.replay(through(w.lake), ingest.ReplayOptions{Limits: lax})
		if err == nil && n%10 == 0 {
			w.checkReplayed(kept)
		}
		return err
	})
	w.checkReplayed(kept)
}

// A replay may be cut off, and the next one be about other records or decide otherwise: what is in the archive
// is marked all the same.
func TestNextReplayMarksWhatACutOffOneBroughtIn(t *testing.T) {
	for name, o := range map[string]ingest.ReplayOptions{
		"same":         {Limits: lax},
		"strict":       {},
		"other reason": {Reason: string(listen.MissingField)},
		"later":        {Limits: lax, Since: day(20)},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "same" || name == "other reason" {
				laketest.Long(t, "the others choose other records, too")
			}
			w := newWorld(t)
			w.keepSome()
			if _, err := w.replay(w.lake.With(cutOff(catalog.Quarantine)), ingest.ReplayOptions{Limits: lax}); err == nil {
				t.Fatal("the replay survived")
			}
			if got := w.mustReplay(o); got.Settled != 5 || got.Archived != 0 || got.DeletionRequested != 0 {
				t.Errorf("got %+v", got)
			}
			w.mustReplay(ingest.ReplayOptions{Limits: lax})
			w.checkReplayed(8)
		})
	}
}

func TestReplayCommitsWhoseAnswerIsLostCountOnce(t *testing.T) {
	laketest.Costly(t)
	for _, step := range []laketest.Step{laketest.BeforeCommit, laketest.AfterCommit} {
		t.Run(string(step), func(t *testing.T) {
			w := newWorld(t)
			w.keepSome()
			w.keepSome()
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
			if _, err := w.replay(w.lake.With(faults), ingest.ReplayOptions{Limits: lax, FlushRows: 6}); err != nil {
				t.Fatal(err)
			}
			if len(lost) != 3 {
				t.Fatalf("faults struck %v", lost)
			}
			w.checkReplayed(16)
		})
	}
}

func TestTwoReplaysAtOnceCountOnce(t *testing.T) {
	w := newWorld(t)
	kept := laketest.Times(6, 3)
	for range kept {
		w.keepSome()
	}
	fenced := 0
	for range 40 {
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i := range errs {
			wg.Go(func() { _, errs[i] = w.replay(w.lake, ingest.ReplayOptions{Limits: lax, FlushRows: 9}) })
		}
		wg.Wait()
		done := true
		for _, err := range errs {
			switch {
			case errors.Is(err, lake.ErrFenced):
				fenced++
				done = false
				if !strings.Contains(lake.Hint(err), "run the command again") {
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
	w.checkReplayed(8 * kept)
	if fenced == 0 {
		t.Error("nobody was fenced: the two never met")
	}
}

// A replay that was stopped before a commit and comes back when another has done its work, and more.
func TestReplayThatComesBackLateCountsOnce(t *testing.T) {
	laketest.Costly(t)
	for table, fenced := range map[string]bool{catalog.DeletionRequests: true, catalog.Listens: true, catalog.Quarantine: false} {
		t.Run(table, func(t *testing.T) {
			w := newWorld(t)
			w.keepSome()
			release := held(w.lake, laketest.BeforeCommit, table, func(l *laketest.Lake) error {
				_, err := w.replay(l, ingest.ReplayOptions{Limits: lax})
				return err
			})
			w.mustReplay(ingest.ReplayOptions{Limits: lax})
			w.checkReplayed(8)
			w.keepSome()
			w.mustReplay(ingest.ReplayOptions{Limits: lax})
			if err := release(); errors.Is(err, lake.ErrFenced) != fenced || !fenced && err != nil {
				t.Fatalf("got %v", err)
			}
			w.checkReplayed(16)
		})
	}
}

// mixed are samples of all kinds, without those that a lax replay takes in.
func (w *world) mixed() []sample {
	return slices.DeleteFunc(w.samples(20), func(s sample) bool { return s.outcome == "quarantine event_time_in_future" })
}

// Ingest goes on meanwhile, to all three tables; neither fences the other.
func TestReplayAndIngestDoNotFenceEachOther(t *testing.T) {
	laketest.Costly(t)
	for _, table := range []string{catalog.DeletionRequests, catalog.Listens, catalog.Quarantine} {
		t.Run(table, func(t *testing.T) {
			w := newWorld(t)
			w.keepSome()
			release := held(w.lake, laketest.BeforeCommit, table, func(l *laketest.Lake) error {
				_, err := w.replay(l, ingest.ReplayOptions{Limits: lax})
				return err
			})
			w.mustFiles(ingest.Options{Source: "more"}, w.file("more.jsonl", "more", w.mixed()))
			if err := release(); err != nil {
				t.Fatal(err)
			}
			if n := w.count(catalog.Quarantine, "outcome IS NOT NULL"); n != 6 {
				t.Errorf("%d rows are marked", n)
			}
			w.check()

			release = held(w.lake, laketest.BeforeCommit, table, func(l *laketest.Lake) error {
				_, err := w.files(l, ingest.Options{Source: "last"}, w.file("last.jsonl", "last", w.mixed()))
				return err
			})
			w.keepSome()
			w.mustReplay(ingest.ReplayOptions{Limits: lax})
			if err := release(); err != nil {
				t.Fatal(err)
			}
			w.check()
		})
	}
}

// A flush that was cut off leaves refused records that listens has not passed. Replayed, they are in the archive
// before the ingester comes by, and it must not put them anywhere again.
func TestReplayedRecordsOfAnInterruptedFlushAreNotIngestedAgain(t *testing.T) {
	k := newKafka(t, 1)
	k.produce(k.samples(30))
	if _, err := k.ingest(t.Context(), k.lake.With(cutOff(catalog.Listens)), ingest.Options{}); err == nil {
		t.Fatal("the run survived")
	}
	if got := k.mustReplay(ingest.ReplayOptions{Limits: lax}); got.Archived != 3 {
		t.Fatalf("got %+v", got)
	}
	for at, outcome := range k.want {
		if outcome == "quarantine event_time_in_future" {
			k.want[at] = strings.Replace(k.found()[at], "quarantine event_time_in_future", "", 1)
		}
	}
	k.mustIngest(ingest.Options{Limits: lax})
	k.check()
	if n := k.count(catalog.Listens, "event_time > received_time"); n != 3 {
		t.Errorf("%d rows of listens were refused before", n)
	}
}

// erase deletes rows of a table as an erasure does.
func (w *world) erase(table, condition string) {
	w.t.Helper()
	s := w.lake.Snapshot(w.t, table)
	files, err := s.Files(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	d := w.lake.DB(w.t)
	if err := d.Bind(w.t.Context(), "erased", s); err != nil {
		w.t.Fatal(err)
	}
	positions, err := d.PositionsText(w.t.Context(), files, "SELECT _file, _pos FROM erased WHERE "+condition)
	if err != nil || len(positions) == 0 {
		w.t.Fatalf("nothing to erase, %v", err)
	}
	deletes, err := s.WritePositionDeletes(w.t.Context(), "deletions", files, positions)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.lake.Commit(w.t.Context(), table, lake.Commit{Job: "deletions", Deletes: deletes, Stage: lake.IfUnmoved(s, nil)}); err != nil {
		w.t.Fatal(err)
	}
}

func TestRefusedRecordErasedWhileItIsMarkedDoesNotComeBack(t *testing.T) {
	w := newWorld(t)
	w.keepSome()
	release := held(w.lake, laketest.BeforeCommit, catalog.Quarantine, func(l *laketest.Lake) error {
		_, err := w.replay(l, ingest.ReplayOptions{Limits: lax})
		return err
	})
	w.erase(catalog.Quarantine, "source_topic = 'b'")
	if err := release(); err != nil {
		t.Fatal(err)
	}
	got := w.outcomes()
	for at := range got {
		if strings.HasPrefix(at, "b/") {
			t.Errorf("%s is back", at)
		}
	}
	if len(got) != 5 || w.count(catalog.Quarantine, "outcome IS NOT NULL") != 4 {
		t.Errorf("left: %v", got)
	}
}

// A replay brought a record in and was cut off. Its user asks for deletion, the row of listens goes, and the
// refused record, which does not say whose it is, stays. The next replay must not bring it in again.
func TestReplayedAndErasedRecordIsSuppressed(t *testing.T) {
	w := newWorld(t)
	w.keep(kept{"a", 0, 1, nil, listenJSON("listen-1", "leaver-1", day(2).Add(2*time.Hour), day(2)), "suppressed"})
	if _, err := w.replay(w.lake.With(cutOff(catalog.Quarantine)), ingest.ReplayOptions{Limits: lax}); err == nil {
		t.Fatal("the replay survived")
	}
	if w.count(catalog.Listens, "true") != 1 {
		t.Fatal("the record was not brought in")
	}
	w.mustFiles(ingest.Options{Source: "s"}, w.file("s.jsonl", "s", []sample{{"leaver-1", deletionJSON("r", "leaver-1", day(10)), "deletion_requests r"}}))
	w.erase(catalog.Listens, "true")
	got := w.mustReplay(ingest.ReplayOptions{Limits: lax})
	if got.Suppressed != 1 || got.Archived != 0 || got.Settled != 0 {
		t.Errorf("got %+v", got)
	}
	w.checkReplayed(1)
}

func TestSuppressedRecordsOfACutOffReplayAreCountedOnce(t *testing.T) {
	for _, table := range []string{catalog.Quarantine, catalog.Listens} {
		t.Run(table, func(t *testing.T) {
			w := newWorld(t)
			w.mustFiles(ingest.Options{Source: "s"}, w.file("s.jsonl", "s", []sample{{"leaver-1", deletionJSON("r", "leaver-1", day(10)), "deletion_requests r"}}))
			w.keep(kept{"a", 0, 1, nil, listenJSON("listen-1", "leaver-1", day(2), day(2)), "suppressed"})
			if _, err := w.replay(w.lake.With(cutOff(table)), ingest.ReplayOptions{}); err == nil {
				t.Fatal("the replay survived")
			}
			for range 2 {
				w.mustReplay(ingest.ReplayOptions{})
				w.checkReplayed(1)
			}
		})
	}
}

// A request that was refused binds from the moment it is replayed, and for what was archived before the commit
// says that it was not filtered.
func TestReplayedRequestBindsLikeAnyOther(t *testing.T) {
	w := newWorld(t)
	w.keep(
		kept{"a", 0, 1, nil, listenJSON("listen-1", "leaver-1", day(2), day(2)), "listens listen-1"},
		kept{"a", 0, 2, nil, deletionJSON("r", "leaver-1", day(10)), "deletion_requests r"},
		kept{"a", 0, 3, nil, listenJSON("listen-2", "leaver-1", day(2), day(2)), "suppressed"},
	)
	w.mustReplay(ingest.ReplayOptions{})
	w.checkReplayed(3)
	through := ""
	for _, s := range w.lake.Snapshot(t, catalog.Listens).Table().Snapshots() {
		if s.Property("added-records") == "1" {
			through = s.Property(catalog.RequestsThrough)
		}
	}
	if through != "0" {
		t.Errorf("the row was filtered through request snapshot %q, want 0: before the request", through)
	}
	path := w.file("s.jsonl", "s", []sample{{"leaver-1", listenJSON("listen-3", "leaver-1", day(3), day(3)), "suppressed"}})
	w.mustFiles(ingest.Options{Source: "s"}, path)
	w.check()
}

func TestCountsAndListsAreOfRecordsStillRefused(t *testing.T) {
	w := newWorld(t)
	w.keepSome()
	w.mustReplay(ingest.ReplayOptions{Limits: lax})
	f := ingest.Filter{Reason: "event_time_in_future"}
	counts, err := ingest.QuarantineCounts(t.Context(), w.env(w.lake), f)
	if diff := cmp.Diff(map[listen.Reason]int64{listen.EventTimeInFuture: 2}, counts); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	replayed, err := ingest.ReplayedCounts(t.Context(), w.env(w.lake), f)
	want := map[ingest.Outcome]int64{ingest.Archived: 4, ingest.DeletionRequested: 1, ingest.Suppressed: 1}
	if diff := cmp.Diff(want, replayed); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	if list := w.quarantined(f); len(list) != 2 || list[0].Outcome != "" || list[0].OutcomeAt != nil {
		t.Errorf("listed: %+v", list)
	}
	f.All = true
	n := 0
	for _, r := range w.quarantined(f) {
		if r.Outcome != "" && r.OutcomeAt.Equal(day(20)) {
			n++
		}
	}
	if n != 6 {
		t.Errorf("%d of all are listed with what became of them", n)
	}
}
