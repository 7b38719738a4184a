package royalty_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/royalty"
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
		case name == "royalty/lines", name == "royalty/lines_touched", name == "royalty/lines_untouched":
			s[name]++
		}
		return true
	})
	return nil
}

func TestOnlyLinesOfRowsThatCameOrWentAreCountedAnew(t *testing.T) {
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
	ran("late copies", "test", statements{"royalty/lines_touched": 2})
	for _, table := range []string{catalog.Listens, catalog.ListensCounted, catalog.Duplicates} {
		erase(t, l, table, "u1")
	}
	ran("an erasure", "test", statements{"royalty/lines_touched": 2})
	if _, err := royalty.ApplyPools(t.Context(), env(l), []terms.Pool{{Period: "2026-03", Country: "*", Tier: "*", Currency: "EUR", AmountMinor: 1000}}); err != nil {
		t.Fatal(err)
	}
	ran("pools", "test", statements{"royalty/lines_untouched": 1})
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
