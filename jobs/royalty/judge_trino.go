package royalty

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
	"github.com/lakectl/lakectl/lake/trino"
)

// trinoRules bounds the text of rules in bytes. Trino takes a statement of 1,000,000 characters, in which each quote
// of ours stands twice.
const trinoRules = 900_000

// judgedOnTrino is the name judged of a query: a relation of counted listens, with the column qualifies. Rules by key
// are in its text, because Trino has no tables of ours to look them up in.
func judgedOnTrino(of trino.Pin, rules []terms.Rule) (trino.Pin, error) {
	text := "SELECT *, " + terms.Expression(rules) + " AS qualifies FROM " + of.As
	if len(rules) > compiledRules {
		var err error
		if text, err = lookUpOnTrino(of.As, rules); err != nil {
			return trino.Pin{}, fmt.Errorf("compile rules: %w", err)
		}
	}
	if size := len(text) + strings.Count(text, "'"); size > trinoRules {
		return trino.Pin{}, lake.WithHint(fmt.Errorf("%d rules are %d bytes of a statement for trino, which may have %d", len(rules), size, trinoRules),
			"run it with engine: duckdb, or say the same with fewer rules")
	}
	return trino.Pin{As: "judged", Of: &trino.Query{Text: text, Pins: []trino.Pin{of}}}, nil
}

// lookUpOnTrino is lookUp with the tables of rules in its text. Days are numbers from 1970 on.
func lookUpOnTrino(relation string, rules []terms.Rule) (string, error) {
	places := []string{fmt.Sprint(math.MaxInt32)} // least is NULL where one of them is
	var joins []string
	for i, k := range terms.ByKey(rules) {
		if len(k.Columns) == 0 {
			place, err := everyListenOnTrino(k)
			if err != nil {
				return "", err
			}
			places = append(places, place)
			continue
		}
		at := fmt.Sprintf("k%d", i)
		join, err := joinRanges(k, at)
		if err != nil {
			return "", err
		}
		joins = append(joins, join)
		places = append(places, fmt.Sprintf("coalesce(%s.place, %d)", at, math.MaxInt32))
	}
	verdicts := make([]string, len(rules))
	for i, r := range rules {
		verdicts[i] = fmt.Sprintf("(%d,%t,%d,%d)", i, r.Counts, r.MinMsPlayed, r.MinFractionE4)
	}
	return "SELECT j.*, coalesce(v.counts AND (j.ms_played >= v.min_ms_played OR (v.min_fraction_e4 > 0" +
		" AND coalesce(CAST(j.ms_played AS BIGINT) * 10000 >= v.min_fraction_e4 * CAST(j.track_ms AS BIGINT), false))), false) AS qualifies" +
		" FROM (SELECT l.*, least(" + strings.Join(places, ", ") + ") AS rule_place" +
		" FROM (SELECT *, date_diff('day', DATE '1970-01-01', CAST(event_time AS DATE)) AS day FROM " + relation + ") l " + strings.Join(joins, " ") + ") j" +
		" LEFT JOIN (VALUES " + strings.Join(verdicts, ",") + ") AS v (place, counts, min_ms_played, min_fraction_e4) ON v.place = j.rule_place", nil
}

// joinRanges looks up under a name which rule decides about the key of a listen. Rules mostly have no dates; then none
// are in the text.
func joinRanges(k terms.Keyed, at string) (string, error) {
	dated := slices.ContainsFunc(k.Ranges, func(r terms.Range) bool { return r.From != "" || r.To != "" })
	columns := slices.Clone(k.Columns)
	on := make([]string, len(k.Columns))
	for n, column := range k.Columns {
		on[n] = "l." + column + " = " + at + "." + column
	}
	if dated {
		columns = append(columns, "from_day", "to_day")
		on = append(on, "l.day >= "+at+".from_day", "l.day < "+at+".to_day")
	}
	rows := make([]string, len(k.Ranges))
	for i, r := range k.Ranges {
		var b strings.Builder
		for _, value := range r.Key {
			b.WriteString(duck.Quote(value) + ",")
		}
		if dated {
			from, to, err := dayRange(r)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(&b, "%d,%d,", from, to)
		}
		rows[i] = fmt.Sprintf("(%s%d)", b.String(), r.Position)
	}
	return fmt.Sprintf("LEFT JOIN (VALUES %s) AS %s (%s, place) ON %s", strings.Join(rows, ","), at, strings.Join(columns, ", "), strings.Join(on, " AND ")), nil
}

// everyListenOnTrino is everyListen by days.
func everyListenOnTrino(k terms.Keyed) (string, error) {
	var b strings.Builder
	b.WriteString("CASE")
	for _, r := range k.Ranges {
		from, to, err := dayRange(r)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, " WHEN l.day >= %d AND l.day < %d THEN %d", from, to, r.Position)
	}
	return fmt.Sprintf("%s ELSE %d END", b.String(), math.MaxInt32), nil
}

// dayRange are the days of a range; an open bound is further away than any listen.
func dayRange(r terms.Range) (from, to int, err error) {
	if from, err = dayOf(r.From, -math.MaxInt32); err == nil {
		to, err = dayOf(r.To, math.MaxInt32)
	}
	return from, to, err
}

func dayOf(date string, open int) (int, error) {
	if date == "" {
		return open, nil
	}
	at, err := time.Parse(time.DateOnly, date)
	return lake.Day(at), err
}
