package erase

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

const dayLong = 24 * time.Hour

// list is the one request of an id with its place, as it is listed.
func (f *fixture) listed(id string, delay time.Duration) Request {
	f.t.Helper()
	env := f.job(f.Lake)
	env.Erasure.Delay = delay
	all, err := List(context.Background(), env)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, r := range all {
		if r.RequestID == id {
			return r
		}
	}
	f.t.Fatalf("no request %s in %+v", id, all)
	return Request{}
}

// decide makes a decision that must be possible, and tells whether it changed anything.
func (f *fixture) decide(done Decided, err error) bool {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
	return done.Changed
}

func (f *fixture) hold(id string) bool {
	f.t.Helper()
	return f.decide(Hold(context.Background(), f.job(f.Lake), id, "case 4711"))
}

func (f *fixture) release(id string) bool {
	f.t.Helper()
	return f.decide(Release(context.Background(), f.job(f.Lake), id))
}

func (f *fixture) withdraw(id string) bool {
	f.t.Helper()
	return f.decide(Withdraw(context.Background(), f.job(f.Lake), id, "by mistake"))
}

func TestDelayedRequestIsLeftAloneUntilItIsOldEnough(t *testing.T) {
	f := fourTables(t) // the request is of March 20, and it is April 1
	env, heads := f.job(f.Lake), f.heads()
	env.Erasure.Delay = 12*dayLong + time.Microsecond
	if r, err := Delete(t.Context(), env); err != nil || r.Requests != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	equal(t, "heads", f.heads(), heads)
	forecast, err := Foresee(t.Context(), env, "")
	if err != nil || len(forecast.Tables) != 0 || forecast.Requests[0].Withheld != "delayed" {
		t.Errorf("forecast %+v, %v", forecast, err)
	}
	listed := f.listed("r1", env.Erasure.Delay)
	if until := at("2026-04-01 00:00:00.000001"); listed.DelayedUntil == nil || !listed.DelayedUntil.Equal(until) || listed.Open() || listed.Misses != "" {
		t.Errorf("listed %+v", listed)
	}
	if misses := f.listed("r1", 31*dayLong).Misses; misses != "delayed" {
		t.Errorf("a delay over the deadline: it misses it for %q", misses)
	}
	env.Erasure.Delay = 12 * dayLong
	if r, err := Delete(t.Context(), env); err != nil || r.Rows.Listens != 3 {
		t.Fatalf("once it is old enough: %+v, %v", r, err)
	}
	env.Erasure.Delay = 31 * dayLong // what is begun goes on
	f.ingest(-1, play(9, "z", "user-1", march5))
	if r, err := Delete(t.Context(), env); err != nil || r.Rows.Listens != 1 {
		t.Fatalf("what slipped past: %+v, %v", r, err)
	}
}

func TestWithdrawnRequestIsNeverCarriedOutAndNeitherAreItsRetries(t *testing.T) {
	f := fourTables(t)
	if !f.withdraw("r1") || f.withdraw("r1") {
		t.Error("the first time it changes something, the second time nothing")
	}
	f.request(ask{n: 8, id: "r1", user: "user-1", received: "2026-03-20 00:00:00"}) // the same once more
	before := f.left(catalog.Listens)
	equal(t, "report", f.delete(), Report{})
	equal(t, "listens", f.left(catalog.Listens), before)
	if r := f.listed("r1", 0); r.State != Withdrawn || r.Why != "by mistake" || r.Misses != "" || r.Open() {
		t.Errorf("listed %+v", r)
	}
	if _, err := Hold(t.Context(), f.job(f.Lake), "r1", "case"); !errors.Is(err, ErrTooLate) {
		t.Errorf("hold: %v", err)
	}
	equal(t, "forecast", f.foresee("r1").Rows, Counts{})

	f.request(ask{n: 9, id: "r1", user: "user-1", received: "2026-03-21 00:00:00"}) // asked again: another request
	equal(t, "rows", f.delete().Rows.Listens, int64(4))
	if _, err := Withdraw(t.Context(), f.job(f.Lake), "r1", "too late"); !errors.Is(err, ErrTooLate) || lake.Hint(err) == "" {
		t.Errorf("withdrawn after it began: %v", err)
	}
	if _, err := Withdraw(t.Context(), f.job(f.Lake), "r9", "unknown"); !errors.Is(err, lake.ErrNotFound) {
		t.Errorf("an unknown one: %v", err)
	}
}

func TestHeldRequestWaitsUntilItIsReleased(t *testing.T) {
	f := fourTables(t)
	f.request(ask{n: 2, id: "r2", user: "user-2", received: "2026-03-20 00:00:00"})
	if !f.hold("r1") || f.hold("r1") {
		t.Error("the first time it changes something, the second time nothing")
	}
	f.delete()
	equal(t, "listens with one request held", f.left(catalog.Listens), []int64{1, 2, 3, 4, 5})
	r := f.listed("r1", 0)
	if r.State != Requested || r.HeldSince == nil || r.Why != "case 4711" || r.Misses != "held" || r.Open() {
		t.Errorf("listed %+v", r)
	}
	if forecast := f.foresee("r1"); forecast.Rows.Listens != 3 || forecast.Requests[0].Withheld != "held" {
		t.Errorf("forecast of a held request: %+v", forecast)
	}
	equal(t, "report while it is held", f.delete(), Report{})
	if !f.release("r1") || f.release("r1") {
		t.Error("the first time it changes something, the second time nothing")
	}
	if r := f.listed("r1", 0); r.HeldSince != nil || r.Why != "" || r.Misses != "" || !r.Open() {
		t.Errorf("listed once it is released: %+v", r)
	}
	f.delete()
	equal(t, "listens", f.left(catalog.Listens), []int64{2, 4})
}

// While a request is held whose rows are gone, ingest archives what it covers.
func TestWhatCameDuringAHoldGoesOnceItIsReleased(t *testing.T) {
	f := newFixture(t)
	asked := f.request(ask{n: 1, id: "r1", user: "user-1", received: "2026-03-20 00:00:00"})
	f.ingest(-1, play(1, "a", "user-1", march5))
	f.delete()
	f.hold("r1")
	f.leaves = catalog.Sequences{{asked.Sequence(), asked.Sequence()}}
	f.ingest(asked.Sequence(), play(3, "b", "user-1", march5), play(2, "c", "user-2", march5))
	equal(t, "report while it is held", f.delete(), Report{})
	f.release("r1")
	f.ingest(asked.Sequence(), play(5, "d", "user-1", march5)) // a batch that began before the release
	equal(t, "rows", f.delete().Rows, Counts{Listens: 2})
	f.ingest(asked.Sequence(), play(7, "e", "user-1", march5)) // and one that ended later
	equal(t, "rows of the later one", f.delete().Rows, Counts{Listens: 1})
	f.leaves = nil
	f.ingest(asked.Sequence(), play(4, "f", "user-2", march5))
	equal(t, "files read once ingest knows", f.scanned(catalog.Listens), 0)
	equal(t, "listens", f.left(catalog.Listens), []int64{2, 4})
}

// Whoever decides is fenced by a run that has begun to delete, and fences one that has not.
func TestHoldDuringARunWinsUntilTheDeletesBegin(t *testing.T) {
	f := fourTables(t)
	r := f.during(catalog.DeletionLog, func() { f.hold("r1") })
	equal(t, "report", r, Report{})
	equal(t, "listens", f.left(catalog.Listens), []int64{1, 2, 3, 4, 5, 6})
	f.release("r1")
	f.during(catalog.Listens, func() {
		for _, act := range []func(context.Context) (Decided, error){
			func(ctx context.Context) (Decided, error) { return Hold(ctx, f.job(f.Lake), "r1", "case") },
			func(ctx context.Context) (Decided, error) { return Withdraw(ctx, f.job(f.Lake), "r1", "case") },
		} {
			if _, err := act(t.Context()); !errors.Is(err, ErrTooLate) || lake.Hint(err) == "" {
				t.Errorf("while the rows are being deleted: %v", err)
			}
		}
	})
	equal(t, "listens", f.left(catalog.Listens), []int64{2, 4, 6})
	if !f.hold("r1") { // its files stay
		t.Error("a request whose rows are gone cannot be held")
	}
}

func TestDeadlineSaysWhatMissesIt(t *testing.T) {
	f := newFixture(t)
	f.ingest(-1, play(1, "a", "user-1", "2026-02-05 10:00:00"), play(2, "b", "user-2", "2026-02-06 10:00:00"))
	f.request(
		ask{n: 1, id: "late", user: "user-1", received: "2026-03-01 23:59:59"},
		ask{n: 2, id: "in time", user: "user-2", received: "2026-03-02 00:00:00"},
	)
	equal(t, "late", f.listed("late", 0).Misses, "late")
	equal(t, "in time", f.listed("in time", 0).Misses, "")
	equal(t, "deadline", f.listed("in time", 0).Deadline, at("2026-04-01 00:00:00"))
	f.delete()
	equal(t, "rows gone, not recomputed", f.listed("late", 0).Misses, "blocked")
}

func TestUserWhoseRowsAreAllInQuarantineIsErasedThere(t *testing.T) {
	f := newFixture(t)
	f.ingest(-1, play(2, "a", "user-2", march5))
	f.refused(1, "user-1", at(march5), at(march5))
	f.refused(4, "user-11", at(march5), at(march5))
	f.request(ask{n: 1, id: "r1", user: "user-1", received: "2026-03-20 00:00:00"})
	equal(t, "forecast", f.foresee("").Rows, Counts{Quarantine: 1})
	equal(t, "report", f.delete(), Report{Requests: 1, Rows: Counts{Quarantine: 1}})
	equal(t, "quarantine", f.left(catalog.Quarantine), []int64{4})
	equal(t, "files", f.noted(), f.hit())
}

// Ids are compared byte by byte: nothing is trimmed, folded or taken for a pattern.
func TestNearMissesOfAnIdStay(t *testing.T) {
	f := newFixture(t)
	near := []string{"User-1", "user-1 ", " user-1", "user-10", "user-", "user_1", "user-%", "us\u0435r-1", "user-1\u0301"}
	var copies []copyOf
	var want []int64
	for i, user := range near {
		copies = append(copies, play(2*i, "l"+user, user, march5))
		want = append(want, int64(2*i))
	}
	f.ingest(-1, append(copies, play(99, "x", "user-1", march5))...)
	f.request(ask{n: 1, id: "r1", user: "user-1", received: "2026-03-20 00:00:00"})
	f.delete()
	equal(t, "listens", f.left(catalog.Listens), want)
}

func TestUnknownUserIsDoneWithZeroRows(t *testing.T) {
	f := newFixture(t)
	f.ingest(-1, play(2, "a", "user-2", march5))
	f.request(ask{n: 1, id: "r1", user: "nobody", received: "2026-03-20 00:00:00"})
	equal(t, "report", f.delete(), Report{Requests: 1})
	if r := f.listed("r1", 0); r.State != RowsDeleted || r.Counts != (Counts{}) {
		t.Errorf("listed %+v", r)
	}
	if confirmed, err := Confirm(t.Context(), f.job(f.Lake)); err != nil || confirmed.Requests != 1 {
		t.Errorf("confirmed %+v, %v", confirmed, err)
	}
	equal(t, "files on record", len(f.noted()), 0)
}

func TestDecisionThatDiesHalfWayIsMadeOnceMore(t *testing.T) {
	f := fourTables(t)
	rewind := f.Rewinder(t)
	for nth := 1; ; nth++ {
		ctx, cancel := context.WithCancel(context.Background())
		_, err := Hold(ctx, f.job(f.With(laketest.CrashOnce(nth, cancel))), "r1", "case 4711")
		cancel()
		if err == nil {
			break
		}
		f.hold("r1")
		equal(t, "rows of the log", len(f.log()), 1)
		rewind()
	}
}
