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

// What is counted of a period whose published lines were judged alike: the rows that came and went. It pays while these
// are few of the period's.
const (
	fewChanged   = 100_000 // rows
	changedShare = 10      // of the ledger's rows, one of so many
)

// planLines makes the table lines of the planned periods. Of a period that was published by the same code and the same
// rules only the rows are judged that the ledger gained or lost since, and the published lines are changed by them. The
// view judged has the counted listens of all periods, with the column qualifies.
func (p *plan) planLines(ctx context.Context, env jobs.Env, db *jobs.Session) error {
	if db.OnTrino() { // which counts a month sooner than this machine looks through it
		return p.computeLines(ctx, db, p.names())
	}
	told, err := p.findChanges(ctx, env, db)
	if err != nil {
		return err
	}
	whole := slices.DeleteFunc(p.names(), func(period string) bool { return told[period] != 0 })
	if err := p.computeLines(ctx, db, whole); err != nil {
		return err
	}
	if len(told) == 0 {
		return nil
	}
	live, err := p.liveRows(ctx)
	if err != nil {
		return err
	}
	for _, period := range slices.Sorted(maps.Keys(told)) {
		if err := p.changedLines(ctx, env, db, period, told[period], live[period]); err != nil {
			return fmt.Errorf("lines of %s: %w", period, err)
		}
	}
	return nil
}

// changedLines adds the lines of one period: the published ones and what changed. They must have as many listens as the
// ledger has rows; if not they are counted anew from all of them.
func (p *plan) changedLines(ctx context.Context, env jobs.Env, db *jobs.Session, period string, base, live int64) error {
	if err := bindPeriodAt(ctx, env, db, "published_month", catalog.RoyaltyLines, p.published[period].LinesSnapshotID, period); err != nil {
		return err
	}
	if err := db.Run(ctx, "royalty/lines_summed", period, base); err != nil {
		return err
	}
	var listens, impossible int64
	if err := db.One(ctx, "royalty/lines_summed_total", []any{period}, []any{&listens, &impossible}); err != nil {
		return err
	}
	if listens == live && impossible == 0 {
		return nil
	}
	env.Log.Warn("published lines and what changed do not sum up to the ledger; the period is counted anew", "period", period,
		"lines_listens", listens, "ledger_rows", live, "impossible_lines", impossible)
	if err := db.Run(ctx, "royalty/lines_dropped", period); err != nil {
		return err
	}
	return monthLines(ctx, db, period)
}

// liveRows are the ledger's rows by period, deleted ones taken off by what the manifests say. Deletes of a file that is
// gone, of a row twice, or of no month make a period's number wrong: its lines are counted anew then.
func (p *plan) liveRows(ctx context.Context) (map[string]int64, error) {
	deletes, err := p.ledger.DeleteFiles(ctx)
	if err != nil {
		return nil, err
	}
	rows := maps.Clone(p.rows)
	for _, d := range deletes {
		if month, ok := lake.PartitionValue(d).(int); ok {
			rows[lake.Month(month).String()] -= d.Count()
		}
	}
	return rows, nil
}

// findChanges fills the table line_changes, and tells for which periods it has all that changed, and since which
// snapshot of the ledger.
func (p *plan) findChanges(ctx context.Context, env jobs.Env, db *jobs.Session) (told map[string]int64, err error) {
	if err := db.Run(ctx, "royalty/line_changes_table"); err != nil {
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
	told = map[string]int64{}
	for base, periods := range since {
		all, err := p.tellChanges(ctx, db, base, periods)
		if err != nil {
			return nil, fmt.Errorf("rows of the ledger that came and went: %w", err)
		}
		for _, period := range periods {
			if all {
				told[period] = base
			}
		}
	}
	return told, nil
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

// tellChanges adds what commits on the ledger changed since base; false where one does not tell, or changed much.
func (p *plan) tellChanges(ctx context.Context, db *jobs.Session, base int64, periods []string) (told bool, err error) {
	steps, told, err := p.ledger.StepsSince(base)
	if err != nil || !told {
		return false, err
	}
	left := int64(0)
	for _, period := range periods {
		left += p.rows[period]
	}
	left = max(left/changedShare, fewChanged)
	for _, step := range steps {
		came, deletes, lost, err := step.After.Gained(ctx, step.Before)
		if err != nil || lost {
			return false, err
		}
		for _, f := range slices.Concat(came, deletes) {
			left -= f.Count()
		}
		if left < 0 {
			return false, nil
		}
		if err := p.addChanges(ctx, db, base, step, came); err != nil {
			return false, err
		}
	}
	return true, nil
}

// addChanges adds what one commit changed: the rows of the files that came, and the rows that its deletes took.
func (p *plan) addChanges(ctx context.Context, db *jobs.Session, base int64, step lake.Step, came []lake.File) error {
	add := func(sign int64) error {
		if err := judge(ctx, db, "ledger_rows", p.rules.Rules); err != nil {
			return err
		}
		return db.Run(ctx, "royalty/line_changes_add", base, sign)
	}
	if err := db.BindFiles(ctx, "ledger_rows", step.After, came, judgedColumns...); err != nil {
		return err
	}
	if err := add(1); err != nil {
		return err
	}
	if err := db.BindDeleted(ctx, "ledger_rows", step.Before, step.After, judgedColumns...); err != nil {
		return err
	}
	return add(-1)
}
