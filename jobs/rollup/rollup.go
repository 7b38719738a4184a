package rollup

import (
	"context"
	"errors"
	"time"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// replans bounds how often Run plans again after another run committed first.
const replans = 3

// Options of one run. The zero value appends deltas and rewrites what differs in marked days.
type Options struct {
	TrueUp bool          // compare every day with what counts, not only the marked ones
	Hours  time.Duration // for how long plays_by_hour goes back, in whole days; 0 is [DefaultHours]
	// RecentFolder is where this machine remembers which listens came in the last 48 hours, see package recent. "":
	// every copy counts until its day is compared.
	RecentFolder string
	// PieceCopies is how many copies of the archive are compared with what counts at once, in whole days; 0 is
	// [DefaultPieceCopies].
	PieceCopies int64
}

// DefaultPieceCopies is what a DuckDB of 512 MiB can compare: measured, five times as many cannot.
const DefaultPieceCopies = 1_000_000

// DefaultHours is for how long plays_by_hour goes back from the newest day of the archive.
const DefaultHours = 14 * 24 * time.Hour

// hourDays are the days that plays_by_hour has.
func (o Options) hourDays() int {
	const day = 24 * time.Hour
	if o.Hours <= 0 {
		o.Hours = DefaultHours
	}
	return int((o.Hours + day - 1) / day)
}

// Report says what a run did, or what a plan will do. Days are UTC days like 2026-03-01, in order.
type Report struct {
	ArchiveSnapshotID int64 `json:"archive_snapshot_id,string"` // the snapshot of listens that the tables include now
	// RowsRead are the archive rows that came since the last run, erased ones left out.
	RowsRead int64 `json:"rows_read"`
	// LaterCopies are those of them that were left out: another copy of the listen counts.
	LaterCopies   int64    `json:"later_copies,omitempty"`
	DeltaRows     int64    `json:"delta_rows"` // rows appended to plays_by_day
	DaysRewritten []string `json:"days_rewritten"`
	DaysMarked    []string `json:"days_marked"` // still waiting for an exact rewrite
	// ForeignSnapshots are those of listens with which other engines took rows away or changed them since the last run.
	ForeignSnapshots lake.SnapshotIDs `json:"foreign_snapshot_ids,omitempty"`
	// ExactThrough is the snapshot of listens up to which the compared days are exact; 0 when none were compared
	// with the ledger.
	ExactThrough int64 `json:"exact_through,string" text:"plain"`
	SnapshotID   int64 `json:"snapshot_id,string"` // of plays_by_day, which publishes; 0: nothing written
	// UnsealedFiles were read and carry no hashes, see [jobs.Env.Unsealed].
	UnsealedFiles int `json:"unsealed_files,omitempty"`
}

// Run brings the tables of the dashboard up to the newest snapshot of listens. ErrFenced when other runs were faster
// again and again; then they did the work.
func Run(ctx context.Context, env jobs.Env, o Options) (Report, error) {
	for again := 0; ; again++ {
		report, err := once(ctx, env, o)
		if again == replans || !errors.Is(err, lake.ErrFenced) {
			report.UnsealedFiles = env.Unsealed()
			return report, err
		}
		env.Log.Debug("planning the rollup again", "times", again+1, "error", err)
	}
}

func once(ctx context.Context, env jobs.Env, o Options) (Report, error) {
	plan, err := Prepare(ctx, env, o)
	if err != nil {
		return Report{}, err
	}
	return plan.Execute(ctx)
}
