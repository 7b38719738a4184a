package e2e

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/bench"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/compact"
	"github.com/lakectl/lakectl/jobs/maintain"
	"github.com/lakectl/lakectl/jobs/query"
	"github.com/lakectl/lakectl/jobs/rollup"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/ledger"
	"github.com/lakectl/lakectl/lake"
)

// flushes commits n listens, one a snapshot, as an ingester does.
func flushes(t *testing.T, env jobs.Env, from, n int) {
	t.Helper()
	for i := from; i < from+n; i++ {
		if _, err := bench.CommitLikeIngest(t.Context(), env, i); err != nil {
			t.Fatal(err)
		}
	}
}

// settled runs maintenance with compaction and returns what it rewrote.
func settled(t *testing.T, env jobs.Env) compact.Report {
	t.Helper()
	r, err := maintain.Run(t.Context(), env, maintain.Options{Files: &compact.Options{}})
	if err != nil {
		t.Fatal(err)
	}
	return *r.Compaction
}

// Rollup and ledger are several commits behind the archive, each by another number, when files are merged: each goes
// on with the rows that it lacks, and no others.
func TestConsumersThatLagGoOnAfterCompactions(t *testing.T) {
	laketest.Long(t, "a history of months, TestErasedDuplicatesLeaveARunTheSame is a short one")
	l := laketest.New(t)
	env := testEnv(l)
	royalties := func(listens int) {
		t.Helper()
		r, err := royalty.Run(t.Context(), env, royalty.Options{})
		if err != nil || r.Ledger.Rebuilt || r.Ledger.RowsRead != int64(listens) || r.Ledger.Counted != int64(listens) {
			t.Fatalf("royalties: %+v, %v; want %d new listens", r.Ledger, err, listens)
		}
	}
	dashboard := func(listens int) {
		t.Helper()
		r, err := rollup.Run(t.Context(), env, rollup.Options{})
		if err != nil || r.RowsRead != int64(listens) {
			t.Fatalf("rollup: %+v, %v; want %d new listens", r, err, listens)
		}
	}
	flushes(t, env, 1, 12)
	royalties(12)
	dashboard(12)
	flushes(t, env, 13, 12)
	dashboard(12)
	flushes(t, env, 25, 12)
	if r := settled(t, env); r.Files != 24 || r.Written != 2 {
		t.Fatalf("%+v", r)
	}
	flushes(t, env, 37, 3)
	if r := settled(t, env); r.Files != 0 {
		t.Fatalf("%+v", r)
	}
	royalties(27)
	dashboard(15)
	if r := settled(t, env); r.Files != 17 || r.Written != 1 {
		t.Fatalf("%+v", r)
	}
	royalties(0)
	dashboard(0)
	flushes(t, env, 40, 2)
	royalties(2)
	dashboard(2)
	full, err := royalty.Run(t.Context(), env, royalty.Options{Full: true})
	if err != nil {
		t.Fatal(full, err)
	}
	var plays, counted int64
	d := l.Reading(t, "hours", catalog.PlaysByHour)
	if err := d.OneText(t.Context(), "SELECT sum(plays) FROM hours", nil, []any{&plays}); err != nil {
		t.Fatal(err)
	}
	if err := l.Reading(t, "counted", catalog.ListensCounted).OneText(t.Context(), "SELECT count(*) FROM counted", nil, []any{&counted}); err != nil {
		t.Fatal(err)
	}
	if plays != 41 || counted != 41 {
		t.Errorf("%d plays, %d counted", plays, counted)
	}
}

// thinned runs maintenance as of a time from now and returns how many snapshots of listens went.
func thinned(t *testing.T, env jobs.Env, in time.Duration) int {
	t.Helper()
	env.Now = func() time.Time { return time.Now().UTC().Add(in) }
	r, err := maintain.Run(t.Context(), env, maintain.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r.Tables[0].Expired
}

func TestConsumersGoOnWhereTheyWereAfterMaintenance(t *testing.T) {
	laketest.Long(t, "the tests of maintain hold the bases of consumers")
	l := laketest.New(t)
	env := testEnv(l)
	flushes(t, env, 1, 60)
	consume := func(listens int) {
		t.Helper()
		roy, err := royalty.Run(t.Context(), env, royalty.Options{})
		if err != nil || roy.Ledger.Rebuilt || roy.Ledger.FilesRead != listens || roy.Ledger.Counted != int64(listens) {
			t.Fatalf("royalties: %+v, %v; want %d new listens", roy.Ledger, err, listens)
		}
		roll, err := rollup.Run(t.Context(), env, rollup.Options{})
		if err != nil || roll.RowsRead != int64(listens) {
			t.Fatalf("rollup: %+v, %v; want %d new listens", roll, err, listens)
		}
	}
	consume(60)
	base := l.Snapshot(t, catalog.Listens)
	flushes(t, env, 61, 60)
	if n := thinned(t, env, 30*24*time.Hour); n != 59 {
		t.Fatalf("%d snapshots went, want all before the one that is covered", n)
	}
	changes, err := l.Snapshot(t, catalog.Listens).Changes(t.Context(), base.ID())
	if err != nil || changes.Broken || len(changes.Added) != 60 {
		t.Fatalf("changes: %d files, broken %t, %v", len(changes.Added), changes.Broken, err)
	}
	consume(60)
	if n := thinned(t, env, 30*24*time.Hour); n != 31 {
		t.Fatalf("%d snapshots went once they are covered", n)
	}
	flushes(t, env, 121, 3)
	consume(3)
	full, err := royalty.Run(t.Context(), env, royalty.Options{Full: true})
	if err != nil || !full.Full.Agrees || full.Full.RowsRead != 123 {
		t.Fatalf("recount from the archive: %+v, %v", full.Full, err)
	}
}

func TestRunCanBeReadWithinTheRetentionAndItsStatementLonger(t *testing.T) {
	laketest.Costly(t)
	l := laketest.New(t)
	env := testEnv(l)
	publish := func(listens int) string {
		t.Helper()
		flushes(t, env, listens, 1)
		r, err := royalty.Run(t.Context(), env, royalty.Options{})
		if err != nil || len(r.Periods) != 1 {
			t.Fatalf("%+v, %v", r, err)
		}
		return r.Periods[0].RunID
	}
	first := publish(1)
	flushes(t, env, 2, 60)
	if _, err := ledger.Update(t.Context(), env); err != nil {
		t.Fatal(err)
	}
	if thinned(t, env, 0) == 0 {
		t.Fatal("nothing was thinned")
	}
	snapshots, err := query.Cut(t.Context(), env, "run:"+first, everyTable(t, env))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range snapshots {
		if s.Table().Name() == catalog.Listens {
			if files, err := s.Files(t.Context()); err != nil || len(files) != 1 {
				t.Fatalf("the run saw %d files, %v, want 1", len(files), err)
			}
		}
	}
	if thinned(t, env, 8*24*time.Hour) == 0 {
		t.Fatal("nothing was thinned after the retention")
	}
	if own, err := query.Cut(t.Context(), env, "run:"+first, []string{catalog.RoyaltyLines}); err != nil || own[0].ID() == 0 {
		t.Fatalf("the run's own lines after the retention of listens: %v, %v", own, err)
	}
	if none, err := query.Cut(t.Context(), env, "run:"+first, nil); err != nil || len(none) != 0 {
		t.Fatalf("a query that names no table: %v, %v", none, err)
	}
	_, err = query.Cut(t.Context(), env, "run:"+first, everyTable(t, env))
	if !errors.Is(err, lake.ErrExpired) || frame.ExitCode(err) != frame.ExitGone || !strings.Contains(lake.Hint(err), "the oldest left") {
		t.Fatalf("after the retention: %v, code %d, hint %q", err, frame.ExitCode(err), lake.Hint(err))
	}
	st, err := royalty.Show(t.Context(), env, first)
	if err != nil || len(st.Lines) != 1 {
		t.Fatalf("statement after the retention: %+v, %v", st, err)
	}
}

func TestTagIsReadAfterMaintenance(t *testing.T) {
	l := laketest.New(t)
	env := testEnv(l)
	flushes(t, env, 1, 3)
	tagged := l.Snapshot(t, catalog.Listens)
	if err := l.Tag(t.Context(), "audit", tagged, 0); err != nil {
		t.Fatal(err)
	}
	flushes(t, env, 4, 60)
	if n := thinned(t, env, 30*24*time.Hour); n != 32 {
		t.Fatalf("%d snapshots went", n)
	}
	snapshots, err := query.Cut(t.Context(), env, "audit", everyTable(t, env))
	if err != nil {
		t.Fatal(err)
	}
	ids := ""
	for _, s := range snapshots {
		ids += fmt.Sprintf(" %s:%d", s.Table().Name(), s.ID())
	}
	if !strings.Contains(ids, fmt.Sprintf(" %s:%d", catalog.Listens, tagged.ID())) {
		t.Errorf("the tag binds %s", ids)
	}
}

func TestBenchOfCommitsReportsEveryStretch(t *testing.T) {
	laketest.Long(t, "a bench")
	l := newLakeDir(t, false)
	text, err := l.exec("--json", "bench", "commits", "--commits", "200", "--maintain-every", "60", "--contrast", "10")
	out := string(text)
	if err != nil || !strings.Contains(out, `"maintenance_runs": 3`) || strings.Count(out, `"through"`) != 2 {
		t.Fatalf("%s, %v", out, err)
	}
	if _, err := l.exec("bench", "commits", "--commits", "1"); err == nil || !strings.Contains(err.Error(), "exit code 2") {
		t.Errorf("too few commits: %v", err)
	}
}

func everyTable(t *testing.T, env jobs.Env) []string {
	t.Helper()
	names, err := query.Tables(t.Context(), env)
	if err != nil {
		t.Fatal(err)
	}
	return names
}
