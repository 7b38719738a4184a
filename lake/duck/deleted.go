package duck

import (
	"context"
	"fmt"

	"github.com/lakectl/lakectl/lake"
)

// BindDeleted makes a view of the rows that were live in a snapshot's parent and that its own position deletes took
// away, as they were in the parent; only as for [DB.Bind]. Both snapshots must be retained.
func (d *DB) BindDeleted(ctx context.Context, view string, parent, s lake.Snapshot, only ...string) error {
	files, err := filesHitBy(ctx, parent, s)
	if err != nil {
		return fmt.Errorf("bind %s: %w", view, err)
	}
	columns, err := jobColumns(parent, only)
	if err != nil {
		return fmt.Errorf("bind %s: %w", view, err)
	}
	body, err := d.scan(ctx, view, parent, files, columns, true, nil)
	if err != nil {
		return fmt.Errorf("bind %s: %w", view, err)
	}
	positions, err := d.bindDeletes(ctx, view+"__taken", s, files)
	if err != nil {
		return fmt.Errorf("bind %s: %w", view, err)
	}
	condition := "false"
	if positions.table != "" {
		condition = fmt.Sprintf("EXISTS (SELECT 1 FROM %s x WHERE x.file_path = r._file AND x.pos = r._pos)", positions.table)
	}
	text := fmt.Sprintf("CREATE OR REPLACE VIEW %s AS SELECT * FROM (%s) r WHERE %s", Ident(view), body, condition)
	return d.ExecText(ctx, text)
}

// filesHitBy are the parent's files that position deletes which s added may name.
func filesHitBy(ctx context.Context, parent, s lake.Snapshot) ([]lake.File, error) {
	deletes, err := s.DeleteFiles(ctx)
	if err != nil {
		return nil, err
	}
	named, all := map[string]bool{}, false
	for _, f := range deletes {
		if f.AddedBy != s.ID() {
			continue
		}
		if ref := f.ReferencedDataFile(); ref != nil {
			named[*ref] = true
		} else {
			all = true
		}
	}
	files, err := parent.Files(ctx)
	if err != nil {
		return nil, err
	}
	var hit []lake.File
	for _, f := range files {
		if all || named[f.FilePath()] {
			hit = append(hit, f)
		}
	}
	return hit, nil
}
