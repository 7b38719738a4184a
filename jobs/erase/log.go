package erase

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// logbook is deletion_log as a run found it, with the steps the run has added.
type logbook struct {
	snapshot lake.Snapshot
	lastStep int64 // when the newest step was logged, microseconds
	swept    int64 // archive snapshot through which all requests are swept that were carried through before
	erasures int64 // commits of deletions that the archive had then
}

// openLog binds the log as the view log and reads how far it goes.
func openLog(ctx context.Context, env jobs.Env, db *jobs.Session) (logbook, error) {
	var l logbook
	var err error
	if l.snapshot, err = env.Snapshot(ctx, catalog.DeletionLog); err != nil {
		return l, err
	}
	if err := errors.Join(l.snapshot.NeedColumns("ledger_rows", "plays_erased"), db.Bind(ctx, "log", l.snapshot)); err != nil {
		return l, err
	}
	if err := db.One(ctx, "erase/log_end", nil, []any{&l.lastStep, &l.swept}); err != nil {
		return l, fmt.Errorf("read deletion log: %w", err)
	}
	l.erasures, err = l.snapshot.StateNumber(catalog.Erasures)
	return l, err
}

// next is the time of the next step: now, but later than any step before, whatever the clock says, because the
// order of the log is by time.
func (l *logbook) next(env jobs.Env) int64 {
	l.lastStep = max(env.Now().UnixMicro(), l.lastStep+1)
	return l.lastStep
}

// write commits one step of several requests at once. Another run that logs at the same time fences it.
func (l *logbook) write(ctx context.Context, env jobs.Env, rows []catalog.StepRow) error {
	if len(rows) == 0 {
		return nil
	}
	return l.commit(ctx, env, rows, nil)
}

// sweep commits the step with which all requests are swept through a snapshot of the archive; there may be nothing to
// log.
func (l *logbook) sweep(ctx context.Context, env jobs.Env, rows []catalog.StepRow, archive lake.Snapshot) error {
	n, err := archive.StateNumber(catalog.Erasures)
	if err != nil || len(rows) == 0 && n == l.erasures {
		return err
	}
	l.erasures = n
	return l.commit(ctx, env, rows, map[string]string{lake.StateKey(catalog.Erasures): strconv.FormatInt(n, 10)})
}

func (l *logbook) commit(ctx context.Context, env jobs.Env, rows []catalog.StepRow, state map[string]string) error {
	files, err := lake.WriteRecords(ctx, l.snapshot.Table(), catalog.DeletionsJob, rows)
	if err != nil {
		return err
	}
	after, err := env.Lake.Commit(ctx, catalog.DeletionLog, lake.Commit{Job: catalog.DeletionsJob, Add: files, Stage: lake.IfUnmoved(l.snapshot, state)})
	if err == nil {
		l.snapshot = after
	}
	return err
}

// logRow is a row of deletion_log. months counts the rows of listens_counted by month: the snapshots that tell are
// purged later.
func logRow(id string, from Position, state State, at int64, c Counts, archive, ledger int64, days []string, months monthCounts) catalog.StepRow {
	return catalog.StepRow{
		RequestID: id, State: string(state), At: instant(at), Place: catalog.Place(from),
		Listens: c.Listens, Quarantine: c.Quarantine, ListensCounted: c.Counted, ListensDuplicates: c.Duplicates,
		ListensSnapshotID: archive, LedgerSnapshotID: ledger, Days: list(days), Periods: list(periodsOf(days)), LedgerRowsByPeriod: months.text(),
	}
}
