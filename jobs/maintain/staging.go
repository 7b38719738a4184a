package maintain

import (
	"context"

	"github.com/lakectl/lakectl/jobs"
)

// StagingReport are the staging tables of one table that have been on record for longer than the grace.
type StagingReport struct {
	Table  string `json:"table"`
	Tables int    `json:"staging_tables"`
	Files  int    `json:"files"`
	Bytes  int64  `json:"bytes"`
}

// clearStagings drops the staging tables that dead runs left, or says how many there are.
func clearStagings(ctx context.Context, env jobs.Env, table string, dryRun bool) (StagingReport, error) {
	report := StagingReport{Table: table}
	if dryRun {
		dead, err := env.Lake.DeadStagings(ctx, table)
		report.Tables = len(dead)
		return report, err
	}
	dead, done, err := env.Lake.ClearStagings(ctx, table)
	report.Tables, report.Files, report.Bytes = len(dead), done.Files, done.Bytes
	return report, err
}
