package main

import (
	"context"
	"slices"
	"time"

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
	env, closeEnv, err := openReader(ctx, c)
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
