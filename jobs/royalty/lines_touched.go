package royalty

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake"
)

// What is counted anew of a period whose published lines were judged alike: the lines of the rows that came and went.
// It pays while these are few of the period's.
const (
	fewTouched   = 100_000 // rows
	touchedShare = 50      // of the ledger's rows, one of so many
)

// touchedColumns are what tells which line a row of the ledger is of.
var touchedColumns = []string{"event_time", "artist_id", "track_id", "country", "tier"}

// planLines makes the table lines of the planned periods. Of a period that was published by the same code and the same
// rules only the lines are counted anew of which the ledger gained or lost rows since; the others are the published
// ones. The view judged has the counted listens of all periods, with the column qualifies.
func (p *plan) planLines(ctx context.Context, env jobs.Env, db *jobs.Session) error {
	if db.OnTrino() { // which counts a month sooner than this machine looks through it
		return p.computeLines(ctx, db, p.names())
	}
	narrow, err := p.findTouched(ctx, env, db)
	if err != nil {
		return err
	}
	whole := slices.DeleteFunc(p.names(), func(period string) bool { return narrow[period] })
	if err := p.computeLines(ctx, db, whole); err != nil {
		return err
	}
	for _, period := range slices.Sorted(maps.Keys(narrow)) {
		if err := p.touchedLines(ctx, env, db, period); err != nil {
			return fmt.Errorf("lines of %s: %w", period, err)
		}
	}
	return nil
}

// touchedLines adds the lines of one period.
func (p *plan) touchedLines(ctx context.Context, env jobs.Env, db *jobs.Session, period string) error {
	if err := bindPeriodAt(ctx, env, db, "published_month", catalog.RoyaltyLines, p.published[period].LinesSnapshotID, period); err != nil {
		return err
	}
	if err := db.Run(ctx, "royalty/touched_month", period); err != nil {
		return err
	}
	touched, err := db.HasRows(ctx, "touched_month")
	if err != nil || !touched {
		return errors.Join(err, db.Run(ctx, "royalty/lines_untouched", period))
	}
	if err := bindMonth(ctx, db, period); err != nil {
		return err
	}
	return db.Run(ctx, "royalty/lines_touched", period)
}

// findTouched fills the relation touched_lines, and tells for which periods it has all lines that can differ from the
// published ones.
func (p *plan) findTouched(ctx context.Context, env jobs.Env, db *jobs.Session) (narrow map[string]bool, err error) {
	if err := db.Run(ctx, "royalty/touched_lines"); err != nil {
		return nil, err
	}
	since := map[int64][]string{} // the planned periods, by the snapshot of the ledger whose rows their lines count
	for _, one := range p.periods {
		base, can, err := p.judgedAlike(ctx, env, one.Period)
		if err != nil {
			return nil, err
		}
		if can {
			since[base] = append(since[base], one.Period)
		}
	}
	narrow = map[string]bool{}
	for base, periods := range since {
		told, err := p.tellTouched(ctx, db, base, periods)
		if err != nil {
			return nil, fmt.Errorf("rows of the ledger that came and went: %w", err)
		}
		for _, period := range periods {
			if told {
				narrow[period] = true
			}
		}
	}
	return narrow, nil
}

// judgedAlike tells whether the published lines of a period are still there, and were made by the same code from the
// same rules; base is the snapshot of the ledger that they are of.
func (p *plan) judgedAlike(ctx context.Context, env jobs.Env, period string) (base int64, alike bool, err error) {
	run, published := p.published[period]
	if !published || p.anew[catalog.RoyaltyLines] || run.LinesSnapshotID == 0 || run.CodeVersion != env.CodeVersion {
		return 0, false, nil
	}
	if _, err := p.lines.Table().ByID(run.LinesSnapshotID); errors.Is(err, lake.ErrExpired) {
		return 0, false, nil
	} else if err != nil {
		return 0, false, err
	}
	was, err := p.history.basisAt(ctx, period, run.LedgerSnapshotID, run.RulesVersion, run.PoolsVersion, run.SplitsVersion)
	if err != nil || !slices.Equal(terms.InPeriod(was.rules, period), terms.InPeriod(p.rules.Rules, period)) {
		return 0, false, err
	}
	base, err = p.judgedThrough(run.LedgerSnapshotID)
	return base, base != 0, err
}

// tellTouched adds the lines that commits on the ledger touched since base; false where one of them does not tell, or
// touched many.
func (p *plan) tellTouched(ctx context.Context, db *jobs.Session, base int64, periods []string) (told bool, err error) {
	steps, told, err := p.ledger.StepsSince(base)
	if err != nil || !told {
		return false, err
	}
	left := int64(0)
	for _, period := range periods {
		left += p.rows[period]
	}
	left = max(left/touchedShare, fewTouched)
	for _, step := range steps {
		if told, err := touchedBy(ctx, db, step.Before, step.After, &left); err != nil || !told {
			return false, err
		}
	}
	return true, nil
}

// touchedBy adds what one commit touched. left is how many rows may still be read.
func touchedBy(ctx context.Context, db *jobs.Session, parent, at lake.Snapshot, left *int64) (told bool, err error) {
	came, deletes, lost, err := at.Gained(ctx, parent)
	if err != nil || lost {
		return false, err
	}
	for _, f := range slices.Concat(came, deletes) {
		*left -= f.Count()
	}
	if *left < 0 {
		return false, nil
	}
	if err := db.BindFiles(ctx, "ledger_rows", at, came, touchedColumns...); err != nil {
		return false, err
	}
	if err := db.Run(ctx, "royalty/touched_lines_add"); err != nil {
		return false, err
	}
	if err := db.BindDeleted(ctx, "ledger_rows", parent, at, touchedColumns...); err != nil {
		return false, err
	}
	return true, db.Run(ctx, "royalty/touched_lines_add")
}
