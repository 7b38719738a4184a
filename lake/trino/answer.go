package trino

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	driver "github.com/trinodb/trino-go-client/trino"

	"github.com/lakectl/lakectl/lake"
)

// Question is one read-only query of a user over snapshots.
type Question struct {
	Text string
	// Tables lists every table there is; Pins gives those of the tables that the text names, and no others, with their
	// columns.
	Tables func(ctx context.Context) ([]string, error)
	Pins   func(ctx context.Context, names []string) ([]Pin, error)
	Limit  int   // most rows of the answer
	Bytes  int64 // most that the answer may have
}

// Answer is what a question gave. The values are what any printer knows: nil, bool, string, int64, floats that are
// finite, time.Time of years 0 to 9999, and []any and map[string]any of these.
type Answer struct {
	Columns []string
	Rows    [][]any
	Cut     string // why there are more rows than these: CutRows, CutBytes; "" for all
}

// Why an answer ends early.
const (
	CutRows  = "rows"
	CutBytes = "bytes"
)

// errFull ends a query whose answer is full.
var errFull = errors.New("the answer is full")

// Answer answers a question. What keeps the lake safe: the text is one query whose names can be nothing but the tables
// that are defined in front of it (parse), and a connection without catalog and namespace.
func (c *Client) Answer(ctx context.Context, q Question) (Answer, error) {
	asked, err := parse(q.Text)
	if err != nil {
		return Answer{}, fmt.Errorf("query: %w", err)
	}
	all, err := q.Tables(ctx)
	if err != nil {
		return Answer{}, err
	}
	names, err := known(asked, all)
	if err != nil {
		return Answer{}, err
	}
	pins, err := q.Pins(ctx, names)
	if err != nil {
		return Answer{}, err
	}
	a, err := c.collect(ctx, Query{Text: q.Text, Pins: pins}, q.Limit, q.Bytes)
	if err != nil {
		return a, fmt.Errorf("query: %w", advised(err, pins, c.o.Catalog))
	}
	return a, nil
}

// known finds the tables that a text names, whatever the case of their letters.
func known(asked statement, all []string) (names []string, err error) {
	for _, name := range asked.tables {
		at := slices.IndexFunc(all, func(s string) bool { return strings.EqualFold(s, name) })
		if at < 0 {
			return nil, lake.WithHint(fmt.Errorf("table %s: %w", name, lake.ErrNotFound), "'lakectl snapshots' lists the tables; with --engine duckdb, DESCRIBE TABLE lists their columns")
		}
		if slices.Contains(asked.gives, strings.ToLower(name)) {
			return nil, lake.WithHint(fmt.Errorf("query: WITH gives the name %s, and the query reads the table of that name", name), "give it another name in WITH")
		}
		if !slices.Contains(names, all[at]) {
			names = append(names, all[at])
		}
	}
	return names, nil
}

// collect takes the rows of a query until the answer is full.
func (c *Client) collect(ctx context.Context, q Query, limit int, most int64) (a Answer, err error) {
	var values []any
	var types []string
	var size int64
	err = c.each(ctx, q, func(columns []*sql.ColumnType) ([]any, error) {
		values = make([]any, len(columns))
		dest := make([]any, len(columns))
		for i, t := range columns {
			a.Columns, types, dest[i] = append(a.Columns, t.Name()), append(types, t.DatabaseTypeName()), &values[i]
		}
		return dest, nil
	}, func() error {
		row := make([]any, len(values))
		for i, v := range values {
			row[i] = plain(v, types[i])
			size += sizeOf(row[i])
		}
		switch {
		case len(a.Rows) == limit:
			a.Cut = CutRows
			return errFull
		case size > most:
			a.Cut = CutBytes
			return errFull
		}
		a.Rows = append(a.Rows, row)
		return nil
	})
	switch {
	case errors.Is(err, errFull) && len(a.Rows) == 0 && a.Cut == CutBytes:
		return a, lake.WithHint(fmt.Errorf("its first row alone has more than %d MiB", most>>20), "take less of it, as with substr(column, 1, 1000), or raise duckdb.memory_limit: an answer may have a quarter of it")
	case errors.Is(err, errFull):
		return a, nil
	}
	return a, err
}

// advised gives the error of a user's query what to do next. Trino may compute with rows before it leaves them out, so
// what it says of values may be of these; only what it says of a place in the text is not.
func advised(err error, pins []Pin, catalog string) error {
	var failed *driver.ErrTrino
	if lake.Hint(err) != "" || !errors.As(err, &failed) {
		return err
	}
	leads := "trino.catalog " + catalog + " has to lead to the same tables as catalog.uri of the configuration"
	switch name := failed.ErrorName; {
	case name == "COLUMN_NOT_FOUND" && len(pins) > 0:
		return lake.WithHint(err, "%s", columnsOf(pins))
	case name == "CATALOG_NOT_FOUND", name == "SCHEMA_NOT_FOUND", name == "TABLE_NOT_FOUND", strings.Contains(failed.Message, "snapshot ID does not exist"):
		return lake.WithHint(err, "%s", leads)
	case failed.ErrorLocation == driver.ErrorLocation{} && slices.ContainsFunc(pins, func(p Pin) bool { return p.Of != nil }):
		return lake.WithHint(fmt.Errorf("trino: %s; the rest could tell of rows that deletion requests cover", name),
			"a row that is left out may be what fails too: try(...) and try_cast give NULL where a value does not fit")
	case failed.ErrorType == "USER_ERROR":
		return lake.WithHint(err, "the dialect is Trino's; --engine duckdb takes DuckDB's")
	}
	return err
}

// columnsOf lists the columns that a query could have named.
func columnsOf(pins []Pin) string {
	lists := make([]string, len(pins))
	for i, p := range pins {
		lists[i] = p.name() + " has " + strings.Join(p.Columns, ", ")
	}
	return strings.Join(lists, "; ")
}
