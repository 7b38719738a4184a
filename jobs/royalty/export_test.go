package royalty

import (
	"context"

	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake/duck"
	lakesql "github.com/lakectl/lakectl/sql"
)

// Steps that tests run in a DuckDB of their own.
var (
	UpdateLedgerIn = updateLedger
	ComputeLines   = computeLines
	Summarize      = summarize
	DefaultRules   = terms.DefaultRules()
)

// PickWinnersIn is pickWinners in that many slices.
func PickWinnersIn(ctx context.Context, db *duck.DB, slices int64) error {
	if err := contestIn(ctx, db, slices); err != nil {
		return err
	}
	if err := rankIn(ctx, db, slices, "contested_copies", "winners_contested", "winners_contested"); err != nil {
		return err
	}
	return db.Exec(ctx, lakesql.Text("royalty/winners"))
}
