package royalty

import (
	"context"
	"errors"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
)

// verifyStatement reads nothing of the statement that is about to be closed, but holds the bytes of its files against
// their hashes: [lake.ErrDamaged] before anything is decided.
func verifyStatement(ctx context.Context, env jobs.Env, runID string) (err error) {
	run, err := FindRun(ctx, env, runID)
	if err != nil {
		return err
	}
	db, err := env.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, t := range []struct {
		table    string
		snapshot int64
	}{{catalog.RoyaltyLines, run.LinesSnapshotID}, {catalog.RoyaltyPayouts, run.PayoutsSnapshotID}, {catalog.RoyaltyShares, run.SharesSnapshotID}} {
		if err := bindPeriodAt(ctx, env, db, "closing_"+t.table, t.table, t.snapshot, run.Period); err != nil {
			return err
		}
	}
	adjustments, err := env.Snapshot(ctx, catalog.Adjustments)
	if err != nil {
		return err
	}
	return db.Bind(ctx, "closing_adjustments", adjustments)
}
