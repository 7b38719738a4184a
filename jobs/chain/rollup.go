package chain

import (
	"context"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/rollup"
	"github.com/lakectl/lakectl/jobs/royalty/ledger"
)

// RollUp runs the rollup; a true-up first brings the ledger to where the archive is.
func RollUp(ctx context.Context, env jobs.Env, o rollup.Options) (rollup.Report, error) {
	if o.TrueUp {
		if _, err := ledger.Update(ctx, env); err != nil {
			return rollup.Report{}, err
		}
	}
	return rollup.Run(ctx, env, o)
}
