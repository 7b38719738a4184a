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

// verifyColumns verifies what a scan may read. The view that is made of the scan has these columns and no others, so
// no statement can read a byte that was not verified.
func (d *DB) verifyColumns(ctx context.Context, s lake.Snapshot, files []lake.File, columns []column) error {
	fields := make([]iceberg.NestedField, len(columns))
	for i, c := range columns {
		fields[i] = iceberg.NestedField{ID: c.id, Name: c.name}
	}
	return d.verify.Verify(ctx, s, files, fields)
}
