package duck

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/lakectl/lakectl/lake"
)

// The methods here are for relations whose name a job works out. They take "lines" or, with its schema, "main.lines".

// Alias makes a view of a relation under another name, or makes it anew.
func (d *DB) Alias(ctx context.Context, view, relation string) error {
	return d.MakeView(ctx, view, "SELECT * FROM "+qualified(relation))
}

// AliasAnywhere makes a view of a relation that has its name in every schema.
func (d *DB) AliasAnywhere(ctx context.Context, view, relation string) error {
	return d.ExecText(ctx, "CREATE OR REPLACE TEMP VIEW "+Ident(view)+" AS SELECT * FROM "+qualified(relation))
}

// AliasColumn makes a view (value) of one column of a relation, or makes it anew.
func (d *DB) AliasColumn(ctx context.Context, view, relation, column string) error {
	return d.MakeView(ctx, view, "SELECT "+Ident(column)+" AS value FROM "+qualified(relation))
}

// MakeView makes a view of a SELECT that a job compiled from its inputs, as it does with rules, or makes it anew.
func (d *DB) MakeView(ctx context.Context, view, query string) error {
	return d.ExecText(ctx, "CREATE OR REPLACE VIEW "+qualified(view)+" AS "+query)
}

// Copy makes a table of the rows that a relation has now, or makes it anew.
func (d *DB) Copy(ctx context.Context, table, relation string) error {
	return d.ExecText(ctx, "CREATE OR REPLACE TABLE "+qualified(table)+" AS FROM "+qualified(relation))
}

// CopyShape makes an empty table with the columns of a view that was bound, without _file and _pos.
func (d *DB) CopyShape(ctx context.Context, table, view string) error {
	return d.ExecText(ctx, "CREATE TABLE "+qualified(table)+" AS SELECT * EXCLUDE (_file, _pos) FROM "+qualified(view)+" LIMIT 0")
}

// DropTable drops a table that is there.
func (d *DB) DropTable(ctx context.Context, table string) error {
	return d.ExecText(ctx, "DROP TABLE "+qualified(table))
}

// DropView drops a view that is there.
func (d *DB) DropView(ctx context.Context, view string) error {
	return d.ExecText(ctx, "DROP VIEW "+qualified(view))
}

// HasTable tells whether some schema has a table of that name.
func (d *DB) HasTable(ctx context.Context, table string) (has bool, err error) {
	err = d.OneText(ctx, "SELECT count(*) > 0 FROM duckdb_tables() WHERE table_name = $1", []any{table}, []any{&has})
	return has, err
}

// Count counts the rows of a relation.
func (d *DB) Count(ctx context.Context, relation string) (rows int64, err error) {
	if err = d.OneText(ctx, "SELECT count(*) FROM "+qualified(relation), nil, []any{&rows}); err != nil {
		err = fmt.Errorf("count %s: %w", relation, err)
	}
	return rows, err
}

// HasRows tells whether a relation has any.
func (d *DB) HasRows(ctx context.Context, relation string) (has bool, err error) {
	if err = d.OneText(ctx, "SELECT EXISTS (FROM "+qualified(relation)+")", nil, []any{&has}); err != nil {
		err = fmt.Errorf("look into %s: %w", relation, err)
	}
	return has, err
}

// PositionsIn groups the rows of a relation (_file, _pos) as [DB.PositionsText] does.
func (d *DB) PositionsIn(ctx context.Context, files []lake.File, relation string) (map[string][]int64, error) {
	rows, err := d.PositionsText(ctx, files, "SELECT _file, _pos FROM "+qualified(relation))
	if err != nil {
		err = fmt.Errorf("positions in %s: %w", relation, err)
	}
	return rows, err
}

// InSchema runs work with names made and looked up in a schema first, then in main.
func (d *DB) InSchema(ctx context.Context, schema string, work func() error) error {
	if err := d.ExecText(ctx, "CREATE SCHEMA IF NOT EXISTS "+Ident(schema)); err != nil {
		return err
	}
	if err := d.ExecText(ctx, "SET search_path = "+Quote(schema+",main")); err != nil {
		return err
	}
	err := work()
	return errors.Join(err, d.ExecText(ctx, "SET search_path = 'main'"))
}

// DropSchema drops a schema with all that it has; one that is not there is dropped already.
func (d *DB) DropSchema(ctx context.Context, schema string) error {
	return d.ExecText(ctx, "DROP SCHEMA IF EXISTS "+Ident(schema)+" CASCADE")
}

// qualified quotes a name and, where it has one, its schema.
func qualified(relation string) string {
	parts := strings.Split(relation, ".")
	for i := range parts {
		parts[i] = Ident(parts[i])
	}
	return strings.Join(parts, ".")
}
