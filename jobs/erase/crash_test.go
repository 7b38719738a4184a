package erase

import (
	"context"
	"errors"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake/duck"
)

// outcome is what a finished erasure leaves: the rows of four tables, by source offset, and the last step of
// each request.
func (f *fixture) outcome(requests int) []string {
	f.t.Helper()
	d, err := duck.Open(context.Background(), f.Duck)
	if err != nil {
		f.t.Fatal(err)
	}
	defer d.Close() //nolint:errcheck // in memory
	const statement = "SELECT $1 || ' ' || coalesce(list(source_offset ORDER BY source_offset)::VARCHAR, '[]') FROM rows"
	var all []string
	var line string
	for _, table := range []string{catalog.Listens, catalog.Quarantine, catalog.Duplicates, catalog.ListensCounted} {
		if err := d.Bind(context.Background(), "rows", f.Snapshot(f.t, table)); err != nil {
			f.t.Fatal(err)
		}
		if err := d.OneText(context.Background(), statement, []any{table}, []any{&line}); err != nil {
			f.t.Fatal(err)
		}
		all = append(all, line)
	}
	log := f.log()
	if len(log) < requests {
		f.t.Fatalf("the log has %d rows", len(log))
	}
	return append(all, log[len(log)-requests:]...)
}

// crash runs the job until its nth writing step: from then on nothing works, and the process is told to stop.
func (f *fixture) crash(nth int) error {
	f.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	_, err := Delete(ctx, f.job(f.With(laketest.CrashOnce(nth, cancel))))
	if err != nil && !errors.Is(err, laketest.ErrInjected) && !errors.Is(err, context.Canceled) {
		f.t.Fatalf("crash at step %d: %v", nth, err)
	}
	return err
}

func TestCrashAtAnyStepEndsAsIfItHadNotHappened(t *testing.T) {
	laketest.Costly(t)
	f := fourTables(t)
	f.request(ask{n: 2, id: "r2", user: "user-2", received: "2026-03-20 00:00:00", from: "2026-03-07 00:00:00", to: "2026-03-08 00:00:00"})
	rewind := f.Rewinder(t)
	f.delete()
	want := f.outcome(2)
	rewind()
	nth := 1
	for ; f.crash(nth) != nil; nth = laketest.NextStep(nth) {
		f.delete()
		equal(t, "outcome", f.outcome(2), want)
		rewind()
	}
	if nth < 40 {
		t.Fatalf("%d steps: the faults do not reach the job", nth)
	}
}

// Two crashes in a row, at steps that differ.
func TestCrashOfTheRecoveryEndsAsIfItHadNotHappened(t *testing.T) {
	laketest.Costly(t)
	f := fourTables(t)
	rewind := f.Rewinder(t)
	f.delete()
	want := f.outcome(1)
	for nth := 3; nth < 60; nth += 8 * laketest.Stride(3) {
		rewind()
		if f.crash(nth) != nil && f.crash(nth/2+5) != nil {
			f.delete()
		}
		equal(t, "outcome", f.outcome(1), want)
		heads := f.heads()
		equal(t, "report of one more run", f.delete(), Report{})
		equal(t, "heads after one more run", f.heads(), heads)
	}
}

// A row that slipped past a request that was carried out goes from the archive first. Once it is gone there nothing in
// the archive leads to its copies in the ledger.
func TestCrashOfASweepLeavesNoRowOfTheLedger(t *testing.T) {
	for first, wiped := range map[int]bool{1: false, 2: true} {
		f := newFixture(t)
		f.request(ask{n: 1, id: "r1", user: "user-1", received: "2026-03-20 00:00:00", wiped: wiped})
		f.ingest(1, play(1, "a", "user-2", march5))
		f.delete()
		f.commit(catalog.DeletionLog, catalog.DeletionsJob, [][]any{{"r1", string(Verified), at("2026-04-01 01:00:00"), "listens", 0, 1}}, nil)
		late, again, other := play(2, "b", "user-1", march5), play(3, "b", "user-1", march5), play(4, "c", "user-2", march5)
		f.ingest(0, late, again, other)
		f.royalties([]copyOf{play(1, "a", "user-2", march5), late, other}, []copyOf{again})
		rewind := f.Rewinder(t)
		f.delete()
		want := f.outcome(1)
		equal(t, "rows", want[:4], []string{"listens [1, 4]", "quarantine []", "listens_duplicates []", "listens_counted [1, 4]"})
		rewind()
		nth := first
		for ; f.crash(nth) != nil; nth = laketest.NextStep(laketest.NextStep(nth)) { // every other step, the others with the other request
			f.delete()
			equal(t, "outcome", f.outcome(1), want)
			rewind()
		}
		if nth < 30 {
			t.Fatalf("%d steps: the faults do not reach the job", nth)
		}
	}
}
