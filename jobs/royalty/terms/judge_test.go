package terms_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake/duck"
)

func TestTheCompiledRulesJudgeAsTheRulesSay(t *testing.T) {
	db, err := duck.Open(t.Context(), duck.Options{MemoryLimit: "256MiB", Threads: 1, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // in memory
	const table = "CREATE TABLE plays (n BIGINT, track_id VARCHAR, artist_id VARCHAR, country VARCHAR, tier VARCHAR, device VARCHAR, event_time TIMESTAMPTZ, ms_played INTEGER, track_ms INTEGER)"
	if err := db.ExecText(t.Context(), table); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 3))
	plays := make([]play, 300)
	rows := make([][]any, len(plays))
	for i := range plays {
		p := randomPlay(r, "2026-04")
		at, err := time.Parse(time.DateOnly, p.day)
		if err != nil {
			t.Fatal(err)
		}
		edge := []time.Duration{0, time.Hour, 24*time.Hour - time.Microsecond}[r.IntN(3)]
		s := p.selectors
		plays[i], rows[i] = p, []any{int64(i), s[0], s[1], s[2], s[3], s[4], at.Add(edge), int32(p.ms), nil}
	}
	if err := db.Fill(t.Context(), "plays", rows); err != nil {
		t.Fatal(err)
	}
	sets := [][]terms.Rule{nil, {{ID: "it's", Tier: "free", Counts: true}}}
	for range 40 {
		sets = append(sets, randomRules(r, marchToMay))
	}
	for _, rules := range sets {
		var n int
		var qualifies bool
		var by string
		text := fmt.Sprintf("SELECT n, %s, %s FROM plays", terms.Expression(rules), terms.ExpressionRule(rules))
		err := db.EachText(t.Context(), text, nil, []any{&n, &qualifies, &by}, func() error {
			if want, wantBy := judge(rules, plays[n]); qualifies != want || by != wantBy {
				t.Errorf("%+v\njudge %+v as %v by %q, want %v by %q", rules, plays[n], qualifies, by, want, wantBy)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
