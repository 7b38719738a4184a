package royalty

import (
	"context"
	"fmt"

	"github.com/lakectl/lakectl/lake/duck"
	lakesql "github.com/lakectl/lakectl/sql"
)

const (
	// groupedIDs is how many ids are grouped at once to find the contested ones. Beyond the memory limit DuckDB
	// spills some 30 bytes an id.
	groupedIDs = 64_000_000
	// bytesRanked is what the copies of a contested id take while they are ranked: a few copies of some 500 bytes.
	// A window function holds its rows in memory.
	bytesRanked = 1024
)

// contest fills the table contested with the hashes of the ids that several of the rows of fresh claim.
func contest(ctx context.Context, db *duck.DB, rows int64) error {
	if err := db.Exec(ctx, "CREATE TABLE contested (id_hash UBIGINT)"); err != nil {
		return err
	}
	slices := rows/groupedIDs + 1
	for number := range slices {
		if err := db.Exec(ctx, lakesql.Text("royalty/contested"), slices, number); err != nil {
			return fmt.Errorf("contested ids, slice %d of %d: %w", number+1, slices, err)
		}
	}
	return nil
}

// rankSlices fills a table from the copies of the contested ids, slice by slice: statement takes the number of
// slices and the number of one, and reads what source gives. With one slice source stays a view. With more
// its rows are held in a table, so that all of them together read the files once.
func rankSlices(ctx context.Context, db *duck.DB, source, into, statement string) error {
	var slices int64
	err := db.One(ctx, "SELECT count(*) // (parse_formatted_bytes(current_setting('memory_limit')) // $1) + 1 FROM contested", []any{int64(bytesRanked)}, []any{&slices})
	if err != nil {
		return err
	}
	kind := "VIEW "
	if slices > 1 {
		kind = "TABLE "
	}
	if err := db.Exec(ctx, "CREATE "+kind+duck.Ident(source)+" AS "+lakesql.Text("royalty/"+source)); err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	for number := range slices {
		how := "INSERT INTO " + duck.Ident(into) + " "
		if number == 0 {
			how = "CREATE TABLE " + duck.Ident(into) + " AS "
		}
		if err := db.Exec(ctx, how+lakesql.Text("royalty/"+statement), slices, number); err != nil {
			return fmt.Errorf("%s, slice %d of %d: %w", statement, number+1, slices, err)
		}
	}
	return db.Exec(ctx, "DROP "+kind+duck.Ident(source))
}
