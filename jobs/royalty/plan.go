package royalty

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
	lakesql "github.com/lakectl/lakectl/sql"
)

// Why a period is recomputed.
const (
	CauseFirst  = "first run"
	CauseLedger = "listens changed"
	CauseRules  = "rules changed"
	CausePools  = "pools changed"
)

// PeriodPlan is one period to recompute.
type PeriodPlan struct {
	Period string `json:"period"`
	Cause  string `json:"cause"`
}

// publishedRun is the newest row of royalty_runs for a period.
type publishedRun struct {
	RunID, Checksum                                      string
	LedgerSnapshotID, LinesSnapshotID, PayoutsSnapshotID int64
	RulesVersion, PoolsVersion                           int64
}

// plan is what one run will do: the snapshots it works on, the inputs and the periods.
type plan struct {
	ledger, duplicates, lines, payouts, runs lake.Snapshot
	archive                                  int64 // snapshot id of listens that the ledger covers
	rules                                    RuleSet
	pools                                    PoolSet
	published                                map[string]publishedRun
	periods                                  []PeriodPlan
	wholeLedger                              bool // every changed period is in periods, so the state may move
}

// cut is the archive as the ledger accounts for it.
func (p *plan) cut(ctx context.Context, env jobs.Env) (lake.Snapshot, error) {
	archive, err := env.Lake.Table(ctx, catalog.Listens)
	if err != nil {
		return lake.Snapshot{}, err
	}
	return archive.ByID(p.archive)
}

func (p *plan) names() []string {
	names := make([]string, len(p.periods))
	for i, period := range p.periods {
		names[i] = period.Period
	}
	return names
}

// makePlan loads the inputs and finds the periods whose inputs changed; only limits it to one period.
func makePlan(ctx context.Context, env jobs.Env, db *duck.DB, only string) (*plan, error) {
	p := &plan{}
	for _, t := range []struct {
		name string
		into *lake.Snapshot
	}{
		{catalog.ListensCounted, &p.ledger},
		{catalog.Duplicates, &p.duplicates},
		{catalog.RoyaltyLines, &p.lines},
		{catalog.RoyaltyPayouts, &p.payouts},
		{catalog.RoyaltyRuns, &p.runs},
	} {
		var err error
		if *t.into, err = env.Snapshot(ctx, t.name); err != nil {
			return nil, err
		}
	}
	if err := p.checkSettled(); err != nil {
		return nil, err
	}
	var err error
	if p.archive, err = p.ledger.StateNumber(catalog.CoversListens); err != nil {
		return nil, err
	}
	if p.rules, err = latestRules(ctx, env, db); err != nil {
		return nil, err
	}
	if p.pools, err = latestPools(ctx, env, db); err != nil {
		return nil, err
	}
	if p.published, err = publishedRuns(ctx, db, p.runs); err != nil {
		return nil, err
	}
	return p, p.choose(ctx, only)
}

// checkSettled refuses a ledger that an erasure changed after this run brought it up to date: copies that take
// the place of erased ones are not in it yet.
func (p *plan) checkSettled() error {
	counted, err := p.ledger.StateNumber(catalog.CoversListens)
	if err != nil {
		return err
	}
	others, err := p.duplicates.StateNumber(catalog.CoversListens)
	if err != nil {
		return err
	}
	if settledBy(p.ledger) && settledBy(p.duplicates) && counted == others {
		return nil
	}
	return lake.WithHint(fmt.Errorf("the ledger changed while it was read: %w", lake.ErrFenced), "run 'lakectl job royalties' again")
}

// publishedRuns reads the newest run of each period.
func publishedRuns(ctx context.Context, db *duck.DB, runs lake.Snapshot) (map[string]publishedRun, error) {
	if err := db.Bind(ctx, "runs", runs); err != nil {
		return nil, err
	}
	files, err := runs.Files(ctx)
	if err != nil {
		return nil, err
	}
	order := make([][]any, len(files))
	for i, f := range files {
		path, err := lake.LocalPath(f.FilePath())
		if err != nil {
			return nil, err
		}
		order[i] = []any{path, f.Sequence, f.AddedBy}
	}
	if err := db.Exec(ctx, "CREATE OR REPLACE TABLE run_files (path VARCHAR, sequence BIGINT, added_by BIGINT)"); err != nil {
		return nil, err
	}
	if err := db.Fill(ctx, "run_files", order); err != nil {
		return nil, err
	}
	published := map[string]publishedRun{}
	var period string
	var r publishedRun
	dest := []any{&period, &r.RunID, &r.LedgerSnapshotID, &r.RulesVersion, &r.PoolsVersion, &r.Checksum, &r.LinesSnapshotID, &r.PayoutsSnapshotID}
	err = db.Each(ctx, lakesql.Text("royalty/last_runs"), nil, dest, func() error { published[period] = r; return nil })
	if err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	return published, nil
}

// choose lists the periods to recompute, with the cause.
func (p *plan) choose(ctx context.Context, only string) error {
	changed, err := p.changedPeriods(ctx)
	if err != nil {
		return err
	}
	causes := map[string]string{}
	for period, run := range p.published {
		switch {
		case changed[period] && run.LedgerSnapshotID != p.ledger.ID():
			causes[period] = CauseLedger
		case run.RulesVersion != p.rules.Version:
			causes[period] = CauseRules
		case run.PoolsVersion != p.pools.byPeriod[period]:
			causes[period] = CausePools
		}
	}
	inLedger, err := ledgerPeriods(ctx, p.ledger)
	if err != nil {
		return err
	}
	for period := range p.pools.byPeriod {
		inLedger[period] = true
	}
	for period := range inLedger {
		if _, ran := p.published[period]; !ran {
			causes[period] = CauseFirst
		}
	}
	for period, cause := range causes {
		if only == "" || only == period {
			p.periods = append(p.periods, PeriodPlan{period, cause})
		}
	}
	p.wholeLedger = len(p.periods) == len(causes)
	slices.SortFunc(p.periods, func(a, b PeriodPlan) int { return strings.Compare(a.Period, b.Period) })
	return nil
}

// changedPeriods are the months of the ledger that gained or lost rows since every period was last judged.
// When that cannot be told, all published periods count as changed.
func (p *plan) changedPeriods(ctx context.Context) (map[string]bool, error) {
	base, err := p.runs.StateNumber(catalog.CoversLedger)
	if err != nil {
		return nil, err
	}
	changes, err := p.ledger.Changes(ctx, base)
	if err != nil {
		return nil, err
	}
	changed := map[string]bool{}
	for month := range changes.Partitions {
		if n, ok := month.(int); ok {
			changed[lake.Period(n)] = true
		}
	}
	if changes.Broken {
		for period := range p.published {
			changed[period] = true
		}
	}
	return changed, nil
}

func ledgerPeriods(ctx context.Context, ledger lake.Snapshot) (map[string]bool, error) {
	files, err := ledger.Files(ctx)
	if err != nil {
		return nil, err
	}
	periods := map[string]bool{}
	for _, f := range files {
		month, ok := lake.PartitionValue(f).(int)
		if !ok {
			return nil, errors.New("listens_counted is not partitioned by month")
		}
		periods[lake.Period(month)] = true
	}
	return periods, nil
}
