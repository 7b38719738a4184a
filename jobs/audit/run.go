package audit

import (
	"context"
	"database/sql"
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
	r := &pinned{}
	var found bool
	var positions string
	var committed sql.NullTime
	var archive int64
	dest := []any{
		&r.id, &r.period, &positions, &r.started, &committed, &r.replays, &archive, &r.rules, &r.pools, &r.lines, &r.payouts,
		&r.rowsRead, &r.listens, &r.qualified, &r.checksum,
	}
	err = db.Each(ctx, "audit/run", []any{runOrPeriod}, dest, func() error { found = true; return nil })
	switch {
	case err != nil:
		return nil, fmt.Errorf("read runs: %w", err)
	case !found:
		return nil, lake.WithHint(fmt.Errorf("run or period %s: %w", runOrPeriod, lake.ErrNotFound), "list the runs with 'lakectl royalties show'")
	case positions == "" || archive != 0 && !committed.Valid:
		return nil, lake.WithHint(fmt.Errorf("run %s does not say where its archive ended, an earlier version published it: %w", r.id, jobs.ErrInputsErased),
			"'lakectl job royalties --full' recounts what is published now; runs from now on can be reproduced")
	}
	if _, ok := runs.Table().Column("listens_sequence"); ok {
		if err := db.One(ctx, "audit/run_sequence", []any{r.id}, []any{&r.sequence}); err != nil {
			return nil, fmt.Errorf("read run %s: %w", r.id, err)
		}
	}
	r.archiveRows, r.committed = archive != 0, committed.Time
	if err := json.Unmarshal([]byte(positions), &r.positions); err != nil {
		return nil, fmt.Errorf("positions of run %s: %w", r.id, err)
	}
	month, err := lake.ParseMonth(r.period)
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", r.id, err)
	}
	r.from, r.until = month.Start(), month.End()
	return r, nil
}
