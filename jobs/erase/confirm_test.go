package erase

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// settle lets royalties cover the archive as it is now.
func (f *fixture) settle() lake.Snapshot {
	f.t.Helper()
	return f.royalties(nil, nil)
}

// confirm returns what each waiting request waits for, and checks that the others are all that was confirmed.
func (f *fixture) confirm(confirmed int) []string {
	f.t.Helper()
	r, err := Confirm(context.Background(), f.job(f.Lake))
	if err != nil {
		f.t.Fatal(err)
	}
	equal(f.t, "confirmed", r.Requests, confirmed)
	var waits []string
	for _, w := range r.Waiting {
		waits = append(waits, w.RequestID+": "+w.For)
	}
	return waits
}

func TestConfirmWaitsForEverythingThatIsDerived(t *testing.T) {
	f := fourTables(t)
	f.published("2026-03")
	f.published("2026-04")
	f.delete()
	heads := f.heads()
	equal(t, "nothing ran", f.confirm(0), []string{"r1: job rollup to read the deletion"})
	equal(t, "heads", f.heads(), heads)
	for _, table := range catalog.Compared { // the other tables are behind until the last one is not
		equal(t, "not all have run", f.confirm(0), []string{"r1: job rollup to read the deletion"})
		f.rolledUp(table, "2026-03-05")
	}
	equal(t, "a day is marked", f.confirm(0), []string{"r1: job rollup to rewrite 2026-03-05"})
	f.rollup("2026-02-05")
	equal(t, "royalties did not run", f.confirm(0), []string{"r1: job royalties to settle the ledger"})
	f.settle()
	equal(t, "no run since", f.confirm(0), []string{"r1: job royalties to publish 2026-03"})
	f.published("2026-03")
	equal(t, "one of two periods ran", f.confirm(0), []string{"r1: job royalties to publish 2026-04"})
	f.judged() // April lost no row of the ledger: its last run still holds
	equal(t, "all ran", f.confirm(1), []string(nil))
	log := f.log()
	equal(t, "last step", log[len(log)-1], "r1@1 recomputed 0 0 0 0 - -")
	heads = f.heads()
	equal(t, "again", f.confirm(0), []string(nil))
	equal(t, "heads", f.heads(), heads)
	equal(t, "report", f.delete(), Report{})
}

func TestRunOfEachPeriodConfirmsToo(t *testing.T) {
	f := fourTables(t)
	f.published("2026-03")
	f.published("2026-04")
	f.delete()
	f.rollup()
	f.royalties([]copyOf{play(4, "a", "user-2", "2026-04-02 10:00:00")}, nil) // takes the erased winner's place
	f.published("2026-03")
	equal(t, "one of two", f.confirm(0), []string{"r1: job royalties to publish 2026-04"})
	f.published("2026-04")
	equal(t, "both", f.confirm(1), []string(nil))
}

func TestConfirmMovesOnlyWhatIsCovered(t *testing.T) {
	f := fourTables(t)
	f.delete()
	f.rollup()
	f.settle()
	f.request(ask{n: 2, id: "r2", user: "user-2", received: "2026-03-20 00:00:00"})
	f.delete() // after what the rollup has read
	equal(t, "waiting", f.confirm(0), []string{"r1: job royalties to settle the ledger", "r2: job rollup to read the deletion"})
	f.settle()
	equal(t, "waiting", f.confirm(1), []string{"r2: job rollup to read the deletion"})
	f.rollup()
	equal(t, "waiting", f.confirm(1), []string(nil))
}

func TestLedgerOfAnOlderArchiveDoesNotConfirm(t *testing.T) {
	f := newFixture(t)
	f.ingest(-1, play(1, "a", "user-1", march5))
	f.settle()
	old := covers(f.Snapshot(t, catalog.Listens))
	f.ingest(-1, play(2, "b", "user-1", march5))
	f.request(ask{n: 1, id: "r1", user: "user-1", received: "2026-03-20 00:00:00"})
	f.delete()
	f.rollup()
	f.commit(catalog.ListensCounted, catalog.RoyaltiesJob, nil, old)
	equal(t, "waiting", f.confirm(0), []string{"r1: job royalties to settle the ledger"})
	f.settle()
	equal(t, "waiting", f.confirm(1), []string(nil))
}

func TestDaysOfASweepThatWasNotConfirmedAreNamedAgain(t *testing.T) {
	f := newFixture(t)
	f.request(ask{n: 1, id: "r1", user: "user-1", received: "2026-03-20 00:00:00"})
	f.ingest(-1, play(1, "a", "user-1", "2026-03-05 10:00:00"))
	f.delete()
	f.ingest(-1, play(2, "b", "user-1", "2026-03-07 10:00:00"))
	f.delete()
	f.rollup()
	f.settle()
	f.confirm(1)
	f.ingest(-1, play(3, "c", "user-1", "2026-03-09 10:00:00"))
	f.delete()
	equal(t, "log", f.log(), []string{
		"r1@1 located 1 0 0 0 2026-03-05 2026-03",
		"r1@1 rows_deleted 1 0 0 0 2026-03-05 2026-03",
		"r1@1 located 1 0 0 0 2026-03-07 2026-03",
		"r1@1 rows_deleted 1 0 0 0 2026-03-05,2026-03-07 2026-03",
		"r1@1 recomputed 0 0 0 0 - -",
		"r1@1 located 1 0 0 0 2026-03-09 2026-03",
		"r1@1 rows_deleted 1 0 0 0 2026-03-09 2026-03",
	})
}

func TestListAndShowTellHowFarAndNeverWho(t *testing.T) {
	f := fourTables(t)
	f.request(ask{n: 2, id: "r2", user: "user-9", received: "2026-03-21 00:00:00", from: "2026-03-01 00:00:00", to: "2026-03-02 00:00:00"})
	env := f.job(f.Lake)
	before, err := List(t.Context(), env)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "states", []State{before[0].State, before[1].State}, []State{Requested, Requested})
	whole := f.Snapshot(t, catalog.ListensCounted).ID()
	f.delete()
	f.ingest(-1, play(20, "z", "user-1", "2026-03-08 10:00:00"))
	f.delete()
	all, err := List(t.Context(), env)
	if err != nil {
		t.Fatal(err)
	}
	from, to := at("2026-03-01 00:00:00"), at("2026-03-02 00:00:00")
	gone := []time.Time{at("2026-04-01 00:00:00.000003"), at("2026-04-01 00:00:00.000001")}
	equal(t, "list", all, []Request{
		{
			RequestID: "r1", Position: Position{"listens", 0, 1}, RequestedAt: at("2026-03-20 00:00:00"), ReceivedTime: at("2026-03-20 00:00:00"),
			State: RowsDeleted, At: at("2026-04-01 00:00:00.000003"), Counts: Counts{Listens: 4, Quarantine: 3, Counted: 2, Duplicates: 1},
			Deadline: at("2026-04-19 00:00:00"), DeletedAt: &gone[0],
		},
		{
			RequestID: "r2", Position: Position{"listens", 0, 2}, RequestedAt: at("2026-03-21 00:00:00"), ReceivedTime: at("2026-03-21 00:00:00"),
			From: &from, To: &to, State: RowsDeleted, At: at("2026-04-01 00:00:00.000001"), Deadline: at("2026-04-20 00:00:00"),
			DeletedAt: &gone[1],
		},
	})
	detail, err := Show(t.Context(), env, "r1")
	if err != nil {
		t.Fatal(err)
	}
	var states []State
	for _, s := range detail.Rows[0].Steps {
		states = append(states, s.State)
	}
	equal(t, "steps", states, []State{Located, RowsDeleted, Located, RowsDeleted})
	equal(t, "ledger with all rows", detail.Rows[0].Steps[0].LedgerSnapshotID, whole)
	text, err := json.Marshal([]any{all, detail})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "user-") {
		t.Errorf("names a user: %s", text)
	}
	_, err = Show(t.Context(), env, "nope")
	if !errors.Is(err, lake.ErrNotFound) || lake.Hint(err) == "" {
		t.Errorf("unknown request: %v", err)
	}
}

func TestPlanIsExecutedOnceAndNotWhenItIsStale(t *testing.T) {
	f := fourTables(t)
	env := f.job(f.Lake)
	stale, err := NewPlan(t.Context(), env)
	if err != nil {
		t.Fatal(err)
	}
	defer stale.Close() //nolint:errcheck // a test
	equal(t, "days", stale.Days, []string{"2026-03-01", "2026-03-05", "2026-03-06", "2026-04-02"})
	var touched []int64
	for _, table := range stale.Tables {
		touched = append(touched, table.Rows)
	}
	equal(t, "rows by table", touched, []int64{3, 3, 1, 2})
	f.delete()
	heads := f.heads()
	if _, err := stale.Execute(t.Context()); !errors.Is(err, lake.ErrFenced) {
		t.Errorf("stale plan: %v, want ErrFenced", err)
	}
	if _, err := stale.Execute(t.Context()); err == nil {
		t.Error("a plan was executed twice")
	}
	equal(t, "heads", f.heads(), heads)
}
