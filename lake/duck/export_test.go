package duck

import (
	"context"

	"github.com/lakectl/lakectl/lake"
)

// AnalyzeUnparsed answers a query that nobody has looked at: what only DuckDB's own settings keep from it shows.
func AnalyzeUnparsed(ctx context.Context, d *DB, q Query, tables []lake.Snapshot) (Answer, error) {
	if _, err := d.expose(ctx, q, tables, nil); err != nil {
		return Answer{}, err
	}
	return d.collect(ctx, q)
}
