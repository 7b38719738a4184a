package royalty

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// The states of a period.
const (
	PeriodOpen     = "open"
	PeriodClosed   = "closed"
	PeriodRestated = "restated" // closed, and differences have been posted since
)

// PeriodStatus is where a period stands.
type PeriodStatus struct {
	Period         string    `json:"period"`
	State          string    `json:"state"`
	RunID          string    `json:"run_id"` // the newest; "" when none was published
	Checksum       string    `json:"checksum"`
	ClosedAt       time.Time `json:"closed_at"`
	ClosedBy       string    `json:"closed_by"`
	Tag            string    `json:"tag"`
	AdjustmentRows int64     `json:"adjustment_rows"` // differences of this period, posted to later ones
	HeldRows       int64     `json:"held_rows"`       // rows that an earlier version held back in the table; the next run takes them out
	Waiting        bool      `json:"waiting"`         // differences by deletions wait for more of them
	PostedHere     int64     `json:"posted_here"`     // differences of earlier periods, posted to this one
	Pending        string    `json:"pending"`         // what the next run of royalties will recompute it for
	PendingRows    int64     `json:"pending_rows_to_read"`
}

// Status lists all periods, oldest first. It changes nothing.
func Status(ctx context.Context, env jobs.Env) (list []PeriodStatus, err error) {
	f, err := forecast(ctx, env, "")
	if err != nil {
		return nil, err
	}
	db, err := env.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	posted, err := countPostings(ctx, db, f.plan.adjustments)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for period := range f.plan.published {
		names[period] = true
	}
	for _, p := range f.Periods {
		names[p.Period] = true
	}
	for period := range posted {
		names[period] = true
	}
	for _, period := range slices.Sorted(maps.Keys(names)) {
		if s := f.status(period, posted[period]); !f.empty(s) {
			list = append(list, s)
		}
	}
	return list, nil
}

// postings are rows of royalty_adjustments, as the statement royalty/posting_counts counts them.
type postings struct {
	Period string `col:"period"`
	From   int64  `col:"posted"` // differences of the period
	Held   int64  `col:"held"`
	Here   int64  `col:"here"` // those posted to it
}

func countPostings(ctx context.Context, db *jobs.Session, adjustments lake.Snapshot) (map[string]postings, error) {
	if err := db.Bind(ctx, "adjustments", adjustments); err != nil {
		return nil, err
	}
	posted := map[string]postings{}
	err := jobs.EachRecord(ctx, db, "royalty/posting_counts", []any{postedPending}, func(n postings) error {
		posted[n.Period] = n
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count rows of %s: %w", catalog.Adjustments, err)
	}
	return posted, nil
}

// empty tells whether an open period has nothing of its own any more: its pools were taken back, and there are no
// listens of it.
func (f *Forecast) empty(s PeriodStatus) bool {
	return s.State == PeriodOpen && s.Pending == "" && s.PostedHere == 0 && f.plan.rows[s.Period] == 0 &&
		len(poolsOf(f.plan.pools.Pools, s.Period)) == 0
}

func (f *Forecast) status(period string, n postings) PeriodStatus {
	run, closing := f.plan.published[period], f.plan.closed[period]
	s := PeriodStatus{
		Period: period, State: PeriodOpen, RunID: run.RunID, Checksum: run.Checksum, ClosedAt: closing.ClosedAt, ClosedBy: closing.ClosedBy, Tag: closing.Tag,
		AdjustmentRows: n.From, HeldRows: n.Held, PostedHere: n.Here,
	}
	s.Waiting = closing.Version > 0 && run.SettledRunID != "" && run.SettledRunID != run.RunID
	switch {
	case closing.Version > 0 && n.From+n.Held > 0:
		s.State = PeriodRestated
	case closing.Version > 0:
		s.State = PeriodClosed
	}
	for _, p := range f.Periods {
		if p.Period == period {
			s.Pending, s.PendingRows = p.Cause, p.RowsToRead
		}
	}
	return s
}
