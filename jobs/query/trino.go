package query

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
	"github.com/lakectl/lakectl/lake/trino"
	"github.com/lakectl/lakectl/sql"
)

// runOn answers a question on Trino.
func runOn(ctx context.Context, env jobs.Env, o Options) (duck.Answer, error) {
	a, err := o.Trino.Answer(ctx, trino.Question{
		Text: o.Text, Limit: o.Limit, Bytes: o.Memory / 4,
		Tables: func(ctx context.Context) ([]string, error) { return Tables(ctx, env) },
		Pins:   func(ctx context.Context, names []string) ([]trino.Pin, error) { return pins(ctx, env, o.AsOf, names) },
	})
	return duck.Answer{Columns: a.Columns, Rows: a.Rows, Cut: map[string]string{trino.CutRows: duck.CutRows, trino.CutBytes: duck.CutBytes}[a.Cut]}, err
}

// pins are the named tables at a cut, without the rows that deletion requests cover.
func pins(ctx context.Context, env jobs.Env, asOf string, names []string) ([]trino.Pin, error) {
	snapshots, err := Cut(ctx, env, asOf, names)
	if err != nil {
		return nil, err
	}
	all := make([]trino.Pin, len(snapshots))
	for i, s := range snapshots {
		all[i] = trino.Pin{Table: s.Table().Name(), Snapshot: s.ID(), Columns: ownNames(s), Reads: reads(s)}
		if !mayBeCovered(s) {
			continue
		}
		if all[i].Of, err = uncovered(ctx, env, s); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// uncovered is the query for the rows of a snapshot that covered would not name; nil where that is all of them.
func uncovered(ctx context.Context, env jobs.Env, s lake.Snapshot) (*trino.Query, error) {
	requests, err := env.Snapshot(ctx, catalog.DeletionRequests)
	if err != nil || requests.ID() == 0 {
		return nil, err
	}
	log, err := env.Snapshot(ctx, catalog.DeletionLog)
	if err != nil {
		return nil, err
	}
	pin := func(as string, s lake.Snapshot) trino.Pin {
		return trino.Pin{Table: s.Table().Name(), Snapshot: s.ID(), As: as, Columns: knownNames(s), Reads: reads(s)}
	}
	return &trino.Query{Text: sql.Text("query/covered.trino"), Pins: []trino.Pin{pin("copies", s), pin("requests", requests), pin("log", log)}}, nil
}

// reads are the columns of a snapshot, some of which may be newer than it, or have another name since; nil where it has
// them as they are.
func reads(s lake.Snapshot) []trino.Read {
	written := s.WrittenSchema()
	if written.ID == s.Schema().ID {
		return nil
	}
	var all []trino.Read
	for _, f := range s.Schema().Fields() {
		read := trino.Read{Name: strings.ToLower(f.Name), Newer: true}
		for _, had := range written.Fields() {
			if had.ID == f.ID {
				read = trino.Read{Name: strings.ToLower(had.Name)}
			}
		}
		all = append(all, read)
	}
	return all
}

// ownNames are the columns of a snapshot as Trino shows those of a table.
func ownNames(s lake.Snapshot) []string {
	var names []string
	for _, f := range s.Schema().Fields() {
		names = append(names, strings.ToLower(f.Name))
	}
	return names
}

// knownNames are the columns of a snapshot under lakectl's names, and others under names that nothing asks for:
// another engine may have renamed ours, and given a new column the old name.
func knownNames(s lake.Snapshot) []string {
	var names []string
	known := s.Table().Columns()
	for _, f := range s.Schema().Fields() {
		name := fmt.Sprintf("other_%d", f.ID)
		if at := slices.IndexFunc(known, func(c lake.Column) bool { return c.Field.ID == f.ID }); at >= 0 {
			name = known[at].Name
		}
		names = append(names, name)
	}
	return names
}
