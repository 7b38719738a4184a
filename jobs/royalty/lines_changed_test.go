package royalty_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/ledger"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
)

// statements counts how often a run ran each of the statements that make lines.
type statements map[string]int

func (s statements) Enabled(context.Context, slog.Level) bool { return true }
func (s statements) WithAttrs([]slog.Attr) slog.Handler       { return s }
func (s statements) WithGroup(string) slog.Handler            { return s }

func (s statements) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		switch name := a.Value.String(); {
		case a.Key != "statement":
		case name == "royalty/lines", name == "royalty/lines_summed":
			s[name]++
		}
		return true
	})
	return nil
}

func TestOnlyRowsThatCameOrWentAreCounted(t *testing.T) {
	laketest.Costly(t)
	l := laketest.New(t)
	copies := world(31, 240)
	late := copies[200:]
	archive(t, l, copies[:200])
	ran := func(what, codeVersion string, want statements) {
		t.Helper()
		got, e := statements{}, env(l)
		e.Log, e.CodeVersion = slog.New(got), codeVersion
		if _, err := royalty.Run(t.Context(), e, royalty.Options{}); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", what, diff)
		}
		if report := run(t, l, royalty.Options{Full: true}); !report.Full.Agrees {
			t.Errorf("%s: %+v", what, report.Full)
		}
	}
	ran("first run", "test", statements{"royalty/lines": 2})
	archive(t, l, late[:20])
	ran("late copies", "test", statements{"royalty/lines_summed": 2})
	for _, table := range []string{catalog.Listens, catalog.ListensCounted, catalog.Duplicates} {
		erase(t, l, table, "u1")
	}
	ran("an erasure", "test", statements{"royalty/lines_summed": 2})
	for _, table := range []string{catalog.Listens, catalog.ListensCounted, catalog.Duplicates} {
		l.Purge(t, table)
		erase(t, l, table, "u4")
	}
	ran("an erasure after a purge", "test", statements{"royalty/lines_summed": 2})
	if _, err := royalty.ApplyPools(t.Context(), env(l), []terms.Pool{{Period: "2026-03", Country: "*", Tier: "*", Currency: "EUR", AmountMinor: 1000}}); err != nil {
		t.Fatal(err)
	}
	ran("pools", "test", statements{"royalty/lines_summed": 1})
	rules := terms.DefaultRules()
	rules[0].MinMsPlayed++
	if _, err := royalty.ApplyRules(t.Context(), env(l), rules); err != nil {
		t.Fatal(err)
	}
	ran("rules", "test", statements{"royalty/lines": 2})
	archive(t, l, late[20:30])
	ran("late copies, by other code", "other", statements{"royalty/lines": 2})
	l.Hand(t, catalog.ListensCounted).Rollback(1)
	archive(t, l, late[30:])
	ran("a ledger that another engine changed", "test", statements{"royalty/lines": 2})
}

// Periods that were published at different states of the ledger share commits; each takes up what came after its own.
func TestEveryPeriodTakesUpWhatChangedSinceItsOwnRun(t *testing.T) {
	laketest.Costly(t)
	l := laketest.New(t)
	copies := world(34, 240)
	archive(t, l, copies[:160])
	run(t, l, royalty.Options{})
	archive(t, l, copies[160:200])
	run(t, l, royalty.Options{Period: "2026-03"})
	archive(t, l, copies[200:])
	for _, table := range []string{catalog.Listens, catalog.ListensCounted, catalog.Duplicates} {
		erase(t, l, table, "u2")
	}
	got, e := statements{}, env(l)
	e.Log = slog.New(got)
	if _, err := royalty.Run(t.Context(), e, royalty.Options{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(statements{"royalty/lines_summed": 2}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if report := run(t, l, royalty.Options{Full: true}); !report.Full.Agrees {
		t.Errorf("%+v", report.Full)
	}
}

func TestLinesThatDoNotSumUpToTheLedgerAreCountedAnew(t *testing.T) {
	l := laketest.New(t)
	copies := world(35, 200)
	archive(t, l, copies[:160])
	run(t, l, royalty.Options{})
	archive(t, l, copies[160:])
	if _, err := ledger.Update(t.Context(), env(l)); err != nil {
		t.Fatal(err)
	}
	changed := func(more int64, want statements) map[string]royalty.LinesReport {
		got, e := statements{}, env(l)
		e.Log = slog.New(got)
		sums, err := royalty.ChangedLines(t.Context(), e, more)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("ledger with %d more rows: (-want +got)\n%s", more, diff)
		}
		return sums
	}
	summed := changed(0, statements{"royalty/lines_summed": 2})
	anew := changed(1, statements{"royalty/lines_summed": 2, "royalty/lines": 2})
	if diff := cmp.Diff(anew, summed); diff != "" {
		t.Errorf("lines counted anew, and summed: (-counted +summed)\n%s", diff)
	}
}
