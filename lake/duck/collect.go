package duck

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/lakectl/lakectl/lake"
)

// cellBytes is what a value counts for besides its text: about what it takes in a result.
const cellBytes = 16

// Types of columns whose values have one width, and those that the driver cannot hand over or a table cannot hold,
// which become text.
var (
	oneWidth = regexp.MustCompile(`^(BOOLEAN|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\)|DATE|TIME|TIMESTAMP(_S|_MS|_NS)?|TIME(STAMP)? WITH TIME ZONE|UUID|INTERVAL|ENUM\(.*\))$`)
	unheld   = regexp.MustCompile(`\b(VARIANT|TIME_NS|GEOMETRY)\b|STRUCT\([A-Z_]+(\(|\[|,|\)| WITH TIME ZONE)`)
)

// collect runs the text. Its rows, no more than are shown, go into a table, which spills, and from there to Go: the
// driver would hold all rows of the text in memory.
func (d *DB) collect(ctx context.Context, q Query) (a Answer, err error) {
	rows := "SELECT * FROM query(" + Quote(q.Text) + ")"
	columns, err := d.describe(ctx, rows)
	if err != nil {
		return a, explain(err)
	}
	names := make([]string, len(columns))
	for i, c := range columns {
		a.Columns, names[i] = append(a.Columns, c.name), fmt.Sprintf("c%d", i)
	}
	if err := d.ExecText(ctx, shown(rows, names, columns, q.Limit, q.Memory/4)); err != nil {
		return a, explain(err)
	}
	found, err := d.QueryText(ctx, "SELECT fits, "+strings.Join(names, ", ")+" FROM memory.main.shown")
	if err != nil {
		return a, explain(err)
	}
	defer found.Close() //nolint:errcheck // found.Err has the error
	types, err := found.ColumnTypes()
	if err != nil {
		return a, err
	}
	var fits bool
	values, dest := make([]any, len(names)), []any{&fits}
	for i := range values {
		dest = append(dest, &values[i])
	}
	for a.Cut == "" && found.Next() {
		if err := found.Scan(dest...); err != nil {
			return a, explain(err)
		}
		switch {
		case len(a.Rows) == q.Limit:
			a.Cut = CutRows
			continue
		case !fits:
			a.Cut = CutBytes
			continue
		}
		row := make([]any, len(values))
		for i, v := range values {
			row[i] = plain(v, types[i+1].DatabaseTypeName())
		}
		a.Rows = append(a.Rows, row)
	}
	if a.Cut == CutBytes && len(a.Rows) == 0 {
		err = lake.WithHint(fmt.Errorf("query: its first row alone has more than %d MiB", q.Memory/4>>20), "take less of it, as with left(column, 1000), or raise duckdb.memory_limit: an answer may have a quarter of it")
	}
	return a, errors.Join(err, explain(found.Err()))
}

// describe finds the columns of a statement by their names and types; the ids stay 0.
func (d *DB) describe(ctx context.Context, rows string) (columns []column, err error) {
	var c column
	var rest any
	err = d.EachText(ctx, "DESCRIBE "+rows, nil, []any{&c.name, &c.typ, &rest, &rest, &rest, &rest}, func() error {
		columns = append(columns, c)
		return nil
	})
	return columns, err
}

// shown is the statement that makes the table shown: one row more than limit, and of the first row that has more than
// budget bytes together with those before it only that it does not fit. The sum needs no order: it is taken as the
// rows come.
func shown(rows string, names []string, columns []column, limit int, budget int64) string {
	stored, size := make([]string, len(columns)), fmt.Sprint(cellBytes*len(columns))
	for i, c := range columns {
		name, length := names[i], ""
		switch {
		case oneWidth.MatchString(c.typ):
			stored[i] = name
			continue
		case unheld.MatchString(c.typ):
			name = "CAST(" + name + " AS VARCHAR)"
			length = "strlen(" + name + ")"
		case c.typ == "BLOB":
			length = "octet_length(" + name + ")"
		default:
			length = "strlen(CAST(" + name + " AS VARCHAR))"
		}
		stored[i] = "CASE WHEN fits THEN " + name + " END AS " + names[i]
		size += " + coalesce(" + length + ", 0)"
	}
	return fmt.Sprintf("CREATE TABLE memory.main.shown AS SELECT fits, %s FROM (SELECT *, upto <= %d AS fits FROM (SELECT *, sum(size) OVER (ROWS UNBOUNDED PRECEDING) AS upto FROM "+
		"(SELECT *, %s AS size FROM (%s LIMIT %d) AS q(%s)))) WHERE upto - size <= %d",
		strings.Join(stored, ", "), budget, size, rows, limit+1, strings.Join(names, ", "), budget)
}

// explain says what a failed query needs. DuckDB shows the statement it was given; the user's is only a part of it.
func explain(err error) error {
	if err == nil {
		return nil
	}
	first, _, _ := strings.Cut(err.Error(), "\n\nLINE 1: ")
	first, _, _ = strings.Cut(first, "\n\nStack Trace")
	wrapped := fmt.Errorf("query: %w", &shortened{first, err})
	switch {
	case lake.Hint(err) != "":
		return wrapped
	case strings.Contains(first, "unsupported data type"), strings.Contains(first, "API error"):
		return lake.WithHint(wrapped, "cast the column to text: CAST(column AS VARCHAR)")
	case strings.Contains(first, "Binder Error"), strings.Contains(first, "Catalog Error"):
		return lake.WithHint(wrapped, "'lakectl snapshots' lists the tables, DESCRIBE TABLE their columns")
	case strings.Contains(first, "Parser Error"):
		return lake.WithHint(wrapped, oneSelect)
	case strings.Contains(first, "Permission Error"):
		return lake.WithHint(wrapped, "a query reads tables of the lake and nothing else")
	default:
		return wrapped
	}
}

// shortened is an error with fewer words.
type shortened struct {
	text string
	err  error
}

func (s *shortened) Error() string { return s.text }
func (s *shortened) Unwrap() error { return s.err }
