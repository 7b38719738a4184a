package terms

import (
	"fmt"
	"strings"

	"github.com/lakectl/lakectl/lake/duck"
)

// Expression compiles the rules to a boolean SQL expression over the columns of the ledger: whether a listen
// qualifies. A CASE keeps the cost of judging at one pass without a join; all texts in it are quoted literals. DuckDB
// and Trino read it alike.
func Expression(rules []Rule) string { return compile(rules, Rule.verdict, "false") }

// ExpressionRule compiles the rules to a SQL expression over the same columns that gives the id of the rule
// which decides a listen, or no text when none matches it.
func ExpressionRule(rules []Rule) string {
	return compile(rules, func(r Rule) string { return duck.Quote(r.ID) }, "''")
}

func compile(rules []Rule, then func(Rule) string, otherwise string) string {
	if len(rules) == 0 {
		return otherwise
	}
	var b strings.Builder
	b.WriteString("CASE")
	for _, r := range rules {
		fmt.Fprintf(&b, " WHEN %s THEN %s", r.condition(), then(r))
	}
	b.WriteString(" ELSE " + otherwise + " END")
	return b.String()
}

// pairs are the selectors of the rule with the columns they hold against.
func (r Rule) pairs() [5][2]string {
	return [5][2]string{{"track_id", r.TrackID}, {"artist_id", r.ArtistID}, {"country", r.Country}, {"tier", r.Tier}, {"device", r.Device}}
}

// Selectors are the columns of a listen that the rule holds against, with the values it wants.
func (r Rule) Selectors() map[string]string {
	selectors := map[string]string{}
	for _, s := range r.pairs() {
		if s[1] != "" {
			selectors[s[0]] = s[1]
		}
	}
	return selectors
}

func (r Rule) condition() string {
	terms := []string{"true"}
	for _, s := range r.pairs() {
		if s[1] != "" {
			terms = append(terms, s[0]+" = "+duck.Quote(s[1]))
		}
	}
	if r.EffectiveFrom != "" {
		terms = append(terms, "event_time >= "+midnight(r.EffectiveFrom))
	}
	if r.EffectiveTo != "" {
		terms = append(terms, "event_time < "+midnight(r.EffectiveTo))
	}
	return strings.Join(terms, " AND ")
}

// midnight is the beginning of a UTC date as an expression.
func midnight(date string) string {
	return "CAST(" + duck.Quote(date+" 00:00:00 UTC") + " AS TIMESTAMP WITH TIME ZONE)"
}

func (r Rule) verdict() string {
	if !r.Counts {
		return "false"
	}
	if r.MinFractionE4 == 0 {
		return fmt.Sprintf("ms_played >= %d", r.MinMsPlayed)
	}
	// Exact: heard/length >= fraction is heard*10000 >= fraction_e4*length.
	return fmt.Sprintf("(ms_played >= %d OR coalesce(CAST(ms_played AS BIGINT) * 10000 >= %d * CAST(track_ms AS BIGINT), false))", r.MinMsPlayed, r.MinFractionE4)
}
