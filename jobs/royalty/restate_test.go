package royalty_test

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/lake/laketest"
)

// runDuring runs royalties and does something at its first commit on a table.
func runDuring(t *testing.T, l *laketest.Lake, step laketest.Step, table string, something func()) royalty.Report {
	t.Helper()
	done := false
	faults := &laketest.Faults{Strike: func(at laketest.Step, of string) error {
		if at == step && of == table && !done {
			done = true
			something()
		}
		return nil
	}}
	report, err := royalty.Run(t.Context(), env(l.With(faults)), royalty.Options{})
	if err != nil || !done {
		t.Fatalf("done %v, %v", done, err)
	}
	return report
}

// What a run published without posting it, because the period was closed meanwhile, must be posted with its causes.
func TestPeriodClosedDuringARunIsRestatedByItsCauses(t *testing.T) {
	l := laketest.New(t)
	copies := world(111, 200)
	archive(t, l, copies[:150])
	money(t, l, twoPools)
	run(t, l, royalty.Options{})
	archive(t, l, copies[150:])
	carriedOut(t, l, "u1", 5001, "2026-03,2026-04")
	var c royalty.CloseReport
	runDuring(t, l, laketest.BeforeCommit, catalog.RoyaltyLines, func() {
		var err error
		if c, err = royalty.Close(context.Background(), env(l), "2026-03", royalty.CloseOptions{By: "ann", Force: true}); err != nil {
			t.Error(err)
		}
	})
	run(t, l, royalty.Options{})
	reconcile(t, l, c.Closing)
	equal(t, slices.Sorted(maps.Keys(adjustmentsOf(t, l))), []string{"2026-04 2026-03 late listens", "pending 2026-03 deletions"})
}

func TestCausesAreToldApartAgainAfterARunThatWasKilled(t *testing.T) {
	l := laketest.New(t)
	copies := world(112, 200)
	archive(t, l, copies[:120])
	money(t, l, twoPools)
	run(t, l, royalty.Options{})
	c := closePeriod(t, l, "2026-03")
	archive(t, l, copies[120:160])
	ctx, cancel := context.WithCancel(t.Context())
	faults := &laketest.Faults{Strike: func(step laketest.Step, table string) error {
		if step == laketest.BeforeCommit && table == catalog.RoyaltyRuns {
			cancel()
			return laketest.ErrInjected
		}
		return nil
	}}
	if _, err := royalty.Run(ctx, env(l.With(faults)), royalty.Options{}); err == nil {
		t.Fatal("the run was not killed")
	}
	archive(t, l, copies[160:])
	run(t, l, royalty.Options{}) // merges what the killed one posted with its own
	reconcile(t, l, c.Closing)
	before := adjustmentsOf(t, l)
	money(t, l, "2026-03,*,*,EUR,90000\n")
	run(t, l, royalty.Options{})
	reconcile(t, l, c.Closing)
	after := adjustmentsOf(t, l)
	if after["2026-04 2026-03 pools"] == 0 || after["2026-04 2026-03 late listens"] != before["2026-04 2026-03 late listens"] {
		t.Errorf("new pools of March: %v, before %v", after, before)
	}
}
