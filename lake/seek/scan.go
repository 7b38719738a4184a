package seek

import (
	"context"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/lake"
)

// Scan visits the rows of one data file of a snapshot, but for those that deleted lists: positions in order, see
// lake.Snapshot.DeletedRows. Columns count from 0 in the order given. Nothing is kept.
func Scan(ctx context.Context, s lake.Snapshot, f lake.File, deleted []int64, columns []string, visit func(Row)) error {
	fields := make([]iceberg.NestedField, len(columns))
	for i, name := range columns {
		var err error
		if fields[i], err = field(s, name); err != nil {
			return err
		}
	}
	c, err := lake.OpenChunks(ctx, f.FilePath())
	if err != nil {
		return fmt.Errorf("read %s: %w", f.FilePath(), err)
	}
	defer c.Close() //nolint:errcheck // read only
	r, err := file.NewParquetReader(c, file.WithMetadata(c.Footer()))
	if err != nil {
		return fmt.Errorf("read %s: %w", f.FilePath(), err)
	}
	g := &group{columns: make([]column, len(fields))}
	for n := range r.NumRowGroups() {
		if err := ctx.Err(); err != nil {
			return err
		}
		rows := int(c.Footer().RowGroup(n).NumRows())
		for i, of := range fields {
			if g.columns[i], err = read(r, n, rows, of); err != nil {
				return fmt.Errorf("read %s: %w", f.FilePath(), err)
			}
		}
		for at := range rows {
			if _, gone := slices.BinarySearch(deleted, g.first+int64(at)); !gone {
				visit(Row{group: g, at: at})
			}
		}
		g.first += int64(rows)
	}
	return nil
}
