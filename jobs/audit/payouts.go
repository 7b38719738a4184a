package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/big"

	"github.com/lakectl/lakectl/catalog"
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

type poolKey struct{ country, tier, currency string }

// paidWhatIsOwed goes through the shares of each pool, those that get a unit of what is left over first.
func (a *audit) paidWhatIsOwed(ctx context.Context) (bool, error) {
	spare := map[poolKey]int64{}
	var at poolKey
	var units int64
	err := a.db.Each(ctx, "audit/spare", nil, []any{&at.country, &at.tier, &at.currency, &units}, func() error { spare[at] = units; return nil })
	if err != nil {
		return false, err
	}
	equal := true
	var amount, weight, whole int64
	var paidFor, paid sql.NullInt64
	dest := []any{&at.country, &at.tier, &at.currency, &amount, &weight, &whole, &paidFor, &paid}
	err = a.db.Each(ctx, "audit/owed", nil, dest, func() error {
		owed := new(big.Int).Mul(big.NewInt(amount), big.NewInt(weight))
		owed.Quo(owed, big.NewInt(whole))
		if spare[at] > 0 {
			spare[at]--
			owed.Add(owed, big.NewInt(1))
		}
		equal = equal && paid.Valid && paidFor.Int64 == weight && owed.Cmp(big.NewInt(paid.Int64)) == 0
		return nil
	})
	return equal, err
}
