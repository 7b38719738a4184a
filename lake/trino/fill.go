package trino

import (
	"context"
	"fmt"

	"github.com/lakectl/lakectl/lake"
)

// Fill lets Trino write the rows of a query into a staging table, and returns how many Trino says it wrote. The query
// has a column for each of the table's, in their order. A table that is not on record as one is refused.
func (c *Client) Fill(ctx context.Context, s lake.Staging, q Query) (int64, error) {
	return c.change(ctx, s, q, func(table, text string) string { return "INSERT INTO " + table + " " + text })
}

// change runs a statement on a staging table that is on record, and returns how many rows Trino says it was. The
// statement is made of the table's name and the text of a query.
func (c *Client) change(ctx context.Context, s lake.Staging, q Query, statement func(table, text string) string) (int64, error) {
	if err := s.Recorded(ctx); err != nil {
		return 0, err
	}
	text, err := pinned(c.o.Catalog, c.o.Namespace, q)
	if err != nil {
		return 0, err
	}
	ctx, w, stop := c.watched(ctx)
	defer stop()
	args, err := arguments(q.parameters(), w)
	if err != nil {
		return 0, err
	}
	table := fmt.Sprintf("%s.%s.%s", ident(c.o.Catalog), ident(s.Namespace()), ident(s.Name()))
	done, err := c.db.ExecContext(ctx, statement(table, text), args...)
	if err != nil {
		return 0, c.explain(ctx, err)
	}
	return done.RowsAffected()
}
