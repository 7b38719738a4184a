package royalty

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake"
)

// Why a period is recomputed. Several are joined by a comma.
const (
	CauseFirst  = "first run"
	CauseLedger = "listens changed"
	CauseRules  = "rules changed"
	CausePools  = "pools changed"
	CauseSplits = "splits changed"
	// CauseClosed is a period that was closed while a run was under way that did not know: its adjustments are due.
	CauseClosed = "closed meanwhile"
	// CausePending is a closed period whose differences an earlier version held back in royalty_adjustments.
	CausePending = "held rows to take out"
	// CausePosted is a period that differences of earlier ones were posted to and that has nothing else yet.
	CausePosted = "adjustments posted"
	// CauseAltered is every period once another engine changed a published table and what was there is gone.
	CauseAltered = "changed by another engine"
)

// PeriodPlan is one period to recompute.
type PeriodPlan struct {
	Period     string `json:"period"`
	Cause      string `json:"cause"`
	RowsToRead int64  `json:"rows_to_read"` // of the ledger, and of archive files that are not in it yet
	Closed     bool   `json:"closed"`       // differences are posted to the open period
}

// choose lists the periods to recompute, with the causes.
func (p *plan) choose(ctx context.Context, db *jobs.Session, only string) error {
	changed, err := p.changedPeriods(ctx)
	if err != nil {
		return err
	}
	causes := map[string]string{}
	for period, run := range p.published {
		list, err := p.causesOf(ctx, db, period, run, changed[period])
		if err != nil {
			return err
		}
		if p.isAnew() {
			list = append(list, CauseAltered)
		}
		if len(list) > 0 {
			causes[period] = strings.Join(list, ", ")
		}
	}
	if err := errors.Join(p.chooseFirst(ctx, causes), p.choosePending(ctx, db, causes)); err != nil {
		return err
	}
	for period, cause := range causes {
		if only == "" || only == period {
			_, closed := p.closed[period]
			p.periods = append(p.periods, PeriodPlan{Period: period, Cause: cause, RowsToRead: p.rows[period], Closed: closed})
		}
	}
	p.wholeLedger = len(p.periods) == len(causes)
	sortPeriods(p.periods)
	return nil
}

// chooseFirst adds the periods that exist and were never published: listens, pools, or differences of earlier ones make
// a period.
func (p *plan) chooseFirst(ctx context.Context, causes map[string]string) (err error) {
	if p.rows, err = ledgerRows(ctx, p.ledger); err != nil {
		return err
	}
	received, err := postedPeriods(ctx, p.adjustments)
	if err != nil {
		return err
	}
	first := map[string]string{}
	for _, period := range received {
		first[period] = CausePosted
	}
	for period := range p.rows {
		first[period] = CauseFirst
	}
	for _, pool := range p.pools.Pools {
		first[pool.Period] = CauseFirst
	}
	for period, cause := range first {
		if _, ran := p.published[period]; !ran {
			causes[period] = cause
		}
	}
	return nil
}

func sortPeriods(list []PeriodPlan) {
	slices.SortFunc(list, func(a, b PeriodPlan) int { return strings.Compare(a.Period, b.Period) })
}

// causesOf are the inputs of a published period that are not what its run used. Rules, pools and splits count only as
// far as they bear on the period.
func (p *plan) causesOf(ctx context.Context, db *jobs.Session, period string, run publishedRun, listens bool) (list []string, err error) {
	was, err := p.history.basisAt(ctx, period, run.LedgerSnapshotID, run.RulesVersion, run.PoolsVersion, run.SplitsVersion)
	if err != nil {
		return nil, err
	}
	now := p.basis(period)
	if listens && was.ledger != now.ledger {
		list = append(list, CauseLedger)
	}
	if run.RulesVersion != p.rules.Version && !slices.Equal(terms.InPeriod(was.rules, period), terms.InPeriod(now.rules, period)) {
		list = append(list, CauseRules)
	}
	if !slices.Equal(was.pools, now.pools) {
		list = append(list, CausePools)
	}
	differ, err := splitsChanged(ctx, db, was.splits, now.splits, period)
	if err != nil {
		return nil, err
	}
	if differ {
		list = append(list, CauseSplits)
	}
	if closing, closed := p.closed[period]; closed && run.ClosedVersion == 0 && run.RunID != closing.RunID {
		list = append(list, CauseClosed)
	}
	return list, nil
}

// basis is what a period is computed from now.
func (p *plan) basis(period string) basis {
	return basis{ledger: p.ledger.ID(), rules: p.rules.Rules, pools: poolsOf(p.pools.Pools, period), splits: p.splits.version}
}

func poolsOf(pools []terms.Pool, period string) (list []terms.Pool) {
	for _, pool := range pools {
		if pool.Period == period {
			list = append(list, pool)
		}
	}
	return list
}

// choosePending adds the closed periods that have rows of postedPending.
func (p *plan) choosePending(ctx context.Context, db *jobs.Session, causes map[string]string) error {
	if err := db.BindPartitions(ctx, "pending", p.adjustments, []any{postedPending}); err != nil {
		return err
	}
	var period string
	return db.Each(ctx, "royalty/pending_periods", nil, []any{&period}, func() error {
		if causes[period] == "" {
			causes[period] = CausePending
		}
		return nil
	})
}

// postedPeriods are the periods that royalty_adjustments has rows for.
func postedPeriods(ctx context.Context, adjustments lake.Snapshot) (periods []string, err error) {
	files, err := adjustments.Files(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if period, ok := lake.PartitionValue(f).(string); ok && period != postedPending {
			periods = append(periods, period)
		}
	}
	slices.Sort(periods)
	return slices.Compact(periods), nil
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
			changed[lake.Month(n).String()] = true
		}
	}
	if changes.Broken {
		for period := range p.published {
			changed[period] = true
		}
	}
	return changed, nil
}

// ledgerRows are the periods that the ledger has, with the rows of their files; row deletes are not taken off.
func ledgerRows(ctx context.Context, ledger lake.Snapshot) (map[string]int64, error) {
	files, err := ledger.Files(ctx)
	if err != nil {
		return nil, err
	}
	if err := ledger.RefuseUnknown(files); err != nil {
		return nil, err
	}
	rows := map[string]int64{}
	for _, f := range files {
		month, ok := lake.PartitionValue(f).(int)
		if !ok {
			return nil, errors.New("listens_counted is not partitioned by month")
		}
		rows[lake.Month(month).String()] += f.Count()
	}
	return rows, nil
}
