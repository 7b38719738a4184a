package erase

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
)

// onTrino is a fixture whose lake lies on PostgreSQL and whose rows Trino searches.
func onTrino(t *testing.T) *fixture {
	t.Helper()
	l, engine := laketest.NewOnTrino(t)
	return &fixture{t: t, Lake: l, trino: laketest.TrinoClient(t, engine.Options)}
}

// nothingStands fails where a clone was left: on record or in the catalog.
func (f *fixture) nothingStands() {
	f.t.Helper()
	for _, spec := range catalog.Specs() {
		if list := f.Snapshot(f.t, spec.Name).Table().Stagings(); len(list) != 0 {
			f.t.Errorf("on record for %s: %+v", spec.Name, list)
		}
	}
	for id, err := range f.Catalog.Ice.ListTables(context.Background(), icetable.Identifier{f.Namespace() + "_staging"}) {
		f.t.Errorf("in the catalog: %v, %v", id, err)
	}
}

// searchedBy is the engine that a plan lets search listens.
func (f *fixture) searchedBy(t *testing.T) string {
	t.Helper()
	p, err := NewPlan(t.Context(), f.job(f.Lake))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close() //nolint:errcheck // nothing is executed
	for _, s := range p.db.Spent() {
		if s.Statement == "erase/found" {
			return "Trino"
		}
	}
	return "DuckDB"
}

// both is what a run leaves on DuckDB and on Trino, for a lake that fill makes; the two must be the same.
func both(t *testing.T, requests int, fill func(*fixture)) []string {
	t.Helper()
	there := onTrino(t)
	fill(there)
	equal(t, "who searches", there.searchedBy(t), "Trino")
	there.nothingStands()
	here := newFixture(t)
	fill(here)
	equal(t, "report", there.delete(), here.delete())
	want := here.outcome(requests)
	equal(t, "outcome", there.outcome(requests), want)
	there.nothingStands()
	for _, table := range []string{catalog.Listens, catalog.Duplicates, catalog.ListensCounted} {
		told, err := there.Snapshot(t, table).FindBounds(t.Context(), catalog.PersonalColumns(table))
		if err != nil || told.Entries != 0 {
			t.Errorf("bounds of personal columns in %d entries of %s, %v", told.Entries, table, err)
		}
	}
	return want
}

func TestTrinoErasesTheRowsThatDuckDBErases(t *testing.T) {
	both(t, 1, func(f *fixture) { f.fourTables() })
}

// Every border is a microsecond wide.
func TestTrinoErasesToTheMicrosecond(t *testing.T) {
	const in = "2026-03-05 12:00:00"
	user := `søren's "☃" -- 🎧`
	got := both(t, 2, func(f *fixture) {
		f.ingest(-1,
			play(1, "a", user, "2026-03-05 11:59:59.999999"), play(2, "b", user, in), play(3, "c", user, "2026-03-05 12:59:59.999999"), play(4, "d", user, "2026-03-05 13:00:00"),
			play(5, "e", "ahead", "2026-03-20 09:00:00.999998"), play(6, "f", "ahead", "2026-03-20 09:00:00.999999"),
			play(7, "g", "ahead", "2026-03-20 09:30:00").arrived("2026-03-20 09:00:00.999999"), play(8, "h", "ahead", "2026-03-20 09:30:00").arrived("2026-03-20 09:00:01"),
			play(9, "i", "ahead", "2026-03-31 23:59:59.999999"), play(10, "j", "ahead", "2026-02-28 23:59:59.999999"),
			play(11, "k", strings.ToUpper(user), in), play(12, "l", "other", in))
		f.request(ask{n: 1, id: "r1", user: user, received: "2026-03-20 00:00:00", from: in, to: "2026-03-05 13:00:00"},
			ask{n: 2, id: "r2", user: "ahead", received: "2026-03-20 09:00:00.999999"})
	})
	equal(t, "listens", got[0], "listens [1, 4, 8, 9, 11, 12]")
}

// A batch of requests of one user each, one of whom has a file alone and one of whom nobody has heard.
func TestTrinoErasesManyRequestsAtOnce(t *testing.T) {
	both(t, 32, func(f *fixture) {
		var copies []copyOf
		for i := range 200 {
			copies = append(copies, play(i, fmt.Sprint("l", i), fmt.Sprint("u", i%40), fmt.Sprintf("2026-03-%02d 10:00:00", 1+i%9)))
		}
		f.ingest(-1, copies...)
		f.ingest(-1, play(300, "x", "alone", "2026-03-20 10:00:00"), play(301, "y", "alone", "2026-03-20 11:00:00"))
		f.royalties(copies, copies[:20])
		asks := []ask{{n: 100, id: "alone", user: "alone", received: "2026-03-31 00:00:00"}, {n: 101, id: "nobody", user: "nobody", received: "2026-03-31 00:00:00"}}
		for i := range 30 {
			asks = append(asks, ask{n: i, id: fmt.Sprint("r", i), user: fmt.Sprint("u", i), received: "2026-03-31 00:00:00", from: fmt.Sprintf("2026-03-%02d 00:00:00", 1+i%5)})
		}
		f.request(asks...)
	})
}

// What slipped past lies in few files.
func TestWhatSlippedPastIsSearchedByDuckDB(t *testing.T) {
	f := onTrino(t)
	f.fourTables().delete()
	f.ingest(0, play(20, "z", "user-1", "2026-03-05 10:00:00"))
	equal(t, "who searches", f.searchedBy(t), "DuckDB")
	equal(t, "rows", f.delete().Rows, Counts{Listens: 1})
}

// A wiped request is for whoever has its subject, which takes a look at every user.
func TestUsersOfWipedRequestsAreSearchedByDuckDB(t *testing.T) {
	f := onTrino(t)
	f.ingest(-1, play(1, "a", "user-1", "2026-03-05 10:00:00"))
	f.request(ask{n: 1, id: "r1", user: "user-1", received: "2026-03-20 00:00:00", wiped: true})
	equal(t, "who searches", f.searchedBy(t), "DuckDB")
	equal(t, "rows", f.delete().Rows, Counts{Listens: 1})
}

// Ingest goes on while Trino searches.
func TestListensThatArriveWhileTrinoSearchesStay(t *testing.T) {
	f := onTrino(t).fourTables()
	p, err := NewPlan(t.Context(), f.job(f.Lake))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close() //nolint:errcheck // it was executed
	f.ingest(1, play(30, "n", "user-2", "2026-03-05 10:00:00"))
	if _, err := p.Execute(t.Context()); err != nil {
		t.Fatal(err)
	}
	equal(t, "listens", f.left(catalog.Listens), []int64{2, 4, 6, 30})
}

// Killed at any step of searching and deleting, the next run ends as if that had not happened.
func TestCrashOfASearchOnTrinoEndsAsIfItHadNotHappened(t *testing.T) {
	here := fourTables(t)
	here.delete()
	want := here.outcome(1)
	for nth := 1; ; nth += 4 + laketest.Stride(5) { // a step takes seconds
		f := onTrino(t).fourTables()
		ctx, cancel := context.WithCancel(t.Context())
		_, err := Delete(ctx, f.job(f.With(laketest.CrashOnce(nth, cancel))))
		cancel()
		if err != nil && !errors.Is(err, laketest.ErrInjected) && !errors.Is(err, context.Canceled) {
			t.Fatalf("crash at step %d: %v", nth, err)
		}
		f.delete()
		equal(t, fmt.Sprintf("outcome after step %d", nth), f.outcome(1), want)
		for _, table := range []string{catalog.Listens, catalog.Duplicates, catalog.ListensCounted} {
			if _, _, err := f.WithGrace(-time.Hour).ClearStagings(t.Context(), table); err != nil {
				t.Fatal(err)
			}
		}
		f.nothingStands()
		if err == nil {
			return
		}
	}
}
