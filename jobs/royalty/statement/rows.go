package statement

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"

	"github.com/lakectl/lakectl/jobs"
)

const (
	kindPayout, kindAdjustment, kindUsage = "payout", "adjustment", "usage"
	unassigned                            = "unassigned"
)

// row is one row of one statement.
type row struct {
	kind, originPeriod, holderID, holderName   string
	artistID, artistName, trackID, title, isrc string
	country, tier, currency, party, role       string
	listens, qualifiedListens, amountMinor     sql.NullInt64
	cause                                      string
}

func (r *row) dest() []any {
	return []any{
		&r.kind, &r.originPeriod, &r.holderID, &r.holderName, &r.artistID, &r.artistName, &r.trackID, &r.title, &r.isrc,
		&r.country, &r.tier, &r.currency, &r.party, &r.role, &r.listens, &r.qualifiedListens, &r.amountMinor, &r.cause,
	}
}

// columns of CSV and Parquet, all text but the numbers.
var columns = []string{
	"run_id", "period", "statement_version", "kind", "origin_period", "holder_kind", "holder_id", "holder_name", "artist_id", "artist_name",
	"track_id", "title", "isrc", "country", "tier", "currency", "party", "role", "listens", "qualified_listens", "amount_minor", "cause",
}

var numbers = []string{"listens", "qualified_listens", "amount_minor"}

// fields are the values of the columns: string or sql.NullInt64.
func (in *inputs) fields(r *row) []any {
	return []any{
		in.run.RunID, in.run.Period, in.version, r.kind, r.originPeriod, in.by, r.holderID, r.holderName, r.artistID, r.artistName,
		r.trackID, r.title, r.isrc, r.country, r.tier, r.currency, r.party, r.role, r.listens, r.qualifiedListens, r.amountMinor, r.cause,
	}
}

// makeRows makes the table of all rows, in the order they are written.
func (in *inputs) makeRows(ctx context.Context, env jobs.Env, db *jobs.Session, o Options) error {
	env.Progress("export: sort the rows of " + in.run.Period)
	period := in.run.Period
	money := "statement/money_payouts"
	if in.by == byParty {
		money = "statement/money_shares"
		if err := checkShares(ctx, db); err != nil {
			return err
		}
	}
	if err := db.Run(ctx, money, period); err != nil {
		return fmt.Errorf("collect the money of %s: %w", period, err)
	}
	if in.by == byArtist && in.format != formatDSR {
		if err := db.Run(ctx, "statement/usage", period); err != nil {
			return fmt.Errorf("collect the listens of %s: %w", period, err)
		}
	}
	if err := in.nameTracks(ctx, db); err != nil {
		return err
	}
	id := ""
	if o.ID != nil {
		id = *o.ID
	}
	if err := db.Run(ctx, "statement/rows", in.by, o.ID != nil, id); err != nil {
		return fmt.Errorf("sort the rows of %s: %w", period, err)
	}
	var err error
	in.rows, err = db.Count(ctx, "statement_rows")
	return err
}

// checkShares holds the shares against the payouts they divide.
func checkShares(ctx context.Context, db *jobs.Session) error {
	var artist, track, country, tier, currency string
	var amount, shares int64
	err := db.Each(ctx, "statement/unbalanced_shares", nil, []any{&artist, &track, &country, &tier, &currency, &amount, &shares}, func() error {
		return fmt.Errorf("track %s of %s got %d %s from pool %s/%s and was shared out as %d: %w", track, artist, amount, currency, country, tier, shares, jobs.ErrProof)
	})
	if err != nil {
		return fmt.Errorf("check shares: %w", err)
	}
	return nil
}

// nameTracks fills track_info with titles and labels, for each period as of its month.
func (in *inputs) nameTracks(ctx context.Context, db *jobs.Session) error {
	if err := db.Run(ctx, "statement/track_info_table"); err != nil {
		return err
	}
	if err := db.Bind(ctx, "tracks", in.tracks); err != nil {
		return err
	}
	for _, period := range slices.Sorted(maps.Keys(in.pinned.Tracks)) {
		if err := db.Run(ctx, "statement/tracks", period); err != nil {
			return fmt.Errorf("name the tracks of %s: %w", period, err)
		}
	}
	return nil
}
