package royalty

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake"
)

// RuleSet is a version of the rules. Version 0 is the built-in rule; it holds until rules are applied.
type RuleSet struct {
	Version int64        `json:"version"`
	Rules   []terms.Rule `json:"rules"`
	Stored  bool         `json:"stored"`            // by this command; false when the file says what holds already
	Unheard []Unheard    `json:"unheard,omitempty"` // of the file: what it names and no listen has

	snapshotID int64 // of royalty_rules that it was read from
}

// PoolSet are the pools in force.
type PoolSet struct {
	Version int64        `json:"version"` // the newest version that any of them is from
	Pools   []terms.Pool `json:"pools"`
	Stored  bool         `json:"stored"`
	Removed []string     `json:"removed,omitempty"` // periods whose pools this command took back
	Unheard []Unheard    `json:"unheard,omitempty"` // of the file: what it names and no listen has

	byPeriod   map[string]int64 // the version in force for each period, also for those whose pools were taken back
	snapshotID int64            // of royalty_pools that it was read from
}

// Rules returns the newest version of the rules.
func Rules(ctx context.Context, env jobs.Env) (RuleSet, error) {
	db, err := env.Open(ctx)
	if err != nil {
		return RuleSet{}, err
	}
	defer db.Close() //nolint:errcheck // in memory
	return latestRules(ctx, env, db)
}

func latestRules(ctx context.Context, env jobs.Env, db *jobs.Session) (RuleSet, error) {
	s, err := env.Snapshot(ctx, catalog.RoyaltyRules)
	if err != nil {
		return RuleSet{}, err
	}
	if err := bindRules(ctx, db, s); err != nil {
		return RuleSet{}, err
	}
	set, err := readRules(ctx, db, nil)
	set.snapshotID = s.ID()
	return set, err
}

// bindRules makes the relation that rulesAt reads, every version of the rules.
func bindRules(ctx context.Context, db *jobs.Session, s lake.Snapshot) error {
	return db.Bind(ctx, "rules", s)
}

// rulesAt reads the rules that a run used; bindRules comes first.
func rulesAt(ctx context.Context, db *jobs.Session, version int64) (RuleSet, error) {
	set, err := readRules(ctx, db, version)
	if err == nil && set.Version != version {
		err = lake.WithHint(fmt.Errorf("version %d of the rules: %w", version, lake.ErrNotFound), "list the versions with 'lakectl sql %q'", "SELECT DISTINCT version FROM royalty_rules")
	}
	return set, err
}

// readRules reads the newest version of the rules, up to one if it is given.
func readRules(ctx context.Context, db *jobs.Session, upTo any) (set RuleSet, err error) {
	type record struct {
		Version int64 `col:"version"`
		terms.Rule
	}
	err = jobs.EachRecord(ctx, db, "royalty/rules_latest", []any{upTo}, func(r record) error {
		set.Version, set.Rules = r.Version, append(set.Rules, r.Rule)
		return nil
	})
	if err != nil {
		return RuleSet{}, fmt.Errorf("read rules: %w", err)
	}
	if set.Version == 0 {
		set.Rules = terms.DefaultRules()
	}
	return set, nil
}

// ApplyRules stores rules as a new version. Rules equal to the newest version are not stored again.
func ApplyRules(ctx context.Context, env jobs.Env, rules []terms.Rule) (RuleSet, error) {
	base, err := env.Snapshot(ctx, catalog.RoyaltyRules)
	if err != nil {
		return RuleSet{}, err
	}
	now, err := Rules(ctx, env)
	if err != nil {
		return now, err
	}
	unheard := warnUnheard(ctx, env, namedByRules(rules))
	if now.Unheard = unheard; now.Version > 0 && slices.Equal(now.Rules, rules) {
		return now, nil
	}
	set := RuleSet{Version: now.Version + 1, Rules: rules, Stored: true, Unheard: unheard}
	at := env.Now()
	rows := make([]catalog.RuleRow, len(rules))
	for i, r := range rules {
		rows[i] = catalog.RuleRow{
			Version: set.Version, AppliedAt: at, Position: i + 1, ID: r.ID,
			TrackID: r.TrackID, ArtistID: r.ArtistID, Country: r.Country, Tier: r.Tier, Device: r.Device,
			EffectiveFrom: dateOf(r.EffectiveFrom), EffectiveTo: dateOf(r.EffectiveTo),
			Counts: r.Counts, MinMsPlayed: r.MinMsPlayed, MinFractionE4: r.MinFractionE4,
		}
	}
	return set, appendRows(ctx, env, base, catalog.RulesJob, rows)
}

// Pools returns the pools in force: for each period those of the newest file that named it.
func Pools(ctx context.Context, env jobs.Env) (PoolSet, error) {
	db, err := env.Open(ctx)
	if err != nil {
		return PoolSet{}, err
	}
	defer db.Close() //nolint:errcheck // in memory
	return latestPools(ctx, env, db)
}

func latestPools(ctx context.Context, env jobs.Env, db *jobs.Session) (PoolSet, error) {
	s, err := env.Snapshot(ctx, catalog.RoyaltyPools)
	if err != nil {
		return PoolSet{}, err
	}
	if err := bindPools(ctx, db, s); err != nil {
		return PoolSet{}, err
	}
	set, err := readPools(ctx, db, nil)
	set.snapshotID = s.ID()
	return set, err
}

// bindPools makes the relation that poolsAt reads, every version of the pools.
func bindPools(ctx context.Context, db *jobs.Session, s lake.Snapshot) error {
	return db.Bind(ctx, "all_pools", s)
}

// poolsAt reads the pools that were in force when version was the newest; none for version 0. bindPools comes first.
func poolsAt(ctx context.Context, db *jobs.Session, version int64) (PoolSet, error) {
	return readPools(ctx, db, version)
}

// readPools reads the pools in force, those of versions up to one if it is given.
func readPools(ctx context.Context, db *jobs.Session, upTo any) (PoolSet, error) {
	set := PoolSet{byPeriod: map[string]int64{}}
	type record struct {
		Version int64 `col:"version"`
		terms.Pool
	}
	err := jobs.EachRecord(ctx, db, "royalty/pools_latest", []any{upTo}, func(r record) error {
		if r.Currency != "" {
			set.Pools = append(set.Pools, r.Pool)
		}
		set.byPeriod[r.Period] = r.Version
		set.Version = max(set.Version, r.Version)
		return nil
	})
	if err != nil {
		return PoolSet{}, fmt.Errorf("read pools: %w", err)
	}
	return set, nil
}

// ApplyPools stores pools as a new version. They replace the pools of every period they name; other periods
// keep theirs. Pools that say what is in force already are not stored again.
func ApplyPools(ctx context.Context, env jobs.Env, pools []terms.Pool) (PoolSet, error) {
	base, err := env.Snapshot(ctx, catalog.RoyaltyPools)
	if err != nil {
		return PoolSet{}, err
	}
	now, err := Pools(ctx, env)
	if err != nil {
		return now, err
	}
	unheard := warnUnheard(ctx, env, namedByPools(pools))
	if now.Unheard = unheard; samePools(now, pools) {
		return now, nil
	}
	if err := summable(now.Pools, pools); err != nil {
		return now, err
	}
	at := env.Now()
	rows := make([]catalog.PoolRow, len(pools))
	for i, p := range pools {
		rows[i] = catalog.PoolRow{
			Version: now.Version + 1, AppliedAt: at, Period: p.Period, Country: p.Country, Tier: p.Tier, Currency: p.Currency, AmountMinor: &p.AmountMinor,
		}
	}
	if err := appendRows(ctx, env, base, catalog.PoolsJob, rows); err != nil {
		return PoolSet{}, err
	}
	set, err := Pools(ctx, env)
	set.Stored, set.Unheard = true, unheard
	return set, err
}

// summable refuses pools that with those of the periods they leave alone cannot be summed: corrections of one
// period are paid in another.
func summable(now, pools []terms.Pool) error {
	all, named := slices.Clone(pools), map[string]bool{}
	for _, p := range pools {
		named[p.Period] = true
	}
	for _, p := range now {
		if !named[p.Period] {
			all = append(all, p)
		}
	}
	return lake.WithHint(terms.Summable(all), "correct the amounts; 'lakectl pools list' shows those in force")
}

// samePools tells whether the pools are those in force for the periods they name.
func samePools(now PoolSet, pools []terms.Pool) bool {
	named := map[string]bool{}
	want := map[terms.Pool]bool{}
	for _, p := range pools {
		named[p.Period], want[p] = true, true
	}
	have := 0
	for _, p := range now.Pools {
		if named[p.Period] {
			if have++; !want[p] {
				return false
			}
		}
	}
	return have == len(pools)
}

func appendRows[T any](ctx context.Context, env jobs.Env, base lake.Snapshot, job string, rows []T) error {
	files, err := lake.WriteRecords(ctx, base.Table(), job, rows)
	if err != nil {
		return err
	}
	_, err = env.Lake.Commit(ctx, base.Table().Name(), lake.Commit{Job: job, Add: files, Stage: lake.IfUnmoved(base, nil)})
	return err
}

// dateOf is a date of a file; nil where it says none.
func dateOf(s string) *time.Time {
	at, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return nil
	}
	return &at
}
