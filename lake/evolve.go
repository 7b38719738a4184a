package lake

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/iceberg-go"
)

// AddColumns adds the columns of a spec that an existing table lacks, at its end, and returns their names. They
// are optional, so no file is touched and no snapshot made: rows written before have NULL in them.
func (l *Lake) AddColumns(ctx context.Context, spec Spec) ([]string, error) {
	var last error
	for attempt := range commitAttempts {
		if err := pause(ctx, attempt); err != nil {
			return nil, fmt.Errorf("add columns to %s: %w", spec.Name, errors.Join(err, last))
		}
		t, err := l.Table(ctx, spec.Name)
		if errors.Is(err, ErrNotFound) {
			return nil, err
		}
		var missing []iceberg.NestedField
		if err == nil {
			if missing, err = t.missing(spec.Schema); err != nil {
				return nil, err
			}
			err = t.add(ctx, missing)
		}
		if err == nil {
			names := make([]string, len(missing))
			for i, f := range missing {
				names[i] = f.Name
			}
			return names, nil
		}
		l.log.Debug("columns not added", "table", spec.Name, "attempt", attempt, "error", err)
		last = err // somebody else committed, or the answer was lost: the next look tells
	}
	return nil, WithHint(fmt.Errorf("add columns to %s: no attempt of %d was confirmed: %w", spec.Name, commitAttempts, last),
		"check that the catalog and the warehouse can be written, then run the command again")
}

// missing lists the columns of a schema that the table lacks. Values are written by place, so the columns that it
// has must be the first ones, in that order. What it has beyond is of a newer version.
func (t *Table) missing(schema *iceberg.Schema) ([]iceberg.NestedField, error) {
	has, want := t.ice.Schema().Fields(), schema.Fields()
	if len(has) >= len(want) {
		return nil, nil
	}
	same := func(a, b iceberg.NestedField) bool { return a.ID == b.ID && a.Name == b.Name }
	added := want[len(has):]
	if !slices.EqualFunc(has, want[:len(has)], same) || t.ice.Metadata().LastColumnID() != len(has) {
		return nil, WithHint(fmt.Errorf("table %s has other columns than lakectl gave it, so column %s cannot be added: %w", t.name, added[0].Name, ErrUnsupported),
			"drop the columns that were added by hand, or run 'lakectl init' with another catalog.uri for a new lake")
	}
	for _, f := range added {
		if f.Required {
			return nil, fmt.Errorf("column %s of %s is required, rows without it are there: %w", f.Name, t.name, ErrUnsupported)
		}
	}
	return added, nil
}

func (t *Table) add(ctx context.Context, columns []iceberg.NestedField) error {
	if len(columns) == 0 {
		return nil
	}
	tx := t.ice.NewTransaction()
	update := tx.UpdateSchema(true, false)
	for _, f := range columns {
		update.AddColumn([]string{f.Name}, f.Type, f.Doc, false, nil)
	}
	if err := update.Commit(); err != nil {
		return err
	}
	_, err := tx.Commit(ctx)
	return err
}

// NeedColumns is [ErrUnsupported] when a table lacks columns that this version works with: it was made by an
// earlier one.
func (s Snapshot) NeedColumns(names ...string) error {
	for _, name := range names {
		if _, ok := s.table.ice.Schema().FindFieldByName(name); !ok {
			return outdated(fmt.Errorf("table %s has no column %s: %w", s.table.name, name, ErrUnsupported))
		}
	}
	return nil
}

func outdated(err error) error {
	return WithHint(err, "an earlier version made the table: run 'lakectl init', which adds the columns it lacks; everything else stays as it is")
}
