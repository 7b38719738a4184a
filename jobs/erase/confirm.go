package erase

import (
	"context"
	"errors"
	"fmt"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// deleted is a request whose newest step is [RowsDeleted], and what the step says.
type deleted struct {
	Waiting
	Archive int64  `col:"listens_snapshot_id"`
	Ledger  int64  `col:"ledger_snapshot_id"`
	Days    string `col:"days"`
	Periods string `col:"periods"`
	Seen    bool   `col:"is_seen"` // by all tables of the dashboard
}

// Confirm carries the requests whose deletions the dashboard and the royalties have followed to [Recomputed],
// and reports what the others wait for. It computes nothing itself.
func Confirm(ctx context.Context, env jobs.Env) (report Report, err error) {
	db, err := env.Open(ctx)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	log, err := openLog(ctx, env, db)
	if err != nil {
		return report, err
	}
	rollup, err := readRollup(ctx, env)
	if err != nil {
		return report, err
	}
	requests, err := readDeleted(ctx, db, log.snapshot, rollup)
	if err != nil || len(requests) == 0 {
		return report, err
	}
	royalties, err := readRoyalties(ctx, env, db)
	if err != nil {
		return report, err
	}
	at := log.next(env)
	var rows []catalog.StepRow
	for _, r := range requests {
		if r.For, err = r.waitsFor(rollup, royalties); err != nil {
			return report, err
		}
		if r.For != "" {
			report.Waiting = append(report.Waiting, r.Waiting)
			continue
		}
		rows = append(rows, logRow(r.RequestID, r.Position, Recomputed, at, Counts{}, royalties.covers, royalties.ledger.ID(), nil, nil))
		report.add(Report{Days: unlist(r.Days)})
	}
	report.Requests = len(rows)
	return report, log.write(ctx, env, rows)
}

// readDeleted lists the requests to confirm; the view log is bound. What the dashboard has seen is read from the
// log as it was then, so it holds whatever happened to the log's files since.
func readDeleted(ctx context.Context, db *jobs.Session, log lake.Snapshot, rollup rollupState) ([]deleted, error) {
	seen, err := rollup.seen(log.Table())
	if err != nil {
		return nil, err
	}
	if err := db.Bind(ctx, "seen", seen); err != nil {
		return nil, err
	}
	all, err := jobs.Records[deleted](ctx, db, "erase/waiting")
	if err != nil {
		return nil, fmt.Errorf("read deletion log: %w", err)
	}
	return all, nil
}

// waitsFor says what is not recomputed yet, "" when all is. A request that touched no day has nothing to wait
// for.
func (r deleted) waitsFor(rollup rollupState, royalties *royaltyState) (string, error) {
	if r.Days == "" {
		return "", nil
	}
	if !r.Seen {
		return "job rollup to read the deletion", nil
	}
	for _, day := range unlist(r.Days) {
		if rollup.marked[day] {
			return "job rollup to rewrite " + day, nil
		}
	}
	settled, err := royalties.settledAfter(r.Archive)
	if err != nil {
		return "", err
	}
	if !settled {
		return "job royalties to settle the ledger", nil
	}
	for _, period := range unlist(r.Periods) {
		published, err := royalties.published(period, r.Ledger)
		if err != nil {
			return "", err
		}
		if !published {
			return "job royalties to publish " + period, nil
		}
	}
	return "", nil
}
