package verbs

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/query"
	"github.com/lakectl/lakectl/lake/duck"
)

func sqlVerb() frame.Verb {
	return frame.Bind(frame.Verb{
		Name: "sql", Args: "QUERY", Short: "Run one read-only SELECT over the tables, now or as of any time.",
		Long: `All tables are there under their names; the dialect is that of the engine. --as-of takes
  a time      2026-04-01T00:00:00Z, or 2026-04-01; each table as it was then
  a snapshot  an id from 'lakectl snapshots TABLE'; its own table is read there, the others as of its time
  a tag       tables that have it are read there, the others as of the time of the latest tagged snapshot
  run:ID      what that royalty run saw and made: one consistent cut
Only the tables that the query names are read. If the snapshot of such a table has expired, the error names the oldest
one left. An answer has at most --limit rows and a quarter of duckdb.memory_limit. SHOW TABLES lists the tables,
DESCRIBE TABLE the columns of a table. Columns that other engines added or renamed are there as the table has them.
Columns that DuckDB cannot show are left out, with a warning. The query can read the tables and nothing else: no files,
no settings.

With --engine trino the query runs on the Trino of trino.url, whose catalog trino.catalog leads to this lake. It is one
SELECT, WITH or VALUES in Trino's dialect, and names tables alone: no catalog, no namespace, no table functions. The
snapshots are the same, and so are the rows that deletion requests cover: no answer has them. Ctrl-C ends the query on
the server too. When the server is lost, run the same command again.`,
		Examples: []string{
			`lakectl sql "SELECT device, count(*) FROM listens GROUP BY 1"`,
			`lakectl sql --as-of 2026-04-01 "SELECT sum(plays) FROM plays_by_day"`,
			`lakectl sql --engine trino "SELECT country, approx_distinct(user_id) FROM listens GROUP BY 1"`,
		},
		Exits: []int{frame.ExitPartial, frame.ExitProof, frame.ExitGone},
		Keys:  []string{"engine", "duckdb.memory_limit", "duckdb.threads"},
	}, (*sqlFlags).declare, runSQL)
}

// mostRows bounds --limit: that many rows are no answer that anybody reads.
const mostRows = 100_000_000

type sqlFlags struct {
	AsOf  string
	Limit int
}

func (f *sqlFlags) declare() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "as-of", Usage: "read the past: `TIME|SNAPSHOT|TAG|run:ID`", Destination: &f.AsOf},
		&cli.IntFlag{Name: "limit", Usage: "show at most `N` rows", Value: 10_000, Destination: &f.Limit},
	}
}

func runSQL(ctx context.Context, c *frame.Call, f sqlFlags) (any, error) {
	limit := f.Limit
	if limit < 1 || limit > mostRows {
		return nil, usage.Errorf("leave it out for 10,000", "--limit is %d; allowed: 1 to %d", limit, mostRows)
	}
	env, closeEnv, err := reach.Reader(ctx, c)
	if err != nil {
		return nil, err
	}
	defer closeEnv()
	answer, err := ask(ctx, c, env, query.Options{
		Text: c.Args().First(), AsOf: f.AsOf, Catalog: c.Config.Catalog.Name, Limit: limit, Memory: int64(c.Config.DuckDB.MemoryLimit),
	})
	if len(answer.Unread) > 0 {
		c.Log.Warn("columns left out: DuckDB cannot show them", "columns", strings.Join(answer.Unread, ", "))
	}
	if err != nil {
		return nil, err
	}
	switch answer.Cut {
	case duck.CutRows:
		c.Log.Warn("result cut: it has more rows than --limit", "rows_shown", len(answer.Rows))
	case duck.CutBytes:
		c.Log.Warn("result cut: it has more bytes than a quarter of duckdb.memory_limit", "rows_shown", len(answer.Rows))
	}
	return frame.Table{Columns: answer.Columns, Rows: answer.Rows}, nil
}

// ask runs a query on the engine that is configured.
func ask(ctx context.Context, c *frame.Call, env jobs.Env, o query.Options) (answer duck.Answer, err error) {
	if o.Trino, err = reach.Trino(c); err != nil {
		return answer, err
	}
	if o.Trino != nil {
		defer o.Trino.Close() //nolint:errcheck // its queries have ended
	}
	return query.Run(ctx, env, o)
}
