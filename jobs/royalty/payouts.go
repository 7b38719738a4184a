package royalty

import (
	"context"
	"fmt"
	"slices"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
)

// UndistributedPool is a pool that no qualified listen earned.
type UndistributedPool struct {
	Country     string `json:"country" col:"country"`
	Tier        string `json:"tier" col:"tier"`
	Currency    string `json:"currency" col:"currency"`
	AmountMinor int64  `json:"amount_minor" col:"amount_minor"`
}

// computePayouts makes the table payouts from lines and checks that every pool is shared out to the unit.
func computePayouts(ctx context.Context, db *jobs.Session, pools []terms.Pool, periods []string) (map[string][]UndistributedPool, error) {
	var rows [][]any
	for _, p := range pools {
		if slices.Contains(periods, p.Period) {
			rows = append(rows, []any{p.Period, p.Country, p.Tier, p.Currency, p.AmountMinor})
		}
	}
	if err := db.Run(ctx, "royalty/pools_table"); err != nil {
		return nil, err
	}
	if err := db.Fill(ctx, "pools", rows); err != nil {
		return nil, err
	}
	if err := db.Run(ctx, "royalty/payouts"); err != nil {
		return nil, fmt.Errorf("payouts: %w", err)
	}
	type unbalanced struct {
		terms.Pool
		Paid int64 `col:"paid_minor"`
	}
	err := jobs.EachRecord(ctx, db, "royalty/unbalanced_pools", nil, func(p unbalanced) error {
		return fmt.Errorf("pool %s/%s/%s of %d %s was shared out as %d: %w", p.Period, p.Country, p.Tier, p.AmountMinor, p.Currency, p.Paid, jobs.ErrProof)
	})
	if err != nil {
		return nil, err
	}
	left := map[string][]UndistributedPool{}
	type undistributed struct {
		Period string `col:"period"`
		UndistributedPool
	}
	err = jobs.EachRecord(ctx, db, "royalty/undistributed", nil, func(p undistributed) error {
		left[p.Period] = append(left[p.Period], p.UndistributedPool)
		return nil
	})
	return left, err
}
