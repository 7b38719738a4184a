package royalty_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty"
)

// closedLake has closed months with money, splits and differences posted since: one, two in CI, where most tables have
// two snapshots or more.
func closedLake(t *testing.T, seed uint64) (*laketest.Lake, []copyOf, []royalty.CloseReport) {
	t.Helper()
	l := laketest.New(t)
	copies := world(seed, 60)
	money(t, l, twoPools)
	splitTracks(t, l, "t1,ann,writer,7000,,\nt1,bob,artist,3000,,\n")
	archive(t, l, copies[:30])
	run(t, l, royalty.Options{})
	closes := []royalty.CloseReport{closePeriod(t, l, "2026-03")}
	late := copies[30:]
	if laketest.InCI() {
		archive(t, l, late[:15])
		run(t, l, royalty.Options{})
		closes = append(closes, closePeriod(t, l, "2026-04"))
		late = late[15:]
	}
	archive(t, l, late)
	run(t, l, royalty.Options{})
	return l, copies, closes
}

// contents are the rows of every derived table, as text.
func contents(t *testing.T, l *laketest.Lake) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, table := range catalog.Judged() {
		d := l.DB(t)
		if err := d.Bind(t.Context(), "x", l.Snapshot(t, table)); err != nil {
			t.Fatal(err)
		}
		var row string
		err := d.EachText(t.Context(), "SELECT CAST(r AS VARCHAR) FROM (SELECT * EXCLUDE (_file, _pos) FROM x) r ORDER BY 1", nil, []any{&row},
			func() error { all[table] = append(all[table], row); return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// act is something another engine does to a table.
type act func(*testing.T, *laketest.Lake, laketest.Hand)

var alterations = map[string]act{
	"rollback":       func(_ *testing.T, _ *laketest.Lake, h laketest.Hand) { h.Rollback(1) },
	"insert":         func(_ *testing.T, _ *laketest.Lake, h laketest.Hand) { h.InsertSelect("SELECT * FROM altered LIMIT 1") },
	"delete by copy": func(_ *testing.T, _ *laketest.Lake, h laketest.Hand) { h.DeleteRows("_pos % 2 = 0", true) },
	"delete by row":  func(_ *testing.T, _ *laketest.Lake, h laketest.Hand) { h.DeleteRows("_pos = 0", false) },
	"truncate":       func(_ *testing.T, _ *laketest.Lake, h laketest.Hand) { h.Truncate() },
	"insert and compaction": func(t *testing.T, l *laketest.Lake, h laketest.Hand) {
		h.InsertSelect("SELECT * FROM altered LIMIT 1")
		l.Compact(t, h.Table())
	},
	"rollback and insert": func(_ *testing.T, _ *laketest.Lake, h laketest.Hand) {
		h.Rollback(1)
		h.InsertSelect("SELECT * FROM altered LIMIT 1")
	},
}

// proofs are what must refuse to work on tables that somebody else changed.
var proofs = map[string]func(context.Context, jobs.Env) error{
	"full": func(ctx context.Context, e jobs.Env) error {
		_, err := royalty.Run(ctx, e, royalty.Options{Full: true})
		return err
	},
	"close": func(ctx context.Context, e jobs.Env) error {
		_, err := royalty.Close(ctx, e, "2026-03", royalty.CloseOptions{})
		return err
	},
}

func TestWhatAnotherEngineDidToDerivedTablesIsUndone(t *testing.T) {
	laketest.Long(t, "every act on every table")
	t.Parallel()
	l, copies, closes := closedLake(t, 93)
	before := contents(t, l)
	for _, name := range slices.Sorted(maps.Keys(alterations)) {
		for _, table := range catalog.Judged() {
			alterations[name](t, l, l.Hand(t, table))
			if found, err := env(l).Altered(t.Context(), table); err != nil || len(found) != 1 {
				t.Fatalf("%s of %s: found %v, %v", name, table, found, err)
			}
		}
		for verb, proof := range proofs {
			if err := proof(t.Context(), env(l)); !errors.Is(err, jobs.ErrProof) {
				t.Errorf("%s: %s says %v", name, verb, err)
			}
		}
		forecast := run(t, l, royalty.Options{DryRun: true})
		report := run(t, l, royalty.Options{})
		if !report.Ledger.Rebuilt || !forecast.Plan.Rebuild {
			t.Errorf("%s: rebuilt %v, forecast %v", name, report.Ledger.Rebuilt, forecast.Plan.Rebuild)
		}
		if !slices.Equal(report.PutBack, forecast.Plan.PutBack) {
			t.Errorf("%s: put back %v, forecast %v", name, report.PutBack, forecast.Plan.PutBack)
		}
		for i, b := range report.PutBack {
			if b.Table != catalog.Published[i] || b.Recomputed {
				t.Errorf("%s: put back %+v", name, b)
			}
		}
		equal(t, len(report.PutBack), len(catalog.Published))
		if diff := gocmp.Diff(before, withoutNewRuns(contents(t, l), before)); diff != "" {
			t.Fatalf("after %s (-before +after)\n%s", name, diff)
		}
	}
	if again := run(t, l, royalty.Options{}); again.Written {
		t.Error("a run with nothing new says it wrote")
	}
	run(t, l, royalty.Options{Full: true})
	checkLedger(t, l, copies)
	for _, c := range closes {
		reconcile(t, l, c.Closing)
	}
}

// withoutNewRuns takes out the runs that were not there before: the ledger was made anew, which recomputes its periods.
func withoutNewRuns(now, before map[string][]string) map[string][]string {
	now[catalog.RoyaltyRuns] = slices.DeleteFunc(now[catalog.RoyaltyRuns], func(row string) bool { return !slices.Contains(before[catalog.RoyaltyRuns], row) })
	return now
}

func TestACompactionIsNoAlteration(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	l, _, _ := closedLake(t, 94)
	for _, act := range []struct {
		name         string
		expire, cuts bool
	}{{name: "compacted"}, {name: "its base expired", expire: true}, {name: "and nothing says what it was", expire: true, cuts: true}} {
		if act.expire && !laketest.InCI() {
			break
		}
		before := contents(t, l)
		l.CutsParents = act.cuts
		for _, table := range catalog.Judged() {
			l.Compact(t, table)
			if act.expire {
				l.Hand(t, table).Expire()
			}
		}
		report := run(t, l, royalty.Options{})
		after := contents(t, l)
		if act.cuts { // what the ledger was before is unknown, so its periods are recomputed
			after = withoutNewRuns(after, before)
		}
		equal(t, after, before)
		if len(report.PutBack) > 0 || report.Ledger.Rebuilt {
			t.Errorf("%s: put back %+v, rebuilt %v", act.name, report.PutBack, report.Ledger.Rebuilt)
		}
		run(t, l, royalty.Options{Full: true})
	}
}

// The files of what was published are gone: it is computed and published anew.
func TestWhatIsGoneIsPublishedAnew(t *testing.T) {
	laketest.Long(t, "each published table by hand of another engine, TestWhatAnotherEngineDidToDerivedTablesIsUndone is the short one")
	t.Parallel()
	l, copies, closes := closedLake(t, 95)
	before := contents(t, l)
	for _, table := range catalog.Published {
		if table == catalog.Adjustments { // what was posted is no function of what is there
			continue
		}
		h := l.Hand(t, table)
		h.InsertSelect("SELECT * FROM altered LIMIT 1")
		h.DeleteRows("_pos = 0", true)
		h.Expire()
	}
	if err := proofs["full"](t.Context(), env(l)); !errors.Is(err, jobs.ErrProof) {
		t.Errorf("full says %v", err)
	}
	report := run(t, l, royalty.Options{})
	equal(t, len(report.PutBack), len(catalog.Published)-1)
	for _, b := range report.PutBack {
		if b.Recomputed == (b.Table == catalog.RoyaltyCloses) { // which a tag keeps
			t.Errorf("put back %+v", b)
		}
	}
	after := contents(t, l)
	delete(before, catalog.RoyaltyRuns)
	delete(after, catalog.RoyaltyRuns)
	equal(t, after, before)
	run(t, l, royalty.Options{Full: true})
	if again := run(t, l, royalty.Options{}); again.Written {
		t.Error("a run with nothing new says it wrote")
	}
	for _, c := range closes {
		reconcile(t, l, c.Closing)
	}
	checkLedger(t, l, copies)
}

// The ledger holds user ids: what a rollback brought back must not stay.
func TestRollingBackTheLedgerBringsNoErasedRowBack(t *testing.T) {
	laketest.Long(t, "a history of closed months and erasures, TestWhatAnotherEngineDidToDerivedTablesIsUndone is the short one")
	t.Parallel()
	for _, table := range []string{catalog.ListensCounted, catalog.Duplicates}[:laketest.Times(2, 1)] {
		l := laketest.New(t)
		copies := world(96, 200)
		archive(t, l, copies)
		run(t, l, royalty.Options{})
		for _, name := range []string{catalog.Listens, catalog.ListensCounted, catalog.Duplicates} {
			erase(t, l, name, "u1")
		}
		run(t, l, royalty.Options{})
		for _, steps := range []int{1, 1, 1} {
			l.Hand(t, table).Rollback(min(steps, len(l.Snapshot(t, table).Ancestors())-1))
		}
		report := run(t, l, royalty.Options{Full: false})
		if !report.Ledger.Rebuilt {
			t.Errorf("%s: not rebuilt", table)
		}
		checkLedger(t, l, without(copies, "u1"))
		d := l.DB(t)
		for _, name := range []string{catalog.ListensCounted, catalog.Duplicates} {
			if err := d.Bind(t.Context(), name, l.Snapshot(t, name)); err != nil {
				t.Fatal(err)
			}
			var rows int64
			if err := d.OneText(t.Context(), fmt.Sprintf("SELECT count(*) FROM %s WHERE user_id = 'u1'", name), nil, []any{&rows}); err != nil {
				t.Fatal(err)
			}
			equal(t, rows, int64(0))
		}
		run(t, l, royalty.Options{Full: true})
	}
}

func TestPuttingBackKilledAtEveryStepAndRunAgainGivesTheSame(t *testing.T) {
	laketest.Long(t, "killed at many steps, TestKilledAtEveryStepAndRunAgainGivesTheSame is the short one")
	t.Parallel()
	l, _, _ := closedLake(t, 97)
	before := contents(t, l)
	for nth := laketest.Stride(9); ; nth = laketest.NextStep(nth) {
		for _, table := range catalog.Published {
			l.Hand(t, table).InsertSelect("SELECT * FROM altered LIMIT 1")
		}
		ctx, cancel := context.WithCancel(t.Context())
		_, err := royalty.Run(ctx, env(l.With(laketest.CrashOnce(nth, cancel))), royalty.Options{})
		cancel()
		if err == nil {
			if nth < 10 {
				t.Fatalf("only %d steps", nth)
			}
			break
		}
		run(t, l, royalty.Options{})
		equal(t, contents(t, l), before)
	}
}
