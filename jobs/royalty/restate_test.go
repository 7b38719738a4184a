package royalty_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/royalty"
)

// taken erases the rows of users as job deletions does before it logs that they are gone.
func taken(t *testing.T, l *laketest.Lake, users ...string) {
	t.Helper()
	for _, table := range []string{catalog.Listens, catalog.Duplicates, catalog.ListensCounted} {
		erase(t, l, table, users...)
	}
}

// requested puts a request on record.
func requested(t *testing.T, l *laketest.Lake, user string, offset int64) {
	t.Helper()
	put(t, l, catalog.DeletionRequests, requestOf(user, offset))
}

func requestOf(user string, offset int64) []any {
	at := time.Now().UTC()
	return []any{"r-" + user, "subject-" + user, user, at, at, nil, nil, nil, "listens", 0, offset}
}

// logged puts a step of a request on record that concerns counted listens of March and April.
func logged(t *testing.T, l *laketest.Lake, user, state string, offset int64) {
	t.Helper()
	put(t, l, catalog.DeletionLog, []any{"r-" + user, state, time.Now().UTC(), "listens", 0, offset, int64(1), int64(0), int64(1), int64(0), nil, nil, nil, "2026-03,2026-04"})
}

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

func manyUsers(seed uint64, n int) []copyOf { return oneTrack(world(seed, n), 12) }

// oneTrack makes copies of one track and so many users: everyone who sees a difference sees all.
func oneTrack(copies []copyOf, users int) []copyOf {
	for i := range copies {
		c := &copies[i]
		c.user, c.track, c.artist, c.country, c.tier = fmt.Sprintf("u%d", i%users), "t1", "A1", "DE", "free"
	}
	return copies
}

// What a run published without posting it, because the period was closed meanwhile, must be posted with its causes.
func TestPeriodClosedDuringARunIsRestatedByItsCauses(t *testing.T) {
	laketest.Long(t, "a history of closed months, TestWhatIsGoneIsPublishedAnew is the short one")
	t.Parallel()
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
	if got := march(t, l); got.HeldRows == 0 || c.Tag == "" {
		t.Fatalf("one person's difference: %+v", got)
	}
	equal(t, slices.Sorted(maps.Keys(adjustmentsOf(t, l))), []string{"2026-04 2026-03 late listens"})
}

func TestCausesAreToldApartAgainAfterARunThatWasKilled(t *testing.T) {
	laketest.Long(t, "a history of closed months that is killed in between")
	t.Parallel()
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

// A batch is about the people whose listens are gone from the ledger that the run computed from, not about those
// whose listens go while it computes.
func TestErasuresDuringARunDoNotMakeItsBatchLarger(t *testing.T) {
	laketest.Long(t, "a history of closed months and erasures, TestABatchOfDeletionsIsPosted is the short one")
	t.Parallel()
	l := laketest.New(t)
	archive(t, l, manyUsers(113, 300))
	money(t, l, twoPools)
	run(t, l, royalty.Options{})
	c := closePeriod(t, l, "2026-03")
	carriedOut(t, l, "u0", 5000, "2026-03,2026-04")
	e := env(l)
	e.Progress = func(text string) {
		for n := 1; n < 5 && text == "royalties: 2 periods"; n++ { // the plan is made
			carriedOut(t, l, fmt.Sprintf("u%d", n), int64(5000+n), "2026-03,2026-04")
		}
	}
	report, err := royalty.Run(t.Context(), e, royalty.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := report.Periods[0].Posting; got.PostedRows != 0 || got.HeldRows == 0 || got.DeletionSubjects != 1 {
		t.Fatalf("one person's difference: %+v", got)
	}
	if got := march(t, l); got.PostedRows == 0 || got.HeldRows != 0 || got.DeletionSubjects != 5 {
		t.Fatalf("five people's differences: %+v", got)
	}
	reconcile(t, l, c.Closing)
}

// Who was in a posted batch without being counted does not count for the next one.
func TestErasureThatIsLoggedLateCountsForNoOtherBatch(t *testing.T) {
	laketest.Long(t, "a history of closed months and erasures, TestABatchOfDeletionsIsPosted is the short one")
	t.Parallel()
	l := laketest.New(t)
	archive(t, l, manyUsers(114, 400))
	money(t, l, twoPools)
	run(t, l, royalty.Options{})
	c := closePeriod(t, l, "2026-03")
	for n := range 4 {
		user, offset := fmt.Sprintf("u%d", n), int64(5000+n)
		requested(t, l, user, offset)
		logged(t, l, user, "located", offset)
	}
	taken(t, l, users("u", 4)...)
	for n := 4; n < 9; n++ {
		carriedOut(t, l, fmt.Sprintf("u%d", n), int64(5000+n), "2026-03,2026-04")
	}
	run(t, l, royalty.Options{})
	reconcile(t, l, c.Closing)
	posted := adjustmentsOf(t, l)["2026-04 2026-03 deletions"]
	if posted == 0 {
		t.Fatal("five people's differences were not posted")
	}
	for n := range 4 {
		logged(t, l, fmt.Sprintf("u%d", n), "rows_deleted", int64(5000+n))
	}
	carriedOut(t, l, "u9", 5009, "2026-03,2026-04")
	if got := march(t, l); got.PostedRows != 0 || got.HeldRows == 0 || got.DeletionSubjects != 1 || adjustmentsOf(t, l)["2026-04 2026-03 deletions"] != posted {
		t.Fatalf("one person's difference: %+v", got)
	}
}

// postedLines sums the differences of lines of a period by a cause, posted or held back.
func postedLines(t *testing.T, l *laketest.Lake, period, cause string) map[lineKey]lineCount {
	t.Helper()
	d := l.DB(t)
	if err := d.Bind(t.Context(), "a", l.Snapshot(t, catalog.Adjustments)); err != nil {
		t.Fatal(err)
	}
	got := map[lineKey]lineCount{}
	k, n := lineKey{period: period}, lineCount{}
	text := `SELECT artist_id, track_id, country, tier, sum(listens)::BIGINT, sum(qualified_listens)::BIGINT FROM a
		WHERE origin_period = $1 AND cause = $2 AND kind = 'line' GROUP BY ALL HAVING sum(listens) <> 0 OR sum(qualified_listens) <> 0`
	err := d.EachText(t.Context(), text, []any{period, cause}, []any{&k.artist, &k.track, &k.country, &k.tier, &n.listens, &n.qualified}, func() error { got[k] = n; return nil })
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// difference is what the lines of a period have more in one recount than in another.
func difference(period string, before, after map[lineKey]lineCount) map[lineKey]lineCount {
	d := map[lineKey]lineCount{}
	for sign, lines := range map[int64]map[lineKey]lineCount{-1: before, 1: after} {
		for k, n := range lines {
			if k.period == period {
				d[k] = lineCount{d[k].listens + sign*n.listens, d[k].qualified + sign*n.qualified}
			}
		}
	}
	maps.DeleteFunc(d, func(_ lineKey, n lineCount) bool { return n == lineCount{} })
	return d
}

// A run that compares the ledger with the archive takes erased listens out before the job deletions gets to it.
func TestErasureThatARebuildCarriesOutIsHeldBack(t *testing.T) {
	laketest.Long(t, "a history of closed months and erasures, TestABatchOfDeletionsIsPosted is the short one")
	t.Parallel()
	l := laketest.New(t)
	copies := world(115, 240)
	archive(t, l, copies[:200])
	money(t, l, twoPools)
	run(t, l, royalty.Options{})
	c := closePeriod(t, l, "2026-03")
	for i := range copies[200:] { // ids of their own, so that what came late and what was erased do not meet
		copies[200+i].listen += "-late"
	}
	archive(t, l, copies[200:])
	erase(t, l, catalog.Listens, "u1")
	l.Compact(t, catalog.Listens)
	report := run(t, l, royalty.Options{})
	if !report.Ledger.Rebuilt && report.Ledger.Removed == 0 || c.Tag == "" {
		t.Fatalf("the ledger lost nothing: %+v", report.Ledger)
	}
	if got := report.Periods[0].Posting; got.HeldRows == 0 || got.DeletionSubjects != 1 {
		t.Errorf("one person's difference: %+v", got)
	}
	want := difference("2026-03", nil, recount(without(copies[200:], "u1"), atLeast30s))
	equalLines(t, "late listens", postedLines(t, l, "2026-03", royalty.CauseLate), want)
	equalLines(t, "deletions", postedLines(t, l, "2026-03", royalty.CauseDeletions), nil)
}

func without(copies []copyOf, users ...string) []copyOf {
	return slices.DeleteFunc(slices.Clone(copies), func(c copyOf) bool { return slices.Contains(users, c.user) })
}

func equalLines(t *testing.T, what string, got, want map[lineKey]lineCount) {
	t.Helper()
	if !maps.Equal(got, want) {
		t.Errorf("lines changed by %s: %v, want %v", what, got, want)
	}
}

func TestRestatementKilledAtEveryStepPostsOnce(t *testing.T) {
	laketest.Long(t, "killed at many steps, TestKilledAtEveryStepAndRunAgainGivesTheSame is the short one")
	t.Parallel()
	copies := world(97, 120)
	for nth := laketest.Stride(11); ; nth = laketest.NextStep(nth) {
		l := laketest.New(t)
		archive(t, l, copies[:80])
		money(t, l, twoPools)
		run(t, l, royalty.Options{})
		c := closePeriod(t, l, "2026-03")
		archive(t, l, copies[80:])
		ctx, cancel := context.WithCancel(t.Context())
		_, err := royalty.Run(ctx, env(l.With(laketest.CrashOnce(nth, cancel))), royalty.Options{})
		cancel()
		if err == nil {
			if nth < 12 {
				t.Fatalf("only %d steps", nth)
			}
			break
		}
		run(t, l, royalty.Options{})
		reconcile(t, l, c.Closing)
		equal(t, published(t, l), checksums(recount(copies, atLeast30s)))
	}
}

func TestPeriodClosedDuringARunPostsWithTheNext(t *testing.T) {
	laketest.Long(t, "closed during a run, and posted by the next")
	t.Parallel()
	l := laketest.New(t)
	copies := world(98, 120)
	archive(t, l, copies[:80])
	money(t, l, twoPools)
	run(t, l, royalty.Options{})
	archive(t, l, copies[80:])
	var c royalty.CloseReport
	faults := &laketest.Faults{Strike: func(step laketest.Step, table string) (err error) {
		if step == laketest.BeforeCommit && table == catalog.RoyaltyLines && c.Tag == "" {
			c, err = royalty.Close(context.Background(), env(l), "2026-03", royalty.CloseOptions{By: "ann", Force: true})
		}
		return err
	}}
	if _, err := royalty.Run(t.Context(), env(l.With(faults)), royalty.Options{}); err != nil {
		t.Fatal(err)
	}
	report := run(t, l, royalty.Options{})
	if len(report.Periods) != 1 || report.Periods[0].Cause != royalty.CauseClosed {
		t.Fatalf("recomputed %+v", report.Periods)
	}
	reconcile(t, l, c.Closing)
	if again := run(t, l, royalty.Options{}); again.Written {
		t.Error("a run with nothing new says it wrote")
	}
}

// Another engine's compaction puts the rows of many runs into one file, in any order.
func TestCompactedRunsAndAdjustmentsAreReadAsBefore(t *testing.T) {
	laketest.Long(t, "TestACompactionIsNoAlteration compacts every table")
	t.Parallel()
	l := laketest.New(t)
	copies := world(100, 200)
	archive(t, l, copies[:80])
	money(t, l, twoPools)
	run(t, l, royalty.Options{})
	c := closePeriod(t, l, "2026-03")
	for _, until := range []int{120, 160} {
		archive(t, l, copies[until-40:until])
		run(t, l, royalty.Options{})
	}
	for _, table := range []string{catalog.RoyaltyRuns, catalog.Adjustments, catalog.RoyaltyLines, catalog.ListensCounted} {
		l.Compact(t, table)
	}
	equal(t, published(t, l), checksums(recount(copies[:160], atLeast30s)))
	if again := run(t, l, royalty.Options{}); again.Periods != nil {
		t.Errorf("a run with nothing new recomputed %+v", again.Periods)
	}
	archive(t, l, copies[160:])
	run(t, l, royalty.Options{})
	reconcile(t, l, c.Closing)
	equal(t, published(t, l), checksums(recount(copies, atLeast30s)))
	if got := adjustmentsOf(t, l); len(got) != 1 {
		t.Errorf("posted %v", got)
	}
}
