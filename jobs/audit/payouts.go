package audit

import (
	"context"
	"errors"
	"fmt"
	"math/big"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// comparePayouts shares the pools of the run over a relation of lines and compares with what the run paid.
func (a *audit) comparePayouts(ctx context.Context, lines string) (Payouts, error) {
	if err := a.bindAt(ctx, "run_payouts", catalog.RoyaltyPayouts, a.run.payouts); errors.Is(err, lake.ErrExpired) {
		return PayoutsExpired, nil
	} else if err != nil {
		return "", err
	}
	pools, err := a.env.Snapshot(ctx, catalog.RoyaltyPools)
	if err != nil {
		return "", err
	}
	if err := a.db.Bind(ctx, "all_pools", pools); err != nil {
		return "", err
	}
	if err := a.db.Alias(ctx, "due", lines); err != nil {
		return "", err
	}
	if err := a.db.Run(ctx, "audit/pools", a.run.pools, a.run.period); err != nil {
		return "", err
	}
	if err := a.db.Run(ctx, "audit/shares"); err != nil {
		return "", err
	}
	if err := a.db.Run(ctx, "audit/paid", a.run.period); err != nil {
		return "", err
	}
	var paid, owed int64
	if err := a.db.One(ctx, "audit/rows_of_payouts", nil, []any{&paid, &owed}); err != nil {
		return "", err
	}
	equal, err := a.paidWhatIsOwed(ctx)
	if err != nil {
		return "", fmt.Errorf("compare payouts: %w", err)
	}
	if !equal || paid != owed {
		return PayoutsDifferent, nil
	}
	return PayoutsSame, nil
}

type poolKey struct {
	Country  string `col:"country"`
	Tier     string `col:"tier"`
	Currency string `col:"currency"`
}

// spareUnits is what the statement audit/spare gives of a pool.
type spareUnits struct {
	poolKey
	Units int64 `col:"units"`
}

// owedShare is what the statement audit/owed gives of a pool, artist and track. Nothing was paid where PaidFor and Paid
// are nil.
type owedShare struct {
	poolKey
	Amount  int64  `col:"amount_minor"` // of the pool
	Weight  int64  `col:"weight"`
	Whole   int64  `col:"whole"`
	PaidFor *int64 `col:"paid_for"`
	Paid    *int64 `col:"paid_minor"`
}

// paidWhatIsOwed goes through the shares of each pool, those that get a unit of what is left over first.
func (a *audit) paidWhatIsOwed(ctx context.Context) (bool, error) {
	spare := map[poolKey]int64{}
	err := jobs.EachRecord(ctx, a.db, "audit/spare", nil, func(s spareUnits) error { spare[s.poolKey] = s.Units; return nil })
	if err != nil {
		return false, err
	}
	equal := true
	err = jobs.EachRecord(ctx, a.db, "audit/owed", nil, func(s owedShare) error {
		owed := new(big.Int).Mul(big.NewInt(s.Amount), big.NewInt(s.Weight))
		owed.Quo(owed, big.NewInt(s.Whole))
		if spare[s.poolKey] > 0 {
			spare[s.poolKey]--
			owed.Add(owed, big.NewInt(1))
		}
		equal = equal && s.Paid != nil && s.PaidFor != nil && *s.PaidFor == s.Weight && owed.Cmp(big.NewInt(*s.Paid)) == 0
		return nil
	})
	return equal, err
}
