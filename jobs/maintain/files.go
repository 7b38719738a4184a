package maintain

import (
	"context"
	"fmt"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/compact"
)

// compact rewrites files of listens, then of quarantine, unless a deletion waits: it would find the files that it
// searched taken away, and what it deletes need not be carried along. A request that is held or young does not wait:
// that may be for months.
func (f *facts) compact(ctx context.Context, env jobs.Env, o Options, report *Report) error {
	if o.Files == nil {
		return nil
	}
	if f.erasure.located || f.erasure.due {
		report.Held = append(report.Held, Held{Table: catalog.Listens, For: "compaction, which lets deletions go first", Hint: runDeletions})
		return nil
	}
	files := *o.Files
	files.DryRun, files.Free = o.DryRun, func(ctx context.Context) (bool, error) { return f.noneAsked(ctx, env) }
	for _, b := range f.bases[catalog.Listens] {
		files.Bases = append(files.Bases, b.id)
	}
	began := time.Now()
	done, err := compact.Run(ctx, env, files)
	report.Compaction = &done
	if err != nil {
		return fmt.Errorf("compact %s: %w", catalog.Listens, err)
	}
	return f.compactRefused(ctx, env, files, time.Since(began), report)
}

// compactRefused rewrites files of quarantine with what the archive left of the time and the bytes. Nobody walks on
// from its snapshots.
func (f *facts) compactRefused(ctx context.Context, env jobs.Env, files compact.Options, spent time.Duration, report *Report) error {
	if report.Compaction.Left > 0 {
		return nil
	}
	files.Table, files.Bases = catalog.Quarantine, nil
	if files.Minutes > 0 {
		files.Minutes = max(files.Minutes-spent, time.Second)
	}
	if files.Budget > 0 {
		files.Budget = max(files.Budget-report.Compaction.Bytes, 1)
	}
	done, err := compact.Run(ctx, env, files)
	report.Refused = &done
	if err != nil {
		return fmt.Errorf("compact %s: %w", catalog.Quarantine, err)
	}
	return nil
}

// noneAsked tells whether no deletion was requested or worked on since the run began.
func (f *facts) noneAsked(ctx context.Context, env jobs.Env) (bool, error) {
	for _, table := range []string{catalog.DeletionRequests, catalog.DeletionLog} {
		now, err := env.Snapshot(ctx, table)
		if err != nil || now.Sequence() > f.seen[table] {
			return false, err
		}
	}
	return true, nil
}
