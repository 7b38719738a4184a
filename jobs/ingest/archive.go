package ingest

import (
	"context"
	"fmt"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/ingest/dayfile"
)

// writeListens writes the batch's rows, one Parquet file a day. It stops before writing when the batch is
// already known to come too late.
func (g *ingester) writeListens(ctx context.Context) ([]iceberg.DataFile, error) {
	t, err := g.env.Lake.Table(ctx, g.listens.table)
	if err != nil {
		return nil, err
	}
	if err := g.unmoved(ctx, &g.listens, t.Current()); err != nil {
		return nil, err
	}
	files, err := dayfile.Write(ctx, t, &g.batch.rows, g.src.name(), catalog.IngestJob)
	if err != nil {
		return nil, fmt.Errorf("write listens: %w", err)
	}
	return files, nil
}
