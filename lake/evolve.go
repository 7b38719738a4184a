package lake

import (
	"context"
	"fmt"
	"time"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
)

// AddColumns adds the columns of a spec that an existing table lacks, at its end, and returns their names. They
// are optional, so no file is touched and no snapshot made: rows written before have NULL in them.
func (l *Lake) AddColumns(ctx context.Context, spec Spec) ([]string, error) {
	var r rounds
	for r.next(ctx) {
		t, err := l.Table(ctx, spec.Name)
		if err != nil {
			r.notLoaded(err)
			continue
		}
		missing, err := t.missing(spec.Schema)
		if err != nil || len(missing) == 0 {
			return nil, err
		}
		if r.settled(t) {
			break
		}
		if err := t.onTime(time.Now()); err != nil {
			return nil, err
		}
		if err := t.add(ctx, missing, spec.Properties); err != nil {
			l.log.Debug("columns not added", "table", spec.Name, "attempt", r.attempt, "error", err)
			r.notConfirmed(err) // somebody else committed, or the answer was lost: the next look tells
			continue
		}
		names := make([]string, len(missing))
		for i, f := range missing {
			names[i] = f.Name
		}
		return names, nil
	}
	return nil, r.failed("add columns to "+spec.Name, "check that the catalog and the warehouse can be written, then run the command again")
}

// missing lists the columns of a schema that the table lacks.
func (t *Table) missing(schema *iceberg.Schema) ([]iceberg.NestedField, error) {
	added := schema.Fields()[min(len(t.columns), schema.NumFields()):]
	for _, f := range added {
		if _, taken := t.ice.Schema().FindFieldByName(f.Name); taken {
			return nil, t.unfit("another engine added a column "+f.Name+", which is the name of one of this version of lakectl",
				"rename it there: ALTER TABLE "+t.name+" RENAME COLUMN "+f.Name+" TO another name; then run 'lakectl init' again")
		}
		if f.Required {
			return nil, fmt.Errorf("column %s of %s is required, rows without it are there: %w", f.Name, t.name, ErrUnsupported)
		}
	}
	return added, nil
}

// add adds columns at the end, under the next free ids, with what the spec's properties say about the bounds of each.
func (t *Table) add(ctx context.Context, columns []iceberg.NestedField, spec iceberg.Properties) error {
	tx := t.ice.NewTransaction()
	update := tx.UpdateSchema(true, false)
	var all []iceberg.NestedField
	for _, c := range t.columns {
		all = append(all, c.Field)
	}
	properties := iceberg.Properties{}
	for i, f := range columns {
		update.AddColumn([]string{f.Name}, f.Type, f.Doc, false, nil)
		all = append(all, iceberg.NestedField{ID: t.ice.Metadata().LastColumnID() + 1 + i})
		key := icetable.MetricsModeColumnConfPrefix + "." + f.Name
		if mode, ok := spec[key]; ok {
			properties[key] = mode
		}
	}
	properties[columnsKey] = columnIDs(all)
	if err := update.Commit(); err != nil {
		return err
	}
	if err := tx.SetProperties(properties); err != nil {
		return err
	}
	_, err := tx.Commit(ctx)
	return err
}

// NeedColumns is [ErrUnsupported] when a table lacks columns that this version works with: it was made by an
// earlier one.
func (s Snapshot) NeedColumns(names ...string) error {
	for _, name := range names {
		if _, ok := s.table.Column(name); !ok {
			return outdated(fmt.Errorf("table %s has no column %s: %w", s.table.name, name, ErrUnsupported))
		}
	}
	return nil
}

func outdated(err error) error {
	return WithHint(err, "an earlier version made the table: run 'lakectl init', which adds the columns it lacks; everything else stays as it is")
}
