package maintain

import (
	"context"
	"fmt"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// unreferenced is why an orphan goes, as the report says it.
const unreferenced = "nothing refers to them"

// OrphanReport are the files of one table that nothing refers to and that are older than the grace.
type OrphanReport struct {
	Table  string `json:"table"`
	Files  int    `json:"files"`
	Bytes  int64  `json:"bytes"`
	Reason string `json:"reason"`
}

// sweep deletes the orphans of one table, or says which there are.
func sweep(ctx context.Context, env jobs.Env, t *lake.Table, dryRun bool) (OrphanReport, error) {
	report := OrphanReport{Table: t.Name(), Reason: unreferenced}
	if sharesFiles(t) {
		return report, nil // the snapshots are held for it too, and the report says so
	}
	plan, err := env.Lake.PlanOrphans(ctx, t.Name())
	if err != nil || len(plan.Files) == 0 {
		return report, err
	}
	if dryRun {
		report.Files, report.Bytes = len(plan.Files), plan.Bytes()
		return report, nil
	}
	env.Progress(fmt.Sprintf("maintain: deleting %d orphans of %s", len(plan.Files), t.Name()))
	done, err := env.Lake.SweepOrphans(ctx, plan)
	report.Files, report.Bytes = done.Files, done.Bytes
	if done.Files > 0 {
		env.Log.Info("deleted orphans", "table", t.Name(), "files", done.Files, "bytes", done.Bytes, "spared", done.Spared)
	}
	return report, err
}

// sharesFiles tells whether other tables may use the files of a table.
func sharesFiles(t *lake.Table) bool { return t.Property("gc.enabled") == "false" }
