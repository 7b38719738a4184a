package trino_test

import (
	"database/sql"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/trinodb/trino-go-client/trino"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/trino"
)

// served is a lake on PostgreSQL that Trino has a catalog for.
type served struct {
	*open.Catalog
	lake    *lake.Lake
	options trino.Options
}

// serve makes an empty lake in a database of its own, and its catalog in Trino.
func serve(t *testing.T) served {
	t.Helper()
	server, dsn := laketest.Engine(t, "TRINO_URL"), laketest.Engine(t, "POSTGRES_DSN")
	dir, name := laketest.Folder(t), fmt.Sprintf("trino_%d", time.Now().UnixNano())
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
	execute(t, "trino", strings.Replace(server, "://", "://test@", 1), fmt.Sprintf(`CREATE CATALOG %s USING iceberg WITH ("iceberg.catalog.type" = 'jdbc',
		"iceberg.jdbc-catalog.driver-class" = 'org.postgresql.Driver', "iceberg.jdbc-catalog.connection-url" = 'jdbc:postgresql://%s/%s',
		"iceberg.jdbc-catalog.connection-user" = '%s', "iceberg.jdbc-catalog.connection-password" = '%s', "iceberg.jdbc-catalog.schema-version" = 'V1',
		"iceberg.jdbc-catalog.catalog-name" = 'lake', "iceberg.jdbc-catalog.default-warehouse-dir" = 'file://%s', "fs.hadoop.enabled" = 'true')`,
		name, u.Host, name, u.User.Username(), password, o.Warehouse), "DROP CATALOG "+name)
	return served{c, c.Lake(), trino.Options{URL: server, Catalog: name, Namespace: c.Lake().Namespace(), User: "test"}}
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

// commit adds a row to table sources, loaded at a time.
func (s served) commit(t *testing.T, source string, at time.Time) lake.Snapshot {
	t.Helper()
	table, err := s.lake.Table(t.Context(), catalog.Sources)
	if err != nil {
		t.Fatal(err)
	}
	files, err := table.WriteRows(t.Context(), "test", [][]any{{source, int64(1), at, int64(0), int64(0)}})
	if err != nil {
		t.Fatal(err)
	}
	after, err := s.lake.Commit(t.Context(), catalog.Sources, lake.Commit{
		Job: "test", Add: files, Stage: func(lake.Snapshot) (map[string]string, error) { return nil, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return after
}

func client(t *testing.T, o trino.Options) *trino.Client {
	t.Helper()
	c, err := trino.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() }) //nolint:errcheck // nothing is kept
	return c
}

// rows are all rows of a query as they come.
func rows(t *testing.T, c *trino.Client, q trino.Query) (all [][]any, err error) {
	t.Helper()
	var row []any
	err = c.Each(t.Context(), q, func(columns []string) ([]any, error) {
		row = make([]any, len(columns))
		dest := make([]any, len(columns))
		for i := range row {
			dest[i] = &row[i]
		}
		return dest, nil
	}, func() error {
		all = append(all, append([]any(nil), row...))
		return nil
	})
	return all, err
}
