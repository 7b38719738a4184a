package royalty

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake"
)

// Unheard are values that terms name and no counted listen of any published month has: slips of the pen, or what nobody
// has heard yet. Nothing is unheard while no listen was counted.
type Unheard struct {
	Terms  string   `json:"terms"`  // rules, pools, splits or tracks
	Column string   `json:"column"` // of a listen
	Values int64    `json:"values"`
	First  []string `json:"first"` // some of them, in order
}

const unheardListed = 5

// naming collects values that terms name, in the table named, and strikes out those that listens have.
type naming struct {
	db     *jobs.Session
	fields map[string]bool // columns that values are named of
}

func newNaming(ctx context.Context, db *jobs.Session) (*naming, error) {
	return &naming{db: db, fields: map[string]bool{}}, db.Run(ctx, "royalty/named_table")
}

// named is a value of a column, of terms of a kind.
type named struct{ terms, field, value string }

func (n *naming) add(ctx context.Context, values map[named]bool) error {
	rows := make([][]any, 0, fillRows)
	for v := range values {
		n.fields[v.field] = true
		if rows = append(rows, []any{v.terms, v.field, v.value}); len(rows) == fillRows {
			if err := n.db.Fill(ctx, "named", rows); err != nil {
				return err
			}
			rows = rows[:0]
		}
	}
	return n.db.Fill(ctx, "named", rows)
}

func namedByRules(rules []terms.Rule) map[named]bool {
	values := map[named]bool{}
	for _, r := range rules {
		for column, value := range r.Selectors() {
			values[named{"rules", column, value}] = true
		}
	}
	return values
}

func namedByPools(pools []terms.Pool) map[named]bool {
	values := map[named]bool{}
	for _, p := range pools {
		values[named{"pools", "country", p.Country}], values[named{"pools", "tier", p.Tier}] = true, true
	}
	maps.DeleteFunc(values, func(v named, _ bool) bool { return v.value == "*" })
	return values
}

func namedBySplits(splits []terms.Split) map[named]bool {
	values := map[named]bool{}
	for _, s := range splits {
		values[named{"splits", "track_id", s.TrackID}] = true
	}
	return values
}

func namedByTracks(tracks []terms.Track) map[named]bool {
	values := map[named]bool{}
	for _, t := range tracks {
		values[named{"tracks", "track_id", t.TrackID}] = true
	}
	return values
}

// lineFields are the columns of a listen that royalty lines have.
var lineFields = []string{"track_id", "artist_id", "country", "tier"}

// strike takes out the values that a relation has in some columns. What is named goes first, so that the relation is
// only scanned.
func (n *naming) strike(ctx context.Context, relation string, fields ...string) error {
	for _, f := range fields {
		if !n.fields[f] {
			continue
		}
		if err := n.db.AliasColumn(ctx, "heard_values", relation, f); err != nil {
			return fmt.Errorf("compare terms with listens: %w", err)
		}
		if err := n.db.Run(ctx, "royalty/named_strike", f); err != nil {
			return fmt.Errorf("compare terms with listens: %w", err)
		}
	}
	return n.recount(ctx)
}

// recount finds the columns that still have something left.
func (n *naming) recount(ctx context.Context) error {
	n.fields = map[string]bool{}
	var f string
	return n.db.Each(ctx, "royalty/named_fields", nil, []any{&f}, func() error { n.fields[f] = true; return nil })
}

func (n *naming) list(ctx context.Context) (list []Unheard, err error) {
	type record struct {
		Terms  string `col:"terms"`
		Column string `col:"field"`
		Values int64  `col:"number_of_values"`
		Value  string `col:"value"`
	}
	err = jobs.EachRecord(ctx, n.db, "royalty/unheard", []any{unheardListed}, func(r record) error {
		if last := len(list) - 1; last < 0 || list[last].Terms != r.Terms || list[last].Column != r.Column {
			list = append(list, Unheard{Terms: r.Terms, Column: r.Column, Values: r.Values})
		}
		list[len(list)-1].First = append(list[len(list)-1].First, r.Value)
		return nil
	})
	return list, err
}

// warnUnheard is unheardOf for what is done all the same where it cannot be told.
func warnUnheard(ctx context.Context, env jobs.Env, values map[named]bool) []Unheard {
	list, err := unheardOf(ctx, env, values)
	if err != nil {
		env.Log.Warn(untold, "error", err)
	}
	return list
}

const untold = "could not tell which terms match no listen"

// unheardOf compares values with what is published.
func unheardOf(ctx context.Context, env jobs.Env, values map[named]bool) (list []Unheard, err error) {
	db, err := env.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	n, err := newNaming(ctx, db)
	if err == nil {
		err = n.add(ctx, values)
	}
	if err != nil {
		return nil, err
	}
	lines, err := env.Snapshot(ctx, catalog.RoyaltyLines)
	if err != nil {
		return nil, err
	}
	ledger, err := env.Snapshot(ctx, catalog.ListensCounted)
	if err != nil {
		return nil, err
	}
	return n.left(ctx, func(fields ...string) error { return db.Bind(ctx, "heard_lines", lines, fields...) }, ledger, false)
}

// unheard compares the terms in force with the lines of this run, which has them in the table lines, and only what
// these do not have with those published of other periods.
func (p *plan) unheard(ctx context.Context, db *jobs.Session) ([]Unheard, error) {
	n, err := newNaming(ctx, db)
	if err != nil {
		return nil, err
	}
	values := namedByPools(p.pools.Pools)
	if p.rules.Version > 0 {
		maps.Copy(values, namedByRules(p.rules.Rules))
	}
	if err := n.add(ctx, values); err != nil {
		return nil, err
	}
	if p.splits.version > 0 {
		if err := db.Run(ctx, "royalty/named_splits"); err != nil {
			return nil, err
		}
		n.fields["track_id"] = true
	}
	if err := errors.Join(n.strike(ctx, "lines", lineFields...), n.strike(ctx, "counted", "device")); err != nil {
		return nil, err
	}
	heard, err := db.HasRows(ctx, "lines")
	if err != nil {
		return nil, err
	}
	var others []any
	for period := range p.published {
		if !slices.Contains(p.names(), period) {
			others = append(others, period)
		}
	}
	return n.left(ctx, func(fields ...string) error { return db.BindPartitions(ctx, "heard_lines", p.lines, others, fields...) }, p.ledger, heard)
}

// left strikes out what published lines have, which bind makes the view heard_lines of, and lists the rest: nothing
// unless listens were counted. Devices are not in lines, so they are looked for in the ledger.
func (n *naming) left(ctx context.Context, bind func(fields ...string) error, ledger lake.Snapshot, heard bool) ([]Unheard, error) {
	if len(n.fields) == 0 {
		return nil, nil
	}
	fields := slices.DeleteFunc(slices.Clone(lineFields), func(f string) bool { return !n.fields[f] })
	if len(fields) == 0 {
		fields = []string{"country"} // only to see whether there are lines
	}
	if err := bind(fields...); err != nil {
		return nil, err
	}
	if !heard {
		if heard, err := n.db.HasRows(ctx, "heard_lines"); err != nil || !heard {
			return nil, err
		}
	}
	if err := n.strike(ctx, "heard_lines", lineFields...); err != nil {
		return nil, err
	}
	if n.fields["device"] {
		if err := n.db.Bind(ctx, "heard_listens", ledger, "device"); err != nil {
			return nil, err
		}
		if err := n.strike(ctx, "heard_listens", "device"); err != nil {
			return nil, err
		}
	}
	return n.list(ctx)
}
