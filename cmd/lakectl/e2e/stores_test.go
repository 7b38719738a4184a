package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	icerest "github.com/apache/iceberg-go/catalog/rest"
	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/lake"
)

// chapters are what a lake says at the end of a story.
type chapters struct {
	Lines, Shares, Days, Log []map[string]any
	Listens                  []map[string]any
	Checksums                []map[string]any
}

// TestEveryCatalogTellsTheSameStory holds lakes of other catalogs and stores against the one of SQLite with files: the
// pair with nothing in common with it by the whole story, the others by a short one.
func TestEveryCatalogTellsTheSameStory(t *testing.T) {
	for name, config := range map[string]func(t *testing.T, dir string) string{
		"rest with files": func(t *testing.T, dir string) string {
			return catalogConfig("rest", restCatalog(t, "ICEBERG_REST_URI"), dir, filepath.Join(dir, "warehouse"))
		},
		"rest with S3": func(t *testing.T, dir string) string {
			return catalogConfig("rest", restCatalog(t, "ICEBERG_REST_S3_URI"), dir, onS3(t)...)
		},
		"sqlite with S3": func(t *testing.T, dir string) string {
			return catalogConfig("sqlite", filepath.Join(dir, "catalog.db"), dir, onS3(t)...)
		},
		"postgres with S3": func(t *testing.T, dir string) string {
			_, uri := postgresCatalog(t, dir)
			return catalogConfig("postgres", uri, dir, onS3(t)...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			other := lakeIn(t, laketest.Folder(t), false)
			text := config(t, other.dir)
			other.write("lakehouse.yaml", text+fmt.Sprintf("duckdb: {temp_directory: %s/tmp, threads: %d}\n", other.dir, laketest.Threads()))
			other.run(nil, "init")
			whole := name == "rest with S3"
			if diff := cmp.Diff(tell(newLakeDir(t, false), whole), tell(other, whole)); diff != "" {
				t.Errorf("files on SQLite and %s tell other stories:\n%s", name, diff)
			}
		})
	}
}

// catalogConfig is the part of a configuration that says where a lake is: its warehouse, and how S3 is reached.
func catalogConfig(kind, uri, dir string, warehouse ...string) string {
	file := filepath.Join(dir, "catalog.uri") // it may hold a password
	if err := os.WriteFile(file, []byte(uri), 0o600); err != nil {
		panic(err) // a folder of the test
	}
	return fmt.Sprintf("catalog: {type: %s, uri_file: '%s', warehouse: '%s', subject_key_file: '%s/subject.key'%s}\n", kind, file, warehouse[0], dir,
		strings.ReplaceAll(strings.Join(warehouse[1:], ""), "DIR", dir))
}

// onS3 is a warehouse of its own in the bucket.
func onS3(t *testing.T) []string {
	return []string{
		fmt.Sprintf("s3://%s/%s-%d/warehouse", laketest.Engine(t, "S3_BUCKET"), strings.ReplaceAll(filepath.Base(t.Name()), " ", "-"), time.Now().UnixNano()),
		fmt.Sprintf(", s3: {endpoint: '%s', region: '%s', copies: 'DIR/copies'}", laketest.Engine(t, "S3_ENDPOINT"), laketest.Engine(t, "AWS_REGION")),
	}
}

// restCatalog is the address of a REST catalog without tables. It serves one lake.
func restCatalog(t *testing.T, variable string) string {
	uri := laketest.Engine(t, variable)
	emptyRest(t, uri)
	return uri
}

// emptyRest drops what an earlier test left in a REST catalog.
func emptyRest(t *testing.T, uri string) {
	t.Helper()
	c, err := icerest.NewCatalog(t.Context(), "lake", uri)
	if err != nil {
		t.Fatal(err)
	}
	empty := func() {
		ctx := context.WithoutCancel(t.Context())
		var ids []icetable.Identifier // all before any is dropped: the list comes in pages
		for id, err := range c.ListTables(ctx, []string{catalog.Namespace}) {
			if err != nil {
				return // no namespace, no tables
			}
			ids = append(ids, id)
		}
		for _, id := range ids {
			if err := c.DropTable(ctx, id); err != nil {
				t.Error(err)
			}
		}
	}
	empty()
	t.Cleanup(func() {
		empty()
		c.Close() //nolint:errcheck // a connection of the test
	})
}

// tell takes an empty lake through months: duplicates, a deletion that is purged, maintenance, and what was published
// computed again. The whole story has a closed period, late listens, a second deletion, and every proof besides.
func tell(l *lakeDir, whole bool) chapters {
	l.t.Helper()
	file := func(name string, lines ...string) {
		l.t.Helper()
		l.run(nil, "ingest", "file", l.write(name, strings.Join(lines, "\n")+"\n"))
	}
	jobs := func() {
		l.t.Helper()
		l.run(nil, "job", "rollup")
		l.run(nil, "job", "royalties")
	}
	l.run(nil, "pools", "apply", l.write("pools.csv", "period,country,tier,currency,amount_minor\n2026-03,*,*,EUR,10001\n2026-04,*,*,EUR,777\n"))
	file("march.jsonl", append(tales("m", 20, "2026-03-10"), tales("n", 20, "2026-03-11")...)...)
	jobs()
	if whole {
		l.run(nil, "period", "close", "--force", "--by", "a test", "2026-03")
		file("late.jsonl", tales("l", 9, "2026-03-12")...)
	}
	file("april.jsonl", append(tales("a", 20, "2026-04-02"), tales("m", 20, "2026-03-10")...)...)
	jobs()
	file("leave.jsonl", leave("r1", "story-user-1", "2026-06-01T00:00:00Z"))
	l.run(nil, "job", "deletions", "--purge-now")
	if whole {
		file("leave2.jsonl", leave("r2", "story-user-2", "2026-06-01T00:00:00Z"), play("bad", "story-user-3", "never"))
		l.run(nil, "job", "deletions")
		jobs()
		l.run(nil, "job", "rollup", "--true-up")
		l.run(nil, "job", "royalties", "--full")
		l.run(nil, "deletions", "verify", "r1")
	}
	l.run(nil, "job", "maintain")
	l.run(nil, "royalties", "reproduce", "2026-04")
	return chapters{
		Lines:     l.query("select period, artist_id, track_id, listens, qualified_listens from royalty_lines order by all"),
		Shares:    l.query("select * from royalty_shares order by all"),
		Days:      l.query("select day, track_id, plays, ms_played from plays_by_day order by all"),
		Log:       l.query("select request_id, state from deletion_log order by request_id, state"),
		Listens:   l.query("select listen_id, user_id, event_time, ms_played from listens order by all"),
		Checksums: l.query("select period, checksum from royalty_runs order by all"),
	}
}

// tales are listens of a day by seven users. Their ids are long: a look for erased ones takes the bytes of a short one
// for it wherever they are.
func tales(prefix string, n int, day string) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = play(fmt.Sprint("story-listen-", prefix, i), fmt.Sprint("story-user-", i%7), fmt.Sprintf("%sT%02d:30:00Z", day, i),
			"track_id", fmt.Sprint("t", i%3), "ms_played", 20_000+5000*i, "track_ms", 60_000)
	}
	return lines
}

// A process that was killed between storing a file and committing it leaves the file in the bucket.
func TestMaintenanceDeletesWhatNothingRefersToOnS3(t *testing.T) {
	l := lakeIn(t, laketest.Folder(t), false)
	where := onS3(t)
	l.write("lakehouse.yaml", catalogConfig("sqlite", filepath.Join(l.dir, "catalog.db"), l.dir, where...)+fmt.Sprintf("duckdb: {temp_directory: %s/tmp}\n", l.dir))
	l.run(nil, "init")
	l.run(nil, "ingest", "file", l.write("march.jsonl", strings.Join(plays("m", 20, "2026-03-10"), "\n")+"\n"))
	c, err := open.Connect(t.Context(), open.Options{
		Type: "sqlite", URI: filepath.Join(l.dir, "catalog.db"), Name: "lake", Warehouse: where[0], Log: slog.New(slog.DiscardHandler),
		S3: open.S3{Endpoint: laketest.Engine(t, "S3_ENDPOINT"), Region: laketest.Engine(t, "AWS_REGION"), Copies: filepath.Join(l.dir, "others"), Limit: 1 << 30},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // a connection of the test
	table, err := c.Lake().Table(t.Context(), catalog.Listens)
	if err != nil {
		t.Fatal(err)
	}
	storage, err := table.FS(t.Context())
	if err == nil {
		err = storage.WriteFile(table.NewDataPath("killed"), []byte("half"))
	}
	if err != nil {
		t.Fatal(err)
	}
	plan, err := c.Lake().PlanOrphans(t.Context(), catalog.Listens)
	if err != nil || len(plan.Files) > 0 {
		t.Fatalf("young files are in the plan: %+v, %v", plan, err)
	}
	if err := lake.Pause(t.Context(), 2100*time.Millisecond); err != nil { // the store tells times in seconds
		t.Fatal(err)
	}
	soon := c.Lake().WithGrace(time.Millisecond)
	plan, err = soon.PlanOrphans(t.Context(), catalog.Listens)
	if err != nil || len(plan.Files) != 1 || !strings.Contains(plan.Files[0].Path, "data/killed-") {
		t.Fatalf("%+v, %v", plan, err)
	}
	if done, err := soon.SweepOrphans(t.Context(), plan); err != nil || done.Files != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	if plan, err = soon.PlanOrphans(t.Context(), catalog.Listens); err != nil || len(plan.Files) > 0 {
		t.Errorf("%+v, %v", plan, err)
	}
	if n := l.query("select count(*)::integer as n from listens")[0]["n"]; n != 20.0 {
		t.Errorf("%v listens are left", n)
	}
}
