package duck

import (
	"context"
	"fmt"
	"math/big"
	"path/filepath"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/lakectl/lakectl/lake"
)

// Analyze runs one read-only SELECT of a user over snapshots, each under its table's name. header is called
// once with the column names, row for every row; the slice is used again after row returns.
//
// What keeps the lake safe: the text is parsed as the argument of query(), which takes a single SELECT and
// nothing else; DuckDB may read the tables' folders only, and its configuration is locked.
func Analyze(ctx context.Context, o Options, tables []lake.Snapshot, text string, header func([]string) error, row func([]any) error) (err error) {
	d, err := Open(ctx, o)
	if err != nil {
		return err
	}
	defer func() {
		if closed := d.Close(); err == nil {
			err = closed
		}
	}()
	if err := d.expose(ctx, tables); err != nil {
		return err
	}
	rows, err := d.Query(ctx, "SELECT * FROM query("+Quote(text)+")")
	if err != nil {
		return lake.WithHint(fmt.Errorf("query: %w", err), "give one SELECT over the tables that 'lakectl snapshots' lists")
	}
	defer rows.Close() //nolint:errcheck // rows.Err has the error
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	if err := header(names); err != nil {
		return err
	}
	values, dest := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		dest[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return fmt.Errorf("query: %w", err)
		}
		for i, v := range values {
			values[i] = plain(v)
		}
		if err := row(values); err != nil {
			return err
		}
	}
	return rows.Err()
}

// expose makes the views, without the row addresses that jobs use, and locks DuckDB down.
func (d *DB) expose(ctx context.Context, tables []lake.Snapshot) error {
	var folders []string
	for _, s := range tables {
		name := s.Table().Name()
		if err := d.Bind(ctx, "_"+name, s); err != nil {
			return err
		}
		if err := d.Exec(ctx, fmt.Sprintf("CREATE VIEW %s AS SELECT * EXCLUDE (_file, _pos) FROM %s", Ident(name), Ident("_"+name))); err != nil {
			return fmt.Errorf("bind %s: %w", name, err)
		}
		dir, err := lake.LocalPath(s.Table().Location())
		if err != nil {
			return err
		}
		folders = append(folders, Quote(filepath.ToSlash(dir)+"/"))
	}
	for _, set := range []string{
		"SET allowed_directories = [" + strings.Join(append(folders, Quote(d.spill+"/")), ", ") + "]",
		"SET enable_external_access = false",
		"SET lock_configuration = true",
	} {
		if err := d.Exec(ctx, set); err != nil {
			return fmt.Errorf("lock duckdb: %w", err)
		}
	}
	return nil
}

// plain turns DuckDB's own types into ones that any printer knows: nil, bool, string, numbers, *big.Int and
// time.Time.
func plain(v any) any {
	switch v := v.(type) {
	case nil, bool, string, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64, *big.Int, time.Time:
		return v
	case duckdb.Decimal:
		return v.String()
	case duckdb.UUID:
		return v.String()
	case []byte:
		return string(v)
	default:
		return fmt.Sprint(v)
	}
}
