package royalty

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
	"github.com/lakectl/lakectl/lake/trino"
)

// makePlays makes the relation plays of n counted listens of March and April.
func makePlays(t testing.TB, n int, tracks int) *jobs.Session {
	t.Helper()
	db, err := duck.Open(t.Context(), duck.Options{MemoryLimit: "1GiB", Threads: 1, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() }) //nolint:errcheck // in memory
	err = db.ExecText(t.Context(), `CREATE TABLE plays AS SELECT i AS n, 't' || (hash(i) % $2::UBIGINT) AS track_id, 'A' || (i % 3) AS artist_id,
		CASE i % 2 WHEN 0 THEN 'DE' ELSE 'FR' END AS country, CASE hash(i, 1) % 2 WHEN 0 THEN 'free' ELSE 'premium' END AS tier, 'd' || (hash(i, 2) % 2) AS device,
		TIMESTAMPTZ '2026-03-01 00:00:00+00' + INTERVAL 12 HOUR * (hash(i, 3) % 120)::INTEGER AS event_time,
		(hash(i, 4) % 60000)::INTEGER AS ms_played, CASE WHEN i % 5 > 0 THEN 1000 + (hash(i, 5) % 90000)::INTEGER END AS track_ms
		FROM range($1::BIGINT) r(i)`, n, tracks)
	if err != nil {
		t.Fatal(err)
	}
	return jobs.NewSession(db, nil)
}

// manyRandomRules are rules that overlap in selectors and dates, many of them about the same listens.
func manyRandomRules(r *rand.Rand, n int) (rules []terms.Rule) {
	pick := func(values ...string) string { return values[r.IntN(len(values))] }
	for i := range n {
		rule := terms.Rule{ID: fmt.Sprintf("r'%d", i), Counts: r.IntN(4) > 0, Device: pick("", "", "d0", "d1"), Tier: pick("", "", "free"), Country: pick("", "", "DE")}
		if r.IntN(10) > 0 {
			rule.TrackID = fmt.Sprintf("t%d", r.IntN(8))
		}
		if r.IntN(4) == 0 {
			rule.ArtistID = fmt.Sprintf("A%d", r.IntN(3))
		}
		days := []string{"", "2026-03-01", "2026-03-09", "2026-03-31", "2026-04-01", "2026-04-15"}
		from, to := r.IntN(len(days)), r.IntN(len(days))
		if from, to = min(from, to), max(from, to); from != to {
			rule.EffectiveFrom, rule.EffectiveTo = days[from], days[to]
		}
		if rule.Counts {
			rule.MinMsPlayed, rule.MinFractionE4 = r.Int64N(60_000), max(0, r.Int64N(10_000)-5_000)
		}
		rules = append(rules, rule)
	}
	return rules
}

func TestManyRulesAreLookedUpAsTheCompiledOnesJudge(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	db := makePlays(t, 3000, 9)
	r := rand.New(rand.NewPCG(11, 11))
	dated := manyRandomRules(r, 40)
	for i := range dated { // rules about every listen alone have no table
		dated[i].TrackID, dated[i].ArtistID, dated[i].Country, dated[i].Tier, dated[i].Device = "", "", "", "", ""
	}
	for _, rules := range [][]terms.Rule{manyRandomRules(r, compiledRules+1), manyRandomRules(r, 150), manyRandomRules(r, 150), dated} {
		query, err := judging(t.Context(), db, "plays", rules)
		if err != nil {
			t.Fatal(err)
		}
		trinos, err := lookUpOnTrino("plays", rules) // DuckDB reads it too
		if err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf(`SELECT count(DISTINCT d.rule), count(*), count(*) FILTER (WHERE d.qualifies IS DISTINCT FROM coalesce(e.qualifies, false) OR d.rule <> e.rule
			OR d.qualifies IS DISTINCT FROM o.qualifies) FROM (SELECT n, %s AS qualifies, %s AS rule FROM plays) e JOIN (%s) d USING (n) JOIN (%s) o USING (n)`,
			terms.Expression(rules), terms.ExpressionRule(rules), query, trinos)
		var used, n, wrong int
		if err := db.OneText(t.Context(), text, nil, []any{&used, &n, &wrong}); err != nil {
			t.Fatal(err)
		}
		if n != 3000 || wrong > 0 || used < 3 {
			t.Errorf("%d rules, %d of them used: of %d listens %d are judged otherwise than by the expression", len(rules), used, n, wrong)
		}
	}
}

func TestRulesThatDifferOnlyInBlanksOrOrderHaveTablesOfTheirOwn(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(12, 12))
	rules := manyRandomRules(r, 40)
	names := map[string]bool{}
	swapped, moved := slices.Clone(rules), slices.Clone(rules)
	swapped[0], swapped[1] = swapped[1], swapped[0]
	moved[0].ID, moved[0].TrackID = "a", "b c"
	other := slices.Clone(moved)
	other[0].ID, other[0].TrackID = "a b", "c"
	for _, list := range [][]terms.Rule{rules, swapped, moved, other, rules[:39]} {
		name, err := rulesName(list)
		if err != nil {
			t.Fatal(err)
		}
		names[name] = true
	}
	if len(names) != 5 {
		t.Errorf("%d names for 5 lists", len(names))
	}
}

// manyRulesLimit is how much longer lines may take to make by 10,000 rules than by ten.
const manyRulesLimit = 3.0

// byTrack are rules about a track each, and one about every listen.
func byTrack(n int) []terms.Rule {
	rules := make([]terms.Rule, n)
	for i := range rules {
		rules[i] = terms.Rule{ID: fmt.Sprintf("r%d", i), TrackID: fmt.Sprintf("t%d", i), Counts: true, MinMsPlayed: 20_000}
	}
	return append(rules, terms.DefaultRules()...)
}

func BenchmarkLinesByTenThousandRules(b *testing.B) {
	db := makePlays(b, 300_000, 20_000)
	took := map[int]time.Duration{}
	for b.Loop() {
		for _, n := range []int{10, 10_000} {
			begun := time.Now()
			if err := computeLines(b.Context(), db, "plays", byTrack(n), []string{"2026-03", "2026-04"}); err != nil {
				b.Fatal(err)
			}
			took[n] += time.Since(begun)
		}
	}
	ratio := float64(took[10_000]) / float64(took[10])
	b.ReportMetric(ratio, "ratio")
	b.ReportMetric(manyRulesLimit, "limit")
	if ratio > manyRulesLimit {
		b.Errorf("10,000 rules take %.1f times as long as ten, the limit is %.1f", ratio, manyRulesLimit)
	}
}

func TestRulesThatNoStatementForTrinoHoldsAreRefused(t *testing.T) {
	t.Parallel()
	of := trino.Pin{As: "counted"}
	if pin, err := judgedOnTrino(of, byTrack(20_000)); err != nil || len(pin.Of.Pins) != 1 {
		t.Errorf("20,000 rules: %v", err)
	}
	_, err := judgedOnTrino(of, byTrack(60_000))
	if err == nil || !strings.Contains(err.Error(), "60001 rules are ") || !strings.Contains(lake.Hint(err), "engine: duckdb") {
		t.Errorf("60,000 rules: %v, hint %q", err, lake.Hint(err))
	}
}
