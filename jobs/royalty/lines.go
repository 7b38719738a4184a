package royalty

import (
	"context"
	"fmt"
	"slices"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
)

// judgedColumns are the columns of a counted listen that rules judge and lines group by.
var judgedColumns = []string{"track_id", "artist_id", "device", "event_time", "ms_played", "track_ms", "country", "tier"}

// computeLines makes the table lines, or makes it anew, from a relation of counted listens. Period by period: memory is
// bounded by a month, files of other months are not read, and no row's month is computed. The rows lie in the order of
// the checksum. The view judged stays: all of the relation, with the column qualifies. Rules and bounds become
// expressions or tables, not parameters: see [judging] and [duck.Between].
func computeLines(ctx context.Context, db *jobs.Session, relation string, rules []terms.Rule, periods []string) error {
	if err := db.Run(ctx, "royalty/lines_table"); err != nil {
		return err
	}
	if err := judge(ctx, db, relation, rules); err != nil {
		return err
	}
	for _, period := range slices.Sorted(slices.Values(periods)) {
		if err := monthLines(ctx, db, period); err != nil {
			return fmt.Errorf("lines of %s: %w", period, err)
		}
	}
	return nil
}

// monthLines adds the lines of one period, of the view judged, to the table lines.
func monthLines(ctx context.Context, db *jobs.Session, period string) error {
	if err := bindMonth(ctx, db, period); err != nil {
		return err
	}
	return db.Run(ctx, "royalty/lines", period)
}

// judge makes the view judged: a relation of counted listens with the columns qualifies and rule.
func judge(ctx context.Context, db *jobs.Session, relation string, rules []terms.Rule) error {
	query, err := judging(ctx, db, duck.Ident(relation), rules)
	if err == nil {
		err = db.MakeView(ctx, "judged", query)
	}
	if err != nil {
		return fmt.Errorf("compile rules: %w", err)
	}
	return nil
}

// bindMonth makes the view judged_month of what is judged of one period.
func bindMonth(ctx context.Context, db *jobs.Session, period string) error {
	month, err := lake.ParseMonth(period)
	if err != nil {
		return err
	}
	return db.MakeView(ctx, "judged_month", "SELECT * FROM judged WHERE "+duck.Between("event_time", month.Start(), month.End()))
}
