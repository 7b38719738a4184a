package rollup_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/rollup"
)

// change is a key of plays_changes.
type change struct{ Day, Track, Cause string }

// changes sums plays_changes by key: plays and milliseconds.
func (w *world) changes() map[change][2]int64 {
	w.Helper()
	d := w.Reading(w.T, "c", catalog.PlaysChanges)
	sums := map[change][2]int64{}
	var c change
	var plays, ms int64
	dest := []any{&c.Day, &c.Track, &c.Cause, &plays, &ms}
	w.check(d.EachText(w.Context(), "SELECT strftime(day, '%Y-%m-%d'), track_id, cause, plays, ms_played FROM c", nil, dest, func() error {
		sums[c] = [2]int64{sums[c][0] + plays, sums[c][1] + ms}
		return nil
	}))
	return sums
}

// explained holds what plays_by_day says of a day and track against what it said first, and the changes in between.
func (w *world) explained(first map[key]figure) {
	w.Helper()
	now, _ := w.shown()
	want := map[key]figure{}
	add := func(k key, plays, ms int64) {
		f := want[k]
		want[k] = figure{Plays: f.Plays + plays, Ms: f.Ms + ms}
		if want[k] == (figure{}) {
			delete(want, k)
		}
	}
	for k, f := range first {
		add(k, f.Plays, f.Ms)
	}
	for c, sum := range w.changes() {
		add(key{When: c.Day, Artist: artistOf(c.Track), Track: c.Track}, sum[0], sum[1])
	}
	w.equal(want, now[catalog.PlaysByDay])
}

func TestEveryChangeOfAPastDayHasItsCause(t *testing.T) {
	laketest.Costly(t)
	w := newWorld(t)
	a := heard("l1", "u1", "t1", at(1, 9))
	w.archive(a, a, heard("l2", "u2", "t2", at(1, 9)), heard("l3", "u3", "t2", at(2, 9)))
	w.rollup(plain)
	w.equal(w.changes(), map[change][2]int64{}) // nobody saw these days without it
	first, _ := w.shown()
	w.archive(heard("l4", "u1", "t1", at(1, 9)).late(at(5, 9)))
	w.rollup(plain)
	w.equal(w.changes(), map[change][2]int64{{"2026-03-01", "t1", "late"}: {1, 60_000}})
	w.erase("u3")
	w.royalties()
	w.rollup(plain)
	w.rollup(trueUp)
	w.equal(w.changes(), map[change][2]int64{
		{"2026-03-01", "t1", "late"}: {1, 60_000}, {"2026-03-01", "t1", "corrections"}: {-1, -60_000}, {"2026-03-02", "t2", "corrections"}: {-1, -60_000},
	})
	w.explained(first[catalog.PlaysByDay])
	w.unchanged(trueUp)
}

// What stood still and catches up brings whole days: they are no late plays.
func TestDaysThatArriveAfterAPauseAreNoChangesOfPastDays(t *testing.T) {
	laketest.Long(t, "a history of days, TestAnyHistoryEndsExactAfterTheTrueUp is the short one")
	w := newWorld(t)
	reached := func(newest time.Time, copies ...copyOf) {
		t.Helper()
		w.archive(copies...)
		marks := catalog.EventTimes{}
		marks.Raise("listens", map[int]int64{0: newest.UnixMicro()})
		w.Put(t, "ingest", catalog.Listens, map[string]string{catalog.Watermarks: marks.String()})
		w.rollup(plain)
	}
	reached(at(2, 10), heard("l1", "u1", "t1", at(1, 9)), heard("l2", "u1", "t1", at(2, 10)))
	reached(at(6, 9), heard("l3", "u2", "t1", at(2, 20)), heard("l4", "u2", "t1", at(4, 9)), heard("l5", "u2", "t2", at(5, 9)), heard("l6", "u2", "t2", at(6, 9)))
	w.equal(w.changes(), map[change][2]int64{})
	reached(at(6, 10), heard("l7", "u3", "t1", at(5, 9)), heard("l8", "u3", "t1", at(6, 10)))
	w.equal(w.changes(), map[change][2]int64{{"2026-03-05", "t1", "late"}: {1, 60_000}})
}

func TestTodayIsNoPastDay(t *testing.T) {
	w := newWorld(t)
	today := time.Now().UTC().Truncate(24 * time.Hour)
	for n := range 2 {
		c := heard(fmt.Sprint("l", n), "u1", "t1", today)
		c.received = c.event
		w.archive(c)
		w.rollup(plain)
	}
	if time.Now().UTC().Truncate(24 * time.Hour).Equal(today) {
		w.equal(w.changes(), map[change][2]int64{})
	}
}

func TestChangesOfARunThatDidNotPublishAreNotCountedTwice(t *testing.T) {
	laketest.Costly(t)
	w := newWorld(t)
	w.archive(heard("l1", "u1", "t1", at(1, 9)), heard("l2", "u2", "t2", at(2, 9)))
	w.rollup(plain)
	first, _ := w.shown()
	for n := range 3 {
		w.archive(heard(fmt.Sprint("m", n), "u1", "t1", at(1, 9)))
		w.killedBefore(catalog.PlaysByDay)
		w.archive(heard(fmt.Sprint("n", n), "u2", "t2", at(2, 9)))
	}
	w.rollup(plain)
	w.mustShow(recount(w.copies))
	w.equal(w.changes(), map[change][2]int64{{"2026-03-01", "t1", "late"}: {3, 180_000}, {"2026-03-02", "t2", "late"}: {3, 180_000}})
	w.explained(first[catalog.PlaysByDay])
	w.unchanged(plain)
}

// killedBefore is a run that dies before it commits to a table.
func (w *world) killedBefore(table string) {
	w.Helper()
	ctx, dead := context.WithCancel(w.Context())
	defer dead()
	killed := &laketest.Faults{Strike: func(step laketest.Step, name string) error {
		if step == laketest.BeforeCommit && name == table || ctx.Err() != nil {
			dead()
			return laketest.ErrInjected
		}
		return nil
	}}
	if _, err := rollup.Run(ctx, envOf(w.With(killed)), plain); err == nil {
		w.Fatal("the run ended although it was killed")
	}
}

// A run whose changes were merged with older ones died, or another engine was there.
func TestChangesAreRightAgainWhateverCameBetweenThemAndTheirDays(t *testing.T) {
	laketest.Costly(t)
	for name, happens := range map[string]func(w *world){
		"merged, then killed": func(w *world) {
			for n := range 7 {
				w.archive(heard(fmt.Sprint("k", n), "u1", "t1", at(1, 9)))
				w.rollup(plain)
			}
			w.archive(heard("k7", "u1", "t1", at(1, 9)))
			w.killedBefore(catalog.PlaysByDay)
		},
		"killed, then expired": func(w *world) {
			w.archive(heard("k", "u1", "t1", at(1, 9)))
			w.killedBefore(catalog.PlaysByDay)
			w.Hand(w.T, catalog.PlaysChanges).Expire()
		},
		"rolled back": func(w *world) { w.Hand(w.T, catalog.PlaysChanges).Rollback(1) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.archive(heard("l1", "u1", "t1", at(1, 9)), heard("l2", "u2", "t2", at(2, 9)))
			w.rollup(plain)
			first, _ := w.shown()
			for n := range 2 {
				w.archive(heard(fmt.Sprint("m", n), "u1", "t1", at(1, 9)))
				w.rollup(plain)
			}
			happens(w)
			w.archive(heard("y", "u2", "t2", at(2, 9)))
			w.rollup(plain)
			w.mustShow(recount(w.copies))
			w.explained(first[catalog.PlaysByDay])
			w.unchanged(plain)
		})
	}
}
