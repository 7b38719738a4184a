package chain

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/erase"
	"github.com/lakectl/lakectl/jobs/rollup"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/lake"
)

// Deletions is what [CarryOut] did.
type Deletions struct {
	Deleted   erase.Report   `json:"deleted"`
	Royalties royalty.Report `json:"royalties"`
	Rollup    rollup.Report  `json:"rollup"`
	Confirmed erase.Report   `json:"confirmed"`
}

// DeletionsOptions say how deletion requests are carried out.
type DeletionsOptions struct {
	Rollup rollup.Options
	// OnlyOpen has nothing recomputed where no request is open, for whoever asks every minute.
	OnlyOpen bool
}

// CarryOut carries every open deletion request forward and recomputes what was derived from its rows, and whatever else
// royalties and dashboard have not followed yet. From the first committed delete on, an error means partly done.
func CarryOut(ctx context.Context, env jobs.Env, o DeletionsOptions) (report Deletions, err error) {
	partly := func(err error) error {
		if err == nil {
			return nil
		}
		return fmt.Errorf("rows are deleted, derived tables not all recomputed: %w", errors.Join(err, jobs.ErrPartial))
	}
	if report.Deleted, err = erase.Delete(ctx, env); err != nil {
		if report.Deleted.Rows != (erase.Counts{}) {
			err = partly(err)
		}
		return report, err
	}
	if o.OnlyOpen && report.Deleted.Requests == 0 {
		if waits, err := anyWaits(ctx, env); err != nil || !waits {
			return report, err
		}
	}
	if report.Royalties, err = royalty.Run(ctx, env, royalty.Options{}); err != nil {
		return report, partly(err)
	}
	if report.Rollup, err = rollup.Run(ctx, env, o.Rollup); err != nil {
		return report, partly(err)
	}
	if report.Confirmed, err = erase.Confirm(ctx, env); err != nil {
		return report, partly(err)
	}
	return report, unfinished(report.Confirmed.Waiting)
}

// anyWaits tells whether a request is not carried out to its end.
func anyWaits(ctx context.Context, env jobs.Env) (bool, error) {
	list, err := erase.List(ctx, env)
	return slices.ContainsFunc(list, erase.Request.Open), err
}

// unfinished says that requests stay open because something derived from their rows is not recomputed: others
// wrote while the chain ran.
func unfinished(waiting []erase.Waiting) error {
	if len(waiting) == 0 {
		return nil
	}
	return lake.WithHint(fmt.Errorf("%d deletion requests wait, the first for %s: %w", len(waiting), waiting[0].For, jobs.ErrPartial),
		"run 'lakectl job deletions' again")
}
