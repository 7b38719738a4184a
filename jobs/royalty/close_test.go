package royalty_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/lake"
)

const twoPools = "2026-03,*,*,EUR,100001\n2026-03,DE,*,USD,777\n2026-04,*,*,EUR,5000\n"

func TestWhatComesAfterTheCloseIsPostedAndTheStatementStays(t *testing.T) {
	laketest.Long(t, "TestRandomHistoryOfClosedPeriodsReconciles has all that comes after a close")
	t.Parallel()
	l := laketest.New(t)
	copies := world(91, 240)
	archive(t, l, copies[:120])
	money(t, l, twoPools)
	run(t, l, royalty.Options{})
	c := closePeriod(t, l, "2026-03")
	if c.Already || c.ClosedBy != "ann" || c.Tag != "royalty-2026-03-v1" || len(c.Missing) > 0 {
		t.Fatalf("closed %+v", c)
	}
	statement := shown(t, l, c.RunID)

	archive(t, l, copies[120:180]) // late
	run(t, l, royalty.Options{})
	reconcile(t, l, c.Closing)
	late := adjustmentsOf(t, l)
	if late["2026-04 2026-03 late listens"] == 0 || len(late) != 1 {
		t.Fatalf("after late listens: %v", late)
	}
	judgeBy(t, l, "rules: [{id: march, effective_to: 2026-04-01, min_ms_played: 50000}, {id: all, min_ms_played: 30000}]")
	report := run(t, l, royalty.Options{})
	if len(report.Periods) != 1 || report.Periods[0].Cause != royalty.CauseRules || report.Periods[0].PostedRows == 0 {
		t.Fatalf("rules of March recomputed %+v", report.Periods)
	}
	reconcile(t, l, c.Closing)
	if now := adjustmentsOf(t, l); now["2026-04 2026-03 rules"] == 0 || now["2026-04 2026-03 late listens"] != late["2026-04 2026-03 late listens"] {
		t.Fatalf("after the rules: %v", now)
	}
	splitTracks(t, l, "t1,ann,writer,7000,,\nt1,bob,artist,3000,,\nt2,ann,writer,10000,2026-03-31,\n")
	if report := run(t, l, royalty.Options{}); len(report.Periods) != 2 || report.Periods[0].Cause != royalty.CauseSplits {
		t.Fatalf("splits recomputed %+v", report.Periods)
	}
	reconcile(t, l, c.Closing)
	if now := adjustmentsOf(t, l); now["2026-04 2026-03 splits"] == 0 {
		t.Fatalf("after the splits: %v", now)
	}
	carriedOut(t, l, "u1", 5001, "2026-03,2026-04")
	archive(t, l, copies[180:]) // late and erased in one run; those of u1 are suppressed by ingest in earnest
	if report := run(t, l, royalty.Options{Full: true}); report.Periods[0].HeldRows == 0 {
		t.Fatalf("one person's difference does not wait: %+v", report.Periods[0])
	}
	if now := adjustmentsOf(t, l); now["2026-04 2026-03 deletions"] != 0 || now["2026-04 2026-03 late listens"] <= late["2026-04 2026-03 late listens"] {
		t.Fatalf("after late listens and an erasure: %v", now)
	}
	equal(t, shown(t, l, c.RunID), statement)
	if again := closePeriod(t, l, "2026-03"); !again.Already || again.RunID != c.RunID {
		t.Fatalf("closed again: %+v", again)
	}
	if again := run(t, l, royalty.Options{}); again.Written {
		t.Error("a run with nothing new says it wrote")
	}
}

func TestDifferencesByDeletionsArePostedForSeveralPeopleAtOnce(t *testing.T) {
	laketest.Long(t, "TestABatchOfDeletionsIsPostedWhenItIsLargeEnough shows four people and five")
	t.Parallel()
	l := laketest.New(t)
	copies := oneTrack(world(92, 300), 8)
	archive(t, l, copies)
	money(t, l, twoPools)
	run(t, l, royalty.Options{})
	c := closePeriod(t, l, "2026-03")
	for n := range 6 {
		carriedOut(t, l, fmt.Sprintf("u%d", n), int64(5000+n), "2026-03,2026-04")
		if n < 3 && !laketest.InCI() {
			continue
		}
		report := run(t, l, royalty.Options{})
		posted, held := adjustmentsOf(t, l)["2026-04 2026-03 deletions"], report.Periods[0].HeldRows
		if held == 0 {
			reconcile(t, l, c.Closing)
		}
		if n < 4 && (posted != 0 || held == 0) || n == 4 && (posted == 0 || held != 0) || n == 5 && (posted == 0 || held == 0) {
			t.Fatalf("after %d people: %d rows posted, %d held back", n+1, posted, held)
		}
		for _, p := range report.Periods {
			if p.Period == "2026-03" && p.DeletionSubjects != int64(n%5+1) {
				t.Errorf("after %d people: %+v", n+1, p.Posting)
			}
		}
	}
}

func TestPeriodIsNotClosedWhileSomethingIsMissing(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	l := laketest.New(t)
	archive(t, l, world(93, 60))
	e := env(l)
	close := func(force bool) (royalty.CloseReport, error) {
		return royalty.Close(t.Context(), e, "2026-03", royalty.CloseOptions{By: "ann", Force: force})
	}
	if _, err := close(true); !errors.Is(err, lake.ErrNotFound) || lake.Hint(err) == "" {
		t.Fatalf("nothing was published: %v", err)
	}
	run(t, l, royalty.Options{})
	archive(t, l, world(94, 10))
	money(t, l, twoPools)
	put(t, l, catalog.DeletionRequests, []any{"r1", "s1", "u1", time.Now(), time.Now(), nil, nil, nil, "listens", 0, 1})
	e.Now = func() time.Time { return time.Date(2026, 3, 31, 23, 59, 59, 0, time.UTC) }
	_, err := close(false)
	if !errors.Is(err, royalty.ErrIncomplete) || lake.Hint(err) == "" {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"the month ends at 2026-04-01T00:00:00Z", "archived rows of it are not in the ledger", royalty.CausePools, "1 deletion requests"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	c, err := close(true)
	if err != nil || len(c.Missing) != 4 {
		t.Fatalf("forced: %+v, %v", c, err)
	}
	run(t, l, royalty.Options{})
	reconcile(t, l, c.Closing)
}

func TestCloseKilledAtEveryStepIsFinishedByTheNext(t *testing.T) {
	laketest.Long(t, "killed at many steps, TestKilledAtEveryStepAndRunAgainGivesTheSame is the short one")
	t.Parallel()
	for nth := laketest.Stride(4); ; nth = laketest.NextStep(nth) {
		l := laketest.New(t)
		archive(t, l, world(95, 60))
		money(t, l, twoPools)
		run(t, l, royalty.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		_, err := royalty.Close(ctx, env(l.With(laketest.CrashOnce(nth, cancel))), "2026-03", royalty.CloseOptions{By: "ann"})
		cancel()
		if err == nil {
			if nth < 5 {
				t.Fatalf("only %d steps", nth)
			}
			break
		}
		c := closePeriod(t, l, "2026-03")
		if len(c.Tagged) < 4 {
			t.Fatalf("after step %d tagged %v", nth, c.Tagged)
		}
		archive(t, l, world(96, 60)[:30])
		run(t, l, royalty.Options{})
		reconcile(t, l, c.Closing)
	}
}

func TestDryRunSaysWhatARunWillDoAndWritesNothing(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	l := laketest.New(t)
	copies := world(99, 120)
	archive(t, l, copies[:80])
	before := heads(t, l)
	plan := run(t, l, royalty.Options{DryRun: true}).Plan
	if plan.RowsToRead != 80 || len(plan.Periods) != 2 || plan.Periods[0].Cause != royalty.CauseFirst {
		t.Fatalf("first: %+v", plan)
	}
	equal(t, heads(t, l), before)
	run(t, l, royalty.Options{})
	closePeriod(t, l, "2026-03")
	judgeBy(t, l, "rules: [{id: april, effective_from: 2026-04-01, min_ms_played: 50000}, {id: all, min_ms_played: 30000}]")
	plan = run(t, l, royalty.Options{DryRun: true}).Plan
	if len(plan.Periods) != 1 || plan.Periods[0].Period != "2026-04" || plan.Periods[0].Cause != royalty.CauseRules || plan.Periods[0].RowsToRead == 0 {
		t.Fatalf("rules of April: %+v", plan)
	}
	var march []copyOf
	for _, c := range copies[80:] {
		if c.event.Month() == time.March {
			march = append(march, c)
		}
	}
	archive(t, l, march)
	plan = run(t, l, royalty.Options{DryRun: true}).Plan
	if len(plan.Periods) != 2 || plan.Periods[0].Period != "2026-03" || !plan.Periods[0].Closed || plan.Periods[0].Cause != royalty.CauseLedger || plan.RowsToRead != int64(len(march)) {
		t.Fatalf("late listens of March: %+v", plan)
	}
	status, err := royalty.Status(t.Context(), env(l))
	if err != nil || len(status) != 2 || status[0].State != royalty.PeriodClosed || status[0].Pending != royalty.CauseLedger || status[1].State != royalty.PeriodOpen {
		t.Fatalf("status %+v, %v", status, err)
	}
	run(t, l, royalty.Options{})
	if status, err = royalty.Status(t.Context(), env(l)); err != nil || status[0].State != royalty.PeriodRestated || status[0].Pending != "" || status[1].PostedHere != status[0].AdjustmentRows {
		t.Fatalf("status after the run %+v, %v", status, err)
	}
}

func TestDiffOfTwoRunsAddsUpByCause(t *testing.T) {
	laketest.Long(t, "every cause in one history")
	t.Parallel()
	l := laketest.New(t)
	copies := world(101, 240)
	archive(t, l, copies[:150])
	money(t, l, twoPools)
	first := run(t, l, royalty.Options{}).Periods[0].RunID
	archive(t, l, copies[150:])
	carriedOut(t, l, "u2", 5002, "2026-03,2026-04")
	judgeBy(t, l, "rules: [{id: all, min_ms_played: 50000}]")
	money(t, l, "2026-03,*,*,EUR,90001\n")
	second := run(t, l, royalty.Options{}).Periods[0].RunID
	report, err := royalty.Diff(t.Context(), env(l), first, second, 0, true)
	if err != nil {
		t.Fatal(err)
	}
	var causes []string
	for _, c := range report.Causes {
		causes = append(causes, c.Cause)
	}
	equal(t, causes, []string{royalty.CauseDeletions, royalty.CauseLate, royalty.CauseNewPools, royalty.CauseNewRules})
	lines, money := map[royalty.Line]bool{}, map[royalty.Payout]int64{}
	sums := map[lineKey]lineCount{}
	for _, d := range report.Differences {
		switch k := (lineKey{"2026-03", d.ArtistID, d.TrackID, d.Country, d.Tier}); d.Kind {
		case "line":
			sums[k] = lineCount{sums[k].listens + d.Listens, sums[k].qualified + d.QualifiedListens}
		case "payout":
			money[royalty.Payout{Country: d.Country, Tier: d.Tier, Currency: d.Currency, ArtistID: d.ArtistID, TrackID: d.TrackID}] += d.AmountMinor
		}
	}
	was, now := shown(t, l, first), shown(t, l, second)
	for _, line := range was.Lines {
		k := lineKey{"2026-03", line.ArtistID, line.TrackID, line.Country, line.Tier}
		sums[k] = lineCount{sums[k].listens + line.Listens, sums[k].qualified + line.QualifiedListens}
	}
	for k, n := range sums {
		if n != (lineCount{}) {
			lines[royalty.Line{ArtistID: k.artist, TrackID: k.track, Country: k.country, Tier: k.tier, Listens: n.listens, QualifiedListens: n.qualified}] = true
		}
	}
	want := map[royalty.Line]bool{}
	for _, line := range now.Lines {
		want[line] = true
	}
	equal(t, lines, want)
	for sign, st := range map[int64]royalty.Statement{1: was, -1: now} {
		for _, p := range st.Payouts {
			money[royalty.Payout{Country: p.Country, Tier: p.Tier, Currency: p.Currency, ArtistID: p.ArtistID, TrackID: p.TrackID}] += sign * p.AmountMinor
		}
	}
	for p, left := range money {
		if left != 0 {
			t.Errorf("%+v: %d minor units are not explained", p, left)
		}
	}
	if same, err := royalty.Diff(t.Context(), env(l), second, second, 0, true); err != nil || !same.Same {
		t.Errorf("a run and itself: %+v, %v", same, err)
	}
	if _, err := royalty.Diff(t.Context(), env(l), second, first, 0, true); err == nil || lake.Hint(err) == "" {
		t.Errorf("the newer run first: %v", err)
	}
}

func TestABatchOfDeletionsIsPostedWhenItIsLargeEnoughWhateverTheLastOneChanged(t *testing.T) {
	laketest.Long(t, "a history of six deletions, TestDifferencesByDeletionsArePostedForSeveralPeopleAtOnce is the short one")
	t.Parallel()
	l := laketest.New(t)
	copies := oneTrack(world(105, 300), 12)
	for i := range copies[280:] { // no copies of erased listens
		copies[280+i].listen += "-late"
	}
	archive(t, l, copies[:280])
	money(t, l, twoPools)
	run(t, l, royalty.Options{})
	c := closePeriod(t, l, "2026-03")
	for n := range 4 {
		carriedOut(t, l, fmt.Sprintf("u%d", n), int64(5000+n), "2026-03,2026-04")
	}
	if got := march(t, l); got.HeldRows == 0 || got.PostedRows != 0 || got.DeletionSubjects != 4 {
		t.Fatalf("four people: %+v", got)
	}
	carriedOut(t, l, "nobody", 5004, "2026-03") // a fifth, of whom no line came out different
	late := without(copies[280:], "u0", "u1", "u2", "u3", "u4")
	archive(t, l, late)
	if got := march(t, l); got.HeldRows == 0 || got.DeletionSubjects != 4 {
		t.Fatalf("four people and nobody: %+v", got)
	}
	carriedOut(t, l, "u4", 5005, "2026-03")
	if got := march(t, l); got.HeldRows != 0 || got.DeletionSubjects != 5 {
		t.Fatalf("five people: %+v", got)
	}
	reconcile(t, l, c.Closing)
	if got := adjustmentsOf(t, l); got["2026-04 2026-03 deletions"] == 0 || got["2026-04 2026-03 late listens"] == 0 {
		t.Fatalf("posted %v", got)
	}
}
