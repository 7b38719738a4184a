package verbs

import (
	"context"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/compact"
	"github.com/lakectl/lakectl/jobs/maintain"
)

func maintainVerb() frame.Verb {
	return frame.Bind(frame.Verb{
		Name: "maintain", Short: "Thin the snapshots of every table and merge small files, so that commits and queries stay as fast as the first.",
		Long: `Keeps the newest 30 snapshots of each table, one snapshot an hour within retention.archive_snapshots, every snapshot
that a tag, a branch or a royalty run of that time names, and every snapshot that another job still needs. Deletes the
other snapshots, with the files that only they referred to, and files older than orphans.grace that nothing refers to at
all. Days of refused records go once all of a day is older than retention.quarantine. The report names what could not be deleted, and the job to run first.

Then merges small files of the archive, the ledger and the logs, and rewrites files of which many rows are deleted,
within maintain.budget and maintain.minutes; the next run goes on. It changes no row, lets ingest and deletions go first,
and leaves alone what a job has not read yet. With --engine trino the Trino of trino.url writes the larger files of the
archive anew; lakectl holds their rows against those before, and commits. engine: trino in the configuration does not
ask for that: such files are half as large again, and take Trino many times the CPU.`,
		Examples: []string{"lakectl job maintain --dry-run", "lakectl job maintain"}, Exits: []int{frame.ExitPartial, frame.ExitProof},
		Keys: []string{"engine", "duckdb.memory_limit", "duckdb.threads"}, Text: []frame.Teller{frame.Text(sayMaintain)},
	}, (*maintainFlags).declare, runMaintain)
}

type maintainFlags struct {
	DryRun bool
}

func (f *maintainFlags) declare() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "dry-run", Usage: "say what would go; change nothing", Destination: &f.DryRun},
	}
}

func runMaintain(ctx context.Context, c *frame.Call, f maintainFlags) (any, error) {
	keep, m := c.Config.Retention, c.Config.Maintain
	o := maintain.Options{
		Retention: time.Duration(keep.ArchiveSnapshots), Quarantine: time.Duration(keep.Quarantine), DryRun: f.DryRun,
		Files: &compact.Options{Target: int64(m.TargetFileSize), Budget: int64(m.Budget), Minutes: time.Duration(m.Minutes) * time.Minute},
	}
	return reach.WithEnv(ctx, c, func(env jobs.Env) (maintain.Report, error) { return maintain.Run(ctx, env, o) })
}
