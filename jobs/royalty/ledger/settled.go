package ledger

import (
	"context"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// Ahead is what an update would read now.
type Ahead struct {
	Files   []lake.File // of the archive, not in the ledger yet
	Read    int         // files, those of days that are compared among them
	Rows    int64       // in the files read
	Rebuild bool        // what changed cannot be told: the ledger is made anew
}

// LookAhead works out what an update would read. It writes nothing.
func LookAhead(ctx context.Context, env jobs.Env, db *jobs.Session) (Ahead, error) {
	u, current, err := begin(ctx, env, db)
	if err != nil || current {
		return Ahead{}, err
	}
	return Ahead{Files: u.added, Read: u.report.FilesRead, Rows: u.report.RowsRead, Rebuild: u.report.Rebuilt}, nil
}

// Settled tells whether the two tables cover the same archive and nothing has changed them since. After an erasure they
// are not settled: copies that take the place of erased ones are not in the ledger yet.
func Settled(counted, duplicates lake.Snapshot) (bool, error) {
	covered, err := counted.StateNumber(catalog.CoversListens)
	if err != nil {
		return false, err
	}
	others, err := duplicates.StateNumber(catalog.CoversListens)
	if err != nil {
		return false, err
	}
	halfway, err := handsOver(duplicates)
	return settledBy(counted) && settledBy(duplicates) && covered == others && !halfway, err
}

// settledBy tells whether the newest change of a ledger table is this job's.
func settledBy(s lake.Snapshot) bool {
	return s.ID() == 0 || s.LastChangeBy() == catalog.RoyaltiesJob
}

// handsOver tells whether a run ended before it took the copies that it had moved to the ledger out of
// listens_duplicates.
func handsOver(duplicates lake.Snapshot) (bool, error) {
	n, err := duplicates.StateNumber(catalog.HandsOver)
	return n != 0, err
}
