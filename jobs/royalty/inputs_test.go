package royalty_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake"
)

func TestRulesDecideInOrderAndOnlyWhatTheyChangeIsReplaced(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	l := laketest.New(t)
	copies := world(31, 150)
	archive(t, l, copies)
	run(t, l, royalty.Options{})
	rules, err := terms.ParseRules(strings.NewReader(`
rules:
  - {id: t1-60s, track_id: t1, effective_from: 2026-03-31, effective_to: 2026-04-02, min_ms_played: 60000}
  - {id: no-d1, device: d1, count: false}
  - {id: brazil, country: br, tier: free, min_ms_played: 0}
  - {id: default, min_ms_played: 40000, min_fraction: 0.3333}
`))
	if err != nil {
		t.Fatal(err)
	}
	set, err := royalty.ApplyRules(t.Context(), env(l), rules)
	if err != nil || set.Version != 1 || !set.Stored {
		t.Fatalf("apply: %+v, %v", set, err)
	}
	if again, err := royalty.ApplyRules(t.Context(), env(l), rules); err != nil || again.Stored {
		t.Fatalf("apply again stored %v, %v", again.Stored, err)
	}
	run(t, l, royalty.Options{Full: true})
	equal(t, published(t, l), checksums(recount(copies, func(c copyOf) bool {
		day := c.event.UTC().Format(time.DateOnly)
		switch {
		case c.track == "t1" && day >= "2026-03-31" && day < "2026-04-02":
			return c.ms >= 60_000
		case c.device == "d1":
			return false
		case c.country == "BR" && c.tier == "free":
			return true
		default:
			return c.ms >= 40_000 || (c.trackMs > 0 && c.ms*10_000 >= 3333*c.trackMs)
		}
	})))
}

func TestPoolsAreSharedOutToTheUnit(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	copies := world(41, 200)
	archive(t, l, copies)
	r := rand.New(rand.NewPCG(5, 5))
	var text strings.Builder
	text.WriteString("period,country,tier,currency,amount_minor\n")
	for _, period := range []string{"2026-03", "2026-04"} {
		for _, country := range []string{"*", "DE", "BR", "FR"} {
			for _, tier := range []string{"*", "free"} {
				fmt.Fprintf(&text, "%s,%s,%s,EUR,%s\n", period, country, tier, strconv.FormatUint(r.Uint64N(1<<(r.UintN(62)+1)), 10))
			}
		}
	}
	pools, err := terms.ParsePools(strings.NewReader(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := royalty.ApplyPools(t.Context(), env(l), pools); err != nil {
		t.Fatal(err)
	}
	report := run(t, l, royalty.Options{})
	lines := recount(copies, atLeast30s)
	for _, period := range report.Periods {
		st, err := royalty.Show(t.Context(), env(l), period.Period)
		if err != nil {
			t.Fatal(err)
		}
		want := map[royalty.Payout]bool{}
		nobody := 0
		for _, p := range pools {
			if p.Period != period.Period {
				continue
			}
			shares := shareOut(p, lines)
			if len(shares) == 0 {
				nobody++
			}
			for _, s := range shares {
				want[s] = true
			}
		}
		got := map[royalty.Payout]bool{}
		for _, p := range st.Payouts {
			got[p] = true
		}
		equal(t, got, want)
		equal(t, len(period.Undistributed), nobody)
		equal(t, len(st.Run.Undistributed), nobody)
	}
}

func TestPoolsOfOneMonthLeaveTheOthersAlone(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	archive(t, l, world(51, 100))
	apply := func(rows string) {
		pools, err := terms.ParsePools(strings.NewReader("period,country,tier,currency,amount_minor\n" + rows))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := royalty.ApplyPools(t.Context(), env(l), pools); err != nil {
			t.Fatal(err)
		}
	}
	apply("2026-03,*,*,EUR,1000\n2026-04,*,*,EUR,2000\n")
	run(t, l, royalty.Options{})
	apply("2026-04,*,*,EUR,3000\n")
	report := run(t, l, royalty.Options{})
	if len(report.Periods) != 1 || report.Periods[0].Period != "2026-04" || report.Periods[0].Cause != royalty.CausePools {
		t.Fatalf("recomputed %+v", report.Periods)
	}
	st, err := royalty.Show(t.Context(), env(l), "2026-03")
	if err != nil || len(st.Payouts) == 0 {
		t.Fatalf("March lost its payouts: %v", err)
	}
}

func TestChangedLedgerBehindTheJobsBackIsFoundByFull(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	archive(t, l, world(61, 60))
	run(t, l, royalty.Options{})
	erase(t, l, catalog.Listens, "u1") // from the archive only: the ledger still counts these
	_, err := royalty.Run(t.Context(), env(l), royalty.Options{Full: true})
	if !errors.Is(err, jobs.ErrProof) || lake.Hint(err) == "" {
		t.Fatalf("got %v, want ErrProof with a hint", err)
	}
}

func TestOnePeriodRunTwiceIsPublishedOnce(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	archive(t, l, world(71, 100)) // March and April
	run(t, l, royalty.Options{Period: "2026-03"})
	before := heads(t, l)
	if again := run(t, l, royalty.Options{Period: "2026-03"}); again.Written || len(again.Periods) > 0 {
		t.Errorf("again: %+v", again)
	}
	equal(t, heads(t, l), before)
	if rest := run(t, l, royalty.Options{}); len(rest.Periods) != 1 || rest.Periods[0].Period != "2026-04" {
		t.Errorf("the rest: %+v", rest.Periods)
	}
}

func TestTheCutOfARunShowsWhatItUsedAndPublished(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	archive(t, l, world(81, 60))
	apply := func(text string) {
		rules, err := terms.ParseRules(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := royalty.ApplyRules(t.Context(), env(l), rules); err != nil {
			t.Fatal(err)
		}
	}
	apply("rules: [{id: one, min_ms_played: 1}]")
	report := run(t, l, royalty.Options{})
	apply("rules: [{id: two, min_ms_played: 2}]")
	run(t, l, royalty.Options{})
	cut, err := royalty.CutOf(t.Context(), env(l), report.Periods[0].RunID)
	if err != nil {
		t.Fatal(err)
	}
	d := l.DB(t)
	for view, table := range map[string]string{"rules": catalog.RoyaltyRules, "runs": catalog.RoyaltyRuns} {
		tbl, err := l.Table(t.Context(), table)
		if err != nil {
			t.Fatal(err)
		}
		s, err := tbl.ByID(cut.Snapshots[table])
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Bind(t.Context(), view, s); err != nil {
			t.Fatal(err)
		}
	}
	var rule string
	var runs int64
	err = d.OneText(t.Context(), "SELECT (SELECT max(id) FROM rules), (SELECT count(*) FROM runs WHERE run_id = $1)", []any{report.Periods[0].RunID}, []any{&rule, &runs})
	if err != nil || rule != "one" || runs != 1 {
		t.Errorf("the cut has rule %q and %d rows of the run, %v", rule, runs, err)
	}
}
