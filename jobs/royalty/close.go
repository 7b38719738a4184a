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
)

// CloseOptions say how to close a period.
type CloseOptions struct {
	By    string // who closes it, for the record
	Force bool   // although something is missing
}

// CloseReport says what closing a period did.
type CloseReport struct {
	Closing
	Already bool     `json:"already"` // it was closed before; tags that were missing are made
	Tagged  []string `json:"tagged"`  // tables that have the tag
	// What the statement pays to nobody; it is closed all the same.
	WithoutPools  bool                `json:"without_pools"`
	Undistributed []UndistributedPool `json:"undistributed"`
	// UnsealedFiles were read and carry no hashes, see [jobs.Env.Unsealed].
	UnsealedFiles int `json:"unsealed_files,omitempty"`
}

// ErrIncomplete is returned by [Close] for a period that something is missing of.
var ErrIncomplete = errors.New("the period is not complete")

// Close makes what is published of a period its statement. The row in royalty_closes is the decision; from it on, runs
// post differences instead of changing the statement. The tags follow, and closing again makes those that are missing.
//
// Between the two, a commit on royalty_adjustments that changes nothing fences every run that planned before the
// decision, so none posts to the period once its adjustments are tagged.
func Close(ctx context.Context, env jobs.Env, period string, o CloseOptions) (report CloseReport, err error) {
	if _, err := lake.ParseMonth(period); err != nil {
		return report, err
	}
	if err := env.Unaltered(ctx, catalog.Judged()...); err != nil {
		return report, err
	}
	f, err := forecast(ctx, env, period)
	if err != nil {
		return report, err
	}
	closing, already := f.plan.closed[period]
	if !already {
		if closing, err = decide(ctx, env, f, period, o); err != nil {
			return report, err
		}
	}
	report = CloseReport{Closing: closing, Already: already}
	if report.Tagged, err = tagStatement(ctx, env, closing); err != nil {
		return report, err
	}
	err = report.nameUnpaid(ctx, env)
	report.UnsealedFiles = env.Unsealed()
	return report, err
}

// nameUnpaid says of a statement that there is no money in it, or which money went to nobody.
func (r *CloseReport) nameUnpaid(ctx context.Context, env jobs.Env) (err error) {
	run, err := FindRun(ctx, env, r.RunID)
	if err != nil {
		return err
	}
	db, err := env.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := latestPools(ctx, env, db); err != nil { // binds them
		return err
	}
	set, err := poolsAt(ctx, db, run.PoolsVersion)
	if err != nil {
		return err
	}
	r.WithoutPools, r.Undistributed = len(poolsOf(set.Pools, r.Period)) == 0, run.Undistributed
	if r.WithoutPools {
		env.Log.Warn("the statement pays nothing: no pools are applied for the month", "period", r.Period, "run_id", r.RunID)
	}
	for _, p := range r.Undistributed {
		env.Log.Warn("the money of a pool goes to nobody: no qualified listen is of it", "period", r.Period, "country", p.Country, "tier", p.Tier,
			"currency", p.Currency, "amount_minor", p.AmountMinor)
	}
	return nil
}

// decide writes the row of royalty_closes, unless something is missing.
func decide(ctx context.Context, env jobs.Env, f *Forecast, period string, o CloseOptions) (Closing, error) {
	run, published := f.plan.published[period]
	if !published {
		return Closing{}, lake.WithHint(fmt.Errorf("period %s has no published run: %w", period, lake.ErrNotFound), "run 'lakectl job royalties' first")
	}
	if err := f.plan.closes.NeedColumns("pinned"); err != nil {
		return Closing{}, err
	}
	missing, err := missingOf(ctx, env, f, period)
	if err == nil {
		err = verifyStatement(ctx, env, run.RunID)
	}
	if err != nil {
		return Closing{}, err
	}
	if len(missing) > 0 && !o.Force {
		return Closing{}, lake.WithHint(fmt.Errorf("close %s: %s: %w", period, strings.Join(missing, missingBetween), ErrIncomplete),
			"settle what is missing and run the command again, or close it as it is with --force; what comes later is posted as adjustments")
	}
	tag := catalog.StatementTagPrefix + period + "-v1"
	c := Closing{
		Period: period, Version: 1, ClosedAt: env.Now().UTC(), ClosedBy: o.By, RunID: run.RunID, Tag: tag,
		Checksum: run.Checksum, Missing: missing,
	}
	if err := c.pin(ctx, env); err != nil {
		return Closing{}, err
	}
	if err := tagsFree(ctx, env, c); err != nil {
		return Closing{}, err
	}
	row, err := c.row()
	if err != nil {
		return Closing{}, err
	}
	if err := appendRows(ctx, env, f.plan.closes, catalog.RoyaltiesJob, []catalog.CloseRow{row}); err != nil {
		return Closing{}, err
	}
	env.Log.Info("closed period", "period", period, "run_id", c.RunID, "tag", c.Tag)
	return c, nil
}

// missingOf says why a period is not ready to be closed.
func missingOf(ctx context.Context, env jobs.Env, f *Forecast, period string) (missing []string, err error) {
	month, err := lake.ParseMonth(period)
	if err != nil {
		return nil, err
	}
	if end := month.End(); env.Now().Before(end) {
		missing = append(missing, "the month ends at "+end.Format("2006-01-02T15:04:05Z"))
	}
	if rows := f.unread[period]; rows > 0 {
		missing = append(missing, fmt.Sprintf("%d archived rows of it are not in the ledger (run 'lakectl job royalties')", rows))
	}
	if i := slices.IndexFunc(f.plan.periods, func(p PeriodPlan) bool { return p.Period == period }); i >= 0 {
		missing = append(missing, f.plan.periods[i].Cause+" since it was published (run 'lakectl job royalties')")
	}
	open, err := openRequests(ctx, env)
	if err != nil {
		return nil, err
	}
	if open > 0 {
		missing = append(missing, fmt.Sprintf("%d deletion requests are not carried out (run 'lakectl job deletions')", open))
	}
	return missing, nil
}

// openRequests counts the deletion requests whose rows are not deleted yet.
func openRequests(ctx context.Context, env jobs.Env) (n int64, err error) {
	db, err := env.Open(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, table := range []string{catalog.DeletionLog, catalog.DeletionRequests} {
		s, err := env.Snapshot(ctx, table)
		if err != nil {
			return 0, err
		}
		if err := db.Bind(ctx, table, s); err != nil {
			return 0, err
		}
	}
	err = db.One(ctx, "royalty/open_requests", nil, []any{&n})
	return n, err
}
