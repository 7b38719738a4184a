package laketest

import (
	"database/sql"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/trinodb/trino-go-client/trino"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/lake/trino"
)

// Trino is a catalog of the engine Trino that leads to one lake, until the test ends.
type Trino struct {
	trino.Options // reach the lake

	t  testing.TB
	db *sql.DB
}

// NewOnTrino makes an empty lake on PostgreSQL, in a [Folder], that Trino has a catalog for.
func NewOnTrino(t testing.TB) (*Lake, *Trino) {
	t.Helper()
	Engine(t, "TRINO_URL") // before anything is made
	dir := Folder(t)
	l := made(t, dir, open.Options{
		Type: "postgres", URI: Database(t), Name: "lake", Warehouse: filepath.Join(dir, "warehouse"),
		SubjectKeyFile: filepath.Join(dir, "subject.key"), Log: slog.New(slog.DiscardHandler),
	})
	return l, ServeTrino(t, l.Options)
}

// Database makes an empty database on the engine PostgreSQL and returns its address.
func Database(t testing.TB) (uri string) {
	t.Helper()
	server := Engine(t, "POSTGRES_DSN")
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("lake_%d", time.Now().UnixNano())
	if _, err := db.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		db.Exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)") //nolint:errcheck // the server is thrown away
		db.Close()                                                   //nolint:errcheck // the same
	})
	u.Path = "/" + name
	return u.String()
}

// ServeTrino makes a catalog of Trino's for the lake of o, which is there and on PostgreSQL or behind a REST server.
func ServeTrino(t testing.TB, o open.Options) *Trino {
	t.Helper()
	server, name := Engine(t, "TRINO_URL"), fmt.Sprintf("lake_%d", time.Now().UnixNano())
	properties, err := servingTrino(t, o)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("trino", strings.Replace(server, "://", "://test@", 1)+"?catalog="+name+"&schema="+catalog.Namespace)
	if err != nil {
		t.Fatal(err)
	}
	s := &Trino{trino.Options{URL: server, Catalog: name, Namespace: catalog.Namespace, User: "test"}, t, db}
	var list []string
	for key, value := range properties {
		list = append(list, fmt.Sprintf("%q = '%s'", key, strings.ReplaceAll(value, "'", "''")))
	}
	s.Execute("CREATE CATALOG " + name + " USING iceberg WITH (" + strings.Join(list, ", ") + ")")
	t.Cleanup(func() {
		db.Exec("DROP CATALOG " + name) //nolint:errcheck // the server is thrown away
		db.Close()                      //nolint:errcheck // the same
	})
	return s
}

// servingTrino is what Trino is told of a lake.
func servingTrino(t testing.TB, o open.Options) (map[string]string, error) {
	p := map[string]string{"iceberg.catalog.type": "rest", "iceberg.rest-catalog.uri": o.URI}
	if o.Type == "postgres" {
		u, err := url.Parse(o.URI)
		if err != nil {
			return nil, err
		}
		password, _ := u.User.Password()
		place := o.Warehouse
		if !strings.Contains(place, "://") {
			place = "file://" + place
		}
		p = map[string]string{
			"iceberg.catalog.type": "jdbc", "iceberg.jdbc-catalog.driver-class": "org.postgresql.Driver",
			"iceberg.jdbc-catalog.connection-url":  "jdbc:postgresql://" + u.Host + u.Path,
			"iceberg.jdbc-catalog.connection-user": u.User.Username(), "iceberg.jdbc-catalog.connection-password": password,
			"iceberg.jdbc-catalog.schema-version": "V1", "iceberg.jdbc-catalog.catalog-name": o.Name,
			"iceberg.jdbc-catalog.default-warehouse-dir": place,
		}
	}
	if !strings.HasPrefix(o.Warehouse, "s3:") {
		p["fs.hadoop.enabled"] = "true"
		return p, nil
	}
	p["fs.native-s3.enabled"], p["s3.path-style-access"] = "true", "true"
	p["s3.endpoint"], p["s3.region"] = Engine(t, "S3_ENDPOINT"), Engine(t, "AWS_REGION")
	p["s3.aws-access-key"], p["s3.aws-secret-key"] = os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY")
	return p, nil
}

// Execute runs a statement that finds the tables of the lake under their names, as an engine beside lakectl.
func (s *Trino) Execute(statement string) {
	s.t.Helper()
	if err := s.Try(statement); err != nil {
		s.t.Fatal(err)
	}
}

// Try is Execute for what may fail.
func (s *Trino) Try(statement string) error {
	_, err := s.db.ExecContext(s.t.Context(), statement)
	return err
}

// TrinoClient opens a client that ends with the test.
func TrinoClient(t testing.TB, o trino.Options) *trino.Client {
	t.Helper()
	c, err := trino.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() }) //nolint:errcheck // its queries have ended
	return c
}
