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

// Row is a row of a statement. The fields without a value in its kind are empty.
type Row = row

type row struct {
	Kind             string        `col:"kind"`
	OriginPeriod     string        `col:"origin_period"`
	HolderID         string        `col:"holder_id"`
	HolderName       string        `col:"holder_name"`
	ArtistID         string        `col:"artist_id"`
	ArtistName       string        `col:"artist_name"`
	TrackID          string        `col:"track_id"`
	Title            string        `col:"title"`
	ISRC             string        `col:"isrc"`
	Country          string        `col:"country"`
	Tier             string        `col:"tier"`
	Currency         string        `col:"currency"`
	Party            string        `col:"party"`
	Role             string        `col:"role"`
	Listens          sql.NullInt64 `col:"listens"`
	QualifiedListens sql.NullInt64 `col:"qualified_listens"`
	AmountMinor      sql.NullInt64 `col:"amount_minor"`
	Cause            string        `col:"cause"`
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
		in.run.RunID, in.run.Period, in.version, r.Kind, r.OriginPeriod, in.by, r.HolderID, r.HolderName, r.ArtistID, r.ArtistName,
		r.TrackID, r.Title, r.ISRC, r.Country, r.Tier, r.Currency, r.Party, r.Role, r.Listens, r.QualifiedListens, r.AmountMinor, r.Cause,
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
	type unbalanced struct {
		ArtistID    string `col:"artist_id"`
		TrackID     string `col:"track_id"`
		Country     string `col:"country"`
		Tier        string `col:"tier"`
		Currency    string `col:"currency"`
		AmountMinor int64  `col:"amount_minor"`
		SharedMinor int64  `col:"shared_minor"`
	}
	err := jobs.EachRecord(ctx, db, "statement/unbalanced_shares", nil, func(p unbalanced) error {
		return fmt.Errorf("track %s of %s got %d %s from pool %s/%s and was shared out as %d: %w",
			p.TrackID, p.ArtistID, p.AmountMinor, p.Currency, p.Country, p.Tier, p.SharedMinor, jobs.ErrProof)
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
