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
func contest(ctx context.Context, db *duck.DB, rows int64) error {
	return contestIn(ctx, db, slicesFor(rows, groupedIDs))
}

func contestIn(ctx context.Context, db *duck.DB, slices int64) error {
	if err := db.Exec(ctx, "CREATE TABLE contested (id_hash UBIGINT)"); err != nil {
		return err
	}
	for number := range slices {
		if err := db.Exec(ctx, lakesql.Text("royalty/contested"), slices-1, number); err != nil {
			return fmt.Errorf("contested ids, slice %d of %d: %w", number+1, slices, err)
		}
	}
	return nil
}

// rank fills the table into with the ranked copies of the contested ids. source and statement name the statements
// that give the copies and rank those of a slice.
func rank(ctx context.Context, db *duck.DB, source, into, statement string) error {
	var ids, limit int64
	err := db.One(ctx, "SELECT count(*), CAST(parse_formatted_bytes(current_setting('memory_limit')) AS BIGINT) FROM contested", nil, []any{&ids, &limit})
	if err != nil {
		return err
	}
	return rankIn(ctx, db, slicesFor(ids, limit/bytesRanked), source, into, statement)
}

// rankIn ranks slice by slice. With one slice the copies go straight from the files to the ranking. With more
// they are held in a table, so that all slices together read the files once.
func rankIn(ctx context.Context, db *duck.DB, slices int64, source, into, statement string) error {
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
		if err := db.Exec(ctx, how+lakesql.Text("royalty/"+statement), slices-1, number); err != nil {
			return fmt.Errorf("%s, slice %d of %d: %w", statement, number+1, slices, err)
		}
	}
	return db.Exec(ctx, "DROP "+kind+duck.Ident(source))
}
