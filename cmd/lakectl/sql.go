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
A snapshot that has expired is an error that names the oldest left. Large results: at most --limit rows are shown.`,
		Examples: []string{
			`lakectl sql "SELECT device, count(*) FROM listens GROUP BY 1"`,
			`lakectl sql --as-of 2026-04-01 "SELECT sum(plays) FROM plays_by_hour"`,
		},
		Exits: []int{exitGone},
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "as-of", Usage: "read the past: `TIME|SNAPSHOT|TAG|run:ID`"},
			&cli.IntFlag{Name: "limit", Usage: "show at most `N` rows", Value: 10_000},
		},
		Keys: []string{"duckdb.memory_limit", "duckdb.threads"},
		Run:  runSQL,
	}
}

// errEnough ends a query whose result is longer than wanted.
var errEnough = errors.New("enough rows")

func runSQL(ctx context.Context, c *call) (any, error) {
	env, closeEnv, err := openEnv(ctx, c)
	if err != nil {
		return nil, err
	}
	defer closeEnv()
	snapshots, err := resolve(ctx, env, c.String("as-of"))
	if err != nil {
		return nil, err
	}
	var t table
	header := func(names []string) error { t.Columns = names; return nil }
	row := func(values []any) error {
		if len(t.Rows) >= c.Int("limit") {
			return errEnough
		}
		t.Rows = append(t.Rows, slices.Clone(values))
		return nil
	}
	err = duck.Analyze(ctx, env.Duck, snapshots, c.Args().First(), header, row)
	if errors.Is(err, errEnough) {
		c.Log.Warn("result cut", "rows_shown", len(t.Rows))
		err = nil
	}
	return result(t, err)
}

// resolve finds the snapshot of every table that an --as-of means; "" is now.
func resolve(ctx context.Context, env jobs.Env, asOf string) ([]lake.Snapshot, error) {
	names, err := env.Lake.Tables(ctx)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, lake.WithHint(fmt.Errorf("tables: %w", lake.ErrNotFound), "run 'lakectl init' to create them")
	}
	slices.Sort(names)
	tables := make([]*lake.Table, len(names))
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
	return cutAtName(tables, asOf)
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

// cutAtName looks for a snapshot id or a tag in every table. All that have it are pinned to it, the others follow
// the latest of these.
func cutAtName(tables []*lake.Table, name string) ([]lake.Snapshot, error) {
	id, notNumber := strconv.ParseInt(name, 10, 64)
	pinned := map[string]int64{}
	var latest time.Time
	for _, t := range tables {
		s, err := t.ByTag(name)
		if notNumber == nil {
			s, err = t.ByID(id)
		}
		if err != nil || s.ID() == 0 {
			continue
		}
		pinned[t.Name()] = s.ID()
		if s.Time().After(latest) {
			latest = s.Time()
		}
	}
	if len(pinned) > 0 {
		return cutAt(tables, pinned, latest)
	}
	kind := lake.ErrNotFound
	if notNumber == nil {
		kind = lake.ErrExpired // ids are given by the catalog: one that nobody has was expired
	}
	return nil, lake.WithHint(fmt.Errorf("--as-of %s is no time, and no table has a snapshot or tag of that name: %w", name, kind),
		"list them with 'lakectl snapshots TABLE'")
}
