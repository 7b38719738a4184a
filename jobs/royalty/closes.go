package royalty

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// Closing is a row of royalty_closes: the decision that what a run published is the statement of a period.
type Closing struct {
	Period   string    `json:"period"`
	Version  int64     `json:"version"` // of the statement, from 1
	ClosedAt time.Time `json:"closed_at"`
	ClosedBy string    `json:"closed_by"`
	RunID    string    `json:"run_id"`
	Tag      string    `json:"tag"` // on every table that the statement is read from
	Checksum string    `json:"checksum"`
	Missing  []string  `json:"missing,omitempty"` // what was missing when it was closed all the same
	Pinned   Pinned    `json:"-"`                 // see [PinnedBy]; nil where an earlier version closed the period
}

// missingBetween joins the items of Missing in the table; no item contains it.
const missingBetween = "; "

func (c Closing) row() (catalog.CloseRow, error) {
	pinned, err := c.Pinned.text()
	return catalog.CloseRow{
		Period: c.Period, Version: c.Version, ClosedAt: c.ClosedAt, ClosedBy: c.ClosedBy, RunID: c.RunID, Tag: c.Tag, Checksum: c.Checksum,
		Missing: strings.Join(c.Missing, missingBetween), Pinned: pinned,
	}, err
}

// ClosingOf reads a row.
func ClosingOf(r catalog.CloseRow) (c Closing, err error) {
	c = Closing{
		Period: r.Period, Version: r.Version, ClosedAt: r.ClosedAt, ClosedBy: r.ClosedBy, RunID: r.RunID, Tag: r.Tag, Checksum: r.Checksum,
	}
	if r.Missing != "" {
		c.Missing = strings.Split(r.Missing, missingBetween)
	}
	if r.Pinned != "" {
		c.Pinned, err = parsePinned(r.Pinned)
	}
	return c, err
}

// closedPeriods reads the closed periods, by their names.
func closedPeriods(ctx context.Context, env jobs.Env, db *jobs.Session) (map[string]Closing, error) {
	closes, err := env.Snapshot(ctx, catalog.RoyaltyCloses)
	if err != nil {
		return nil, err
	}
	return readCloses(ctx, db, closes)
}

// readCloses reads the closed periods.
func readCloses(ctx context.Context, db *jobs.Session, closes lake.Snapshot) (map[string]Closing, error) {
	if err := bindCloses(ctx, db, closes); err != nil {
		return nil, err
	}
	closed := map[string]Closing{}
	err := jobs.EachRecord(ctx, db, "royalty/closes", nil, func(r catalog.CloseRow) error {
		c, err := ClosingOf(r)
		closed[c.Period] = c
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read closed periods: %w", err)
	}
	return closed, nil
}

// bindCloses makes the relation closes_read; a table that an earlier version made has no column pinned.
func bindCloses(ctx context.Context, db *jobs.Session, closes lake.Snapshot) error {
	if err := db.Bind(ctx, "closes", closes); err != nil {
		return err
	}
	if closes.NeedColumns("pinned") != nil {
		return db.Run(ctx, "royalty/closes_read_old")
	}
	return db.Alias(ctx, "closes_read", "closes")
}

// openPeriodAfter is the period that differences of a closed one are posted to: the first after it that is open.
func openPeriodAfter(period string, closed map[string]Closing) (string, error) {
	month, err := lake.ParseMonth(period)
	if err != nil {
		return "", err
	}
	for {
		month++
		if _, is := closed[month.String()]; !is {
			return month.String(), nil
		}
	}
}
