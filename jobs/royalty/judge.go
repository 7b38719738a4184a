package royalty

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake/duck"
)

// compiledRules is up to how many rules are compiled to one expression, which takes each row through all of them and
// takes a time to plan that grows with the square of their number. More are looked up by key.
const compiledRules = 32

// judging is a query over a relation of counted listens: its columns, qualifies, and rule, the id of the one that
// decided, or no text.
func judging(ctx context.Context, db *jobs.Session, relation string, rules []terms.Rule) (string, error) {
	if len(rules) <= compiledRules {
		return "SELECT *, " + terms.Expression(rules) + " AS qualifies, " + terms.ExpressionRule(rules) + " AS rule FROM " + relation, nil
	}
	name, err := rulesName(rules)
	if err != nil {
		return "", err
	}
	tables := terms.ByKey(rules)
	made, err := db.HasTable(ctx, name)
	if err != nil {
		return "", err
	}
	if !made {
		if err := fillRules(ctx, db, name, rules, tables); err != nil {
			return "", fmt.Errorf("make tables of rules: %w", err)
		}
	}
	return lookUp(relation, name, tables), nil
}

// rulesName names rules by what they say, so that tables of them are made once.
func rulesName(rules []terms.Rule) (string, error) {
	h := sha256.New()
	for _, r := range rules {
		if _, err := fmt.Fprintf(h, "%#v\n", r); err != nil {
			return "", err
		}
	}
	return "rules_" + hex.EncodeToString(h.Sum(nil)[:8]), nil
}

// keyTable is the table of rules that hold against some columns.
func keyTable(name string, k terms.Keyed) string {
	return name + "_by_" + strings.Join(k.Columns, "_")
}

// fillRules makes the tables of rules in the schema main: what each says, and which decides about a key and its dates.
func fillRules(ctx context.Context, db *jobs.Session, name string, rules []terms.Rule, tables []terms.Keyed) error {
	for _, k := range tables {
		if len(k.Columns) == 0 {
			continue
		}
		if err := db.Run(ctx, "royalty/rules_keyed"); err != nil {
			return err
		}
		if err := db.Fill(ctx, "rules_keyed", keyedRows(k)); err != nil {
			return err
		}
		if err := db.Copy(ctx, "main."+keyTable(name, k), "rules_ranges"); err != nil {
			return err
		}
	}
	rows := make([][]any, len(rules))
	for i, r := range rules {
		rows[i] = []any{int32(i), r.ID, r.Counts, r.MinMsPlayed, r.MinFractionE4}
	}
	if err := db.Run(ctx, "royalty/rules_filled"); err != nil {
		return err
	}
	if err := db.Fill(ctx, "rules_filled", rows); err != nil {
		return err
	}
	return db.Copy(ctx, "main."+name, "rules_filled")
}

// keyedRows are the rows of the table rules_keyed. Columns that are not of the key stay NULL.
func keyedRows(k terms.Keyed) [][]any {
	rows := make([][]any, len(k.Ranges))
	for i, r := range k.Ranges {
		for _, column := range keyColumns {
			var value any
			if n := slices.Index(k.Columns, column); n >= 0 {
				value = r.Key[n]
			}
			rows[i] = append(rows[i], value)
		}
		rows[i] = append(rows[i], instant(r.From, "-infinity"), instant(r.To, "infinity"), int32(r.Position))
	}
	return rows
}

// keyColumns are the columns of a listen that rules may name, in the order of the table rules_keyed.
var keyColumns = []string{"track_id", "artist_id", "country", "tier", "device"}

// instant is the beginning of a UTC date, or what an open bound is.
func instant(date, open string) string {
	if date == "" {
		return open
	}
	return date + " 00:00:00+00"
}

// lookUp is the query that finds the rule of each row by its keys. A row has at most one range in each table.
func lookUp(relation, name string, tables []terms.Keyed) string {
	var joins, positions []string
	for i, k := range tables {
		if len(k.Columns) == 0 {
			positions = append(positions, everyListen(k))
			continue
		}
		at := fmt.Sprintf("k%d", i)
		on := make([]string, len(k.Columns))
		for n, column := range k.Columns {
			on[n] = "l." + column + " = " + at + "." + column
		}
		joins = append(joins, fmt.Sprintf("LEFT JOIN main.%s %s ON %s AND l.event_time >= %s.from_time AND l.event_time < %s.to_time", duck.Ident(keyTable(name, k)), at, strings.Join(on, " AND "), at, at))
		positions = append(positions, at+".position")
	}
	return "SELECT j.* EXCLUDE (rule_position)," +
		" coalesce(v.counts AND (j.ms_played >= v.min_ms_played OR (v.min_fraction_e4 > 0" +
		" AND coalesce(j.ms_played::BIGINT * 10000 >= v.min_fraction_e4 * j.track_ms::BIGINT, false))), false) AS qualifies, coalesce(v.id, '') AS rule" +
		" FROM (SELECT l.*, least(" + strings.Join(positions, ", ") + ") AS rule_position FROM " + relation + " l " + strings.Join(joins, " ") + ") j" +
		" LEFT JOIN main." + duck.Ident(name) + " v ON v.position = j.rule_position"
}

// everyListen is an expression for the position of the rule that has no selectors.
func everyListen(k terms.Keyed) string {
	var b strings.Builder
	b.WriteString("CASE")
	for _, r := range k.Ranges {
		fmt.Fprintf(&b, " WHEN l.event_time >= TIMESTAMPTZ %s AND l.event_time < TIMESTAMPTZ %s THEN %d",
			duck.Quote(instant(r.From, "-infinity")), duck.Quote(instant(r.To, "infinity")), r.Position)
	}
	return b.String() + " END"
}
