package e2e

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog/laketest"
)

// engineOfProduction makes the catalog of the example's engine.properties on Trino, with other places and secrets.
func engineOfProduction(t *testing.T, name string, places map[string]string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(productionExample, "engine.properties"))
	if err != nil {
		t.Fatal(err)
	}
	var options []string
	for _, line := range regexp.MustCompile(`(?m)^([\w.-]+)=(.*)$`).FindAllStringSubmatch(string(text), -1) {
		key, value := line[1], line[2]
		if other, is := places[key]; is {
			value = other
			delete(places, key)
		}
		if key != "connector.name" {
			options = append(options, fmt.Sprintf("\"%s\" = '%s'", key, value))
		}
	}
	if len(places) > 0 {
		t.Errorf("engine.properties lacks %v", places)
	}
	db, err := sql.Open("trino", strings.Replace(laketest.Engine(t, "TRINO_URL"), "://", "://test@", 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), fmt.Sprintf("CREATE CATALOG %s USING iceberg WITH (%s)", name, strings.Join(options, ", "))); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		db.Exec("DROP CATALOG " + name) //nolint:errcheck // the server is thrown away
		db.Close()                      //nolint:errcheck // the same
	})
}

// The configuration of examples/production with engine: trino, and the Trino of its service engine: only places differ.
func TestTheProductionExampleComputesOnItsTrino(t *testing.T) {
	_, uri := postgresCatalog(t, "")
	database, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	l := lakeIn(t, laketest.Folder(t), true)
	config, err := os.ReadFile(filepath.Join(productionExample, "lakehouse.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	written := strings.Replace(string(config), "\n# engine: trino #", "\nengine: trino #", 1)
	if written == string(config) {
		t.Fatal("lakehouse.yaml does not show where to say engine: trino")
	}
	l.write("lakehouse.yaml", written)
	if out, err := exec.Command("sh", "-c", "cp "+productionExample+"/secrets.sh "+l.dir+" && sh "+l.dir+"/secrets.sh").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	name, warehouse := strings.Trim(database.Path, "/"), fmt.Sprintf("s3://%s/production-%d", laketest.Engine(t, "S3_BUCKET"), time.Now().UnixNano())
	for key, value := range map[string]string{
		"CATALOG_URI_FILE": l.write("catalog-uri", uri), "CATALOG_SUBJECT_KEY_FILE": l.dir + "/secrets/subject-key", "CATALOG_CERTIFICATE_DIR": l.dir + "/certificate",
		"CATALOG_WAREHOUSE": warehouse, "CATALOG_S3_ENDPOINT": laketest.Engine(t, "S3_ENDPOINT"), "CATALOG_S3_COPIES": l.dir + "/copies",
		"DUCKDB_TEMP_DIRECTORY": l.dir + "/tmp", "ROLLUP_STATE_DIRECTORY": l.dir + "/recent", "TRINO_URL": laketest.Engine(t, "TRINO_URL"), "TRINO_CATALOG": name,
	} {
		t.Setenv("LAKEHOUSE_"+key, value)
	}
	l.run(nil, "init") // before Trino looks at the catalog, as in compose.yaml
	password, _ := database.User.Password()
	engineOfProduction(t, name, map[string]string{
		"iceberg.jdbc-catalog.connection-url": "jdbc:postgresql://" + database.Host + database.Path, "iceberg.jdbc-catalog.connection-user": database.User.Username(),
		"iceberg.jdbc-catalog.connection-password": password, "iceberg.jdbc-catalog.default-warehouse-dir": warehouse,
		"s3.endpoint": laketest.Engine(t, "S3_ENDPOINT"), "s3.aws-access-key": os.Getenv("AWS_ACCESS_KEY_ID"), "s3.aws-secret-key": os.Getenv("AWS_SECRET_ACCESS_KEY"),
	})
	l.run(nil, "pools", "apply", l.write("pools.csv", "period,country,tier,currency,amount_minor\n2026-03,*,*,EUR,100\n"))
	l.ingest([]string{play("p1", "u1", "2026-03-10T10:00:00Z"), play("p2", "u2", "2026-03-31T23:59:59.999999Z"), leave("r1", "u1", "2026-06-01T00:00:00Z")}, "production")
	l.run(nil, "job", "royalties")
	if engines := l.first("SELECT string_agg(DISTINCT engine, ' ') AS n FROM royalty_runs"); engines != "trino" {
		t.Errorf("the run is of %v", engines)
	}
	l.run(nil, "job", "deletions")
	l.run(nil, "job", "rollup", "--true-up")
	if left := l.first("SELECT string_agg(user_id, ' ') AS n FROM listens"); left != "u2" {
		t.Errorf("listens of %v are left", left)
	}
}
