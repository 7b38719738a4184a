package terms_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lakectl/lakectl/jobs/royalty/terms"
)

// play is a listen as the rules see it.
type play struct {
	selectors [5]string // track_id, artist_id, country, tier, device
	day       string
	ms        int64
}

// judge is what rules mean, in Go: whether the listen qualifies, and by which rule.
func judge(rules []terms.Rule, p play) (bool, string) {
	for _, r := range rules {
		matches := (r.EffectiveFrom == "" || p.day >= r.EffectiveFrom) && (r.EffectiveTo == "" || p.day < r.EffectiveTo)
		for i, want := range []string{r.TrackID, r.ArtistID, r.Country, r.Tier, r.Device} {
			matches = matches && (want == "" || want == p.selectors[i])
		}
		if matches {
			return r.Counts && p.ms >= r.MinMsPlayed, r.ID
		}
	}
	return false, ""
}

var marchToMay = []string{"2026-02-20", "2026-03-01", "2026-03-15", "2026-03-31", "2026-04-01", "2026-04-15", "2026-04-30", "2026-05-01", "2026-05-09"}

func randomRules(r *rand.Rand, days []string) []terms.Rule {
	maybe := func(values ...string) string { return values[r.IntN(len(values))] }
	rules := make([]terms.Rule, r.IntN(5))
	for i := range rules {
		rules[i] = terms.Rule{
			ID: fmt.Sprint(i), TrackID: maybe("", "", "", "a"), Country: maybe("", "", "DE"), Device: maybe("", "", "tv", "web"),
			Counts: r.IntN(3) > 0, MinMsPlayed: r.Int64N(3),
		}
		if from := r.IntN(len(days) + 3); from < len(days) {
			rules[i].EffectiveFrom = days[from]
		}
		if to := r.IntN(len(days) + 3); to < len(days) && days[to] > rules[i].EffectiveFrom {
			rules[i].EffectiveTo = days[to]
		}
	}
	return rules
}

func randomPlay(r *rand.Rand, month string) play {
	maybe := func(values ...string) string { return values[r.IntN(len(values))] }
	return play{
		[5]string{maybe("a", "b"), "x", maybe("DE", "FR"), "free", maybe("tv", "web", "car")},
		fmt.Sprintf("%s-%02d", month, 1+r.IntN(30)), r.Int64N(3),
	}
}

func TestRulesThatAreEqualInAMonthJudgeItsListensAlike(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	byResult := map[string][][]terms.Rule{}
	for range 20_000 {
		rules := randomRules(r, marchToMay)
		in := terms.InPeriod(rules, "2026-04")
		for range 20 {
			p := randomPlay(r, "2026-04")
			want, _ := judge(rules, p)
			if got, _ := judge(in, p); got != want {
				t.Fatalf("%+v\nin April: %+v\njudge %+v differently", rules, in, p)
			}
		}
		for _, b := range in {
			if b.ID != "" || b.EffectiveFrom != "" && b.EffectiveFrom[:7] != "2026-04" || b.EffectiveTo != "" && b.EffectiveTo[:7] != "2026-04" {
				t.Fatalf("%+v: in April there is %+v", rules, b)
			}
		}
		key := fmt.Sprint(in)
		byResult[key] = append(byResult[key], rules)
	}
	if len(byResult) > 15_000 {
		t.Errorf("%d results of 20,000 rule sets: too few are equal to show anything", len(byResult))
	}
}

func TestRulesThatDifferInMarchOnlyAreEqualInApril(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 5_000 {
		rules := randomRules(r, marchToMay)
		changed := slices.Clone(rules)
		for i := range changed { // other days of March, or no date where March lies outside
			if changed[i].EffectiveFrom < "2026-04" {
				changed[i].EffectiveFrom = []string{"", "2026-03-01", "2026-03-02", "2026-04-01"}[r.IntN(4)]
			}
			if to := changed[i].EffectiveTo; to != "" && to < "2026-04-02" {
				changed[i].EffectiveTo = []string{"2026-03-03", "2026-03-09", "2026-04-01"}[r.IntN(3)]
			}
			changed[i].ID += "-changed"
		}
		if a, b := terms.InPeriod(rules, "2026-04"), terms.InPeriod(changed, "2026-04"); !slices.Equal(a, b) {
			t.Fatalf("%+v\n%+v\nare in April\n%+v\n%+v", rules, changed, a, b)
		}
	}
}

func TestWhatNothingReachesInAMonthIsGoneInIt(t *testing.T) {
	rules := []terms.Rule{
		{ID: "spring", EffectiveFrom: "2026-03-15", EffectiveTo: "2026-04-01", Counts: true, MinMsPlayed: 1},
		{ID: "de", Country: "DE", EffectiveFrom: "2026-04-01", EffectiveTo: "2026-05-01", Counts: true, MinMsPlayed: 2},
		{ID: "de-free", Country: "DE", Tier: "free", EffectiveTo: "2026-04-09", Counts: true, MinMsPlayed: 3},
		{ID: "april", EffectiveFrom: "2026-02-01", EffectiveTo: "2026-06-01", Counts: true, MinMsPlayed: 4},
		{ID: "rest", Counts: true, MinMsPlayed: 5},
	}
	want := []terms.Rule{{Country: "DE", Counts: true, MinMsPlayed: 2}, {Counts: true, MinMsPlayed: 4}}
	if got := terms.InPeriod(rules, "2026-04"); !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := terms.InPeriod([]terms.Rule{{EffectiveFrom: "2026-12-31", EffectiveTo: "2027-01-01"}}, "2026-12"); len(got) != 1 || got[0].EffectiveFrom != "2026-12-31" || got[0].EffectiveTo != "" {
		t.Errorf("the last day of the year: got %+v", got)
	}
}
