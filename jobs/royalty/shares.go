package royalty

import (
	"context"
	"fmt"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// shareRelations names what computeShares reads and makes, all of one DB.
type shareRelations struct {
	Payouts string // payouts: the money to share among the parties of its tracks
	Judged  string // counted listens with the column qualifies, those that the payouts were earned by
	Into    string // the table to make or replace
}

// sliceShares is how many shares are ranked at once, which bounds the memory of the window functions: with some 300
// bytes each this stays below a memory limit of 256 MiB.
const sliceShares = 400_000

// computeShares makes the table of who gets which part of each payout, by the relation splits (see bindSplits), and
// checks that every payout is shared out to the unit. A track without splits that bear on the period has no shares:
// its payouts go whole to their artist.
func computeShares(ctx context.Context, db *jobs.Session, r shareRelations) error {
	for alias, relation := range map[string]string{"shares_payouts": r.Payouts, "shares_judged": r.Judged} {
		if err := db.Alias(ctx, alias, relation); err != nil {
			return fmt.Errorf("shares of %s: %w", relation, err)
		}
	}
	if err := db.RunAll(ctx, "royalty/shares_terms", "royalty/shares_dated", "royalty/shares_paid"); err != nil {
		return err
	}
	dated, err := db.HasRows(ctx, "shares_dated")
	if err != nil {
		return err
	}
	listens := "royalty/shares_no_listens"
	if dated {
		listens = "royalty/shares_listens"
	}
	if err := db.RunAll(ctx, listens, "royalty/shares_weights"); err != nil {
		return err
	}
	if err := shareSlices(ctx, db); err != nil {
		return fmt.Errorf("shares: %w", err)
	}
	if err := checkShares(ctx, db); err != nil {
		return err
	}
	if err := db.Run(ctx, "royalty/shares"); err != nil {
		return err
	}
	// Replaced in one statement: a DROP would look the name up in every schema of the search path.
	if err := db.Copy(ctx, r.Into, "shares_out"); err != nil {
		return fmt.Errorf("shares: %w", err)
	}
	return db.Run(ctx, "royalty/shares_drop")
}

// shareSlices makes the table shares_parts.
func shareSlices(ctx context.Context, db *jobs.Session) error {
	if err := db.Run(ctx, "royalty/shares_parts_table"); err != nil {
		return err
	}
	rows, err := db.Count(ctx, "shares_weights")
	if err != nil {
		return err
	}
	slices := (rows + sliceShares - 1) / sliceShares
	for number := range slices {
		if err := db.Run(ctx, "royalty/shares_ranked", slices, number); err != nil {
			return fmt.Errorf("slice %d of %d: %w", number+1, slices, err)
		}
	}
	return nil
}

// checkShares holds the shares against the payouts, and the weights against the listens that earned them.
func checkShares(ctx context.Context, db *jobs.Session) error {
	type unbalanced struct {
		Period string `col:"period"`
		Payout
		Shared  int64 `col:"shared_minor"`
		Weighed int64 `col:"listens_weighed"`
	}
	return jobs.EachRecord(ctx, db, "royalty/unbalanced_shares", nil, func(p unbalanced) error {
		return fmt.Errorf("payout of track %s of artist %s in pool %s/%s/%s: %d of %d %s were shared out for %d of %d listens: %w",
			p.TrackID, p.ArtistID, p.Period, p.Country, p.Tier, p.Shared, p.AmountMinor, p.Currency, p.Weighed, p.QualifiedListens, jobs.ErrProof)
	})
}

// shareOut makes the table shares from payouts and judged, by the splits of a version.
func shareOut(ctx context.Context, db *jobs.Session, splits lake.Snapshot, version int64) error {
	if err := bindSplits(ctx, db, splits, version); err != nil {
		return err
	}
	return computeShares(ctx, db, shareRelations{Payouts: "payouts", Judged: "judged", Into: "shares"})
}
