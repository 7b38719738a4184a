package maintain_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/maintain"
	"github.com/lakectl/lakectl/lake"
)

func TestThinningKeepsTheNewestOfEachHourWithinTheRetention(t *testing.T) {
	w := newWorld(t)
	list := append([]lake.Snapshot{}, w.ingest(1, "u", 0))
	list = append(list, w.again(list[0], 250, 5*time.Minute)...) // 21 hours
	w.now = w.start.Add(day)
	w.run()
	kept := w.left(catalog.Listens)
	for i, s := range list {
		hourly := i+1 < len(list) && !list[i+1].Time().Truncate(time.Hour).Equal(s.Time().Truncate(time.Hour))
		if want := i == 0 || hourly || i >= len(list)-30; kept[s.ID()] != want {
			t.Errorf("snapshot %d of %s: kept %t, want %t", i, s.Time(), kept[s.ID()], want)
		}
	}
	w.now = w.start.Add(8 * day)
	r := w.run()
	w.equal("kept beyond the retention", w.tableOf(r, catalog.Listens).Kept, 30)
	rows, err := w.head(catalog.Listens).Files(t.Context())
	w.equal("files of the table", []any{len(rows), err}, []any{1, nil})
	w.equal("held", len(r.Held), 0)
}

// Every time within the retention is answered by what was current at most an hour before.
func TestEveryTimeWithinTheRetentionHasAnAnswer(t *testing.T) {
	w := newWorld(t)
	w.now = w.start.Add(30 * time.Minute)
	first := w.ingest(1, "u", 0)
	list := append([]lake.Snapshot{first}, w.again(first, 300, 90*time.Second)...) // 8 hours
	ends := list[len(list)-1].Time()
	w.now = ends.Add(6 * day)
	list = append(list, w.again(first, 120, time.Second)...)
	for _, now := range []time.Time{w.now.Add(time.Hour), w.start.Add(7*day + 3*time.Hour + 20*time.Minute), ends.Add(7 * day).Add(time.Minute)} {
		w.now = now
		w.run()
		table := w.head(catalog.Listens).Table()
		for at := now.Add(-7 * day).Add(time.Millisecond); at.Before(now); at = at.Add(17 * time.Minute) {
			if at.Before(first.Time()) {
				continue
			}
			var was lake.Snapshot
			for _, s := range list {
				if !s.Time().After(at) {
					was = s
				}
			}
			got, err := table.AsOf(at)
			if err != nil || got.Time().After(at) || was.Time().Sub(got.Time()) > time.Hour {
				t.Fatalf("at %s, as of %s: %s, %v; current was %s", now, at, got.Time(), err, was.Time())
			}
		}
	}
}

func TestWhatIsNamedStays(t *testing.T) {
	w := newWorld(t)
	first := w.ingest(1, "u", 0)
	list := w.again(first, 150, time.Second)
	w.check(w.Tag(t.Context(), "audit", list[20], 0))
	branch := icetable.NewSetSnapshotRefUpdate("try", list[30].ID(), icetable.BranchRef, 0, 0, 0)
	_, _, err := w.Catalog.Ice.CommitTable(t.Context(), icetable.Identifier{catalog.Namespace, catalog.Listens}, nil, []icetable.Update{branch})
	w.check(err)
	w.now = w.start.Add(30 * day)
	w.run()
	kept := w.left(catalog.Listens)
	w.equal("kept", []any{len(kept), kept[list[20].ID()], kept[list[30].ID()]}, []any{32, true, true})
	_, err = w.head(catalog.Listens).Table().ByTag("audit")
	w.check(err)
}

func TestStateUnderForeignSnapshotsStays(t *testing.T) {
	w := newWorld(t)
	first := w.ingest(1, "u", 0)
	state := map[string]string{lake.StateKey("x"): "1"}
	ours := w.say(first, 1, 0, state)[0]
	foreign := map[string]string{lake.StateKey("x"): "", "lakectl.commit-id": "", "lakectl.job": ""}
	w.say(first, 300, time.Second, foreign)
	w.now = w.start.Add(30 * day)
	w.run()
	if got, err := w.head(catalog.Listens).State("x"); got != "1" || err != nil || !w.left(catalog.Listens)[ours.ID()] {
		t.Errorf("state %q, %v", got, err)
	}
}

func TestConsumersBasesHoldWhatCameAfterThem(t *testing.T) {
	laketest.Costly(t)
	for i, c := range []struct{ table, key, of string }{
		{catalog.ListensCounted, catalog.CoversListens, catalog.Listens},
		{catalog.Duplicates, catalog.CoversListens, catalog.Listens},
		{catalog.PlaysByHour, catalog.CoversListens, catalog.Listens},
		{catalog.PlaysByDay, catalog.CoversListens, catalog.Listens},
		{catalog.AudienceByDay, catalog.CoversDeletionLog, catalog.DeletionLog},
		{catalog.RoyaltyRuns, catalog.CoversLedger, catalog.ListensCounted},
		{catalog.PlaysByDay, catalog.CoversDeletionLog, catalog.DeletionLog},
		{catalog.ListenersByDay, catalog.CoversLedger, catalog.ListensCounted},
	} {
		if i%laketest.Stride(2) != 0 {
			continue
		}
		t.Run(c.table+" "+c.key, func(t *testing.T) {
			w := newWorld(t)
			first := w.commit(c.of, "test", nil, nil)
			list := w.again(first, 300, time.Second)
			w.covers(c.table, c.key, list[150])
			w.now = w.start.Add(30 * day)
			r := w.run()
			w.equal("held", heldFor(r, c.of), map[string]int{c.table: 119}) // and the base itself
			changes, err := w.head(c.of).Changes(t.Context(), list[150].ID())
			if err != nil || changes.Broken {
				t.Fatalf("changes since the base: %+v, %v", changes, err)
			}
			w.equal("kept", len(w.left(c.of)), 150)
			for _, h := range r.Held {
				if h.SnapshotID != list[150].ID() || !h.Since.Equal(list[150].Time()) || h.Hint == "" {
					t.Errorf("held: %+v", h)
				}
			}
			w.covers(c.table, c.key, list[299])
			w.run()
			w.equal("kept once the consumer went on", len(w.left(c.of)), 30)
		})
	}
}

// It would start over for ever if the snapshot it started from were always gone when it is done.
func TestConsumerWhoseBaseIsGoneHasTimeToStartOver(t *testing.T) {
	w := newWorld(t)
	list := w.again(w.ingest(1, "u", 0), 300, time.Minute)
	w.commit(catalog.PlaysByHour, "test", nil, map[string]string{lake.StateKey(catalog.CoversListens): "4711"})
	w.now = list[0].Time().Add(9 * time.Hour) // the newest are 4 hours old
	r := w.run()
	w.equal("held", heldFor(r, catalog.Listens), map[string]int{"plays_by_hour, which has to start over": 88})
	w.equal("the oldest of these", w.left(catalog.Listens)[list[181].ID()], true)
	w.now = w.now.Add(day)
	r = w.run()
	w.equal("held", heldFor(r, catalog.Listens), map[string]int{})
}

func TestSnapshotsOfRunsStayForTheRetentionAndStatementsLonger(t *testing.T) {
	laketest.Costly(t)
	w := newWorld(t)
	pinned := map[string]lake.Snapshot{}
	tables := []string{
		catalog.Listens, catalog.ListensCounted, catalog.Duplicates, catalog.RoyaltyLines, catalog.RoyaltyPayouts, catalog.RoyaltyRules, catalog.RoyaltyPools,
	}
	for _, table := range tables {
		pinned[table] = w.again(w.commit(table, "test", nil, nil), 10, time.Second)[5]
	}
	publish := func(run string, finished time.Time, pin map[string]lake.Snapshot) {
		id := func(table string) any { return pin[table].ID() }
		row := []any{
			run, "2026-03", "first run", finished, finished, "duckdb", "test", id(catalog.Listens), id(catalog.ListensCounted),
			id(catalog.Duplicates), "", 0, 0, id(catalog.RoyaltyLines), id(catalog.RoyaltyPayouts), 0, 0, 0, 0, 0, 0, 0, "", "",
			id(catalog.RoyaltyRules), id(catalog.RoyaltyPools),
		}
		w.commit(catalog.RoyaltyRuns, "royalties", [][]any{row}, nil)
	}
	publish("r1", w.start, pinned)
	w.now = w.start.Add(time.Minute)
	for _, table := range tables {
		w.again(w.head(table), 200, time.Second)
	}
	w.now = w.start.Add(6 * day)
	w.run()
	gone := func() (list []string) {
		for _, table := range tables {
			if !w.left(table)[pinned[table].ID()] {
				list = append(list, table)
			}
		}
		return list
	}
	w.equal("expired while the run is young", gone(), []string(nil))
	w.now = w.start.Add(8 * day)
	w.run()
	w.equal("expired later", gone(), []string{
		catalog.Listens, catalog.ListensCounted, catalog.Duplicates, catalog.RoyaltyRules, catalog.RoyaltyPools,
	})
	newer := map[string]lake.Snapshot{}
	for _, table := range tables {
		newer[table] = w.head(table)
	}
	publish("r2", w.now, newer)
	w.run()
	w.equal("expired once another run is published", len(gone()), len(tables))
	_, err := w.head(catalog.RoyaltyLines).Table().ByID(pinned[catalog.RoyaltyLines].ID())
	if !errors.Is(err, lake.ErrExpired) || lake.Hint(err) == "" {
		t.Errorf("statement of the older run: %v, hint %q", err, lake.Hint(err))
	}
}

func TestDryRunAndNothingToDoWriteNothing(t *testing.T) {
	w := newWorld(t)
	w.again(w.ingest(1, "u", 0), 150, time.Second)
	w.now = w.start.Add(30 * day)
	locations := func() map[string]string {
		where := map[string]string{}
		for _, spec := range catalog.Specs() {
			ice, err := w.Catalog.Ice.LoadTable(t.Context(), icetable.Identifier{catalog.Namespace, spec.Name})
			w.check(err)
			where[spec.Name] = ice.MetadataLocation()
		}
		return where
	}
	before := locations()
	r, err := maintain.Run(t.Context(), w.env(w.Lake), maintain.Options{DryRun: true})
	w.check(err)
	w.equal("dry run", w.tableOf(r, catalog.Listens), maintain.TableReport{Table: catalog.Listens, Before: 151, Kept: 30, Expired: 121})
	w.equal("tables", locations(), before)
	r = w.run()
	w.equal("expired", w.tableOf(r, catalog.Listens).Expired, 121)
	before = locations()
	r = w.run()
	w.equal("second run", []any{w.tableOf(r, catalog.Listens), locations()}, []any{maintain.TableReport{Table: catalog.Listens, Before: 30, Kept: 30}, before})
}

func TestMaintenanceKilledAnywhereIsFinishedByTheNext(t *testing.T) {
	for nth := 1; ; nth = laketest.NextStep(nth) {
		w := newWorld(t)
		w.covers(catalog.PlaysByHour, catalog.CoversListens, w.again(w.ingest(1, "u", 0), 75, time.Second)[60])
		w.again(w.commit(catalog.Sources, "test", nil, nil), 32, time.Second)
		w.now = w.start.Add(30 * day)
		n := 0
		ctx, dead := context.WithCancel(t.Context())
		f := &laketest.Faults{Strike: func(step laketest.Step, _ string) error {
			if n++; n >= nth {
				dead()
				return laketest.ErrInjected
			}
			return nil
		}}
		_, broken := maintain.Run(ctx, w.env(w.With(f)), maintain.Options{})
		dead()
		w.run()
		r := w.run()
		w.equal(fmt.Sprint("after step ", nth), []any{len(w.left(catalog.Listens)), len(w.left(catalog.Sources)), r.Tables[0].Expired, heldFor(r, catalog.Listens)},
			[]any{30, 30, 0, map[string]int{}})
		files, err := w.head(catalog.Listens).Files(t.Context())
		w.equal("files", []any{len(files), err}, []any{1, nil})
		if broken == nil {
			if nth < 15 {
				t.Fatalf("only %d steps", nth)
			}
			return
		}
	}
}

func TestCommitsDuringMaintenanceAreKept(t *testing.T) {
	w := newWorld(t)
	list := w.again(w.ingest(1, "u", 0), 130, time.Second)
	w.now = w.start.Add(30 * day)
	struck := false
	var during lake.Snapshot
	f := &laketest.Faults{Strike: func(step laketest.Step, table string) error {
		if step == laketest.BeforeCommit && table == catalog.Listens && !struck {
			struck = true
			var err error
			during, err = w.Commit(t.Context(), table, lake.Commit{Job: "ingest", Stage: lake.IfUnmoved(list[len(list)-1], nil)})
			w.check(err)
		}
		return nil
	}}
	_, err := maintain.Run(t.Context(), w.env(w.With(f)), maintain.Options{})
	w.check(err)
	kept := w.left(catalog.Listens) // the newest 30 of those before, and the one since
	w.equal("kept", []any{w.head(catalog.Listens).ID(), kept[during.ID()], len(kept)}, []any{during.ID(), true, 31})
}
