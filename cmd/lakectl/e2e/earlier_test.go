package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/jobs/audit"
	"github.com/lakectl/lakectl/jobs/royalty"
)

// A lake that revision 8010027 made, with two closed months, late listens, duplicates, refused records, rules, pools,
// splits and the deletions of seven people, of which one month's last batch still waited. It lay in /srv/lake.
const earlierLake = "testdata/lakes/8010027.tar.gz"

// What that revision published last, by its own word.
var earlierChecksums = map[string]string{
	"2026-02": "96be13e2ec7ba17db22ea2aa7db64d9ff15499c76e284e1078887135b070bdf3",
	"2026-03": "aefb3cb07cfb5c220f6b468cd9d82ebf60e0a4b76fa9b13a347d11c6f64c3878",
	"2026-04": "acf87ec706e675301d7cd80cd95b674598d22d4cd1fc1c9afe1ffbbf79a73062",
}

// newEarlierLake unpacks the lake and makes it at home where it lies now.
func newEarlierLake(t *testing.T) *lakeDir {
	l := newLakeDir(t, false)
	for _, old := range []string{"catalog.db", "catalog.db-wal", "catalog.db-shm", "subject.key", "warehouse"} {
		if err := os.RemoveAll(filepath.Join(l.dir, old)); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "tar", "-xzf", earlierLake, "-C", l.dir, "--strip-components=1").CombinedOutput(); err != nil {
		t.Fatalf("unpack: %v\n%s", err, out)
	}
	l.run(nil, "catalog", "relocate")
	return l
}

func (l *lakeDir) checksums() map[string]string {
	l.t.Helper()
	sums := map[string]string{}
	for _, row := range l.query(`SELECT period, arg_max(checksum, finished_at) AS checksum FROM royalty_runs GROUP BY period`) {
		sums[row["period"].(string)] = row["checksum"].(string)
	}
	return sums
}

// metadata lists the metadata files of all tables.
func (l *lakeDir) metadata() []string {
	l.t.Helper()
	paths, err := filepath.Glob(filepath.Join(l.dir, "warehouse", "*", "*", "metadata", "*.json"))
	if err != nil || len(paths) == 0 {
		l.t.Fatalf("metadata files %v, %v", paths, err)
	}
	return paths
}

// saysWhatItIs holds every table against what it says to readers of other engines.
func (l *lakeDir) saysWhatItIs() {
	l.t.Helper()
	c, err := open.Connect(l.t.Context(), open.Options{
		Type: "sqlite", URI: filepath.Join(l.dir, "catalog.db"), Name: "lake", Warehouse: filepath.Join(l.dir, "warehouse"), ReadOnly: true,
	})
	if err != nil {
		l.t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // only read
	for _, spec := range catalog.Specs() {
		ice, err := c.Ice.LoadTable(l.t.Context(), []string{catalog.Namespace, spec.Name})
		if err != nil {
			l.t.Fatal(err)
		}
		if ice.Properties()["comment"] != spec.Comment || !slices.Equal(ice.Schema().IdentifierFieldIDs, spec.Schema.IdentifierFieldIDs) || ice.SortOrder().Len() != len(spec.Sort) {
			l.t.Errorf("%s: comment %q, key %v, order %v", spec.Name, ice.Properties()["comment"], ice.Schema().IdentifierFieldIDs, ice.SortOrder())
		}
		for _, f := range ice.Schema().Fields() {
			if f.Doc == "" {
				l.t.Errorf("column %s.%s says nothing", spec.Name, f.Name)
			}
		}
	}
}

func TestLakeOfAnEarlierVersionKeepsItsChecksums(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	l := newEarlierLake(t)
	pending := func() any {
		return l.query(`SELECT count(*) AS n FROM royalty_adjustments WHERE posted_period = 'pending'`)[0]["n"]
	}
	if n := pending(); n == 0.0 {
		t.Fatal("nothing waits in the table of the earlier version")
	}
	l.run(nil, "init")
	described := l.metadata()
	l.run(nil, "init")
	if diff := cmp.Diff(described, l.metadata()); diff != "" {
		t.Errorf("init again wrote metadata: %s", diff)
	}
	l.saysWhatItIs()
	steps := [][]string{{"job", "royalties"}, {"job", "deletions"}, {"job", "rollup", "--true-up"}, {"job", "royalties", "--full"}, {"job", "maintain"}}
	if !laketest.InCI() {
		steps = steps[1:3] // deletions runs royalties, and a recount follows
	}
	for _, step := range append([][]string{nil}, steps...) {
		if step != nil {
			l.run(nil, step...)
		}
		if diff := cmp.Diff(earlierChecksums, l.checksums()); diff != "" {
			t.Fatalf("after %v: %s", step, diff)
		}
	}
	if n := pending(); n != 0.0 {
		t.Errorf("%v rows that wait still lie in the table", n)
	}
	for period := range earlierChecksums {
		var proof audit.Result
		l.run(&proof, "royalties", "reproduce", period) // ends with 0 only for the same
		if proof.UnsealedFiles == 0 {
			t.Errorf("%s: files without hashes are not counted", period)
		}
	}
	var full royalty.Report
	if l.run(&full, "job", "royalties", "--full"); full.UnsealedFiles == 0 {
		t.Error("the recount counts no files without hashes")
	}
	var closed struct {
		Rows []map[string]any `json:"rows"`
	}
	l.run(&closed, "sql", "--as-of", "royalty-2026-03-v1", `SELECT sum(listens)::BIGINT AS listens FROM royalty_lines WHERE period = '2026-03'`)
	if got := closed.Rows[0]["listens"]; got != 102.0 {
		t.Errorf("the statement of 2026-03 has %v listens", got)
	}
}

// The same jobs go on with it: a listen, a deletion, and every derived table follows.
func TestLakeOfAnEarlierVersionGoesOn(t *testing.T) {
	laketest.Long(t, "TestLakeOfAnEarlierVersionKeepsItsChecksums runs the jobs on it")
	t.Parallel()
	l := newEarlierLake(t)
	l.run(nil, "init")
	l.ingest([]string{
		`{"type":"listen","listen_id":"new","user_id":"ana","track_id":"t1","artist_id":"A","device":"web","event_time":"2026-04-06T10:00:00Z","received_time":"2026-04-06T10:00:05Z","ms_played":90000,"country":"DE","tier":"free"}`,
		`{"type":"deletion","request_id":"n1","user_id":"u8","requested_at":"2026-04-12T00:00:00Z","received_time":"2026-04-12T00:00:00Z"}`,
	}, "new")
	l.jobs()
	l.run(nil, "job", "royalties", "--full")
	l.run(nil, "job", "rollup", "--true-up")
	counts := l.query(`SELECT (SELECT count(*) FROM listens WHERE user_id = 'u8') AS left, (SELECT count(*) FROM listens_counted WHERE listen_id = 'new') AS new,
		(SELECT sum(listens)::BIGINT FROM royalty_lines) AS lines, (SELECT sum(plays)::BIGINT FROM plays_by_day) AS plays, (SELECT count(*) FROM listens_counted) AS counted`)[0]
	if counts["left"] != 0.0 || counts["new"] != 1.0 || counts["lines"] != counts["counted"] || counts["plays"] != counts["counted"] {
		t.Errorf("%v", counts)
	}
}
