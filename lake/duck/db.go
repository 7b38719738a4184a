package duck

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/lakectl/lakectl/lake"
)

// Options bounds what one DB may use.
type Options struct {
	MemoryLimit string // as DuckDB takes it: "1GiB"
	Threads     int
	TempDir     string // spill goes into a folder below it
	SpillLimit  string // most that may lie there, as DuckDB takes it; "" is nine tenths of the free disk
	// SpillAnywhere is for who may not write into TempDir: the system's folder for temporary files takes its place.
	SpillAnywhere bool
	Verify        *lake.Verifier // of what is bound; nil verifies nothing
	// Start starts the DuckDB; nil is the context's ([WithStart]), or else a new one in memory. Tests, which open many,
	// use one after the other.
	Start func(context.Context) (*sql.DB, error)
}

// DB is an in-memory DuckDB with one connection.
type DB struct {
	// fenced keeps a user's conditions above the position deletes: DuckDB would try them on deleted rows first, and
	// the error of a function shows the values it was given. No condition passes a LIMIT.
	fenced     bool
	asked      map[string]bool // columns of views that are fetched, in lower case; nil: all
	keepsOrder bool            // see KeepOrder
	db         *sql.DB
	conn       *sql.Conn
	spill      *spillFolder

	verify *lake.Verifier
}

// Open starts a DuckDB. Close it: that removes its spill folder. It also removes the spill folders that
// processes left behind which were killed.
func Open(ctx context.Context, o Options) (*DB, error) {
	spill, err := newSpillFolder(o.TempDir)
	if err != nil && o.SpillAnywhere {
		spill, err = newSpillFolder(filepath.Join(os.TempDir(), fmt.Sprintf("lakectl-%d", os.Getuid())))
	}
	if err != nil {
		return nil, fmt.Errorf("folder for spill: %w", err)
	}
	d := &DB{spill: spill, verify: o.Verify}
	if err := d.start(ctx, o); err != nil {
		return nil, errors.Join(fmt.Errorf("start duckdb: %w", err), d.Close())
	}
	return d, nil
}

type startKey struct{}

// WithStart makes start the [Options].Start of every [Open] of this context that names none: tests give it to a whole
// program.
func WithStart(ctx context.Context, start func(context.Context) (*sql.DB, error)) context.Context {
	return context.WithValue(ctx, startKey{}, start)
}

func startOf(ctx context.Context) func(context.Context) (*sql.DB, error) {
	if start, ok := ctx.Value(startKey{}).(func(context.Context) (*sql.DB, error)); ok {
		return start
	}
	return startNew
}

func startNew(context.Context) (*sql.DB, error) { return sql.Open("duckdb", "") }

func (d *DB) start(ctx context.Context, o Options) (err error) {
	if o.Start == nil {
		o.Start = startOf(ctx)
	}
	if d.db, err = o.Start(ctx); err != nil {
		return err
	}
	if d.conn, err = d.db.Conn(ctx); err != nil {
		return err
	}
	settings := []string{
		"SET autoinstall_known_extensions = false",
		"SET autoload_known_extensions = false",
		"SET TimeZone = 'UTC'",
		"SET preserve_insertion_order = false",
		"SET memory_limit = " + Quote(o.MemoryLimit),
		fmt.Sprintf("SET threads = %d", o.Threads),
		"SET temp_directory = " + Quote(d.spill.path),
		"SET parquet_metadata_cache = true", // files never change, and statements read the same ones again
	}
	if o.SpillLimit != "" {
		settings = append(settings, "SET max_temp_directory_size = "+Quote(o.SpillLimit))
	}
	for _, set := range settings {
		if err := d.ExecText(ctx, set); err != nil {
			return err
		}
	}
	return nil
}

// Close stops DuckDB and removes its spill.
func (d *DB) Close() error {
	var err error
	if d.conn != nil {
		err = d.conn.Close()
	}
	if d.db != nil {
		err = errors.Join(err, d.db.Close())
	}
	return errors.Join(err, d.spill.remove())
}

// JoinAsWritten makes every join from now on look up the rows of its left side in a table made of its right side,
// as the statement has them. DuckDB does not know how many rows the files of a view have: it takes them for a
// thousand each, and would rather make that table of fifty million rows of a ledger than of a night's.
func (d *DB) JoinAsWritten(ctx context.Context) error {
	return d.ExecText(ctx, "SET disabled_optimizers = 'join_order,build_side_probe_side'")
}

// KeepOrder makes every statement from now on give rows in the order in which it finds them where nothing sorts them.
// Otherwise threads write what they have as they have it.
func (d *DB) KeepOrder(ctx context.Context) error {
	err := d.ExecText(ctx, "SET preserve_insertion_order = true")
	d.keepsOrder = err == nil
	return err
}

// ExecText runs statements without a result. Arguments bind to ? or $1 of a single statement.
func (d *DB) ExecText(ctx context.Context, text string, args ...any) error {
	_, err := d.ExecTextRows(ctx, text, args...)
	return err
}

// ExecTextRows is ExecText, and says how many rows the last statement changed.
func (d *DB) ExecTextRows(ctx context.Context, text string, args ...any) (int64, error) {
	result, err := d.conn.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, advise(err)
	}
	return result.RowsAffected()
}

// QueryText runs one statement. The caller closes the rows.
func (d *DB) QueryText(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	rows, err := d.conn.QueryContext(ctx, text, args...)
	return rows, advise(err)
}

// EachText runs one statement and calls visit for every row, scanned into dest before each call.
func (d *DB) EachText(ctx context.Context, text string, args, dest []any, visit func() error) error {
	return d.EachNamedText(ctx, text, args, func([]string) ([]any, error) { return dest, nil }, visit)
}

// EachNamedText is EachText where the names of the columns say what they are scanned into.
func (d *DB) EachNamedText(ctx context.Context, text string, args []any, into func(columns []string) (dest []any, err error), visit func() error) error {
	rows, err := d.QueryText(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // rows.Err has the error
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	dest, err := into(columns)
	if err != nil {
		return err
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		if err := visit(); err != nil {
			return err
		}
	}
	return advise(rows.Err())
}

// OneText runs a statement that gives exactly one row.
func (d *DB) OneText(ctx context.Context, text string, args, dest []any) error {
	n := 0
	err := d.EachText(ctx, text, args, dest, func() error { n++; return nil })
	if err == nil && n != 1 {
		return fmt.Errorf("statement gave %d rows, want 1", n)
	}
	return err
}

// Fill appends rows that Go holds in memory to a table of this DB.
func (d *DB) Fill(_ context.Context, table string, rows [][]any) error {
	return d.FillEach(table, func(add func(row []any) error) error {
		for _, row := range rows {
			if err := add(row); err != nil {
				return err
			}
		}
		return nil
	})
}

// FillEach appends the rows that are added to a table of this DB. A row may be used again once it was added.
func (d *DB) FillEach(table string, rows func(add func(row []any) error) error) error {
	return d.fill(table, func(add func(...driver.Value) error) error {
		var values []driver.Value
		return rows(func(row []any) error {
			values = values[:0]
			for _, v := range row {
				values = append(values, v)
			}
			return add(values...)
		})
	})
}

// fill appends the rows that are added to a table of this DB.
func (d *DB) fill(table string, rows func(add func(...driver.Value) error) error) error {
	return d.conn.Raw(func(c any) error {
		appender, err := duckdb.NewAppenderFromConn(c.(driver.Conn), "", table)
		if err != nil {
			return err
		}
		return errors.Join(rows(appender.AppendRow), appender.Close())
	})
}

// Quote makes a string literal.
func Quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// Ident makes a quoted identifier.
func Ident(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
