package duck

import (
	"context"
	"fmt"
	"slices"

	"github.com/lakectl/lakectl/lake"
)

// BindPartitions makes a view of some partitions of a snapshot, by their [lake.PartitionValue].
func (d *DB) BindPartitions(ctx context.Context, view string, s lake.Snapshot, values ...any) error {
	files, err := s.Files(ctx)
	if err != nil {
		return err
	}
	files = slices.DeleteFunc(files, func(f lake.File) bool { return !slices.Contains(values, lake.PartitionValue(f)) })
	return d.BindFiles(ctx, view, s, files)
}

// BindCommits makes a table (path, sequence, added_by) of a snapshot's files: when, and by which snapshot, the rows were committed
// whose _file is path.
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
	if err := d.Exec(ctx, "CREATE OR REPLACE TABLE "+Ident(table)+" (path VARCHAR, sequence BIGINT, added_by BIGINT)"); err != nil {
		return fmt.Errorf("bind %s: %w", table, err)
	}
	return d.Fill(ctx, table, rows)
}
