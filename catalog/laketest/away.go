package laketest

import (
	"cmp"
	"database/sql"
	"fmt"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog/open"
)

// awayKey is the environment variable with which CI takes tests to lakes that are no folder with a SQLite file. Its
// value is the seed of which steps are tried. A REST server serves one lake, so tests and packages must go one by one.
// awayToKey says what the catalog and the files of the lakes are, awayDefault unless it is set.
const (
	awayKey, awayToKey = "LAKECTL_AWAY", "LAKECTL_AWAY_TO"
	awayDefault        = "rest-s3"
)

func away() (seed string, is bool) { return os.LookupEnv(awayKey) }

// nextAway is [NextStep] of tests that are away: of ten steps about one is tried, and the seed says which.
func nextAway(seed string, nth int) int {
	h := fnv.New64()
	h.Write([]byte(seed))
	return nth + 1 + rand.New(rand.NewPCG(h.Sum64(), uint64(nth))).IntN(19)
}

// NewAway makes an empty lake of the catalog and the files that LAKECTL_AWAY_TO names: sqlite-s3, postgres-s3, rest-s3
// or rest-files. The files have a place of their own. Of a REST server the lake that it had is gone then.
func NewAway(t testing.TB, dir string) *Lake {
	t.Helper()
	to := cmp.Or(os.Getenv(awayToKey), awayDefault)
	kind, files, _ := strings.Cut(to, "-")
	own := fmt.Sprintf("away-%d", time.Now().UnixNano())
	o := open.Options{Type: kind, Name: "lake", Warehouse: filepath.Join(dir, "warehouse"), SubjectKeyFile: filepath.Join(dir, "subject.key"), Log: slog.New(slog.DiscardHandler)}
	if files == "s3" {
		o.Warehouse = "s3://" + Engine(t, "S3_BUCKET") + "/" + own + "/warehouse"
		o.S3 = open.S3{Endpoint: Engine(t, "S3_ENDPOINT"), Region: Engine(t, "AWS_REGION"), Copies: filepath.Join(dir, "copies"), Limit: 1 << 30, WholeBelow: 1}
	}
	switch to {
	case "sqlite-s3":
		o.URI = filepath.Join(dir, catalogFile)
	case "postgres-s3":
		o.URI, o.Name = Engine(t, "POSTGRES_DSN"), own
	case "rest-s3":
		o.URI = Engine(t, "ICEBERG_REST_S3_URI")
	case "rest-files":
		o.URI = Engine(t, "ICEBERG_REST_URI")
	default:
		t.Fatalf("%s is %q", awayToKey, to)
	}
	if kind == "rest" {
		pointersOf(t, o).set(t)
	}
	return made(t, dir, o)
}

// pointer is where the newest metadata of a table lies.
type pointer struct{ namespace, table, metadata string }

// pointers are all that the engine PostgreSQL keeps of the tables of a lake, for itself or for the REST server.
type pointers struct {
	db   *sql.DB
	name string // of the catalog in its rows
	rows []pointer
}

// servedAs are the names that .ci/engines/rest.sh serves catalogs by, for files in a folder and on S3.
var servedAs = map[bool]string{false: "lake", true: "s3lake"}

// pointersOf opens the database behind a lake.
func pointersOf(t testing.TB, o open.Options) *pointers {
	t.Helper()
	db, err := sql.Open("pgx", Engine(t, "POSTGRES_DSN"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() }) //nolint:errcheck // a connection of the test
	name := o.Name
	if o.Type == "rest" {
		name = servedAs[strings.HasPrefix(o.Warehouse, "s3:")]
	}
	return &pointers{db: db, name: name}
}

// read takes down the pointers as they are.
func (p *pointers) read(t testing.TB) {
	t.Helper()
	rows, err := p.db.QueryContext(t.Context(), "SELECT table_namespace, table_name, metadata_location FROM iceberg_tables WHERE catalog_name = $1", p.name)
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
	_, err = tx.ExecContext(t.Context(), "DELETE FROM iceberg_tables WHERE catalog_name = $1", p.name)
	for _, one := range p.rows {
		if err == nil {
			_, err = tx.ExecContext(t.Context(), "INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, metadata_location, iceberg_type) VALUES ($1, $2, $3, $4, 'TABLE')",
				p.name, one.namespace, one.table, one.metadata)
		}
	}
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		t.Fatal(err)
	}
}
