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
	positions, err := d.bindTaken(ctx, view, parent, s, files)
	if err != nil {
		return fmt.Errorf("bind %s: %w", view, err)
	}
	body := emptyScan(columns, true)
	if positions != "" {
		if err = d.verifyColumns(ctx, parent, files, columns); err == nil {
			body, err = readFiles(files, columns, true)
		}
		body += " SEMI JOIN " + positions + " x ON x.file_path = t.filename AND x.pos = t.file_row_number"
	}
	return d.makeView(ctx, view, body, err)
}

// bindTaken makes a table of the positions that s deleted from files and its parent did not, and returns its name; ""
// is none. Taking off what was deleted before is a join of the few: one of all rows of the files costs more than
// reading them.
func (d *DB) bindTaken(ctx context.Context, view string, parent, s lake.Snapshot, files []lake.File) (string, error) {
	if len(files) == 0 {
		return "", nil
	}
	now, err := d.bindDeletes(ctx, view+"__taken", s, files)
	if err != nil || now.table == "" {
		return "", err
	}
	before, err := d.bindDeletes(ctx, view+"__before", parent, files)
	if err != nil || before.table == "" {
		return now.table, err
	}
	return now.table, d.ExecText(ctx, fmt.Sprintf("DELETE FROM %s t WHERE EXISTS (SELECT 1 FROM %s x WHERE x.file_path = t.file_path AND x.pos = t.pos)", now.table, before.table))
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
