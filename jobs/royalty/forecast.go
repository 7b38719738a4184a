package royalty

import (
	"context"
	"errors"
	"slices"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty/ledger"
	"github.com/lakectl/lakectl/lake"
)

// Forecast is what a run would do now. Copies of one listen may lie in several months, so reading the archive can
// touch more periods than are named; it never touches fewer.
type Forecast struct {
	FilesToRead int          `json:"files_to_read"` // of the archive, not in the ledger yet
	RowsToRead  int64        `json:"rows_to_read"`
	Rebuild     bool         `json:"rebuild"` // what changed cannot be told: the ledger is made anew
	PutBack     []PutBack    `json:"put_back,omitempty"`
	Periods     []PeriodPlan `json:"periods"`

	plan   *plan
	unread map[string]int64 // rows of the archive that the ledger does not cover, by period
}

// forecast works out what a run would do. It writes nothing.
func forecast(ctx context.Context, env jobs.Env, only string) (f *Forecast, err error) {
	db, err := env.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	ahead, err := ledger.LookAhead(ctx, env, db)
	if err != nil {
		return nil, err
	}
	f = &Forecast{FilesToRead: ahead.Read, RowsToRead: ahead.Rows, Rebuild: ahead.Rebuild, unread: map[string]int64{}}
	for _, file := range ahead.Files {
		day, ok := lake.PartitionValue(file).(int)
		if !ok {
			continue // another engine's file, of days that only its rows tell
		}
		f.unread[lake.MonthOf(lake.DayStart(day)).String()] += file.Count()
	}
	if f.PutBack, err = putBack(ctx, env, true); err != nil {
		return nil, err
	}
	if f.plan, err = makePlan(ctx, env, db, only, f.PutBack...); err != nil {
		return nil, err
	}
	f.Periods = f.plan.periods
	for period, rows := range f.unread {
		if only == "" || only == period {
			f.read(period, rows)
		}
	}
	sortPeriods(f.Periods)
	return f, nil
}

// read adds unread rows of the archive to the plan of a period.
func (f *Forecast) read(period string, rows int64) {
	i := slices.IndexFunc(f.Periods, func(p PeriodPlan) bool { return p.Period == period })
	if i < 0 {
		cause := CauseLedger
		if _, ran := f.plan.published[period]; !ran {
			cause = CauseFirst
		}
		_, closed := f.plan.closed[period]
		f.Periods = append(f.Periods, PeriodPlan{Period: period, Cause: cause, RowsToRead: f.plan.rows[period], Closed: closed})
		i = len(f.Periods) - 1
	}
	f.Periods[i].RowsToRead += rows
}
