package verbs

import (
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake"
)

func poolsVerb() frame.Verb {
	v := versioned[[]terms.Pool, royalty.PoolSet]{
		noun: "pools", store: "apply", stores: "Store a pools file as the new version.", example: "pools.csv",
		applied: "The pools of every period that the file names are replaced; other periods keep theirs.",
		listed:  "Lists for each period the pools of the newest file that named the period.",
		parse:   terms.ParsePools,
		asSet:   func(pools []terms.Pool) royalty.PoolSet { return royalty.PoolSet{Pools: pools} },
		compare: royalty.CheckPools,
		apply:   royalty.ApplyPools,
		inForce: royalty.Pools,
		say:     sayPools,
		remove: &takeBack[royalty.PoolSet]{
			args: "MONTH...", short: "Take the pools of a month back.", example: "2062-03",
			long: `Stores a new version in which the month has no pools; earlier versions stay, and other months keep theirs. The statement
of a closed month stays too: the next 'lakectl job royalties' posts the overpayment to the first open month.
A month that already has no pools is not stored again.`,
			check: func(period string) error {
				if _, err := lake.ParseMonth(period); err != nil {
					return usage.Errorf("give months like 2026-03", "period %q", period)
				}
				return nil
			},
			run: royalty.RemovePools,
		},
	}
	return frame.Verb{
		Name:  v.noun,
		Short: "Check, apply, list and take back the pools of money that royalties share out.",
		Long: `A pools file is CSV; * is any country or tier, amounts are whole minor units:

  period,country,tier,currency,amount_minor
  2026-03,*,*,EUR,100000
  2026-03,DE,premium,EUR,25000

Each pool is shared over the qualified listens it covers. Overlapping pools each pay.`,
		Examples: []string{"lakectl pools apply pools.csv"},
		Verbs:    v.verbs(),
	}
}
