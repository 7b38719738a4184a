package royalty

import (
	"context"
	"fmt"
	"slices"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty/ledger"
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
		if err := loadLines(ctx, db, judged, period, month); err != nil {
			return fmt.Errorf("lines of %s: %w", period, err)
		}
	}
	return nil
}

// loadLines adds the lines of a period to the table lines. DuckDB sorts them: it does not keep rows in the order in
// which they are handed to it.
func loadLines(ctx context.Context, db *jobs.Session, judged trino.Pin, period string, month lake.Month) error {
	if err := db.Run(ctx, "royalty/lines_loaded"); err != nil {
		return err
	}
	if _, err := db.Load(ctx, "lines_loaded", "royalty/lines.trino", []trino.Pin{judged}, period, month.Start(), month.End()); err != nil {
		return err
	}
	return db.Run(ctx, "royalty/lines_sorted")
}

// recountOnTrino makes the table recounted of the lines of every period, and returns how many copies there are.
func (p *plan) recountOnTrino(ctx context.Context, db *jobs.Session, cut lake.Snapshot) (copies int64, err error) {
	if err := db.Run(ctx, "royalty/recounted_tables"); err != nil {
		return 0, err
	}
	archived := trino.PinOf("archived", cut, contentColumns...)
	r := recounting{plan: p, db: db, archived: archived}
	if _, err := ledger.InSlices(func(slices, number int64) (int64, error) { return r.slice(ctx, slices, number) }); err != nil {
		return 0, err
	}
	if _, err := db.Load(ctx, "recounted_copies", "royalty/recounted_copies.trino", []trino.Pin{archived}); err != nil {
		return 0, err
	}
	err = db.One(ctx, "royalty/recounted_read", nil, []any{&copies})
	return copies, err
}

// recounting makes the table recounted of slices of the ids, each with its part of the lines.
type recounting struct {
	*plan
	db       *jobs.Session
	archived trino.Pin
	rows     int64 // that the table has
	folded   int64 // that it had when it last was one row a line
}

// slice adds the lines of a slice, all of them or none, and returns how many they are.
func (r *recounting) slice(ctx context.Context, slices, number int64) (int64, error) {
	winners := trino.Pin{As: "winners", Of: &trino.Query{Text: sql.Text("ledger/winners.trino"), Pins: []trino.Pin{r.archived}, Args: []any{slices - 1, number}}}
	judged, err := judgedOnTrino(winners, r.rules.Rules)
	if err != nil {
		return 0, err
	}
	if err := r.db.Run(ctx, "royalty/recounted_slice"); err != nil {
		return 0, err
	}
	rows, err := r.db.Load(ctx, "recounted_slice", "royalty/recounted.trino", []trino.Pin{judged})
	if err != nil {
		return 0, fmt.Errorf("slice %d of %d: %w", number+1, slices, err)
	}
	if err := r.db.Run(ctx, "royalty/recounted_add"); err != nil {
		return 0, err
	}
	r.rows += rows
	return rows, r.fold(ctx)
}

// fold makes the table one row a line again where it has several times as many: a line has a row in each slice.
func (r *recounting) fold(ctx context.Context) (err error) {
	if r.folded == 0 {
		r.folded = r.rows
	}
	if r.rows <= 4*r.folded {
		return nil
	}
	if err := r.db.Run(ctx, "royalty/recounted_fold"); err != nil {
		return err
	}
	r.rows, err = r.db.Count(ctx, "recounted")
	r.folded = r.rows
	return err
}

// lessRecounted counts the lines of a period in which the table recounted differs from the view published_month.
func lessRecounted(ctx context.Context, db *jobs.Session, period string) (lines int64, err error) {
	err = db.One(ctx, "royalty/recounted_differs", []any{period}, []any{&lines})
	return lines, err
}
