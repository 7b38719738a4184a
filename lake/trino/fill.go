package trino

import (
	"context"
	"fmt"

	"github.com/lakectl/lakectl/lake"
)

// Fill lets Trino write the rows of a query into a staging table, and returns how many Trino says it wrote. The query
// has a column for each of the table's, in their order. A table that is not on record as one is refused.
func (c *Client) Fill(ctx context.Context, s lake.Staging, q Query) (int64, error) {
	if err := s.Recorded(ctx); err != nil {
		return 0, err
	}
	text, err := pinned(c.o.Catalog, c.o.Namespace, q)
	if err != nil {
		return 0, err
	}
	args, err := c.arguments(q.Args)
	if err != nil {
		return 0, err
	}
	into := fmt.Sprintf("INSERT INTO %s.%s.%s ", ident(c.o.Catalog), ident(s.Namespace()), ident(s.Name()))
	done, err := c.db.ExecContext(ctx, into+text, args...)
	if err != nil {
		return 0, c.explain(ctx, err)
	}
	return done.RowsAffected()
}
