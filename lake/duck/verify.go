package duck

import (
	"context"
	"fmt"
	"slices"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/lake"
)

// named picks columns by name, in the order of the table; no names are all columns.
func named(columns []column, names []string) ([]column, error) {
	if len(names) == 0 {
		return columns, nil
	}
	var picked []column
	for _, c := range columns {
		if slices.Contains(names, c.name) {
			picked = append(picked, c)
		}
	}
	if len(picked) != len(names) {
		return nil, fmt.Errorf("of columns %v the table has %d: %w", names, len(picked), lake.ErrUnsupported)
	}
	return picked, nil
}

// verifyColumns fetches and verifies what a scan may read. The view that is made of the scan has these columns and no
// others, so no statement can read a byte that was not verified, nor a column that a copy lacks.
func (d *DB) verifyColumns(ctx context.Context, s lake.Snapshot, files []lake.File, columns []column) error {
	var fields []iceberg.NestedField
	for _, c := range columns {
		if d.asked == nil || d.asked[lower(c.name)] {
			fields = append(fields, iceberg.NestedField{ID: c.id, Name: c.name, Type: c.of})
		}
	}
	if err := lake.FetchColumns(ctx, files, fields); err != nil {
		return fmt.Errorf("read %s: %w", s.Table().Name(), err)
	}
	return d.verify.Verify(ctx, s, files, fields)
}
