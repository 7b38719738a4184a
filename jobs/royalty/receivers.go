package royalty

import (
	"context"
	"fmt"
)

// receivers adds to the periods of a run those that it posts to and that were never published: a period exists once
// something is posted to it, and is shown, exported and closed like any other. It has no lines then.
func (a *adjustments) receivers(ctx context.Context, periods []PeriodReport) ([]PeriodReport, error) {
	if len(a.reports) == 0 {
		return periods, nil
	}
	known := map[string]bool{}
	for _, name := range a.p.names() {
		known[name] = true
	}
	var period string
	var fresh []string
	err := a.db.Each(ctx, "royalty/adjustment_receivers", nil, []any{&period}, func() error {
		if _, ran := a.p.published[period]; !ran && !known[period] {
			fresh = append(fresh, period)
		}
		return nil
	})
	if err != nil || len(fresh) == 0 {
		return periods, err
	}
	sums, err := summarize(ctx, a.db, fresh)
	if err != nil {
		return nil, fmt.Errorf("periods that are posted to: %w", err)
	}
	if err := bindPeriods(ctx, a.db, "duplicates", a.p.duplicates, fresh); err != nil {
		return nil, err
	}
	added := make([]PeriodReport, 0, len(fresh))
	for _, period := range fresh {
		a.p.periods = append(a.p.periods, PeriodPlan{Period: period, Cause: CausePosted})
		added = append(added, PeriodReport{Period: period, Cause: CausePosted, LinesReport: sums[period]})
	}
	sortPeriods(a.p.periods)
	return append(periods, added...), countDuplicates(ctx, a.db, added)
}
