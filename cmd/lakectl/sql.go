package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
)

func sqlVerb() verb {
	return verb{
		Name: "sql", Args: "QUERY", Short: "Run one read-only SELECT over the tables, now or as of any time.",
		Long: `All tables are there under their names; the dialect is DuckDB's. --as-of takes
  a time      2026-04-01T00:00:00Z, or 2026-04-01; each table as it was then
  a snapshot  an id from 'lakectl snapshots TABLE'; it binds its own table, the others are as of its time
  a tag       binds every table that has it, the others are as of the time of the latest of these
  run:ID      what that royalty run saw and made: one consistent cut
Only the tables that the query names are read: one that has expired is an error, which names the oldest left, if the
query names it. Shown are at most --limit rows, and at most a quarter of duckdb.memory_limit. SHOW TABLES and DESCRIBE
TABLE tell what there is. Columns that other engines added or renamed are there as the table has them; those
that DuckDB cannot show are left out, with a warning. The query can read the tables and nothing else: no files, no settings.`,
		Examples: []string{
			`lakectl sql "SELECT device, count(*) FROM listens GROUP BY 1"`,
			`lakectl sql --as-of 2026-04-01 "SELECT sum(plays) FROM plays_by_hour"`,
		},
		Exits: []int{exitProof, exitGone},
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "as-of", Usage: "read the past: `TIME|SNAPSHOT|TAG|run:ID`"},
			&cli.IntFlag{Name: "limit", Usage: "show at most `N` rows", Value: 10_000},
		},
		Keys: []string{"duckdb.memory_limit", "duckdb.threads"},
		Run:  runSQL,
	}
}

// mostRows bounds --limit: that many rows are no answer that anybody reads.
const mostRows = 100_000_000

func runSQL(ctx context.Context, c *call) (any, error) {
	limit := c.Int("limit")
	if limit < 1 || limit > mostRows {
		return nil, usagef("leave it out for 10,000", "--limit is %d; allowed: 1 to %d", limit, mostRows)
	}
	env, closeEnv, err := openReader(ctx, c)
	if err != nil {
		return nil, err
	}
	defer closeEnv()
	answer, err := duck.Analyze(ctx, env.Duck, duck.Query{
		Text: c.Args().First(), Catalog: c.Config.Catalog.Name, Namespace: env.Lake.Namespace(),
		Limit: limit, Memory: int64(c.Config.DuckDB.MemoryLimit),
		Tables: func(ctx context.Context) ([]string, error) { return tableNames(ctx, env) },
		Snapshots: func(ctx context.Context, names []string) ([]lake.Snapshot, error) {
			return resolve(ctx, env, c.String("as-of"), names)
		},
	})
	if len(answer.Unread) > 0 {
		c.Log.Warn("columns left out: DuckDB cannot show them", "columns", strings.Join(answer.Unread, ", "))
	}
	if err != nil {
		return nil, err
	}
	switch answer.Cut {
	case duck.CutRows:
		c.Log.Warn("result cut: it has more rows than --limit", "rows_shown", len(answer.Rows))
	case duck.CutBytes:
		c.Log.Warn("result cut: it has more bytes than a quarter of duckdb.memory_limit", "rows_shown", len(answer.Rows))
	}
	return table{answer.Columns, answer.Rows}, nil
}

// tableNames lists the tables of a lake that has been made.
func tableNames(ctx context.Context, env jobs.Env) ([]string, error) {
	names, err := env.Lake.Tables(ctx)
	if err == nil && len(names) == 0 {
		err = lake.WithHint(fmt.Errorf("tables: %w", lake.ErrNotFound), "run 'lakectl init' to create them")
	}
	slices.Sort(names)
	return names, err
}

// resolve finds the snapshots that an --as-of means of the named tables; "" is now. Other tables are not in the way,
// whatever became of them.
func resolve(ctx context.Context, env jobs.Env, asOf string, names []string) ([]lake.Snapshot, error) {
	tables := make([]*lake.Table, len(names))
	var err error
	for i, name := range names {
		if tables[i], err = env.Lake.Table(ctx, name); err != nil {
			return nil, err
		}
	}
	if asOf == "" {
		return current(tables), nil
	}
	if id, ok := strings.CutPrefix(asOf, "run:"); ok {
		cut, err := royalty.CutOf(ctx, env, id)
		if err != nil {
			return nil, err
		}
		return cutAt(tables, cut.Snapshots, cut.Time)
	}
	if at, err := parseTime(asOf); err == nil {
		return cutAt(tables, nil, at)
	}
	if strings.HasPrefix(asOf, catalog.StatementTagPrefix) {
		cut, err := royalty.CutOfTag(ctx, env, asOf)
		if err == nil {
			return cutAt(tables, cut.Snapshots, cut.Time)
		}
		if !errors.Is(err, lake.ErrNotFound) {
			return nil, err
		}
	}
	pinned, at, err := namedCut(ctx, env, asOf)
	if err != nil {
		return nil, err
	}
	return cutAt(tables, pinned, at)
}

func current(tables []*lake.Table) []lake.Snapshot {
	snapshots := make([]lake.Snapshot, len(tables))
	for i, t := range tables {
		snapshots[i] = t.Current()
	}
	return snapshots
}

func parseTime(s string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		at, err = time.Parse(time.DateOnly, s)
	}
	return at, err
}

// cutAt takes the named snapshots, and for other tables the one that was current at a time.
func cutAt(tables []*lake.Table, pinned map[string]int64, at time.Time) (snapshots []lake.Snapshot, err error) {
	snapshots = make([]lake.Snapshot, len(tables))
	for i, t := range tables {
		if id, ok := pinned[t.Name()]; ok {
			snapshots[i], err = t.ByID(id)
		} else {
			snapshots[i], err = t.AsOf(at)
		}
		if err != nil {
			return nil, err
		}
	}
	return snapshots, nil
}

// namedCut looks for a snapshot id or a tag in every table. All that have it are pinned to it, the others follow
// the time of the latest of these. A table that cannot be read has neither, if another one has it.
func namedCut(ctx context.Context, env jobs.Env, name string) (pinned map[string]int64, latest time.Time, err error) {
	names, err := tableNames(ctx, env)
	if err != nil {
		return nil, latest, err
	}
	id, notNumber := strconv.ParseInt(name, 10, 64)
	pinned = map[string]int64{}
	var unread error
	for _, of := range names {
		t, err := env.Lake.Table(ctx, of)
		if err != nil {
			unread = errors.Join(unread, err)
			continue
		}
		s, err := t.ByTag(name)
		if notNumber == nil {
			s, err = t.ByID(id)
		}
		if err != nil || s.ID() == 0 {
			continue
		}
		pinned[of] = s.ID()
		if s.Time().After(latest) {
			latest = s.Time()
		}
	}
	if len(pinned) > 0 {
		return pinned, latest, nil
	}
	if unread != nil {
		return nil, latest, unread
	}
	kind := lake.ErrNotFound
	if notNumber == nil {
		kind = lake.ErrExpired // ids are given by the catalog: one that nobody has was expired
	}
	return nil, latest, lake.WithHint(fmt.Errorf("--as-of %s is no time, and no table has a snapshot or tag of that name: %w", name, kind),
		"list them with 'lakectl snapshots TABLE'")
}
