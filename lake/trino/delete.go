package trino

import (
	"context"

	"github.com/lakectl/lakectl/lake"
)

// Delete lets Trino delete the rows of a clone for which a query gives a row, and returns how many Trino says there
// were. The query may name the columns of the clone besides its own. A table that is not on record is refused.
func (c *Client) Delete(ctx context.Context, s lake.Staging, q Query) (int64, error) {
	return c.change(ctx, s, q, func(table, text string) string { return "DELETE FROM " + table + " WHERE EXISTS (" + text + "\n)" })
}
