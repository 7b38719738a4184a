package main

import (
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
)

func poolsVerb() verb {
	v := versioned[[]terms.Pool, royalty.PoolSet]{
		noun: "pools", store: "apply", stores: "Store a pools file as the new version.", example: "pools.csv",
		applied: "The pools of every period that the file names are replaced; other periods keep theirs.",
		listed:  "For each period those of the newest file that named it.",
		parse:   terms.ParsePools,
		asSet:   func(pools []terms.Pool) royalty.PoolSet { return royalty.PoolSet{Pools: pools} },
		apply:   royalty.ApplyPools,
		inForce: royalty.Pools,
	}
	return verb{
		Name:  v.noun,
		Short: "Check, apply and list the pools of money that royalties share out.",
		Long: `A pools file is CSV; * is any country or tier, amounts are whole minor units:

  period,country,tier,currency,amount_minor
  2026-03,*,*,EUR,100000
  2026-03,DE,premium,EUR,25000

Each pool is shared over the qualified listens it covers. Overlapping pools each pay.`,
		Examples: []string{"lakectl pools apply pools.csv"},
		Verbs:    v.verbs(),
	}
}
