package audit

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

// pinned is the row of one run in royalty_runs: what it saw and what it published.
type pinned struct {
	id, period  string
	from, until time.Time // the period, half-open

	positions   lake.Positions
	started     time.Time
	committed   time.Time // the archive snapshot that the run covered
	sequence    int64     // its sequence number; 0 where an earlier version did not say
	replays     int64     // state [catalog.Replays] of that snapshot
	rules       int64     // version
	pools       int64     // version
	lines       int64     // snapshot id
	payouts     int64     // snapshot id
	rowsRead    int64     // copies whose event lies in the period
	listens     int64
	qualified   int64
	checksum    string
	archiveRows bool // the archive had a snapshot
}

// runRecord is what the statement audit/run gives.
type runRecord struct {
	RunID     string     `col:"run_id"`
	Period    string     `col:"period"`
	Positions string     `col:"positions"`
	Started   time.Time  `col:"started_at"`
	Committed *time.Time `col:"listens_committed_at"`
	Replays   int64      `col:"replays"`
	Archive   int64      `col:"listens_snapshot_id"`
	Rules     int64      `col:"rules_version"`
	Pools     int64      `col:"pools_version"`
	Lines     int64      `col:"lines_snapshot_id"`
	Payouts   int64      `col:"payouts_snapshot_id"`
	RowsRead  int64      `col:"rows_read"`
	Listens   int64      `col:"listens"`
	Qualified int64      `col:"qualified_listens"`
	Checksum  string     `col:"checksum"`
}

func (r runRecord) pinned() *pinned {
	p := &pinned{
		id: r.RunID, period: r.Period, started: r.Started, replays: r.Replays, rules: r.Rules, pools: r.Pools, lines: r.Lines, payouts: r.Payouts,
		rowsRead: r.RowsRead, listens: r.Listens, qualified: r.Qualified, checksum: r.Checksum, archiveRows: r.Archive != 0,
	}
	if r.Committed != nil {
		p.committed = *r.Committed
	}
	return p
}

// span is the period as the parameters of statements.
func (r *pinned) span() []any { return []any{r.from, r.until} }

// findRun reads a run by its id, or the newest of a period.
func findRun(ctx context.Context, env jobs.Env, db *jobs.Session, runOrPeriod string) (*pinned, error) {
	runs, err := env.Snapshot(ctx, catalog.RoyaltyRuns)
	if err != nil {
		return nil, err
	}
	if err := runs.NeedColumns("listens_committed_at", "replays"); err != nil {
		return nil, err
	}
	if err := errors.Join(db.Bind(ctx, "runs", runs), db.BindCommits(ctx, "run_files", runs)); err != nil {
		return nil, err
	}
	var row *runRecord
	err = jobs.EachRecord(ctx, db, "audit/run", []any{runOrPeriod}, func(r runRecord) error { row = &r; return nil })
	switch {
	case err != nil:
		return nil, fmt.Errorf("read runs: %w", err)
	case row == nil:
		return nil, lake.WithHint(fmt.Errorf("run or period %s: %w", runOrPeriod, lake.ErrNotFound), "list the runs with 'lakectl royalties show'")
	case row.Positions == "" || row.Archive != 0 && row.Committed == nil:
		return nil, lake.WithHint(fmt.Errorf("run %s does not say where its archive ended, an earlier version published it: %w", row.RunID, jobs.ErrInputsErased),
			"'lakectl job royalties --full' recounts what is published now; runs from now on can be reproduced")
	}
	r := row.pinned()
	if _, ok := runs.Table().Column("listens_sequence"); ok {
		if err := db.One(ctx, "audit/run_sequence", []any{r.id}, []any{&r.sequence}); err != nil {
			return nil, fmt.Errorf("read run %s: %w", r.id, err)
		}
	}
	if err := json.Unmarshal([]byte(row.Positions), &r.positions); err != nil {
		return nil, fmt.Errorf("positions of run %s: %w", r.id, err)
	}
	month, err := lake.ParseMonth(r.period)
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", r.id, err)
	}
	r.from, r.until = month.Start(), month.End()
	return r, nil
}
