package royalty

import (
	"context"
	"fmt"
	"slices"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/trino"
	"github.com/lakectl/lakectl/sql"
)

// computeLines makes the table lines, and the view judged, of periods of the ledger.
func (p *plan) computeLines(ctx context.Context, db *jobs.Session, periods []string) error {
	if !db.OnTrino() {
		return computeLines(ctx, db, "counted", p.rules.Rules, periods)
	}
	if err := db.Run(ctx, "royalty/lines_table"); err != nil {
		return err
	}
	if err := judge(ctx, db, "counted", p.rules.Rules); err != nil { // shares look some listens up
		return err
	}
	judged, err := judgedOnTrino(trino.PinOf("counted", p.ledger, judgedColumns...), p.rules.Rules)
	if err != nil {
		return err
	}
	for _, period := range slices.Sorted(slices.Values(periods)) {
		month, err := lake.ParseMonth(period)
		if err != nil {
			return err
		}
		if _, err := db.Load(ctx, "lines", "royalty/lines.trino", []trino.Pin{judged}, period, month.Start(), month.End()); err != nil {
			return fmt.Errorf("lines of %s: %w", period, err)
		}
	}
	return nil
}

// recountOnTrino makes the table recounted of the lines of every period, and returns how many copies there are.
func (p *plan) recountOnTrino(ctx context.Context, db *jobs.Session, cut lake.Snapshot) (copies int64, err error) {
	if err := db.Run(ctx, "royalty/recounted_tables"); err != nil {
		return 0, err
	}
	archived := trino.PinOf("archived", cut, contentColumns...)
	winners := trino.Pin{As: "winners", Of: &trino.Query{Text: sql.Text("ledger/winners.trino"), Pins: []trino.Pin{archived}}}
	judged, err := judgedOnTrino(winners, p.rules.Rules)
	if err != nil {
		return 0, err
	}
	if _, err := db.Load(ctx, "recounted", "royalty/recounted.trino", []trino.Pin{judged}); err != nil {
		return 0, err
	}
	if _, err := db.Load(ctx, "recounted_copies", "royalty/recounted_copies.trino", []trino.Pin{archived}); err != nil {
		return 0, err
	}
	err = db.One(ctx, "royalty/recounted_read", nil, []any{&copies})
	return copies, err
}

// lessRecounted counts the lines of a period in which the table recounted differs from the view published_month.
func lessRecounted(ctx context.Context, db *jobs.Session, period string) (lines int64, err error) {
	err = db.One(ctx, "royalty/recounted_differs", []any{period}, []any{&lines})
	return lines, err
}
