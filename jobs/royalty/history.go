package royalty

import (
	"context"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
)

// history looks up the inputs that earlier runs used. The views rules and all_pools are bound.
type history struct {
	db    *jobs.Session
	rules map[int64][]terms.Rule
	pools map[int64][]terms.Pool
}

// basisOf is what a run computed its period from.
func (h *history) basisOf(ctx context.Context, run PublishedRun) (basis, error) {
	return h.basisAt(ctx, run.Period, run.LedgerSnapshotID, run.RulesVersion, run.PoolsVersion, run.SplitsVersion)
}

func (h *history) basisAt(ctx context.Context, period string, ledger, rules, pools, splits int64) (basis, error) {
	b := basis{ledger: ledger, splits: splits}
	if _, known := h.rules[rules]; !known {
		set, err := rulesAt(ctx, h.db, rules)
		if err != nil {
			return b, err
		}
		h.rules[rules] = set.Rules
	}
	if _, known := h.pools[pools]; !known {
		set, err := poolsAt(ctx, h.db, pools)
		if err != nil {
			return b, err
		}
		h.pools[pools] = set.Pools
	}
	b.rules, b.pools = h.rules[rules], poolsOf(h.pools[pools], period)
	return b, nil
}
