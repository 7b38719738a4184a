package ledger

import (
	"context"

	"github.com/lakectl/lakectl/jobs"
)

// PickWinners makes the view winners from the copies of the view fresh: of each listen the copy that counts. rows is
// how many copies there are.
func PickWinners(ctx context.Context, db *jobs.Session, rows int64) error {
	if err := contest(ctx, db, rows); err != nil {
		return err
	}
	if err := rank(ctx, db, rankArchive); err != nil {
		return err
	}
	return db.Run(ctx, "ledger/winners")
}
