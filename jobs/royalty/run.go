package royalty

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty/ledger"
	"github.com/lakectl/lakectl/lake"
)

// Options of one run. The zero value runs every period whose inputs changed.
type Options struct {
	Period string // only this period, like 2026-03
	Full   bool   // recompute every published period from the archive alone and compare
	DryRun bool   // only say what a run would do
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
	Posting                              // of a closed period
}

// Report says what a run did.
type Report struct {
	Ledger ledger.Report `json:"ledger"`
	// PutBack are published tables that another engine had changed.
	PutBack []PutBack      `json:"put_back,omitempty"`
	Periods []PeriodReport `json:"periods"`
	// Unheard is what the terms in force name and no listen has, where periods were recomputed.
	Unheard []Unheard `json:"unheard,omitempty"`
	// Written says whether anything was committed.
	Written bool        `json:"written"`
	Full    *FullReport `json:"full,omitempty"`
	Plan    *Forecast   `json:"plan,omitempty"` // of a dry run
	// UnsealedFiles were read and carry no hashes, see [jobs.Env.Unsealed].
	UnsealedFiles int `json:"unsealed_files,omitempty"`
}

// Run brings the ledger up to date, recomputes what changed and publishes it.
func Run(ctx context.Context, env jobs.Env, o Options) (report Report, err error) {
	if o.Period != "" {
		if _, err := lake.ParseMonth(o.Period); err != nil {
			return report, err
		}
	}
	if o.DryRun {
		report.Plan, err = forecast(ctx, env, o.Period)
		return report, err
	}
	if o.Full { // a proof comes before any repair
		if err := env.Unaltered(ctx, catalog.Judged()...); err != nil {
			return report, err
		}
	}
	defer func() { report.UnsealedFiles = env.Unsealed() }()
	started := env.Now() // before anything is read
	if report.Ledger, err = ledger.Update(ctx, env); err != nil {
		return report, err
	}
	report.Written = report.Ledger.Committed
	if report.PutBack, err = putBack(ctx, env, false); err != nil {
		return report, err
	}
	report.Written = report.Written || len(report.PutBack) > 0
	db, err := env.Open(ctx)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	p, err := makePlan(ctx, env, db, o.Period, report.PutBack...)
	if err == nil {
		err = errors.Join(p.checkSettled(), p.checkHeads())
	}
	if err != nil {
		return report, err
	}
	written, err := p.execute(ctx, env, db, &report, started)
	report.Written = report.Written || written
	if err != nil || !o.Full {
		return report, err
	}
	report.Full, err = recountFromArchive(ctx, env, o.Period)
	return report, err
}

// execute recomputes the planned periods and publishes them: lines, payouts, and last their runs.
func (p *plan) execute(ctx context.Context, env jobs.Env, db *jobs.Session, report *Report, started time.Time) (bool, error) {
	if len(p.periods) == 0 {
		return p.advance(ctx, env)
	}
	env.Progress(fmt.Sprintf("royalties: %d periods", len(p.periods)))
	names := p.names()
	if err := bindPeriods(ctx, db, "counted", p.ledger, names, judgedColumns...); err != nil {
		return false, err
	}
	if err := bindPeriods(ctx, db, "duplicates", p.duplicates, names, "event_time", "payload_conflict", "other_user"); err != nil {
		return false, err
	}
	if err := p.planLines(ctx, env, db); err != nil {
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
	if err := shareOut(ctx, db, p.splits.snapshot, p.splits.version); err != nil {
		return false, err
	}
	for _, period := range p.periods {
		report.Periods = append(report.Periods, PeriodReport{Period: period.Period, Cause: period.Cause, LinesReport: sums[period.Period], Undistributed: left[period.Period]})
	}
	if err := countDuplicates(ctx, db, report.Periods); err != nil {
		return false, err
	}
	if report.Unheard, err = p.unheard(ctx, db); err != nil { // a warning is not worth the run
		env.Log.Warn(untold, "error", err)
	}
	posted, err := newAdjustments(ctx, env, db, p)
	if err != nil {
		return false, err
	}
	if report.Periods, err = posted.receivers(ctx, report.Periods); err != nil {
		return false, err
	}
	return true, p.publish(ctx, env, db, posted, report.Periods, started)
}

// bindPeriods makes a view of the months of a ledger table; only as for [duck.DB.Bind].
func bindPeriods(ctx context.Context, db *jobs.Session, view string, s lake.Snapshot, names []string, only ...string) error {
	months := make([]any, len(names))
	for i, name := range names {
		month, err := lake.ParseMonth(name)
		if err != nil {
			return err
		}
		months[i] = int(month)
	}
	return db.BindPartitions(ctx, view, s, months, only...)
}

func countDuplicates(ctx context.Context, db *jobs.Session, periods []PeriodReport) error {
	type record struct {
		Period           string `col:"period"`
		Duplicates       int64  `col:"duplicates"`
		PayloadConflicts int64  `col:"payload_conflicts"`
		OtherUsers       int64  `col:"other_users"`
	}
	err := jobs.EachRecord(ctx, db, "royalty/duplicate_counts", nil, func(r record) error {
		for i := range periods {
			if p := &periods[i]; p.Period == r.Period {
				p.Duplicates, p.PayloadConflicts, p.OtherUsers = r.Duplicates, r.PayloadConflicts, r.OtherUsers
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("count duplicates: %w", err)
	}
	return nil
}

// publish commits what changed, table by table, the runs last.
func (p *plan) publish(ctx context.Context, env jobs.Env, db *jobs.Session, posted *adjustments, periods []PeriodReport, started time.Time) error {
	changed := map[string]bool{}
	after := outputs{}
	for _, t := range []struct {
		computed computation
		base     lake.Snapshot
		after    *int64
	}{{computedLines, p.lines, &after.lines}, {computedPayouts, p.payouts, &after.payouts}, {computedShares, p.shares, &after.shares}} {
		r, err := compareTable(ctx, db, t.base, t.computed, p.names())
		if err == nil && p.anew[t.base.Table().Name()] {
			err = r.mendAll(ctx, t.base, p.names())
		}
		if err != nil {
			return err
		}
		s, err := r.publish(ctx, env, t.base)
		if err != nil {
			return err
		}
		*t.after = s.ID()
		maps.Copy(changed, r.periods)
	}
	s, err := posted.publish(ctx)
	if err != nil {
		return err
	}
	after.adjustments = s.ID()
	cut, err := p.cut(ctx, env)
	if err != nil {
		return err
	}
	rows := make([]catalog.RunRow, len(periods))
	for i := range periods {
		r := &periods[i]
		r.RunID, r.Changed = p.runID(env, r.Period), changed[r.Period]
		if of := posted.reports[r.Period]; of != nil {
			r.Posting = *of
		}
		if rows[i], err = p.runRow(env, *r, cut, started, after); err != nil {
			return err
		}
	}
	if err := p.mendCloses(ctx, env); err != nil {
		return err
	}
	files, err := lake.WriteRecords(ctx, p.runs.Table(), catalog.RoyaltiesJob, rows)
	if err != nil {
		return err
	}
	_, err = env.Lake.Commit(ctx, catalog.RoyaltyRuns, lake.Commit{
		Job: catalog.RoyaltiesJob, Add: files, Mends: true, Stage: lake.IfUnmoved(p.runs, p.state()),
	})
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

// runID names a run by what it was computed from: the period, the ledger, the versions of rules, pools and splits,
// whether the period was closed, and the code.
func (p *plan) runID(env jobs.Env, period string) string {
	inputs := fmt.Sprintf("%s|%d|%d|%d|%d|%d|%s", period, p.ledger.ID(), p.rules.Version, p.pools.byPeriod[period], p.splits.version, p.closed[period].Version, env.CodeVersion)
	sum := sha256.Sum256([]byte(inputs))
	return period + "-" + hex.EncodeToString(sum[:5])
}

// outputs are the snapshots that hold what a run made; 0 is an empty table.
type outputs struct{ lines, payouts, shares, adjustments int64 }

// runRow is the row of royalty_runs of one period.
func (p *plan) runRow(env jobs.Env, r PeriodReport, cut lake.Snapshot, started time.Time, after outputs) (row catalog.RunRow, err error) {
	positions, err := cut.Positions()
	if err != nil {
		return row, err
	}
	replays, err := cut.StateNumber(catalog.Replays)
	if err != nil {
		return row, err
	}
	undistributed, err := json.Marshal(r.Undistributed)
	return catalog.RunRow{
		RunID: r.RunID, Period: r.Period, Cause: r.Cause,
		StartedAt: started, FinishedAt: env.Now(), Engine: engineOf(env), CodeVersion: env.CodeVersion,

		ListensSnapshotID: p.archive, ListensSequence: cut.Sequence(), ListensCommittedAt: cut.Time(), Positions: positions.String(), Replays: replays,
		LedgerSnapshotID: p.ledger.ID(), DuplicatesSnapshotID: p.duplicates.ID(),
		RulesVersion: p.rules.Version, RulesSnapshotID: p.rules.snapshotID,
		PoolsVersion: p.pools.byPeriod[r.Period], PoolsSnapshotID: p.pools.snapshotID,
		SplitsVersion: p.splits.version, SplitsSnapshotID: p.splits.snapshot.ID(),

		RowsRead: r.Listens + r.Duplicates, Duplicates: r.Duplicates, PayloadConflicts: r.PayloadConflicts, OtherUsers: r.OtherUsers,
		Lines: r.Lines, Listens: r.Listens, QualifiedListens: r.QualifiedListens, Checksum: r.Checksum, Undistributed: string(undistributed),
		LinesSnapshotID: after.lines, PayoutsSnapshotID: after.payouts, SharesSnapshotID: after.shares, AdjustmentsSnapshotID: after.adjustments,
		ClosedVersion: p.closed[r.Period].Version, PostedRunID: r.through.posted, SettledRunID: r.through.settled,
	}, err
}

// engineOf is what reads listens and the ledger whole; what comes after is DuckDB's either way.
func engineOf(env jobs.Env) string {
	if env.Trino != nil {
		return "trino"
	}
	return "duckdb"
}
