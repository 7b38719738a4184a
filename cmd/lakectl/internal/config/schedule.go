package config

import (
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs/schedule"
)

// Schedule is when 'lakectl run' runs what; texts that package schedule reads.
type Schedule struct{ Ingest, Rollup, Deletions, Royalties, TrueUp, Maintain string }

// Run is what 'lakectl run' may use of the machine.
type Run struct{ MemoryLimit ByteSize }

// Of is the schedule of a job by the last word of its key.
func (s Schedule) Of(job string) (schedule.When, error) {
	when, err := schedule.Parse(map[string]string{
		"rollup": s.Rollup, "deletions": s.Deletions, "royalties": s.Royalties, "true_up": s.TrueUp, "maintain": s.Maintain,
	}[job])
	if err != nil {
		return when, usage.Errorf("", "schedule.%s: %w", job, err)
	}
	return when, nil
}

func isSchedule(s string) bool {
	when, err := schedule.Parse(s)
	return err == nil && !when.IsOnSnapshot()
}

func isRollupSchedule(s string) bool {
	_, err := schedule.Parse(s)
	return err == nil
}

// rollupShape also takes the word for every new snapshot of the archive.
const rollupShape = "snapshot (whenever the archive has something new), " + schedule.Shape
