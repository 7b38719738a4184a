package ledger

import (
	"context"
	"fmt"

	"github.com/lakectl/lakectl/jobs"
)

const (
	// groupedIDs is how many ids are grouped at once to find the contested ones. Beyond the memory limit DuckDB
	// spills some 30 bytes an id.
	groupedIDs = 64_000_000
	// bytesRanked is what the copies of a contested id take while they are ranked: a few copies of some 500 bytes.
	// A window function holds its rows in memory.
	bytesRanked = 1024
)

// slicesFor is how many slices n things take of each so many at most: a power of two, because a slice of a hash is
// cut off by its last bits.
func slicesFor(n, each int64) int64 {
	slices := int64(1)
	for slices*each < n {
		slices *= 2
	}
	return slices
}

// contest fills the table contested with the hashes of the ids that several of the rows of fresh claim.
func contest(ctx context.Context, db *jobs.Session, rows int64) error {
	return contestIn(ctx, db, slicesFor(rows, groupedIDs))
}

func contestIn(ctx context.Context, db *jobs.Session, slices int64) error {
	if err := db.Run(ctx, "ledger/contested_table"); err != nil {
		return err
	}
	for number := range slices {
		if err := db.Run(ctx, "ledger/contested", slices-1, number); err != nil {
			return fmt.Errorf("contested ids, slice %d of %d: %w", number+1, slices, err)
		}
	}
	return nil
}

// ranking names what ranks copies of contested ids: statements, and the relations between them.
type ranking struct {
	source string // statement that makes the view of the copies
	view   string
	copies string // relation that ranked reads
	table  string // statement that makes the table of the ranked ones
	ranked string // statement that ranks a slice into it
}

// The two rankings: a night's of all that the ledger knows, and that of the archive alone.
var (
	rankKnown   = ranking{"ledger/known", "known_read", "known", "ledger/ranked_table", "ledger/ranked"}
	rankArchive = ranking{"ledger/contested_copies", "contested_copies_read", "contested_copies", "ledger/winners_contested_table", "ledger/winners_contested"}
)

// rank ranks the copies of the contested ids.
func rank(ctx context.Context, db *jobs.Session, r ranking) error {
	var ids, limit int64
	if err := db.One(ctx, "ledger/contested_size", nil, []any{&ids, &limit}); err != nil {
		return err
	}
	return rankIn(ctx, db, slicesFor(ids, limit/bytesRanked), r)
}

// rankIn ranks slice by slice. With one slice the copies go straight from the files to the ranking. With more
// they are held in a table, so that all slices together read the files once.
func rankIn(ctx context.Context, db *jobs.Session, slices int64, r ranking) error {
	if err := db.Run(ctx, r.source); err != nil {
		return err
	}
	hold, drop := db.Alias, db.DropView
	if slices > 1 {
		hold, drop = db.Copy, db.DropTable
	}
	if err := hold(ctx, r.copies, r.view); err != nil {
		return fmt.Errorf("%s: %w", r.copies, err)
	}
	if err := db.Run(ctx, r.table); err != nil {
		return err
	}
	for number := range slices {
		if err := db.Run(ctx, r.ranked, slices-1, number); err != nil {
			return fmt.Errorf("slice %d of %d: %w", number+1, slices, err)
		}
	}
	return drop(ctx, r.copies)
}
