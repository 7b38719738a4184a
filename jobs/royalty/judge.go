package royalty

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake/duck"
)

// compiledRules is up to how many rules are compiled to one expression, which takes each row through all of them and takes a
// time to plan that grows with the square of their number. More are looked up by key.
const compiledRules = 32

// judging is a query over a relation of counted listens: its columns, qualifies, and rule, the id of the one that decided, or no text.
func judging(ctx context.Context, db *duck.DB, relation string, rules []terms.Rule) (string, error) {
	if len(rules) <= compiledRules {
		return "SELECT *, " + terms.Expression(rules) + " AS qualifies, " + terms.ExpressionRule(rules) + " AS rule FROM " + relation, nil
	}
	name, err := rulesName(rules)
	if err != nil {
		return "", err
	}
	tables := terms.ByKey(rules)
	var made bool
	if err := db.One(ctx, "SELECT count(*) > 0 FROM duckdb_tables() WHERE table_name = $1", []any{name}, []any{&made}); err != nil {
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
	return "main." + duck.Ident(name+"_by_"+strings.Join(k.Columns, "_"))
}

// fillRules makes the tables of rules in the schema main: what each says, and which decides about a key and its dates.
func fillRules(ctx context.Context, db *duck.DB, name string, rules []terms.Rule, tables []terms.Keyed) error {
	for _, k := range tables {
		if len(k.Columns) == 0 {
			continue
		}
		rows := make([][]any, len(k.Ranges))
		for i, r := range k.Ranges {
			for _, value := range r.Key {
				rows[i] = append(rows[i], value)
			}
			rows[i] = append(rows[i], instant(r.From, "-infinity"), instant(r.To, "infinity"), int32(r.Position))
		}
		columns := strings.Join(k.Columns, ", ")
		if err := refill(ctx, db, strings.Join(k.Columns, " VARCHAR, ")+" VARCHAR, from_time VARCHAR, to_time VARCHAR, position INTEGER", rows); err != nil {
			return err
		}
		err := db.Exec(ctx, "CREATE TABLE "+keyTable(name, k)+" AS SELECT "+columns+", CAST(from_time AS TIMESTAMPTZ) AS from_time,"+
			" CAST(to_time AS TIMESTAMPTZ) AS to_time, position FROM rules_filled")
		if err != nil {
			return err
		}
	}
	rows := make([][]any, len(rules))
	for i, r := range rules {
		rows[i] = []any{int32(i), r.ID, r.Counts, r.MinMsPlayed, r.MinFractionE4}
	}
	if err := refill(ctx, db, "position INTEGER, id VARCHAR, counts BOOLEAN, min_ms_played BIGINT, min_fraction_e4 BIGINT", rows); err != nil {
		return err
	}
	return db.Exec(ctx, "CREATE TABLE main."+duck.Ident(name)+" AS FROM rules_filled")
}

// refill makes the table rules_filled.
func refill(ctx context.Context, db *duck.DB, columns string, rows [][]any) error {
	if err := db.Exec(ctx, "CREATE OR REPLACE TABLE rules_filled ("+columns+")"); err != nil {
		return err
	}
	return db.Fill(ctx, "rules_filled", rows)
}

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
		joins = append(joins, fmt.Sprintf("LEFT JOIN %s %s ON %s AND l.event_time >= %s.from_time AND l.event_time < %s.to_time", keyTable(name, k), at, strings.Join(on, " AND "), at, at))
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
