package open

import (
	"context"
	"database/sql"
	"fmt"

	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// row is a table as the catalog has it: which metadata file it is at.
type row struct{ namespace, table, location string } // location is "" where it was not asked for

func (r row) String() string { return r.namespace + "." + r.table }

const (
	selectTables    = "SELECT table_namespace, table_name, metadata_location FROM iceberg_tables WHERE catalog_name = ? ORDER BY table_namespace, table_name"
	selectTableType = "SELECT table_namespace, table_name FROM iceberg_tables WHERE catalog_name = ? AND iceberg_type <> 'TABLE'"
)

// views are the entries that are no tables: none where the catalog of another engine has no column that tells.
func (c *Catalog) views(ctx context.Context) map[[2]string]bool {
	views := map[[2]string]bool{}
	found, err := c.db.QueryContext(ctx, c.placeholders(selectTableType), c.options.Name)
	if err != nil {
		return views
	}
	defer found.Close() //nolint:errcheck // read only
	for found.Next() {
		var id [2]string
		if err := found.Scan(&id[0], &id[1]); err == nil {
			views[id] = true
		}
	}
	if found.Err() != nil {
		return map[[2]string]bool{}
	}
	return views
}

// tables lists what the catalog has, in all namespaces; views are left out. Of a REST catalog it is what a lake is
// checked by, see [Catalog.remoteTables].
func (c *Catalog) tables(ctx context.Context) ([]row, error) {
	if c.db == nil {
		return c.remoteTables(ctx)
	}
	views := c.views(ctx)
	found, err := c.db.QueryContext(ctx, c.placeholders(selectTables), c.options.Name)
	if err != nil {
		return nil, fmt.Errorf("list the catalog's tables: %w", c.notOpened(err))
	}
	defer found.Close() //nolint:errcheck // read only
	var rows []row
	for found.Next() {
		var r row
		var location sql.NullString
		if err := found.Scan(&r.namespace, &r.table, &location); err != nil {
			return nil, fmt.Errorf("list the catalog's tables: %w", c.notOpened(err))
		}
		if r.location = location.String; !views[[2]string{r.namespace, r.table}] {
			rows = append(rows, r)
		}
	}
	return rows, found.Err()
}

func (c *Catalog) placeholders(statement string) string {
	return (&parsed{postgres: c.options.Type == "postgres"}).placeholders(statement)
}

// pointer is a table's move from one metadata file to another.
type pointer struct {
	row
	to string
}

const forgetPrevious = "UPDATE iceberg_tables SET metadata_location = ?, previous_metadata_location = NULL WHERE catalog_name = ? AND table_namespace = ? AND table_name = ? AND metadata_location = ?"

// point lets the catalog name other metadata files, all or none, if it still names those that were read.
func (c *Catalog) point(ctx context.Context, moves []pointer) (err error) {
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("switch the catalog: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
	for _, m := range moves {
		result, err := tx.ExecContext(ctx, c.placeholders(forgetPrevious), m.to, c.options.Name, m.namespace, m.table, m.location)
		if err != nil {
			return fmt.Errorf("switch table %s: %w", m.table, err)
		}
		if n, err := result.RowsAffected(); err != nil || n != 1 {
			return lake.WithHint(fmt.Errorf("table %s was changed meanwhile: %w", m.row, lake.ErrFenced), "end everything that works in this lake, then run the command again")
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("switch the catalog: %w", err)
	}
	return nil
}

// insertTable leaves the column iceberg_type, which not every catalog has, empty: that means a table.
const insertTable = "INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, metadata_location) VALUES (?, ?, ?, ?)"

// register makes rows for tables that the catalog does not know.
func (c *Catalog) register(ctx context.Context, lost []pointer) error {
	namespace := icetable.Identifier{catalog.Namespace}
	exists, err := c.Ice.CheckNamespaceExists(ctx, namespace)
	if err == nil && !exists {
		err = c.Ice.CreateNamespace(ctx, namespace, nil)
	}
	if err != nil {
		return fmt.Errorf("create namespace %s: %w", catalog.Namespace, err)
	}
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("switch the catalog: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
	for _, m := range lost {
		if _, err := tx.ExecContext(ctx, c.placeholders(insertTable), c.options.Name, m.namespace, m.table, m.to); err != nil {
			return fmt.Errorf("register table %s: %w", m.table, err)
		}
	}
	return tx.Commit()
}
