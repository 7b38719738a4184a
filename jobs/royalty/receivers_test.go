package royalty_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/royalty"
)

// inMarch are copies of world that lie in March: its other months get no listens.
func inMarch(seed uint64, n int) []copyOf {
	copies := slices.DeleteFunc(world(seed, 4*n), func(c copyOf) bool { return c.event.Month() != time.March })
	for i := range copies {
		copies[i].listen += "-march"
	}
	return copies[:n]
}

// periodsPublished lists what a run recomputed.
func periodsPublished(report royalty.Report) (periods []string) {
	for _, p := range report.Periods {
		periods = append(periods, p.Period+" "+p.Cause)
	}
	return periods
}

func TestPeriodThatIsOnlyPostedToIsShownAndClosed(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	l := laketest.New(t)
	copies := inMarch(131, 40)
	archive(t, l, copies[:30])
	money(t, l, "2026-03,*,*,EUR,100001\n")
	run(t, l, royalty.Options{})
	march := closePeriod(t, l, "2026-03")
	archive(t, l, copies[30:])
	report := run(t, l, royalty.Options{Full: true})
	equal(t, periodsPublished(report), []string{"2026-03 " + royalty.CauseLedger, "2026-04 " + royalty.CausePosted})
	if !report.Full.Agrees {
		t.Error("a recount of a period without lines disagrees")
	}
	st := shown(t, l, "2026-04")
	if len(st.Lines) != 0 || len(st.Payouts) != 0 || len(st.Adjustments) == 0 {
		t.Fatalf("April has %d lines, %d payouts and %d adjustments", len(st.Lines), len(st.Payouts), len(st.Adjustments))
	}
	if again := run(t, l, royalty.Options{}); again.Written {
		t.Error("a run with nothing new says it wrote")
	}
	april := closePeriod(t, l, "2026-04")
	status, err := royalty.Status(t.Context(), env(l))
	if err != nil || len(status) != 2 || status[1].State != royalty.PeriodClosed || status[1].PostedHere == 0 {
		t.Fatalf("status %+v, %v", status, err)
	}

	archive(t, l, world(132, 10)) // April's first listens come after its close
	report = run(t, l, royalty.Options{})
	if got := periodsPublished(report); got[len(got)-1] != "2026-05 "+royalty.CausePosted {
		t.Errorf("published %v", got)
	}
	reconcile(t, l, march.Closing)
	reconcile(t, l, april.Closing)
}

// The run that posted ended before its row: what it posted to a month must not be lost from sight.
func TestPeriodThatAKilledRunPostedToIsPublishedByTheNext(t *testing.T) {
	laketest.Long(t, "TestPeriodThatIsOnlyPostedTo posts, here the run is killed there")
	t.Parallel()
	l := laketest.New(t)
	copies := inMarch(133, 40)
	archive(t, l, copies[:30])
	money(t, l, "2026-03,*,*,EUR,100001\n")
	run(t, l, royalty.Options{})
	c := closePeriod(t, l, "2026-03")
	archive(t, l, copies[30:])
	ctx, cancel := context.WithCancel(t.Context())
	faults := &laketest.Faults{Strike: func(step laketest.Step, table string) error {
		if step == laketest.BeforeCommit && table == catalog.RoyaltyRuns {
			cancel() // or the commit is tried again for half a minute
			return laketest.ErrInjected
		}
		return nil
	}}
	if _, err := royalty.Run(ctx, env(l.With(faults)), royalty.Options{}); !errors.Is(err, laketest.ErrInjected) {
		t.Fatalf("the run was not killed: %v", err)
	}
	status, err := royalty.Status(t.Context(), env(l))
	if err != nil || len(status) != 2 || status[1].Pending != royalty.CausePosted {
		t.Fatalf("status %+v, %v", status, err)
	}
	run(t, l, royalty.Options{Period: "2026-04"})
	if st := shown(t, l, "2026-04"); len(st.Adjustments) == 0 {
		t.Error("April has no adjustments")
	}
	run(t, l, royalty.Options{})
	reconcile(t, l, c.Closing)
}

// Two closed months in a row: what the first gets goes to the one after both.
func TestPeriodIsMadeByPostingsOverClosedMonths(t *testing.T) {
	laketest.Long(t, "TestPeriodThatIsOnlyPostedTo posts over one closed month")
	t.Parallel()
	l := laketest.New(t)
	copies := inMarch(134, 40)
	archive(t, l, copies[:30])
	money(t, l, "2026-03,*,*,EUR,100001\n2026-04,*,*,EUR,5\n2026-12,*,*,EUR,7\n")
	run(t, l, royalty.Options{})
	for _, period := range []string{"2026-03", "2026-04"} {
		closePeriod(t, l, period)
	}
	archive(t, l, copies[30:])
	equal(t, periodsPublished(run(t, l, royalty.Options{})), []string{"2026-03 " + royalty.CauseLedger, "2026-05 " + royalty.CausePosted})
	closePeriod(t, l, "2026-05")
	money(t, l, "2026-03,*,*,EUR,100002\n")
	equal(t, periodsPublished(run(t, l, royalty.Options{})), []string{"2026-03 " + royalty.CausePools, "2026-06 " + royalty.CausePosted})
}
