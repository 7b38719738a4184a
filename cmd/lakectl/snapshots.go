package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

func snapshotsVerb() verb {
	return verb{
		Name: "snapshots", Args: "[TABLE]", Short: "List the tables, or the snapshots of one.",
		Long:     "Every commit makes a snapshot; each can be read with 'lakectl sql --as-of' until it expires.",
		Examples: []string{"lakectl snapshots", "lakectl snapshots listens"},
		Run:      runSnapshots,
	}
}

type tableRow struct {
	Table      string    `json:"table"`
	Snapshots  int       `json:"snapshots"`
	SnapshotID int64     `json:"snapshot_id"` // the current one; 0: nothing was committed yet
	CommitTime time.Time `json:"committed_at"`
	Rows       string    `json:"rows"` // as the snapshot's summary says, row deletes not taken off
	Deleted    string    `json:"deleted_rows"`
}

type snapshotRow struct {
	SnapshotID int64     `json:"snapshot_id"`
	CommitTime time.Time `json:"committed_at"`
	Operation  string    `json:"operation"`
	Job        string    `json:"job"`
	AddedRows  string    `json:"added_rows"`
	Deleted    string    `json:"deleted_rows"`
	Tags       []string  `json:"tags"`
}

func runSnapshots(ctx context.Context, c *call) (any, error) {
	env, closeEnv, err := openEnv(ctx, c)
	if err != nil {
		return nil, err
	}
	defer closeEnv()
	if c.Args().Present() {
		t, err := env.Lake.Table(ctx, c.Args().First())
		if err != nil {
			return nil, err
		}
		return snapshotRows(t), nil
	}
	names, err := env.Lake.Tables(ctx)
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	rows := make([]tableRow, 0, len(names))
	for _, name := range names {
		t, err := env.Lake.Table(ctx, name)
		if err != nil {
			return nil, err
		}
		s := t.Current()
		rows = append(rows, tableRow{name, len(t.Snapshots()), s.ID(), s.Time(), s.Property("total-records"), s.Property("total-position-deletes")})
	}
	return rows, nil
}

func snapshotRows(t *lake.Table) []snapshotRow {
	tags := map[int64][]string{}
	for tag, id := range t.Tags() {
		tags[id] = append(tags[id], tag)
	}
	var rows []snapshotRow
	for _, s := range t.Snapshots() {
		slices.Sort(tags[s.ID()])
		rows = append(rows, snapshotRow{s.ID(), s.Time(), s.Operation(), s.Job(), s.Property("added-records"), s.Property("added-position-deletes"), tags[s.ID()]})
	}
	return rows
}

func tagVerb() verb {
	return verb{
		Name: "tag", Args: "TABLE NAME", Short: "Name a snapshot of a table so that it is kept.",
		Long: `Without --snapshot the current one. A tag is never moved. Tables that hold rows of single listeners take tags of at
most the archive's retention (retention.archive_snapshots): a longer one would keep erased rows readable.`,
		Examples: []string{"lakectl tag royalty_lines audit-2026", "lakectl tag --max-age 2d listens before-migration"},
		Exits:    []int{exitGone},
		Flags: []cli.Flag{
			&cli.Int64Flag{Name: "snapshot", Usage: "the `ID` to name instead of the current snapshot"},
			&cli.StringFlag{Name: "max-age", Usage: "drop the tag after this `DURATION`, like 7d (default: keep; on tables with rows of listeners the retention)"},
		},
		Run: runTag,
	}
}

// aggregates are the tables without a row of a single listener.
var aggregates = []string{
	catalog.RoyaltyLines, catalog.RoyaltyPayouts, catalog.RoyaltyShares, catalog.RoyaltyRuns, catalog.RoyaltyCloses, catalog.Adjustments,
	catalog.RoyaltyRules, catalog.RoyaltyPools, catalog.RoyaltySplits, catalog.Tracks, catalog.PlaysByHour,
}

type tagResult struct {
	Table      string `json:"table"`
	Tag        string `json:"tag"`
	SnapshotID int64  `json:"snapshot_id"`
	MaxAge     string `json:"max_age"` // "" = kept
}

func runTag(ctx context.Context, c *call) (any, error) {
	name, tag := c.Args().Get(0), c.Args().Get(1)
	age, err := c.duration("max-age")
	if err != nil {
		return nil, err
	}
	if strings.ContainsAny(tag, " /:") || tag == "main" {
		return nil, usagef("use letters, digits, - and _", "tag %q", tag)
	}
	if limit := c.Config.Retention.ArchiveSnapshots; !slices.Contains(aggregates, name) {
		if age == 0 {
			age = limit
		}
		if age > limit {
			return nil, usagef("tag a table of sums, or ask for less", "--max-age %s on %s is longer than the archive's retention of %s", age, name, limit)
		}
	}
	env, closeEnv, err := openEnv(ctx, c)
	if err != nil {
		return nil, err
	}
	defer closeEnv()
	t, err := env.Lake.Table(ctx, name)
	if err != nil {
		return nil, err
	}
	s := t.Current()
	if c.IsSet("snapshot") {
		if s, err = t.ByID(c.Int64("snapshot")); err != nil {
			return nil, err
		}
	}
	r := tagResult{Table: name, Tag: tag, SnapshotID: s.ID()}
	if age > 0 {
		r.MaxAge = age.String()
	}
	return result(r, env.Lake.Tag(ctx, tag, s, age))
}
