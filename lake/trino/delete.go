package trino

import (
	"context"
	"fmt"

	"github.com/lakectl/lakectl/lake"
)

// Delete lets Trino delete the rows of a clone for which a query gives a row, and returns how many Trino says there
// were. The query may name the columns of the clone besides its own. A table that is not on record is refused.
func (c *Client) Delete(ctx context.Context, s lake.Staging, q Query) (int64, error) {
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
	from := fmt.Sprintf("DELETE FROM %s.%s.%s WHERE EXISTS (", ident(c.o.Catalog), ident(s.Namespace()), ident(s.Name()))
	done, err := c.db.ExecContext(ctx, from+text+"\n)", args...)
	if err != nil {
		return 0, c.explain(ctx, err)
	}
	return done.RowsAffected()
}
