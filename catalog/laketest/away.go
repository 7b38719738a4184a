package laketest

import (
	"database/sql"
	"fmt"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog/open"
)

// awayKey is the environment variable with which CI takes tests to lakes behind a REST server, with files on S3. Its
// value is the seed of which steps are tried. One server serves one lake, so tests and packages must go one by one.
const awayKey = "LAKECTL_AWAY"

func away() (seed string, is bool) { return os.LookupEnv(awayKey) }

// nextAway is [NextStep] of tests that are away: of ten steps about one is tried, and the seed says which.
func nextAway(seed string, nth int) int {
	h := fnv.New64()
	h.Write([]byte(seed))
	return nth + 1 + rand.New(rand.NewPCG(h.Sum64(), uint64(nth))).IntN(19)
}

// NewAway makes an empty lake behind the REST server, with files in a place of its own in the bucket. The lake that the
// server had is gone then.
func NewAway(t testing.TB, dir string) *Lake {
	t.Helper()
	o := open.Options{
		Type: "rest", URI: Engine(t, "ICEBERG_REST_S3_URI"), Name: "lake", Log: slog.New(slog.DiscardHandler),
		Warehouse:      fmt.Sprintf("s3://%s/away-%d/warehouse", Engine(t, "S3_BUCKET"), time.Now().UnixNano()),
		SubjectKeyFile: filepath.Join(dir, "subject.key"),
		S3:             open.S3{Endpoint: Engine(t, "S3_ENDPOINT"), Region: Engine(t, "AWS_REGION"), Copies: filepath.Join(dir, "copies"), Limit: 1 << 30},
	}
	pointersOf(t).set(t)
	return made(t, dir, o)
}

// pointer is where the newest metadata of a table lies.
type pointer struct{ namespace, table, metadata string }

// pointers are all that the REST server keeps of its tables. It does so in the database of the engine PostgreSQL.
type pointers struct {
	db   *sql.DB
	rows []pointer
}

const servedAs = "s3lake" // of .ci/engines/rest.sh

// pointersOf opens the server's database.
func pointersOf(t testing.TB) *pointers {
	t.Helper()
	db, err := sql.Open("pgx", Engine(t, "POSTGRES_DSN"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() }) //nolint:errcheck // a connection of the test
	return &pointers{db: db}
}

// read takes down the pointers as they are.
func (p *pointers) read(t testing.TB) {
	t.Helper()
	rows, err := p.db.QueryContext(t.Context(), "SELECT table_namespace, table_name, metadata_location FROM iceberg_tables WHERE catalog_name = $1", servedAs)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // read only
	for rows.Next() {
		var one pointer
		if err := rows.Scan(&one.namespace, &one.table, &one.metadata); err != nil {
			t.Fatal(err)
		}
		p.rows = append(p.rows, one)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// set makes the pointers what they were when they were read.
func (p *pointers) set(t testing.TB) {
	t.Helper()
	tx, err := p.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
	_, err = tx.ExecContext(t.Context(), "DELETE FROM iceberg_tables WHERE catalog_name = $1", servedAs)
	for _, one := range p.rows {
		if err == nil {
			_, err = tx.ExecContext(t.Context(), "INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, metadata_location, iceberg_type) VALUES ($1, $2, $3, $4, 'TABLE')",
				servedAs, one.namespace, one.table, one.metadata)
		}
	}
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		t.Fatal(err)
	}
}
