package royalty_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake"
)

// past is a lake and, in plain Go, all that happened to it.
type past struct {
	*laketest.Lake
	r        *rand.Rand
	coming   []copyOf // not archived yet
	archived []copyOf // and not erased
	erased   []string // users
	rules    []terms.Rule
	pools    map[string][]terms.Pool
	splits   map[string][]terms.Split
	closed   map[string]royalty.Closing
	ran      bool
	// of closed periods: whose erasures no batch has, and the causes that differences may have since the last run
	waiting map[string]map[string]bool
	causes  map[string]bool
	posted  map[string]int64           // adjustments, as adjustmentsOf counts them
	before  map[string]royalty.Closing // closed before the last run
}

var someMonths = []string{"2026-03", "2026-04", "2026-05"}

func newPast(t *testing.T, seed uint64) *past {
	p := &past{
		Lake: laketest.New(t), r: rand.New(rand.NewPCG(seed, 7)), coming: world(seed+300, 420), rules: terms.DefaultRules(),
		pools: map[string][]terms.Pool{}, splits: map[string][]terms.Split{}, closed: map[string]royalty.Closing{},
		waiting: map[string]map[string]bool{}, causes: map[string]bool{}, posted: map[string]int64{},
	}
	for i := range p.coming { // most copies of a listen are by one of 16 users
		if c := &p.coming[i]; p.r.IntN(8) > 0 {
			c.user = "v" + c.listen[len(c.listen)-1:]
		} else if p.r.IntN(2) > 0 {
			c.user = fmt.Sprintf("w%d", p.r.IntN(6))
		}
	}
	p.r.Shuffle(len(p.coming), func(i, j int) { p.coming[i], p.coming[j] = p.coming[j], p.coming[i] })
	return p
}

// step does one random thing.
func (p *past) step(t *testing.T) string {
	switch n := p.r.IntN(20); {
	case n < 5:
		return p.arrive(t)
	case n < 9:
		return p.erase(t) + ", " + p.erase(t)
	case n < 11:
		return p.judge(t)
	case n < 13:
		return p.pay(t)
	case n < 15:
		return p.split(t)
	case n < 17 && p.ran:
		return p.close(t)
	default:
		tables := []string{catalog.Listens, catalog.ListensCounted, catalog.Duplicates, catalog.RoyaltyLines, catalog.RoyaltyPayouts, catalog.RoyaltyShares, catalog.RoyaltyRuns, catalog.Adjustments}
		table := tables[p.r.IntN(len(tables))]
		return p.rewritten(t, table)
	}
}

func (p *past) arrive(t *testing.T) string {
	n := min(1+p.r.IntN(50), len(p.coming))
	late := without(p.coming[:n], p.erased...)
	p.coming = p.coming[n:]
	if len(late) > 0 {
		archive(t, p.Lake, late)
		p.archived = append(p.archived, late...)
		p.causes[royalty.CauseLate] = true
	}
	return fmt.Sprintf("archive %d", len(late))
}

// erase carries out a user's request, logged as job deletions does it: with the months of all copies of the listens.
func (p *past) erase(t *testing.T) string {
	users := map[string]bool{}
	for _, c := range p.archived {
		users[c.user] = true
	}
	if len(users) == 0 {
		return "erase nobody"
	}
	user := slices.Sorted(maps.Keys(users))[p.r.IntN(len(users))]
	d := p.DB(t)
	if err := d.Bind(t.Context(), "ledger", p.Snapshot(t, catalog.ListensCounted)); err != nil {
		t.Fatal(err)
	}
	var counted int64
	var rowsByMonth string
	text := `SELECT coalesce(sum(n), 0)::BIGINT, coalesce(string_agg(month || ':' || n, ','), '') FROM (
		SELECT strftime(event_time, '%Y-%m') AS month, count(*) AS n FROM ledger WHERE user_id = $1 GROUP BY month)`
	if err := d.OneText(t.Context(), text, []any{user}, []any{&counted, &rowsByMonth}); err != nil {
		t.Fatal(err)
	}
	listens, months, rows := map[string]bool{}, map[string]bool{}, int64(0)
	for _, c := range p.archived {
		if c.user == user {
			listens[c.listen] = true
			rows++
		}
	}
	for _, c := range p.archived {
		if listens[c.listen] {
			months[c.event.Format("2006-01")] = true
		}
	}
	taken(t, p.Lake, user)
	p.erased = append(p.erased, user)
	offset := int64(10_000 + len(p.erased))
	requested(t, p.Lake, user, offset)
	put(t, p.Lake, catalog.DeletionLog, []any{
		"r-" + user, "rows_deleted", time.Now().UTC(), "listens", 0, offset, rows, int64(0), counted, int64(0), nil, nil, nil, strings.Join(slices.Sorted(maps.Keys(months)), ","),
		rowsByMonth,
	})
	for month := range changedBy(p.archived, user) {
		if p.waiting[month] != nil && counted > 0 {
			p.waiting[month][user] = true
		}
	}
	p.archived = without(p.archived, user)
	p.causes[royalty.CauseDeletions] = true
	return fmt.Sprintf("erase %s, %d counted", user, counted)
}

func (p *past) judge(t *testing.T) string {
	days := []string{"", "", "2026-03-31", "2026-04-01", "2026-04-02"}
	one := func(list ...string) string { return list[p.r.IntN(len(list))] }
	var text strings.Builder
	text.WriteString("rules:\n")
	for i := range p.r.IntN(4) {
		fmt.Fprintf(&text, "  - {id: r%d", i)
		for _, s := range []string{one("", "track_id: t1", "artist_id: A1"), one("", "", "country: DE"), one("", "tier: free"), one("", "", "device: d1")} {
			if s != "" {
				text.WriteString(", " + s)
			}
		}
		from, to := one(days...), one(days...)
		if from != "" {
			text.WriteString(", effective_from: " + from)
		}
		if to > from {
			text.WriteString(", effective_to: " + to)
		}
		text.WriteString(one(", count: false}\n", ", min_ms_played: 0}\n", ", min_ms_played: 40000}\n", ", min_ms_played: 60000, min_fraction: 0.3333}\n"))
	}
	text.WriteString(one("", "  - {id: all, min_ms_played: 20000}\n", "  - {id: all, min_ms_played: 50000, min_fraction: 0.5}\n"))
	rules, err := terms.ParseRules(strings.NewReader(text.String()))
	if err != nil {
		return "rules refused" // some cannot be reached, or there are none
	}
	if _, err := royalty.ApplyRules(t.Context(), env(p.Lake), rules); err != nil {
		t.Fatal(err)
	}
	p.rules, p.causes[royalty.CauseNewRules] = rules, true
	return text.String()
}

func (p *past) pay(t *testing.T) string {
	var pools []terms.Pool
	month := someMonths[p.r.IntN(len(someMonths))]
	for _, country := range []string{"*", "DE", "FR"} {
		for _, tier := range []string{"*", "family"} {
			for _, currency := range []string{"EUR", "USD"} {
				if p.r.IntN(3) == 0 {
					pools = append(pools, terms.Pool{Period: month, Country: country, Tier: tier, Currency: currency, AmountMinor: p.r.Int64N(1 << p.r.UintN(50))})
				}
			}
		}
	}
	if len(pools) == 0 {
		return "pay nothing"
	}
	if _, err := royalty.ApplyPools(t.Context(), env(p.Lake), pools); err != nil {
		t.Fatal(err)
	}
	p.pools[month], p.causes[royalty.CauseNewPools] = pools, true
	return fmt.Sprintf("pools %v", pools)
}

func (p *past) split(t *testing.T) string {
	var splits []terms.Split
	track := fmt.Sprintf("t%d", p.r.IntN(6))
	bounds := [][]string{{"", ""}, {"2026-03-31", ""}, {"", "2026-04-02"}, {"", "2026-03-31", "2026-04-01", ""}}[p.r.IntN(4)]
	for i := range len(bounds) - 1 {
		points := 1 + p.r.Int64N(terms.AllBasisPoints-1)
		splits = append(splits,
			terms.Split{TrackID: track, Party: "ann", Role: "writer", BasisPoints: points, EffectiveFrom: bounds[i], EffectiveTo: bounds[i+1]},
			terms.Split{TrackID: track, Party: []string{"A0", "bob"}[p.r.IntN(2)], Role: "artist", BasisPoints: terms.AllBasisPoints - points, EffectiveFrom: bounds[i], EffectiveTo: bounds[i+1]})
	}
	if _, err := royalty.ApplySplits(t.Context(), env(p.Lake), splits); err != nil {
		t.Fatal(err)
	}
	p.splits[track], p.causes[royalty.CauseNewSplits] = splits, true
	return fmt.Sprintf("splits %v", splits)
}

// close closes some published period that is open; a run may be under way.
func (p *past) close(t *testing.T) string {
	runs, err := royalty.Runs(context.Background(), env(p.Lake))
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range p.r.Perm(len(runs)) {
		period := runs[i].Period
		if _, already := p.closed[period]; already {
			continue
		}
		report, err := royalty.Close(context.Background(), env(p.Lake), period, royalty.CloseOptions{By: "ann", Force: true})
		if err != nil {
			t.Fatalf("close %s: %v", period, err)
		}
		p.closed[period], p.waiting[period] = report.Closing, map[string]bool{}
		return "close " + period
	}
	return "close nothing"
}

// run runs royalties to their end; first perhaps one that is killed, or one during which a period is closed.
func (p *past) run(t *testing.T) string {
	happened := "run"
	p.before = maps.Clone(p.closed)
	switch n := p.r.IntN(6); {
	case n < 2:
		at := 1 + p.r.IntN(16)
		happened = fmt.Sprintf("run killed at step %d, run", at)
		ctx, cancel := context.WithCancel(t.Context())
		_, err := royalty.Run(ctx, env(p.With(laketest.CrashOnce(at, cancel))), royalty.Options{})
		cancel()
		if err != nil {
			p.causes[royalty.CauseLate], p.causes[royalty.CauseDeletions] = true, true // merged with what comes next
			return p.maybe(t, happened)
		}
	case n == 2 && p.ran:
		table := []string{catalog.ListensCounted, catalog.RoyaltyLines, catalog.RoyaltyPayouts, catalog.Adjustments, catalog.RoyaltyRuns}[p.r.IntN(5)]
		done := "nothing"
		faults := &laketest.Faults{Strike: func(step laketest.Step, of string) error {
			if step == laketest.BeforeCommit && of == table && done == "nothing" {
				done = p.close(t)
			}
			return nil
		}}
		if _, err := royalty.Run(t.Context(), env(p.With(faults)), royalty.Options{}); err != nil && !errors.Is(err, lake.ErrFenced) {
			t.Fatal(err)
		}
		happened = fmt.Sprintf("run, at its commit to %s %s, run", table, done)
	}
	run(t, p.Lake, royalty.Options{Full: p.r.IntN(4) == 0})
	p.ran = true
	return happened
}

// maybe lets more happen between a killed run and the next.
func (p *past) maybe(t *testing.T, happened string) string {
	if p.r.IntN(2) == 0 {
		happened += ", " + p.step(t)
	}
	run(t, p.Lake, royalty.Options{})
	p.ran = true
	return happened + ", run"
}

// check holds what is published against the recount, and closed periods against their statements.
func (p *past) check(t *testing.T) {
	lines := recount(p.archived, p.qualifies)
	equalLines(t, "all", p.publishedLines(t), lines)
	payouts, shares := p.publishedMoney(t)
	wantPayouts, wantShares := map[string]int64{}, map[string]int64{}
	for _, pools := range p.pools {
		for _, pool := range pools {
			for _, o := range shareOut(pool, lines) {
				key := fmt.Sprint(pool.Period, o.Country, o.Tier, o.Currency, " ", o.ArtistID, o.TrackID)
				wantPayouts[fmt.Sprint(key, " for ", o.QualifiedListens)] = o.AmountMinor
				p.shareAmong(pool, o, key, wantShares)
			}
		}
	}
	equal(t, payouts, wantPayouts)
	equal(t, shares, wantShares)
	for _, c := range p.closed {
		if waits(t, p.Lake, c.Period) {
			p.checkWaiting(t, c)
			continue
		}
		reconcile(t, p.Lake, c)
		clear(p.waiting[c.Period])
	}
	p.checkPostings(t)
	before := heads(t, p.Lake)
	if again := run(t, p.Lake, royalty.Options{}); again.Written {
		t.Errorf("a run with nothing new says it wrote: %+v", again.Periods)
	}
	equal(t, heads(t, p.Lake), before)
}

// checkPostings holds new adjustments against what happened since the last run.
func (p *past) checkPostings(t *testing.T) {
	now := adjustmentsOf(t, p.Lake)
	for key, rows := range now {
		words := strings.SplitN(key, " ", 3)
		posted, period, cause := words[0], words[1], words[2]
		if rows <= p.posted[key] {
			continue
		}
		if !p.causes[cause] && cause != royalty.CauseRecomputed && cause != royalty.CauseDeletions {
			t.Errorf("%d rows by %s, but only these changed: %v", rows, cause, p.causes)
		}
		if n := len(p.waiting[period]); cause == royalty.CauseDeletions && n < 5 {
			t.Errorf("differences by %d erasures were posted: %s", n, key)
		}
		if _, closed := p.before[posted]; closed || posted <= period {
			t.Errorf("posted to %s, which is closed", key)
		}
	}
	p.posted = now
	clear(p.causes)
}

func (p *past) publishedLines(t *testing.T) map[lineKey]lineCount {
	d := p.DB(t)
	if err := d.Bind(t.Context(), "x", p.Snapshot(t, catalog.RoyaltyLines)); err != nil {
		t.Fatal(err)
	}
	got := map[lineKey]lineCount{}
	var k lineKey
	var n lineCount
	dest := []any{&k.period, &k.artist, &k.track, &k.country, &k.tier, &n.listens, &n.qualified}
	err := d.EachText(t.Context(), "SELECT period, artist_id, track_id, country, tier, listens, qualified_listens FROM x", nil, dest, func() error { got[k] = n; return nil })
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (p *past) publishedMoney(t *testing.T) (payouts, shares map[string]int64) {
	d := p.DB(t)
	payouts, shares = map[string]int64{}, map[string]int64{}
	for table, into := range map[string]map[string]int64{catalog.RoyaltyPayouts: payouts, catalog.RoyaltyShares: shares} {
		if err := d.Bind(t.Context(), table, p.Snapshot(t, table)); err != nil {
			t.Fatal(err)
		}
		more := map[string]string{catalog.RoyaltyPayouts: "' for ' || qualified_listens", catalog.RoyaltyShares: "' to ' || party || role"}[table]
		var key string
		var amount int64
		text := "SELECT period || country || tier || currency || ' ' || artist_id || track_id || " + more + ", amount_minor FROM " + table
		if err := d.EachText(t.Context(), text, nil, []any{&key, &amount}, func() error { into[key] = amount; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	return payouts, shares
}

func TestRandomHistoryOfClosedPeriodsReconciles(t *testing.T) {
	seeds, rounds := uint64(2), 14
	if !laketest.InCI() {
		seeds, rounds = 1, 3
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			p := newPast(t, seed)
			p.arrive(t)
			for i := range rounds {
				t.Run(fmt.Sprint(i), func(t *testing.T) {
					for range 1 + p.r.IntN(3) {
						t.Log(p.step(t))
					}
					t.Log(p.run(t))
					p.check(t)
				})
				if t.Failed() {
					return
				}
			}
			t.Log(adjustmentsOf(t, p.Lake))
			if report := run(t, p.Lake, royalty.Options{Full: true}); !report.Full.Agrees {
				t.Error("a recount from the archive disagrees")
			}
		})
	}
}
