package trino

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// pagePatience is how long a caller who has had enough waits for the page that was asked for already.
const pagePatience = 5 * time.Second

// Query is one statement that reads.
type Query struct {
	Text string // starts with SELECT, WITH or VALUES; comments may stand before that
	Pins []Pin  // the tables that it may name
	Args []any  // one for each ? of the text: nil, bool, string, int, int64 or time.Time
}

// parameters are the arguments in the order of the text: those of pins come first.
func (q Query) parameters() []any {
	var all []any
	for _, p := range q.Pins {
		if p.Of != nil {
			all = append(all, p.Of.parameters()...)
		}
	}
	return append(all, q.Args...)
}

// Each runs a query and visits its rows. into is told the names of the columns and gives what they are scanned into,
// as database/sql does it; visit runs after each scan. An error of either ends the query.
func (c *Client) Each(ctx context.Context, q Query, into func(columns []string) (dest []any, err error), visit func() error) error {
	return c.each(ctx, q, func(columns []*sql.ColumnType) ([]any, error) {
		names := make([]string, len(columns))
		for i, t := range columns {
			names[i] = t.Name()
		}
		return into(names)
	}, visit)
}

// each is Each for those who are told the types of the columns too.
func (c *Client) each(ctx context.Context, q Query, into func([]*sql.ColumnType) ([]any, error), visit func() error) (err error) {
	text, err := pinned(c.o.Catalog, c.o.Namespace, q)
	if err != nil {
		return err
	}
	ctx, w, stop := c.watched(ctx)
	defer stop()
	args, err := arguments(q.parameters(), w)
	if err != nil {
		return err
	}
	rows, err := c.db.QueryContext(ctx, text, args...)
	if err != nil {
		return c.explain(ctx, err)
	}
	// Closing ends the query on the server where rows are left, once its next page has come.
	defer func() {
		enough := time.AfterFunc(pagePatience, stop)
		defer enough.Stop()
		if closed := rows.Close(); err == nil {
			err = c.explain(ctx, closed)
		}
	}()
	own, err := scan(rows, into, func() error { return w.visit(visit) })
	if own {
		return err
	}
	return c.explain(ctx, err)
}

// scan visits the rows; own tells that the error is the caller's.
func scan(rows *sql.Rows, into func([]*sql.ColumnType) ([]any, error), visit func() error) (own bool, err error) {
	columns, err := rows.ColumnTypes()
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
func arguments(args []any, w *watch) ([]any, error) {
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
	return append(all, sql.Named(progressCallback, updater(w.update)), sql.Named(progressPeriod, time.Second)), nil
}
