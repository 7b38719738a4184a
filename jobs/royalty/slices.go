package royalty

import (
	"context"
	"fmt"

	"github.com/lakectl/lakectl/lake/duck"
	lakesql "github.com/lakectl/lakectl/sql"
)

// sliceIDs is how many contested ids are ranked at once. A window function holds its rows in memory; with a few
// copies an id and some 500 bytes a copy this stays below a memory limit of 512 MiB.
const sliceIDs = 100_000

// bySlice runs work once for every slice of the ids in the table contested, each with the view contested_now on
// its ids. Every slice reads the copies again: memory is bounded, time is not free.
func bySlice(ctx context.Context, db *duck.DB, work func(number int64) error) error {
	var ids int64
	if err := db.One(ctx, "SELECT count(*) FROM contested", nil, []any{&ids}); err != nil {
		return err
	}
	slices := ids/sliceIDs + 1
	if err := db.Exec(ctx, "CREATE TABLE slice AS SELECT $1::BIGINT AS slices, 0::BIGINT AS number", slices); err != nil {
		return err
	}
	if err := db.Exec(ctx, lakesql.Text("royalty/slices")); err != nil {
		return fmt.Errorf("slices: %w", err)
	}
	for number := range slices {
		if err := db.Exec(ctx, "UPDATE slice SET number = $1", number); err != nil {
			return err
		}
		if err := work(number); err != nil {
			return fmt.Errorf("slice %d of %d: %w", number+1, slices, err)
		}
	}
	return nil
}
