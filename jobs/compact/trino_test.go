package compact

import (
	"database/sql"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/trinodb/trino-go-client/trino"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
	"github.com/lakectl/lakectl/lake/trino"
)

// onTrino is a world whose lake lies on PostgreSQL, where Trino has a catalog for it. ask runs a statement there, in
// which %s stands for the lake.
func onTrino(t *testing.T) (w *world, client *trino.Client, ask func(statement string)) {
	t.Helper()
	server, dsn := laketest.Engine(t, "TRINO_URL"), laketest.Engine(t, "POSTGRES_DSN")
	dir, name := laketest.Folder(t), fmt.Sprintf("compact_%d", time.Now().UnixNano())
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	execute(t, "pgx", dsn, "CREATE DATABASE "+name, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	u.Path = "/" + name
	o := open.Options{
		Type: "postgres", URI: u.String(), Name: "lake", Warehouse: filepath.Join(dir, "warehouse"),
		SubjectKeyFile: filepath.Join(dir, "subject.key"), Log: slog.New(slog.DiscardHandler),
	}
	if _, err := open.Init(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	c, err := open.Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() }) //nolint:errcheck // the folder is removed next
	password, _ := u.User.Password()
	as := strings.Replace(server, "://", "://test@", 1)
	execute(t, "trino", as, fmt.Sprintf(`CREATE CATALOG %s USING iceberg WITH ("iceberg.catalog.type" = 'jdbc',
		"iceberg.jdbc-catalog.driver-class" = 'org.postgresql.Driver', "iceberg.jdbc-catalog.connection-url" = 'jdbc:postgresql://%s/%s',
		"iceberg.jdbc-catalog.connection-user" = '%s', "iceberg.jdbc-catalog.connection-password" = '%s', "iceberg.jdbc-catalog.schema-version" = 'V1',
		"iceberg.jdbc-catalog.catalog-name" = 'lake', "iceberg.jdbc-catalog.default-warehouse-dir" = 'file://%s', "fs.hadoop.enabled" = 'true')`,
		name, u.Host, name, u.User.Username(), password, o.Warehouse), "DROP CATALOG "+name)
	client, err = trino.Open(trino.Options{URL: server, Catalog: name, Namespace: c.Lake().Namespace(), User: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() }) //nolint:errcheck // nothing is kept
	l := &laketest.Lake{
		Lake: c.Lake(), Dir: dir, Options: o, Catalog: c,
		Duck: duck.Options{MemoryLimit: "512MiB", Threads: laketest.Threads(), TempDir: filepath.Join(dir, "tmp"), Verify: lake.NewVerifier()},
	}
	return &world{T: t, Lake: l, r: rand.New(rand.NewPCG(7, 11))}, client, func(statement string) {
		t.Helper()
		execute(t, "trino", as, fmt.Sprintf(statement, name+"."+c.Lake().Namespace()), "SELECT 1")
	}
}

// execute runs a statement now and another at the end of the test.
func execute(t *testing.T, driver, dsn, statement, atEnd string) {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		db.Exec(atEnd) //nolint:errcheck // the server is thrown away
		db.Close()     //nolint:errcheck // the same
	})
}

// byTrino compacts with Trino.
func (w *world) byTrino(client *trino.Client, o Options) Report {
	w.Helper()
	env := w.env()
	env.Trino, o.Target = client, 128<<10
	r, err := Run(w.Context(), env, o)
	w.check(err)
	return r
}

// The same files, compacted here and by Trino, with deletes by either before, meanwhile and after.
func TestTrinoCompactsToTheRowsThatLakectlDoes(t *testing.T) {
	there, client, ask := onTrino(t)
	here := newWorld(t)
	for _, w := range []*world{here, there} {
		w.ingest(1500, 1)
		for range 12 {
			w.ingest(600, 2)
		}
		w.Hand(t, catalog.Listens).Select("SELECT * EXCLUDE (_file, _pos) FROM rows WHERE user_id IN ('user-7', 'user-8')") // the same in all columns
		w.erase("user_id = 'user-1'")
	}
	ask("DELETE FROM %s.listens WHERE user_id = 'user-2'")
	here.erase("user_id = 'user-2'")
	during := 0
	here.compact(Options{Target: 128 << 10, between: func() {
		if during++; during == 1 {
			here.erase("user_id IN ('user-3', 'user-4')")
		}
	}})
	during = 0
	r := there.byTrino(client, Options{between: func() {
		if during++; during == 1 {
			there.erase("user_id = 'user-3'")
			ask("DELETE FROM %s.listens WHERE user_id = 'user-4'")
		}
	}})
	if r.OnTrino == 0 || r.OnTrino != r.Written || r.Lost+len(r.Skipped)+r.Left != 0 {
		t.Errorf("%+v", r)
	}
	here.erase("user_id IN ('user-5', 'user-6')")
	there.erase("user_id = 'user-5'")
	ask("DELETE FROM %s.listens WHERE user_id = 'user-6'")
	there.equal("rows that came back", there.counts(1, 2, 3, 4, 5, 6), make([]int64, 6))
	there.equal("rows", there.rows(), here.rows())
	there.nothingStaged()
	told, err := there.archive().FindBounds(t.Context(), catalog.PersonalColumns(catalog.Listens))
	there.check(err)
	there.equal("entries with personal bounds", told.Entries, 0)
	conditions, want := []string{"listen_id != ''", "user_id == 'user-3'", "user_id == 'user-7'"}, ""
	for _, c := range conditions {
		var n int64
		there.check(there.Reading(t, "rows", catalog.Listens).OneText(t.Context(), "SELECT count(*) FROM rows WHERE "+strings.ReplaceAll(c, "==", "="), nil, []any{&n}))
		want += fmt.Sprintln(n)
	}
	there.equal("rows by PyIceberg", laketest.Foreign(t, there.Options.URI+" "+there.Dir, append([]string{"count", catalog.Listens}, conditions...)...), want)
}
