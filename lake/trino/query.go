package trino

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Query is one statement that reads.
type Query struct {
	Text string // starts with SELECT or WITH; comments may stand before that
	Pins []Pin  // the tables that it may name
	Args []any  // one for each ? of the text: nil, bool, string, int, int64 or time.Time
}

// Each runs a query and visits its rows. into is told the names of the columns and gives what they are scanned into,
// as database/sql does it; visit runs after each scan. An error of either ends the query.
func (c *Client) Each(ctx context.Context, q Query, into func(columns []string) (dest []any, err error), visit func() error) (err error) {
	text, err := pinned(c.o.Catalog, c.o.Namespace, q)
	if err != nil {
		return err
	}
	args, err := c.arguments(q.Args)
	if err != nil {
		return err
	}
	rows, err := c.db.QueryContext(ctx, text, args...)
	if err != nil {
		return c.explain(ctx, err)
	}
	// Closing ends the query on the server where rows are left.
	defer func() {
		if closed := rows.Close(); err == nil {
			err = c.explain(ctx, closed)
		}
	}()
	own, err := scan(rows, into, visit)
	if own {
		return err
	}
	return c.explain(ctx, err)
}

// scan visits the rows; own tells that the error is the caller's.
func scan(rows *sql.Rows, into func([]string) ([]any, error), visit func() error) (own bool, err error) {
	columns, err := rows.Columns()
	if err != nil {
		return false, err
	}
	dest, err := into(columns)
	if err != nil {
		return true, err
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return false, err
		}
		for _, d := range dest {
			inUTC(d)
		}
		if err := visit(); err != nil {
			return true, err
		}
	}
	return false, rows.Err()
}

// inUTC moves a time to UTC: a value has the zone that it has in Trino.
func inUTC(dest any) {
	switch d := dest.(type) {
	case *time.Time:
		*d = d.UTC()
	case *sql.NullTime:
		d.Time = d.Time.UTC()
	case *any:
		if at, is := (*d).(time.Time); is {
			*d = at.UTC()
		}
	}
}

// arguments are those of the driver: the parameters, and who hears of the progress.
func (c *Client) arguments(args []any) ([]any, error) {
	var all []any
	for i, arg := range args {
		switch v := arg.(type) {
		case nil, bool, string, int, int64:
		case time.Time:
			arg = v.UTC().Truncate(time.Microsecond)
		default:
			return nil, fmt.Errorf("parameter %d of a query is a %T", i+1, arg)
		}
		all = append(all, arg)
	}
	if c.o.Progress != nil {
		all = append(all, sql.Named(progressCallback, updater(c.o.Progress)), sql.Named(progressPeriod, time.Second))
	}
	return all, nil
}

var errNotOneQuery = errors.New("a query starts with SELECT or WITH, without RECURSIVE")

// opening splits a query after the comments and the WITH that it starts with; more tells that it defines names itself.
// RECURSIVE would ask for the columns of every name, of the pins too.
func opening(text string) (rest string, more bool, err error) {
	rest = strings.TrimRight(text, "; \t\r\n")
	for {
		rest = strings.TrimLeft(rest, " \t\r\n")
		var closed bool
		switch {
		case strings.HasPrefix(rest, "--"):
			_, rest, closed = strings.Cut(rest, "\n")
		case strings.HasPrefix(rest, "/*"):
			_, rest, closed = strings.Cut(rest, "*/")
		default:
			word, after := firstWord(rest)
			if word == "SELECT" {
				return rest, false, nil
			}
			if next, _ := firstWord(after); word == "WITH" && next != "RECURSIVE" {
				return after, true, nil
			}
			return "", false, errNotOneQuery
		}
		if !closed {
			return "", false, errNotOneQuery
		}
	}
}

// firstWord is the word of letters at the start of a text, in capitals, and what follows it.
func firstWord(text string) (word, rest string) {
	text = strings.TrimLeft(text, " \t\r\n")
	end := strings.IndexFunc(text, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '_' })
	if end < 0 {
		end = len(text)
	}
	return strings.ToUpper(text[:end]), text[end:]
}
