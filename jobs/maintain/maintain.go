package maintain

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/compact"
	"github.com/lakectl/lakectl/lake"
)

// Options of one run.
type Options struct {
	Retention time.Duration // how long an hour's newest snapshot is kept; 7 days
	// Quarantine is how long refused records are kept; 0 is for ever.
	Quarantine time.Duration
	DryRun     bool // only report
	// Files says how files are compacted; nil: they stay as they are. Its bases and its dry run are this package's.
	Files *compact.Options
}

// Report says what a run did, or would do.
type Report struct {
	DryRun bool          `json:"dry_run"`
	Tables []TableReport `json:"tables"`
	Refs   []RefReport   `json:"dropped_refs"` // tags and branches whose age has passed
	Held   []Held        `json:"held"`
	// Orphans are files that were left behind, of each table that has some.
	Orphans []OrphanReport `json:"orphans"`
	// Staging are staging tables that were left behind, of each table that has some.
	Staging []StagingReport `json:"staging_tables"`
	// Bounds are values of personal columns that manifests told of, of each table that had some.
	Bounds []BoundsReport `json:"bounds"`
	// Quarantine is null where no refused record was old enough.
	Quarantine *QuarantineReport `json:"quarantine"`

	Compaction *compact.Report `json:"compaction,omitempty"`
	// Refused is what was done to the files of quarantine; null where the other tables took all there was to spend.
	Refused *compact.Report `json:"quarantine_compaction,omitempty"`
	// Others is what was done to the files of other tables, of each that had some to rewrite.
	Others []compact.Report `json:"other_compactions,omitempty"`
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

// Run thins the history of every table and deletes its orphans, then compacts those that collect small files. Where a
// table's orphans cannot be told, the others are still looked at. An error after the first change is
// [jobs.ErrPartial] too.
func Run(ctx context.Context, env jobs.Env, o Options) (Report, error) {
	if o.Retention <= 0 {
		o.Retention = 7 * 24 * time.Hour
	}
	report := Report{DryRun: o.DryRun}
	f, err := gather(ctx, env, o)
	if err != nil {
		return report, fmt.Errorf("plan maintenance: %w", err)
	}
	var untold error
	if report.Quarantine, untold = f.dropRefused(ctx, env, o); untold != nil {
		untold = fmt.Errorf("drop refused records: %w", untold)
	}
	for _, head := range f.heads {
		now, err := report.thin(ctx, env, f, head.Table())
		if err == nil {
			bounds, failed := dropBounds(ctx, env, now, o.DryRun)
			if bounds.Entries > 0 {
				report.Bounds = append(report.Bounds, bounds)
			}
			untold = errors.Join(untold, failed)
			staging, failed := clearStagings(ctx, env, now.Name(), o.DryRun)
			if staging.Tables > 0 {
				report.Staging = append(report.Staging, staging)
			}
			untold = errors.Join(untold, failed)
			orphans, failed := sweep(ctx, env, now, o.DryRun)
			if orphans.Files > 0 {
				report.Orphans = append(report.Orphans, orphans)
			}
			untold, err = errors.Join(untold, failed), ctx.Err()
		}
		if err != nil {
			return report, report.partly(errors.Join(err, untold))
		}
	}
	return report, report.partly(errors.Join(untold, f.compact(ctx, env, o, &report)))
}

// thin is what becomes of the snapshots and refs of one table. It returns the table as it was before.
func (r *Report) thin(ctx context.Context, env jobs.Env, f *facts, t *lake.Table) (*lake.Table, error) {
	now, dropped, err := f.tidied(ctx, env, t, r.DryRun)
	r.Refs = append(r.Refs, dropped...)
	if err != nil {
		return now, err
	}
	one, held, err := f.thin(ctx, env, now, r.DryRun)
	r.Tables, r.Held = append(r.Tables, one), append(r.Held, held...)
	return now, err
}

// partly marks an error that came after something was changed.
func (r Report) partly(err error) error {
	if err != nil && r.written() {
		return errors.Join(err, jobs.ErrPartial)
	}
	return err
}

func (r Report) written() bool {
	for _, t := range r.Tables {
		if t.Expired > 0 {
			return !r.DryRun
		}
	}
	return (len(r.Refs)+len(r.Orphans)+len(r.Bounds)+len(r.Staging) > 0 || r.Quarantine != nil) && !r.DryRun
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
