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
	Country     string `json:"country"`
	Tier        string `json:"tier"`
	Currency    string `json:"currency"`
	AmountMinor int64  `json:"amount_minor"`
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
	var period, currency, country, tier string
	var amount, parts int64
	err := db.Each(ctx, "royalty/unbalanced_pools", nil, []any{&period, &country, &tier, &currency, &amount, &parts}, func() error {
		return fmt.Errorf("pool %s/%s/%s of %d %s was shared out as %d: %w", period, country, tier, amount, currency, parts, jobs.ErrProof)
	})
	if err != nil {
		return nil, err
	}
	left := map[string][]UndistributedPool{}
	err = db.Each(ctx, "royalty/undistributed", nil, []any{&period, &country, &tier, &currency, &amount}, func() error {
		left[period] = append(left[period], UndistributedPool{country, tier, currency, amount})
		return nil
	})
	return left, err
}
