package royalty

import (
	"context"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
)

// Steps that tests run in a DuckDB of their own.
var (
	UpdateLedgerIn = updateLedger
	ComputeLines   = computeLines
	Summarize      = summarize
	DefaultRules   = terms.DefaultRules()
)

// PickWinnersIn is pickWinners in that many slices.
func PickWinnersIn(ctx context.Context, db *jobs.Session, slices int64) error {
	if err := contestIn(ctx, db, slices); err != nil {
		return err
	}
	if err := rankIn(ctx, db, slices, rankArchive); err != nil {
		return err
	}
	return db.Run(ctx, "royalty/winners")
}
