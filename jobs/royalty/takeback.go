package royalty

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// RemovePools takes the pools of periods back: a new version in which they have none. Earlier versions stay, and so
// does the statement of a closed period; what it was paid too much is posted by the next run. A period that no file
// named is an error.
func RemovePools(ctx context.Context, env jobs.Env, periods []string) (PoolSet, error) {
	base, err := env.Snapshot(ctx, catalog.RoyaltyPools)
	if err != nil {
		return PoolSet{}, err
	}
	now, err := Pools(ctx, env)
	if err != nil {
		return PoolSet{}, err
	}
	has := map[string]bool{}
	for _, p := range now.Pools {
		has[p.Period] = true
	}
	var rows []catalog.PoolRow
	var removed []string
	at := env.Now()
	for _, period := range slices.Compact(slices.Sorted(slices.Values(periods))) {
		switch {
		case has[period]:
			rows = append(rows, catalog.PoolRow{Version: now.Version + 1, AppliedAt: at, Period: period})
			removed = append(removed, period)
		case now.byPeriod[period] == 0:
			return PoolSet{}, lake.WithHint(fmt.Errorf("pools of period %s: %w", period, lake.ErrNotFound), "see 'lakectl pools list'; nothing was stored")
		}
	}
	if len(rows) == 0 {
		return now, nil
	}
	if err := appendRows(ctx, env, base, catalog.PoolsJob, rows); err != nil {
		return PoolSet{}, err
	}
	set, err := Pools(ctx, env)
	set.Stored, set.Removed = true, removed
	return set, err
}

// RemoveSplits takes the splits of tracks back: a new version in which they have none, so that their payouts are the
// artist's. It is to splits what [RemovePools] is to pools.
func RemoveSplits(ctx context.Context, env jobs.Env, tracks []string) (SplitSet, error) {
	tracks = slices.Compact(slices.Sorted(slices.Values(tracks)))
	s := splitStore{set: SplitSet{Tracks: len(tracks)}, rows: len(tracks), noneIsNew: true}
	s.row = func(i int, version int64, at time.Time) catalog.SplitRow {
		return catalog.SplitRow{Version: version, AppliedAt: at, TrackID: tracks[i]}
	}
	return s.store(ctx, env)
}
