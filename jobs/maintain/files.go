package maintain

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/compact"
)

// compact rewrites files of all tables that collect small ones, unless a deletion waits: it would find the files that
// it searched taken away, and what it deletes need not be carried along. A request that is held or young does not wait:
// that may be for months. Each table gets what those before it left of the time and the bytes; nothing is left where a
// deletion came meanwhile. A table whose rewrites all lost to others keeps no other.
func (f *facts) compact(ctx context.Context, env jobs.Env, o Options, report *Report) (failed error) {
	if o.Files == nil {
		return nil
	}
	if f.erasure.located || f.erasure.due {
		report.Held = append(report.Held, Held{Table: catalog.Listens, For: "compaction, which lets deletions go first", Hint: runDeletions})
		return nil
	}
	files := *o.Files
	files.DryRun, files.Free = o.DryRun, func(ctx context.Context) (bool, error) { return f.noneAsked(ctx, env) }
	for _, files.Table = range compact.Tables {
		files.Bases = nil
		for _, b := range f.bases[files.Table] {
			files.Bases = append(files.Bases, b.id)
		}
		began := time.Now()
		done, err := compact.Run(ctx, env, files)
		report.compacted(done)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("compact %s: %w", files.Table, err))
		}
		if done.Left > 0 && done.Ended != compact.Raced || ctx.Err() != nil {
			break
		}
		if files.Minutes > 0 {
			files.Minutes = max(files.Minutes-time.Since(began), time.Second)
		}
		if files.Budget > 0 {
			files.Budget = max(files.Budget-done.Bytes, 1)
		}
	}
	return failed
}

// compacted notes what was done to the files of one table.
func (r *Report) compacted(done compact.Report) {
	switch done.Table {
	case catalog.Listens:
		r.Compaction = &done
	case catalog.Quarantine:
		r.Refused = &done
	default:
		if done.Files+done.Merged+done.Left+len(done.Skipped) > 0 {
			r.Others = append(r.Others, done)
		}
	}
}

// noneAsked tells whether no deletion was requested or worked on since the run began.
func (f *facts) noneAsked(ctx context.Context, env jobs.Env) (bool, error) {
	for _, before := range f.heads {
		if name := before.Table().Name(); name == catalog.DeletionRequests || name == catalog.DeletionLog {
			now, err := env.Snapshot(ctx, name)
			if err != nil || !now.OnlyCompacted(before) {
				return false, err
			}
		}
	}
	return true, nil
}
