package query

import (
	"context"
	"fmt"
	"slices"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
	"github.com/lakectl/lakectl/lake/trino"
)

// Options are one question.
type Options struct {
	Text    string        // a single SELECT, or what shows tables and their columns
	AsOf    string        // see [Cut]; "" is now
	Catalog string        // name that may stand in front of a table's
	Limit   int           // most rows of the answer
	Trino   *trino.Client // answers in the place of DuckDB; nil: not
	Memory  int64         // bytes that the memory limit of the environment stands for; a quarter of it is the most an answer may have
}

// Run answers a question from the tables as they were at one cut. Only the tables that it names are looked at.
func Run(ctx context.Context, env jobs.Env, o Options) (duck.Answer, error) {
	if o.Trino != nil {
		return runOn(ctx, env, o)
	}
	return duck.Analyze(ctx, env.Duck, duck.Query{
		Text: o.Text, Catalog: o.Catalog, Namespace: env.Lake.Namespace(), Limit: o.Limit, Memory: o.Memory,
		Tables: func(ctx context.Context) ([]string, error) { return Tables(ctx, env) },
		Snapshots: func(ctx context.Context, names []string) ([]lake.Snapshot, error) {
			return Cut(ctx, env, o.AsOf, names)
		},
		Without: func(ctx context.Context, s lake.Snapshot) (map[string][]int64, error) { return covered(ctx, env, s) },
	})
}

// Tables lists the tables of a lake that has been made.
func Tables(ctx context.Context, env jobs.Env) ([]string, error) {
	names, err := env.Lake.Tables(ctx)
	if err == nil && len(names) == 0 {
		err = lake.WithHint(fmt.Errorf("tables: %w", lake.ErrNotFound), "run 'lakectl init' to create them")
	}
	slices.Sort(names)
	return names, err
}
