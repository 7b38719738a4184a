package royalty

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// PublishedRun is a row of royalty_runs.
type PublishedRun struct {
	RunID                string    `json:"run_id" col:"run_id"`
	Period               string    `json:"period" col:"period"`
	Cause                string    `json:"cause" col:"cause"`
	StartedAt            time.Time `json:"started_at" col:"started_at"`
	FinishedAt           time.Time `json:"finished_at" col:"finished_at"`
	Engine               string    `json:"engine" col:"engine"`
	CodeVersion          string    `json:"code_version" col:"code_version"`
	ListensSnapshotID    int64     `json:"listens_snapshot_id,string" col:"listens_snapshot_id"`
	LedgerSnapshotID     int64     `json:"ledger_snapshot_id,string" col:"ledger_snapshot_id"`
	DuplicatesSnapshotID int64     `json:"duplicates_snapshot_id,string" col:"duplicates_snapshot_id"`
	RulesVersion         int64     `json:"rules_version" col:"rules_version"`
	PoolsVersion         int64     `json:"pools_version" col:"pools_version"`
	LinesSnapshotID      int64     `json:"lines_snapshot_id,string" col:"lines_snapshot_id"`
	PayoutsSnapshotID    int64     `json:"payouts_snapshot_id,string" col:"payouts_snapshot_id"`
	RowsRead             int64     `json:"rows_read" col:"rows_read"`
	Duplicates           int64     `json:"duplicates" col:"duplicates"`
	PayloadConflicts     int64     `json:"payload_conflicts" col:"payload_conflicts"`
	OtherUsers           int64     `json:"other_users" col:"other_users"`
	LinesReport
	Undistributed         []UndistributedPool `json:"undistributed"`
	RulesSnapshotID       int64               `json:"rules_snapshot_id,string" col:"rules_snapshot_id"`
	PoolsSnapshotID       int64               `json:"pools_snapshot_id,string" col:"pools_snapshot_id"`
	SplitsVersion         int64               `json:"splits_version" col:"splits_version"`
	SplitsSnapshotID      int64               `json:"splits_snapshot_id,string" col:"splits_snapshot_id"`
	SharesSnapshotID      int64               `json:"shares_snapshot_id,string" col:"shares_snapshot_id"`
	AdjustmentsSnapshotID int64               `json:"adjustments_snapshot_id,string" col:"adjustments_snapshot_id"`
	PostedRunID           string              `json:"posted_run_id" col:"posted_run_id"`              // of a closed period: the run whose inputs the posted differences account for
	SettledRunID          string              `json:"settled_run_id" col:"settled_run_id"`            // of a closed period: the newest run whose differences are all posted
	ClosedVersion         int64               `json:"closed_version" col:"closed_version"`            // of the statement that the run knew to be closed; 0: the period was open
	RunsSnapshotID        int64               `json:"runs_snapshot_id,string" col:"runs_snapshot_id"` // the one that published it
}

// Line is a row of royalty_lines.
type Line struct {
	ArtistID         string `json:"artist_id" col:"artist_id"`
	TrackID          string `json:"track_id" col:"track_id"`
	Country          string `json:"country" col:"country"`
	Tier             string `json:"tier" col:"tier"`
	Listens          int64  `json:"listens" col:"listens"`
	QualifiedListens int64  `json:"qualified_listens" col:"qualified_listens"`
}

// Payout is a row of royalty_payouts.
type Payout struct {
	Country          string `json:"country" col:"country"`
	Tier             string `json:"tier" col:"tier"`
	Currency         string `json:"currency" col:"currency"`
	ArtistID         string `json:"artist_id" col:"artist_id"`
	TrackID          string `json:"track_id" col:"track_id"`
	QualifiedListens int64  `json:"qualified_listens" col:"qualified_listens"`
	AmountMinor      int64  `json:"amount_minor" col:"amount_minor"`
}

// Statement is what one run published for its period.
type Statement struct {
	Standing
	Run     PublishedRun `json:"run"`
	Payouts []Payout     `json:"payouts"`
	Lines   []Line       `json:"lines"`
	// Adjustments are differences of earlier, closed periods that were posted to this one.
	Adjustments []Adjustment `json:"adjustments"`
}

// Adjustment is a row of royalty_adjustments about money.
type Adjustment struct {
	OriginPeriod string `json:"origin_period" col:"origin_period"`
	Difference
}

// Runs lists the published runs, newest first.
func Runs(ctx context.Context, env jobs.Env) (list []PublishedRun, err error) {
	db, err := env.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return runsNow(ctx, env, db)
}

func runsNow(ctx context.Context, env jobs.Env, db *jobs.Session) ([]PublishedRun, error) {
	s, err := env.Snapshot(ctx, catalog.RoyaltyRuns)
	if err != nil {
		return nil, err
	}
	if err := s.NeedColumns("closed_version"); err != nil {
		return nil, err
	}
	if err := bindRuns(ctx, db, s); err != nil {
		return nil, err
	}
	return readRuns(ctx, db)
}

// readRuns reads the runs, newest first; they are bound (see bindRuns).
func readRuns(ctx context.Context, db *jobs.Session) (list []PublishedRun, err error) {
	type record struct {
		PublishedRun
		Undistributed string `col:"undistributed"` // JSON
	}
	err = jobs.EachRecord(ctx, db, "royalty/runs", nil, func(r record) error {
		if err := json.Unmarshal([]byte(r.Undistributed), &r.PublishedRun.Undistributed); err != nil {
			return fmt.Errorf("undistributed pools of run %s: %w", r.RunID, err)
		}
		list = append(list, r.PublishedRun)
		return nil
	})
	return list, err
}

// findRun is NewestRun where the runs are bound already.
func findRun(ctx context.Context, db *jobs.Session, runOrPeriod string) (PublishedRun, error) {
	runs, err := readRuns(ctx, db)
	if err != nil {
		return PublishedRun{}, err
	}
	return pickRun(runs, runOrPeriod)
}

func pickRun(runs []PublishedRun, runOrPeriod string) (PublishedRun, error) {
	for _, r := range runs {
		if r.RunID == runOrPeriod || r.Period == runOrPeriod {
			return r, nil
		}
	}
	return PublishedRun{}, lake.WithHint(fmt.Errorf("run or period %s: %w", runOrPeriod, lake.ErrNotFound), "list the runs with 'lakectl royalties show'")
}

// Show reads the statement of a run or period (see [Register.Find]) from the snapshots the run names.
func Show(ctx context.Context, env jobs.Env, runOrPeriod string) (st Statement, err error) {
	register, err := ReadRegister(ctx, env)
	if err != nil {
		return st, err
	}
	if st.Run, err = register.Find(runOrPeriod); err != nil {
		return st, err
	}
	if st.Standing, err = register.Standing(st.Run); err != nil {
		return st, err
	}
	db, err := env.Open(ctx)
	if err != nil {
		return st, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := bindAt(ctx, env, db, "statement_lines", catalog.RoyaltyLines, st.Run.LinesSnapshotID); err != nil {
		return st, err
	}
	if err := bindAt(ctx, env, db, "statement_payouts", catalog.RoyaltyPayouts, st.Run.PayoutsSnapshotID); err != nil {
		return st, err
	}
	if st.Lines, err = jobs.Records[Line](ctx, db, "royalty/statement_lines", st.Run.Period); err != nil {
		return st, fmt.Errorf("read lines: %w", err)
	}
	if st.Payouts, err = jobs.Records[Payout](ctx, db, "royalty/statement_payouts", st.Run.Period); err != nil {
		return st, fmt.Errorf("read payouts: %w", err)
	}
	return st, st.readAdjustments(ctx, env, db, register)
}

// readAdjustments reads what was posted to the period, as the run saw it.
func (st *Statement) readAdjustments(ctx context.Context, env jobs.Env, db *jobs.Session, register Register) error {
	s, err := register.PostedTo(ctx, env, st.Run)
	if err != nil {
		return err
	}
	if err := db.Bind(ctx, "statement_adjustments", s); err != nil {
		return err
	}
	if st.Adjustments, err = jobs.Records[Adjustment](ctx, db, "royalty/statement_adjustments", st.Run.Period); err != nil {
		return fmt.Errorf("read adjustments: %w", err)
	}
	return nil
}

// PostedTo is the snapshot of royalty_adjustments with what belongs to the statement of a run's period: under its tag
// for the run that was closed, as it is now for the newest run of an open period, else as the run saw it.
func (r Register) PostedTo(ctx context.Context, env jobs.Env, run PublishedRun) (s lake.Snapshot, err error) {
	t, err := env.Lake.Table(ctx, catalog.Adjustments)
	if err != nil {
		return s, err
	}
	closing, is := r.Closed[run.Period]
	if is && closing.RunID == run.RunID {
		s, err = t.ByTag(closing.Tag)
		if errors.Is(err, lake.ErrNotFound) { // the close was killed before it came to the tags
			return t.Current(), nil
		}
		if err == nil && !isFence(s, closing.Tag) {
			err = notOurs(closing.Tag, catalog.Adjustments, s.ID())
		}
		return s, err
	}
	newest, err := r.Newest(run.Period)
	if err != nil {
		return s, err
	}
	if !is && newest.RunID == run.RunID {
		return t.Current(), nil
	}
	return t.ByID(run.AdjustmentsSnapshotID)
}

// snapshotAt loads a table with the rows that it had at a snapshot.
func snapshotAt(ctx context.Context, env jobs.Env, table string, id int64) (lake.Snapshot, error) {
	t, err := env.Lake.Table(ctx, table)
	if err != nil {
		return lake.Snapshot{}, err
	}
	return t.WithRowsOf(id)
}

func bindAt(ctx context.Context, env jobs.Env, db *jobs.Session, view, table string, snapshotID int64) error {
	s, err := snapshotAt(ctx, env, table, snapshotID)
	if err != nil {
		return err
	}
	return db.Bind(ctx, view, s)
}

// bindPeriodAt makes a view of one period of a table at a snapshot.
func bindPeriodAt(ctx context.Context, env jobs.Env, db *jobs.Session, view, table string, snapshotID int64, period string) error {
	s, err := snapshotAt(ctx, env, table, snapshotID)
	if err != nil {
		return err
	}
	return db.BindPartitions(ctx, view, s, []any{period})
}

// Cut is the state of all tables that one run saw or made.
type Cut struct {
	Snapshots map[string]int64 // table to snapshot id
	Time      time.Time        // for tables the run did not touch
}

// CutOf returns the consistent cut of a run or period (see [FindRun]), for time travel.
func CutOf(ctx context.Context, env jobs.Env, runID string) (Cut, error) {
	r, err := FindRun(ctx, env, runID)
	if err != nil {
		return Cut{}, err
	}
	return Cut{Time: r.FinishedAt, Snapshots: map[string]int64{
		catalog.Listens: r.ListensSnapshotID, catalog.ListensCounted: r.LedgerSnapshotID, catalog.Duplicates: r.DuplicatesSnapshotID,
		catalog.RoyaltyLines: r.LinesSnapshotID, catalog.RoyaltyPayouts: r.PayoutsSnapshotID,
		catalog.RoyaltyShares: r.SharesSnapshotID, catalog.Adjustments: r.AdjustmentsSnapshotID,
		catalog.RoyaltyRules: r.RulesSnapshotID, catalog.RoyaltyPools: r.PoolsSnapshotID, catalog.RoyaltySplits: r.SplitsSnapshotID,
		catalog.RoyaltyRuns: r.RunsSnapshotID,
	}}, nil
}
