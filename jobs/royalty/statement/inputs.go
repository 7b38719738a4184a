package statement

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/lake"
)

// pinned are the snapshots that an export read: with the same ones it says the same.
type pinned struct {
	Payouts     int64            `json:"royalty_payouts"`
	Lines       int64            `json:"royalty_lines"`
	Shares      int64            `json:"royalty_shares"`
	Adjustments int64            `json:"royalty_adjustments"`
	Tracks      map[string]int64 `json:"tracks"` // by period
	Sender      string           `json:"sender"`
}

func (p pinned) equal(q pinned) bool {
	return maps.Equal(p.Tracks, q.Tracks) && p.Payouts == q.Payouts && p.Lines == q.Lines && p.Shares == q.Shares && p.Adjustments == q.Adjustments && p.Sender == q.Sender
}

// inputs are the run to export and the snapshots it is read from.
type inputs struct {
	run     royalty.PublishedRun
	by      string
	format  string
	version string // of the close that the run was published with, "" for none
	closed  map[string]royalty.Closing
	tracks  lake.Snapshot // that the tracks of all periods are called by
	pinned  pinned
	rows    int64 // of statement_rows
}

// findInputs finds the run that is meant and what it pinned.
func findInputs(ctx context.Context, env jobs.Env, o Options) (in *inputs, err error) {
	register, err := royalty.ReadRegister(ctx, env)
	if err != nil {
		return nil, err
	}
	in = &inputs{by: o.By, format: o.Format, closed: register.Closed}
	if in.run, err = register.Find(o.Run); err != nil {
		return nil, err
	}
	if c := in.closed[in.run.Period]; c.RunID == in.run.RunID {
		in.version = fmt.Sprintf("v%d", c.Version)
	}
	in.pinned = pinned{Payouts: in.run.PayoutsSnapshotID, Tracks: map[string]int64{}}
	if o.By == byArtist {
		in.pinned.Lines = in.run.LinesSnapshotID
	}
	if o.Format == formatDSR {
		in.pinned.Sender = o.Sender
	}
	if in.tracks, err = tracksOf(ctx, env, in.closed[in.run.Period]); err != nil {
		return nil, err
	}
	return in, in.pinMoney(ctx, env, register)
}

// pinMoney finds the snapshots of shares and adjustments.
func (in *inputs) pinMoney(ctx context.Context, env jobs.Env, register royalty.Register) error {
	adjustments, err := register.PostedTo(ctx, env, in.run)
	if err != nil {
		return err
	}
	in.pinned.Adjustments = adjustments.ID()
	if in.by == byParty {
		in.pinned.Shares = in.run.SharesSnapshotID
	}
	return nil
}

// bindMoney makes views of what the statements sum, and finds the tracks of every period among it.
func (in *inputs) bindMoney(ctx context.Context, env jobs.Env, db *jobs.Session) error {
	period := []string{in.run.Period}
	if err := bindPeriods(ctx, env, db, "payouts", catalog.RoyaltyPayouts, in.pinned.Payouts, period); err != nil {
		return err
	}
	if err := bindPeriods(ctx, env, db, "adjustments", catalog.Adjustments, in.pinned.Adjustments, period); err != nil {
		return err
	}
	if err := bindPeriods(ctx, env, db, "lines", catalog.RoyaltyLines, in.pinned.Lines, period); err != nil {
		return err
	}
	var origin string
	err := db.Each(ctx, "statement/origins", []any{in.run.Period}, []any{&origin}, func() error {
		in.pinned.Tracks[origin] = in.tracks.ID()
		return nil
	})
	if err != nil {
		return fmt.Errorf("find the periods of the adjustments: %w", err)
	}
	origins := slices.DeleteFunc(slices.Sorted(maps.Keys(in.pinned.Tracks)), func(p string) bool { return p == in.run.Period })
	if err := bindPeriods(ctx, env, db, "shares", catalog.RoyaltyShares, in.pinned.Shares, period); err != nil {
		return err
	}
	return bindPeriods(ctx, env, db, "origin_shares", catalog.RoyaltyShares, in.pinned.Shares, origins)
}

// bindPeriods makes a view of the partitions of some periods of a table.
func bindPeriods(ctx context.Context, env jobs.Env, db *jobs.Session, view, table string, snapshotID int64, periods []string) error {
	t, err := env.Lake.Table(ctx, table)
	if err != nil {
		return err
	}
	s, err := t.ByID(snapshotID)
	if err != nil {
		return err
	}
	values := make([]any, len(periods))
	for i, period := range periods {
		values[i] = period
	}
	return db.BindPartitions(ctx, view, s, values)
}

// tracksOf is the reference data of a statement: that of its close for ever, which is none where none was loaded, or
// today's while the period is open. What the statement corrects of earlier periods is told by it too: a label learned
// since gets the correction.
func tracksOf(ctx context.Context, env jobs.Env, c royalty.Closing) (lake.Snapshot, error) {
	t, err := env.Lake.Table(ctx, catalog.Tracks)
	if err != nil {
		return lake.Snapshot{}, err
	}
	if c.Version == 0 {
		return t.Current(), nil
	}
	pinned, err := royalty.PinnedBy(ctx, env, c)
	if err != nil {
		return lake.Snapshot{}, err
	}
	return c.StatementAt(t, pinned)
}
