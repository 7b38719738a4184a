package e2e

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/verbs"
)

// questions are in the words that both engines have.
var questions = []string{
	"SELECT count(*) AS n, count(DISTINCT user_id) AS users, sum(ms_played) AS ms, min(event_time) AS first, max(event_time) AS last FROM listens",
	"SELECT * FROM listens ORDER BY listen_id, source_offset",
	"SELECT * FROM royalty_lines ORDER BY 1, 2, 3, 4, 5, 6",
	"SELECT period, CAST(sum(amount_minor) AS DECIMAL(20, 4)) AS amount FROM royalty_payouts GROUP BY period ORDER BY period",
	"SELECT day, track_id, sum(plays) AS plays FROM plays_by_day GROUP BY day, track_id HAVING sum(plays) <> 0 ORDER BY day, track_id",
	"SELECT reason, detail, received_time, event_time FROM quarantine ORDER BY reason, event_time",
	"WITH per AS (SELECT l.user_id AS u, count(*) AS n FROM listens AS l GROUP BY l.user_id), top AS (SELECT * FROM per WHERE n > 2)\nSELECT u, n FROM top ORDER BY n DESC, u",
	"SELECT t.n, l.listens FROM (VALUES (1, 't0'), (2, 't1'), (3, 'none')) t (n, id) LEFT JOIN (SELECT track_id, sum(listens) AS listens FROM Royalty_Lines GROUP BY track_id) l ON l.track_id = t.id ORDER BY t.n",
	"SELECT request_id FROM deletion_requests WHERE EXISTS (SELECT 1 FROM deletion_log g WHERE g.request_id = deletion_requests.request_id) ORDER BY 1",
	"SELECT extract(year FROM event_time) AS y, event_time IS DISTINCT FROM received_time AS late FROM listens ORDER BY listen_id LIMIT 3",
	"SELECT CAST('12345678901234567890.1234567890' AS DECIMAL(38, 10)) AS d, TIMESTAMP '2026-02-28 23:59:59.999999' AS t, DATE '2026-02-28' AS day, CAST(NULL AS varchar) AS nothing, 0.1e0 AS f, true AS b, 'it''s -- ; \"' AS s",
	"SELECT * FROM (VALUES (1, 'a'), (2, NULL)) v (a, b)",
	"SELECT max(event_time) - min(event_time) AS length FROM listens WHERE country = 'DE' OR false",
}

// onTrino is a lake that a Trino has a catalog for.
func onTrino(t *testing.T) *lakeDir {
	t.Helper()
	l := lakeIn(t, laketest.Folder(t), false)
	return l.onTrino("postgres", laketest.Database(t), filepath.Join(l.dir, "warehouse"))
}

// onTrinoAndS3 is onTrino with a warehouse on S3.
func onTrinoAndS3(t *testing.T) *lakeDir {
	t.Helper()
	return lakeIn(t, laketest.Folder(t), false).onTrino("postgres", laketest.Database(t), onS3(t)...)
}

// onTrinoAndREST is onTrinoAndS3 behind a REST catalog, which Trino comes to as well.
func onTrinoAndREST(t *testing.T) *lakeDir {
	t.Helper()
	return lakeIn(t, laketest.Folder(t), false).onTrino("rest", restCatalog(t, "ICEBERG_REST_S3_URI"), onS3(t)...)
}

// onTrino makes the lake, and a catalog of Trino's for it.
func (l *lakeDir) onTrino(kind, uri string, warehouse ...string) *lakeDir {
	l.t.Helper()
	config := catalogConfig(kind, uri, l.dir, warehouse...) + fmt.Sprintf("duckdb: {temp_directory: %s/tmp, threads: %d}\n", l.dir, laketest.Threads())
	l.write("lakehouse.yaml", config)
	l.run(nil, "init")
	l.engine = laketest.ServeTrino(l.t, open.Options{Type: kind, URI: uri, Name: "lake", Warehouse: warehouse[0]})
	l.write("lakehouse.yaml", config+trinoConfig(l.engine))
	return l
}

// trinoConfig is the part of a configuration that says where Trino is.
func trinoConfig(engine *laketest.Trino) string {
	return fmt.Sprintf("trino: {url: '%s', catalog: %s}\n", engine.URL, engine.Catalog)
}

// shown is what a command prints for people or for programs.
func (l *lakeDir) shown(args ...string) (stdout, stderr string, code int) {
	var out, said bytes.Buffer
	code = frame.Run(l.t.Context(), verbs.Groups(), append([]string{"lakectl", "--config", filepath.Join(l.dir, "lakehouse.yaml")}, args...), strings.NewReader(""), &out, &said)
	return out.String(), said.String(), code
}

// same holds the answers of both engines against one another and returns the one for programs.
func (l *lakeDir) same(asOf, text string) (answer string) {
	l.t.Helper()
	formats := []string{"--wide", "--json"}
	if asOf != "" {
		formats = formats[1:]
	}
	for _, format := range formats {
		args := []string{format, "sql", "--engine"}
		rest := []string{text}
		if asOf != "" {
			rest = []string{"--as-of", asOf, text}
		}
		want, said, code := l.shown(append(append(args, "duckdb"), rest...)...)
		got, also, other := l.shown(append(append(args, "trino"), rest...)...)
		if diff := cmp.Diff(want, got); code != 0 || other != 0 || diff != "" {
			l.t.Errorf("as of %q: %s\nends with %d and %d: %s%s%s", asOf, text, code, other, said, also, diff)
		}
		answer = got
	}
	return answer
}

func TestBothEnginesGiveTheSameAnswers(t *testing.T) {
	l := onTrino(t)
	file := func(lines ...string) {
		l.run(nil, "ingest", "file", l.write("events.jsonl", strings.Join(lines, "\n")+"\n"))
	}
	l.run(nil, "pools", "apply", l.write("pools.csv", "period,country,tier,currency,amount_minor\n2026-03,*,*,EUR,10001\n2026-04,*,*,EUR,777\n"))
	file(append(tales("m", 20, "2026-03-10"), play("bad", "story-user-3", "never"), play("story-listen-last", "story-user-1", "2026-03-31T23:59:59.999999Z"))...)
	var rows []struct {
		ID string `json:"snapshot_id"`
	}
	l.run(&rows, "snapshots", "listens")
	before := rows[0].ID
	if before == "" {
		t.Fatalf("no snapshot: %+v", rows)
	}
	l.run(nil, "job", "rollup")
	l.run(nil, "job", "royalties")
	file(append(tales("a", 20, "2026-04-02"), tales("m", 20, "2026-03-10")...)...)
	file(leave("r1", "story-user-1", "2026-06-01T00:00:00Z"),
		strings.Replace(leave("r2", "story-user-2", "2026-06-01T00:00:00Z"), "}", `,"from":"2026-03-10T05:00:00Z","to":"2026-03-10T12:30:00Z"}`, 1),
		strings.Replace(leave("r3", "story-user-3", "2026-06-01T00:00:00Z"), "}", `,"from":"2026-03-10T04:00:00Z"}`, 1))

	const who = "SELECT count(*) AS n, count(CASE WHEN user_id = 'story-user-1' THEN 1 END) AS erased FROM listens"
	accepted := l.same(before, who)
	for _, text := range questions {
		l.same("", text)
	}
	l.run(nil, "job", "deletions")
	l.engine.Execute("ALTER TABLE deletion_log ADD COLUMN note varchar")
	for _, text := range questions[:6] {
		l.same(before, text)
	}
	if after := l.same(before, who); after == accepted || !strings.Contains(after, `"erased": 0`) {
		t.Errorf("as of a snapshot with rows that were erased since: %s, before the request was carried out: %s", after, accepted)
	}
	l.same("", who)
	l.same(before, "SELECT user_id, count(*) AS n, min(event_time) AS first FROM listens GROUP BY user_id ORDER BY user_id")
	const fails = "SELECT count(*) FROM listens WHERE if(user_id = 'story-user-1', CAST(user_id AS bigint), 1) = 1"
	if _, said, code := l.shown("sql", "--engine", "trino", "--as-of", before, fails); strings.Contains(said, "cast 'story") {
		t.Errorf("an error tells of an erased row and ends with %d: %s", code, said)
	}
	l.same("1999-01-01", "SELECT * FROM listens")
	l.same("", "SELECT * FROM listens_counted ORDER BY listen_id")
}

// Other engines, and newer versions of lakectl, change the columns of a table without a snapshot.
func TestColumnsThatNoSnapshotHasYetAreThere(t *testing.T) {
	l := onTrino(t)
	l.run(nil, "ingest", "file", l.write("events.jsonl", strings.Join(tales("m", 5, "2026-03-10"), "\n")+"\n"))
	l.engine.Execute("ALTER TABLE listens ADD COLUMN note varchar")
	l.engine.Execute("ALTER TABLE listens ADD COLUMN price decimal(9, 2)")
	l.engine.Execute("ALTER TABLE listens ADD COLUMN parts row(a bigint, b varchar)")
	l.engine.Execute("ALTER TABLE listens RENAME COLUMN device TO gadget")
	l.engine.Execute("ALTER TABLE quarantine ADD COLUMN note varchar") // it has no snapshot
	for _, text := range []string{
		"SELECT * FROM listens ORDER BY listen_id", "SELECT note, price, parts, gadget FROM listens ORDER BY listen_id",
		"SELECT count(*) AS n FROM listens WHERE note IS NULL AND coalesce(price, 1) = 1", "SELECT * FROM quarantine",
	} {
		l.same("", text)
	}
}

// What is refused here never reaches the server, but for the last ones, which are mistakes that only Trino knows.
func TestAQueryToTrinoReadsTheTablesAndNothingElse(t *testing.T) {
	l := onTrino(t)
	for text, want := range map[string]string{
		"SELECT * FROM lake.music.listens":                              "without catalog and namespace",
		"SELECT * FROM music.listens":                                   "without catalog and namespace",
		"SELECT * FROM \"listens$files\"":                               "'lakectl snapshots' lists the tables",
		"SELECT * FROM system.runtime.queries":                          "without catalog and namespace",
		"SELECT (SELECT count(*) FROM information_schema.tables)":       "without catalog and namespace",
		"SELECT 1 FROM TABLE(sequence(start => 1, stop => 2))":          "table function",
		"SELECT * FROM listens FOR VERSION AS OF 1":                     "--as-of",
		"DELETE FROM listens":                                           "give one SELECT",
		"SHOW TABLES":                                                   "give one SELECT",
		"SELECT 1; DROP TABLE listens":                                  "more than one statement",
		"SELECT * FROM listen":                                          "table listen: not found",
		"SELECT usr_id FROM listens":                                    "line 1:8: Column 'usr_id' cannot be resolved",
		"WITH x AS (SELECT 1 AS a)\nSELECT listen_idd FROM listens, x":  "line 2:8:",
		"SELECT listen_idd FROM listens":                                "hint: listens has listen_id, user_id,",
		"SELECT 1 FORM listens x":                                       "hint: the dialect is Trino's",
		"SELECT strftime(event_time, '%Y') FROM listens":                "hint: the dialect is Trino's",
		"WITH listens AS (SELECT * FROM listens) SELECT * FROM listens": "give it another name in WITH",
		"SELECT * FROM listens l, quarantine q WHERE l.x.y.z = 1":       "a name has two parts at most",
		"SELECT 1 FROM listens UNION ALL SELECT 2 FROM a.b":             "without catalog and namespace",
		"SELECT 1 WHERE 1 IN (TABLE lake.music.listens)":                "without catalog and namespace",
		"WITH SESSION query_max_memory = '1GB' SELECT 1":                "hint: give one SELECT",
		"WITH FUNCTION f() RETURNS bigint RETURN 1 SELECT f()":          "hint: give one SELECT",
	} {
		out, said, code := l.shown("sql", "--engine", "trino", text)
		if code != 1 || out != "" || !strings.Contains(said, want) || !strings.Contains(said, "hint: ") {
			t.Errorf("%s\nends with %d: %s%s", text, code, out, said)
		}
	}
	for _, text := range []string{
		"WITH RECURSIVE n (i) AS (VALUES 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT count(*) AS n FROM n, listens",
		"VALUES 1", "TABLE listens", "(SELECT 1 AS one) UNION ALL SELECT count(*) FROM listens;", "/* now */\nSELECT x.u FROM listens CROSS JOIN UNNEST(ARRAY[1, 2]) AS x (u)",
	} {
		if _, said, code := l.shown("sql", "--engine", "trino", text); code != 0 {
			t.Errorf("%s\nends with %d: %s", text, code, said)
		}
	}
	t.Setenv("LAKEHOUSE_TRINO_CATALOG", "elsewhere")
	if _, said, code := l.shown("sql", "--engine", "trino", "SELECT * FROM listens"); code != 1 || !strings.Contains(said, "hint: trino.catalog elsewhere has to lead to") {
		t.Errorf("a catalog that is not there ends with %d: %s", code, said)
	}
}
