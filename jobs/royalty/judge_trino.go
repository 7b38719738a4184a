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
	verdicts := make([][]string, len(rules))
	for i, r := range rules {
		for column, value := range r.Selectors() {
			if strings.ContainsAny(value, fieldEnd+rowEnd) { // another engine wrote it: no file of rules has one
				return "", lake.WithHint(fmt.Errorf("rule %q: its %s has a control character", r.ID, column), "apply the rules anew, without it")
			}
		}
		verdicts[i] = []string{fmt.Sprint(i), fmt.Sprint(r.Counts), fmt.Sprint(r.MinMsPlayed), fmt.Sprint(r.MinFractionE4)}
	}
	verdict := table(verdicts, "CAST(f[1] AS INTEGER) AS place", "CAST(f[2] AS BOOLEAN) AS counts", "CAST(f[3] AS BIGINT) AS min_ms_played", "CAST(f[4] AS BIGINT) AS min_fraction_e4")
	return "SELECT j.*, coalesce(v.counts AND (j.ms_played >= v.min_ms_played OR (v.min_fraction_e4 > 0" +
		" AND coalesce(CAST(j.ms_played AS BIGINT) * 10000 >= v.min_fraction_e4 * CAST(j.track_ms AS BIGINT), false))), false) AS qualifies" +
		" FROM (SELECT l.*, least(" + strings.Join(places, ", ") + ") AS rule_place" +
		" FROM (SELECT *, date_diff('day', DATE '1970-01-01', CAST(event_time AS DATE)) AS day FROM " + relation + ") l " + strings.Join(joins, " ") + ") j" +
		" LEFT JOIN " + verdict + " AS v ON v.place = j.rule_place", nil
}

// joinRanges looks up under a name which rule decides about the key of a listen. Rules mostly have no dates; then none
// are in the text.
func joinRanges(k terms.Keyed, at string) (string, error) {
	dated := slices.ContainsFunc(k.Ranges, func(r terms.Range) bool { return r.From != "" || r.To != "" })
	var columns, on []string
	for n, column := range k.Columns {
		columns = append(columns, fmt.Sprintf("f[%d] AS %s", n+1, column))
		on = append(on, "l."+column+" = "+at+"."+column)
	}
	fields := []string{"place"}
	if dated {
		fields = append(fields, "from_day", "to_day")
		on = append(on, "l.day >= "+at+".from_day", "l.day < "+at+".to_day")
	}
	for n, field := range fields {
		columns = append(columns, fmt.Sprintf("CAST(f[%d] AS INTEGER) AS %s", len(k.Columns)+n+1, field))
	}
	rows := make([][]string, len(k.Ranges))
	for i, r := range k.Ranges {
		rows[i] = append(slices.Clone(r.Key), fmt.Sprint(r.Position))
		if dated {
			from, to, err := dayRange(r)
			if err != nil {
				return "", err
			}
			rows[i] = append(rows[i], fmt.Sprint(from), fmt.Sprint(to))
		}
	}
	return "LEFT JOIN " + table(rows, columns...) + " AS " + at + " ON " + strings.Join(on, " AND "), nil
}

// What ends a field and a row of [table].
const (
	fieldEnd = "\x1f"
	rowEnd   = "\x1e"
)

// table is a relation whose rows are in one string; f are the fields of one. Trino plans with 20,000 rows in a string
// in two seconds, and with as many rows of VALUES in half a minute.
func table(rows [][]string, columns ...string) string {
	lines := make([]string, len(rows))
	for i, fields := range rows {
		lines[i] = strings.Join(fields, fieldEnd)
	}
	return fmt.Sprintf("(SELECT %s FROM (SELECT split(r, %s) AS f FROM UNNEST(split(%s, %s)) AS u (r)) AS t)",
		strings.Join(columns, ", "), duck.Quote(fieldEnd), duck.Quote(strings.Join(lines, rowEnd)), duck.Quote(rowEnd))
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
