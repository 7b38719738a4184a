package royalty

import (
	"context"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
)

// CheckRules says what the rules of a file name and no listen has. Nothing is stored.
func CheckRules(ctx context.Context, env jobs.Env, rules []terms.Rule) (set RuleSet, err error) {
	set.Rules = rules
	set.Unheard, err = unheardOf(ctx, env, namedByRules(rules))
	return set, err
}

// CheckPools is [CheckRules] of pools.
func CheckPools(ctx context.Context, env jobs.Env, pools []terms.Pool) (set PoolSet, err error) {
	set.Pools = pools
	set.Unheard, err = unheardOf(ctx, env, namedByPools(pools))
	return set, err
}

// CheckSplits is [CheckRules] of splits.
func CheckSplits(ctx context.Context, env jobs.Env, splits []terms.Split) (SplitSet, error) {
	set := ListSplits(splits)
	var err error
	set.Unheard, err = unheardOf(ctx, env, namedBySplits(splits))
	return set, err
}

// CheckTracks is [CheckRules] of tracks.
func CheckTracks(ctx context.Context, env jobs.Env, tracks []terms.Track) (TrackSet, error) {
	set := TrackSet{Rows: len(tracks), Tracks: tracks}
	var err error
	set.Unheard, err = unheardOf(ctx, env, namedByTracks(tracks))
	return set, err
}
