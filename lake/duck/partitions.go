package duck

import (
	"context"
	"fmt"
	"slices"

	"github.com/lakectl/lakectl/lake"
)

// BindPartitions makes a view of some partitions of a snapshot, by their [lake.PartitionValue]; only as for [DB.Bind].
// Of files that do not say theirs, it has the rows that belong there.
func (d *DB) BindPartitions(ctx context.Context, view string, s lake.Snapshot, values []any, only ...string) error {
	files, err := s.Files(ctx)
	if err != nil {
		return err
	}
	var unknown []lake.File
	files = slices.DeleteFunc(files, func(f lake.File) bool {
		value := lake.PartitionValue(f)
		if value == (lake.Unknown{}) {
			unknown = append(unknown, f)
		}
		return !slices.Contains(values, value)
	})
	if len(unknown) == 0 {
		return d.BindFiles(ctx, view, s, files, only...)
	}
	p, err := partitioningOf(s.Table())
	if err != nil {
		return err
	}
	selected := "*"
	if len(only) > 0 { // what places a row need not be among them
		selected = "_file, _pos"
		for _, name := range only {
			selected += ", " + Ident(name)
		}
	}
	text := "CREATE OR REPLACE VIEW " + Ident(view) + " AS SELECT * FROM " + Ident(view+"__placed")
	for _, value := range values {
		where, err := p.holds(value)
		if err != nil {
			return err
		}
		text += " UNION ALL BY NAME SELECT " + selected + " FROM " + Ident(view+"__unplaced") + where
	}
	if err := d.BindFiles(ctx, view+"__placed", s, files, only...); err != nil {
		return err
	}
	if err := d.BindFiles(ctx, view+"__unplaced", s, unknown); err != nil {
		return err
	}
	return d.ExecText(ctx, text)
}

// BindCommits makes a table (path, sequence, added_by) of a snapshot's files: when, and by which snapshot, the rows
// were committed whose _file is path.
func (d *DB) BindCommits(ctx context.Context, table string, s lake.Snapshot) error {
	files, err := s.Files(ctx)
	if err != nil {
		return err
	}
	rows := make([][]any, len(files))
	for i, f := range files {
		path, err := lake.LocalPath(f.FilePath())
		if err != nil {
			return err
		}
		rows[i] = []any{path, f.Sequence, f.AddedBy}
	}
	if err := d.ExecText(ctx, "CREATE OR REPLACE TABLE "+Ident(table)+" (path VARCHAR, sequence BIGINT, added_by BIGINT)"); err != nil {
		return fmt.Errorf("bind %s: %w", table, err)
	}
	return d.Fill(ctx, table, rows)
}
