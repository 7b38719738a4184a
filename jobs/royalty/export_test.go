package royalty

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
)

// Steps that tests run in a DuckDB of their own.
var (
	ComputeLines = computeLines
	Summarize    = summarize
	DefaultRules = terms.DefaultRules()
)

// ChangedLines makes the lines of the periods that a run would change by the rows that came and went, where the ledger
// is said to have more rows a period than it has. It returns their checksums and publishes nothing.
func ChangedLines(ctx context.Context, env jobs.Env, more int64) (sums map[string]LinesReport, err error) {
	db, err := env.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	p, err := makePlan(ctx, env, db, "")
	if err != nil {
		return nil, err
	}
	if err := bindPeriods(ctx, db, "counted", p.ledger, p.names(), judgedColumns...); err != nil {
		return nil, err
	}
	told, err := p.findChanges(ctx, env, db)
	if err != nil {
		return nil, err
	}
	if err := p.computeLines(ctx, db, nil); err != nil {
		return nil, err
	}
	live, err := p.liveRows(ctx)
	if err != nil {
		return nil, err
	}
	for _, period := range slices.Sorted(maps.Keys(told)) {
		if err := p.changedLines(ctx, env, db, period, told[period], live[period]+more); err != nil {
			return nil, err
		}
	}
	return summarize(ctx, db, slices.Sorted(maps.Keys(told)))
}
