package maintain

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// Options of one run.
type Options struct {
	Retention time.Duration // how long an hour's newest snapshot is kept; 7 days
	DryRun    bool          // only report
}

// Report says what a run did, or would do.
type Report struct {
	DryRun bool          `json:"dry_run"`
	Tables []TableReport `json:"tables"`
	Refs   []RefReport   `json:"dropped_refs"` // tags and branches whose age has passed
	Held   []Held        `json:"held"`
}

// TableReport is one table.
type TableReport struct {
	Table        string `json:"table"`
	Before       int    `json:"snapshots_before"`
	Kept         int    `json:"snapshots_kept"`
	Expired      int    `json:"snapshots_expired"`
	FilesDeleted int    `json:"files_deleted"`
	BytesFreed   int64  `json:"bytes_freed"`
}

// Held are snapshots that would have gone but for somebody who still needs them.
type Held struct {
	Table      string    `json:"table"`
	Snapshots  int       `json:"snapshots"`
	For        string    `json:"for"`
	SnapshotID int64     `json:"from_snapshot_id,string"` // the oldest that is needed; 0: none in particular
	Since      time.Time `json:"from_committed_at"`
	Hint       string    `json:"hint"`
}

// Run thins the history of every table. An error after the first table was thinned is [jobs.ErrPartial] too.
func Run(ctx context.Context, env jobs.Env, o Options) (Report, error) {
	if o.Retention <= 0 {
		o.Retention = 7 * 24 * time.Hour
	}
	report := Report{DryRun: o.DryRun}
	f, err := gather(ctx, env, o)
	if err != nil {
		return report, fmt.Errorf("plan maintenance: %w", err)
	}
	for _, head := range f.heads {
		now, dropped, err := f.tidied(ctx, env, head.Table(), o.DryRun)
		report.Refs = append(report.Refs, dropped...)
		var t TableReport
		var held []Held
		if err == nil {
			t, held, err = f.thin(ctx, env, now, o.DryRun)
			report.Tables = append(report.Tables, t)
		}
		report.Held = append(report.Held, held...)
		if err != nil && report.written() {
			err = errors.Join(err, jobs.ErrPartial)
		}
		if err != nil {
			return report, err
		}
	}
	return report, nil
}

func (r Report) written() bool {
	for _, t := range r.Tables {
		if t.Expired > 0 {
			return !r.DryRun
		}
	}
	return len(r.Refs) > 0 && !r.DryRun
}

// thin removes from one table what nobody needs.
func (f *facts) thin(ctx context.Context, env jobs.Env, t *lake.Table, dryRun bool) (TableReport, []Held, error) {
	first := f.choose(t)
	report := TableReport{Table: t.Name(), Before: len(t.Snapshots()), Kept: len(t.Snapshots()) - len(first.doomed)}
	if dryRun {
		report.Expired = len(first.doomed)
	}
	if dryRun || len(first.doomed) == 0 {
		return report, first.held, nil
	}
	env.Progress(fmt.Sprintf("maintain: expiring %d snapshots of %s", len(first.doomed), t.Name()))
	done, err := env.Lake.Expire(ctx, t.Name(), func(now *lake.Table) ([]lake.Snapshot, error) { return f.choose(now).doomed, nil })
	report.Expired, report.FilesDeleted, report.BytesFreed = done.Snapshots, done.Files, done.Bytes
	if err == nil {
		env.Log.Info("expired snapshots", "table", t.Name(), "snapshots", done.Snapshots, "files", done.Files, "bytes", done.Bytes)
	}
	return report, first.held, err
}
