package royalty

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
	lakesql "github.com/lakectl/lakectl/sql"
)

// Options of one run. The zero value runs every period whose inputs changed.
type Options struct {
	Period string // only this period, like 2026-03
	Full   bool   // recompute every published period from the archive alone and compare
}

// PeriodReport is one period of a run.
type PeriodReport struct {
	Period string `json:"period"`
	Cause  string `json:"cause"`
	RunID  string `json:"run_id"`
	LinesReport
	Changed          bool                `json:"changed"` // lines or payouts differ from what was published before
	Duplicates       int64               `json:"duplicates"`
	PayloadConflicts int64               `json:"payload_conflicts"`
	OtherUsers       int64               `json:"other_users"`
	Undistributed    []UndistributedPool `json:"undistributed,omitempty"`
}

// Report says what a run did.
type Report struct {
	Ledger  LedgerReport   `json:"ledger"`
	Periods []PeriodReport `json:"periods"`
	// Written says whether anything was committed.
	Written bool        `json:"written"`
	Full    *FullReport `json:"full,omitempty"`
}

// Run brings the ledger up to date, recomputes what changed and publishes it.
func Run(ctx context.Context, env jobs.Env, o Options) (report Report, err error) {
	if o.Period != "" && !terms.IsPeriod(o.Period) {
		return report, fmt.Errorf("period %q is not a month like 2026-03", o.Period)
	}
	if report.Ledger, err = UpdateLedger(ctx, env); err != nil {
		return report, err
	}
	report.Written = report.Ledger.Committed
	db, err := env.Open(ctx)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	p, err := makePlan(ctx, env, db, o.Period)
	if err != nil {
		return report, err
	}
	written, err := p.execute(ctx, env, db, &report)
	report.Written = report.Written || written
	if err != nil || !o.Full {
		return report, err
	}
	report.Full, err = recountFromArchive(ctx, env, o.Period)
	return report, err
}

// execute recomputes the planned periods and publishes them: lines, payouts, and last their runs.
func (p *plan) execute(ctx context.Context, env jobs.Env, db *duck.DB, report *Report) (bool, error) {
	if len(p.periods) == 0 {
		return p.advance(ctx, env)
	}
	started := env.Now()
	env.Progress(fmt.Sprintf("royalties: %d periods", len(p.periods)))
	names := p.names()
	if err := p.bindPeriods(ctx, db, names); err != nil {
		return false, err
	}
	if err := computeLines(ctx, db, "counted", p.rules.Rules, names); err != nil {
		return false, err
	}
	sums, err := summarize(ctx, db, names)
	if err != nil {
		return false, err
	}
	left, err := computePayouts(ctx, db, p.pools.Pools, names)
	if err != nil {
		return false, err
	}
	for _, period := range p.periods {
		report.Periods = append(report.Periods, PeriodReport{Period: period.Period, Cause: period.Cause, LinesReport: sums[period.Period], Undistributed: left[period.Period]})
	}
	if err := countDuplicates(ctx, db, report.Periods); err != nil {
		return false, err
	}
	return true, p.publish(ctx, env, db, report.Periods, started)
}

// bindPeriods makes the relations counted and duplicates of the months to recompute.
func (p *plan) bindPeriods(ctx context.Context, db *duck.DB, names []string) error {
	for view, s := range map[string]lake.Snapshot{"counted": p.ledger, "duplicates": p.duplicates} {
		files, err := s.Files(ctx)
		if err != nil {
			return err
		}
		var wanted []lake.File
		for _, f := range files {
			if month, ok := lake.PartitionValue(f).(int); ok && slices.Contains(names, lake.Period(month)) {
				wanted = append(wanted, f)
			}
		}
		if err := db.BindFiles(ctx, view, s, wanted); err != nil {
			return err
		}
	}
	return nil
}

func countDuplicates(ctx context.Context, db *duck.DB, periods []PeriodReport) error {
	var period string
	var n, conflicts, others int64
	err := db.Each(ctx, lakesql.Text("royalty/duplicate_counts"), nil, []any{&period, &n, &conflicts, &others}, func() error {
		for i := range periods {
			if periods[i].Period == period {
				periods[i].Duplicates, periods[i].PayloadConflicts, periods[i].OtherUsers = n, conflicts, others
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("count duplicates: %w", err)
	}
	return nil
}

func (p *plan) publish(ctx context.Context, env jobs.Env, db *duck.DB, periods []PeriodReport, started time.Time) error {
	lines, err := compareTable(ctx, db, p.lines, "lines", p.names())
	if err != nil {
		return err
	}
	payouts, err := compareTable(ctx, db, p.payouts, "payouts", p.names())
	if err != nil {
		return err
	}
	linesAfter, err := lines.publish(ctx, env, p.lines)
	if err != nil {
		return err
	}
	payoutsAfter, err := payouts.publish(ctx, env, p.payouts)
	if err != nil {
		return err
	}
	rows := make([][]any, len(periods))
	for i := range periods {
		r := &periods[i]
		r.RunID = p.runID(env, r.Period)
		r.Changed = lines.periods[r.Period] || payouts.periods[r.Period]
		if rows[i], err = p.runRow(ctx, env, *r, started, linesAfter.ID(), payoutsAfter.ID()); err != nil {
			return err
		}
	}
	files, err := p.runs.Table().WriteRows(ctx, catalog.RoyaltiesJob, rows)
	if err != nil {
		return err
	}
	_, err = env.Lake.Commit(ctx, catalog.RoyaltyRuns, lake.Commit{Job: catalog.RoyaltiesJob, Add: files, Stage: lake.IfUnmoved(p.runs, p.state())})
	return err
}

// advance moves the state over ledger snapshots that touched no period, so that they need not be kept.
func (p *plan) advance(ctx context.Context, env jobs.Env) (bool, error) {
	now, err := p.runs.StateNumber(catalog.CoversLedger)
	if err != nil || !p.wholeLedger || now == p.ledger.ID() {
		return false, err
	}
	_, err = env.Lake.Commit(ctx, catalog.RoyaltyRuns, lake.Commit{Job: catalog.RoyaltiesJob, Stage: lake.IfUnmoved(p.runs, p.state())})
	return err == nil, err
}

func (p *plan) state() map[string]string {
	if !p.wholeLedger {
		return nil
	}
	return map[string]string{lake.StateKey(catalog.CoversLedger): strconv.FormatInt(p.ledger.ID(), 10)}
}

// runID names a run by what it was computed from: the period, the ledger, the versions of rules and pools,
// and the code.
func (p *plan) runID(env jobs.Env, period string) string {
	inputs := fmt.Sprintf("%s|%d|%d|%d|%s", period, p.ledger.ID(), p.rules.Version, p.pools.byPeriod[period], env.CodeVersion)
	sum := sha256.Sum256([]byte(inputs))
	return period + "-" + hex.EncodeToString(sum[:5])
}

// runRow is a row of royalty_runs in the order of its columns (package catalog).
func (p *plan) runRow(ctx context.Context, env jobs.Env, r PeriodReport, started time.Time, lines, payouts int64) ([]any, error) {
	cut, err := p.cut(ctx, env)
	if err != nil {
		return nil, err
	}
	positions, err := cut.Positions()
	if err != nil {
		return nil, err
	}
	undistributed, err := json.Marshal(r.Undistributed)
	if err != nil {
		return nil, err
	}
	return []any{
		r.RunID, r.Period, r.Cause, started, env.Now(), "duckdb", env.CodeVersion, p.archive, p.ledger.ID(), p.duplicates.ID(),
		positions.String(), p.rules.Version, p.pools.byPeriod[r.Period], lines, payouts, r.Listens + r.Duplicates, r.Duplicates,
		r.PayloadConflicts, r.OtherUsers, r.Lines, r.Listens, r.QualifiedListens, string(undistributed), r.Checksum, p.rules.snapshotID, p.pools.snapshotID,
	}, nil
}
