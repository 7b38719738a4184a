package duck_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
)

// erased is a lake whose plays_by_hour has lost the track t7 to position deletes: the files still have it.
func erased(t *testing.T) (*laketest.Lake, lake.Snapshot, []string) {
	t.Helper()
	l := laketest.New(t)
	s := plays(t, l, 2)
	files, err := s.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d := l.DB(t)
	if err := d.Bind(t.Context(), "p", s); err != nil {
		t.Fatal(err)
	}
	rows, err := d.PositionsText(t.Context(), files, "SELECT _file, _pos FROM p WHERE track_id = 't7'")
	if err != nil {
		t.Fatal(err)
	}
	deletes, err := s.WritePositionDeletes(t.Context(), "deletions", files, rows)
	if err != nil {
		t.Fatal(err)
	}
	if s, err = l.Commit(t.Context(), catalog.PlaysByHour, lake.Commit{Deletes: deletes, Stage: anyBase}); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, f := range files {
		path, err := lake.LocalPath(f.FilePath())
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return l, s, paths
}

// escapes are texts that would read or write more than the tables, in the kinds there are. FILE is a data file of the
// bound snapshot that holds an erased row, DIR its table's folder, SECRET a file beside the lake, OUT one that is not
// there.
var escapes = []string{
	"SELECT * FROM read_parquet('FILE')",
	"SELECT * FROM parquet_scan(['FILE'])",
	"SELECT * FROM 'FILE'",
	`SELECT * FROM "FILE"`,
	"FROM 'FILE' SELECT track_id",
	"SELECT * FROM 'DIR/data/*/*.parquet'",
	"SELECT * FROM read_parquet('DIR/data/**/*.parquet')",
	"SELECT (SELECT max(track_id) FROM read_parquet('FILE'))",
	"SELECT * FROM plays_by_hour WHERE EXISTS (FROM read_parquet('FILE'))",
	"SELECT * FROM plays_by_hour, LATERAL (SELECT * FROM read_parquet('FILE')) x",
	"SELECT * FROM plays_by_hour ORDER BY (SELECT max(track_id) FROM 'FILE')",
	"SELECT * FROM plays_by_hour LIMIT (SELECT count(*) FROM 'FILE')",
	"SELECT sum(plays) OVER (ORDER BY (SELECT max(track_id) FROM 'FILE')) FROM plays_by_hour",
	"SELECT list_transform([1], lambda x: (SELECT max(track_id) FROM 'FILE'))",
	"SELECT CASE WHEN true THEN (SELECT max(track_id) FROM 'FILE') END",
	"WITH x AS (SELECT * FROM read_parquet('FILE')) SELECT * FROM x",
	`WITH y AS (WITH "FILE" AS (SELECT 1) SELECT 1) SELECT * FROM 'FILE'`,
	`WITH y AS (SELECT * FROM 'FILE'), "FILE" AS (SELECT 1) SELECT * FROM y`,
	"WITH RECURSIVE x AS (SELECT 't' AS t UNION ALL SELECT track_id FROM 'FILE') SELECT * FROM x",
	"SELECT 't1' UNION ALL SELECT track_id FROM 'FILE'",
	"SELECT track_id FROM 'FILE' EXCEPT SELECT track_id FROM plays_by_hour",
	"FROM (PIVOT 'FILE' ON device IN ('phone') USING sum(plays))",
	"FROM (UNPIVOT 'FILE' ON plays)",
	"DESCRIBE SELECT * FROM 'FILE'",
	"SUMMARIZE 'FILE'",
	"VALUES ((SELECT max(track_id) FROM 'FILE'))",
	"SELECT * FROM query('SELECT * FROM read_parquet(''FILE'')')",
	"SELECT * FROM query('FROM plays_by_hour')",
	"SELECT * FROM query_table('FILE')",
	"SELECT * FROM query_table(['plays_by_hour'])",
	"SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT * FROM read_parquet(''FILE'')'))",
	"SELECT json_serialize_plan('SELECT * FROM read_parquet(''FILE'')')",
	"SELECT stats(track_id) FROM plays_by_hour",
	"SELECT * FROM parquet_metadata('FILE')", "SELECT * FROM parquet_file_metadata('FILE')", "SELECT * FROM parquet_full_metadata('FILE')",
	"SELECT * FROM parquet_schema('FILE')", "SELECT * FROM parquet_kv_metadata('FILE')", "SELECT * FROM parquet_bloom_probe('FILE', 'track_id', 't7')",
	"SELECT * FROM _plays_by_hour", "SELECT * FROM memory.main._plays_by_hour", "SELECT * FROM memory._plays_by_hour", "SELECT * FROM main._plays_by_hour",
	"SELECT * FROM _plays_by_hour__deletes", "SELECT * FROM memory.main._plays_by_hour__files", "SELECT * FROM shown", "SELECT * FROM memory.main.shown",
	"SELECT * FROM read_text('SECRET')", "SELECT * FROM read_blob('SECRET')", "SELECT * FROM read_csv('SECRET')", "SELECT * FROM read_csv_auto('SECRET')",
	"SELECT * FROM 'SECRET'", "SELECT * FROM read_json('SECRET')", "SELECT * FROM read_ndjson_objects('SECRET')", "SELECT * FROM sniff_csv('SECRET')",
	"SELECT * FROM read_text('DIR/../../../secret.csv')", "SELECT * FROM read_text('file://SECRET')", "SELECT * FROM read_text('DIR/metadata/*.json')",
	"SELECT * FROM glob('DIR/**')", "SELECT * FROM read_duckdb('OUT')", "SELECT * FROM '/proc/self/environ'",
	"SELECT getenv('HOME')", "SELECT current_setting('allowed_paths')", "SELECT getvariable('x')", "SELECT pg_get_viewdef(1)",
	"SELECT * FROM duckdb_views()", "SELECT * FROM duckdb_views", "SELECT * FROM duckdb_tables()", "SELECT * FROM duckdb_settings()", "SELECT * FROM duckdb_secrets()",
	"SELECT * FROM which_secret('s3://x', 's3')", "SELECT * FROM duckdb_logs()", "SELECT * FROM information_schema.tables", "SELECT * FROM information_schema.views",
	"SELECT * FROM pg_catalog.pg_views", "SELECT * FROM sqlite_master", "SELECT * FROM pragma_storage_info('plays_by_hour')", "SELECT * FROM pragma_table_info('plays_by_hour')",
	"SHOW ALL TABLES", "SHOW DATABASES", "SHOW TABLES FROM memory", "SHOW VARIABLES",
	"SELECT write_log('x')", "SELECT * FROM enable_logging()", "SELECT * FROM enable_profiling()", "SELECT * FROM sql_auto_complete('SEL')",
	"SELECT * FROM checkpoint()", "SELECT * FROM force_checkpoint()", "SELECT * FROM seq_scan()", "SELECT * FROM arrow_scan(1, 2, 3)", "SELECT * FROM pandas_scan(1)",
	"COPY (SELECT 1) TO 'OUT'", "COPY plays_by_hour TO 'OUT'", "COPY plays_by_hour FROM 'FILE'", "EXPORT DATABASE 'OUT'", "IMPORT DATABASE 'OUT'",
	"SELECT * FROM query('COPY (SELECT 1) TO ''OUT''')", "ATTACH 'OUT'", "ATTACH 'CATALOG' AS c (TYPE sqlite)", "SELECT * FROM sqlite_scan('CATALOG', 'iceberg_tables')",
	"SELECT * FROM iceberg_scan('DIR')", "INSTALL httpfs", "LOAD httpfs", "SELECT * FROM read_csv('http://127.0.0.1:9/')",
	"SET enable_external_access = true", "RESET memory_limit", "SET VARIABLE x = 1", "PRAGMA database_list", "PRAGMA add_parquet_key('k', '0123456789012345')", "CALL pragma_version()",
	"DROP VIEW plays_by_hour", "SELECT 1; DROP VIEW plays_by_hour", "SELECT 1; SELECT 2", "CREATE TABLE x AS SELECT 1", "CREATE MACRO m() AS TABLE SELECT 1",
	"INSERT INTO plays_by_hour SELECT * FROM plays_by_hour", "UPDATE plays_by_hour SET plays = 1", "DELETE FROM plays_by_hour", "WITH x AS (DELETE FROM plays_by_hour RETURNING *) SELECT * FROM x",
	"PREPARE p AS SELECT 1", "EXECUTE p", "EXPLAIN SELECT 1", "EXPLAIN ANALYZE SELECT * FROM 'FILE'", "VACUUM", "CHECKPOINT", "USE memory", "BEGIN", "DETACH memory",
	"PIVOT plays_by_hour ON device", "SELECT 1) TO 'OUT' --", "') ; COPY (SELECT 1) TO 'OUT' --", "", "   ", ";", "--", "SELECT", "SELECT 1\x00", "SELECT '\xff'",
	"SELECT * FROM no_such_table", "SELECT $1", "SELECT __internal_decompress_string('x')",
}

func TestAUsersTextReadsTheTablesAndNothingElse(t *testing.T) {
	l, s, files := erased(t)
	secret, out := filepath.Join(l.Dir, "secret.csv"), filepath.Join(l.Dir, "warehouse", "music", "plays_by_hour", "data", "stolen")
	if err := os.WriteFile(secret, []byte("a,b\nt7,2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir, err := lake.LocalPath(s.Table().Location())
	if err != nil {
		t.Fatal(err)
	}
	places := strings.NewReplacer("FILE", files[0], "DIR", dir, "SECRET", secret, "OUT", out, "CATALOG", l.Options.URI)
	for i, text := range escapes {
		if i%laketest.Stride(3) != 0 {
			continue
		}
		rows, err := analyze(t, l, s, places.Replace(text))
		if err == nil {
			t.Errorf("%q gave %v", text, rows)
			continue
		}
		if lake.Hint(err) == "" {
			t.Errorf("%q: no hint with %v", text, err)
		}
		if strings.Contains(err.Error(), "LINE 1") || strings.Contains(err.Error(), "INTERNAL") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a file was written into the warehouse")
	}
}

// The second wall: were the text not looked at, DuckDB itself would open no file but those of the snapshot.
func TestWithoutALookAtTheTextOnlyTheSnapshotsFilesCanBeRead(t *testing.T) {
	l, s, files := erased(t)
	l.Duck.Start = nil // as Analyze has it
	orphan := filepath.Join(filepath.Dir(files[0]), "orphan.parquet")
	content, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(l.Dir, "secret.csv")
	for path, text := range map[string][]byte{orphan: content, secret: []byte("a\n1\n")} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	metadata, err := lake.LocalPath(s.Table().MetadataURI())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"SELECT * FROM read_parquet('" + orphan + "')", "SELECT * FROM '" + orphan + "'", "SELECT * FROM read_parquet('" + filepath.Dir(orphan) + "/*.parquet')",
		"SELECT * FROM read_blob('" + metadata + "')", "SELECT * FROM read_text('" + l.Options.URI + "')", "SELECT * FROM read_csv('" + secret + "')",
		"SELECT * FROM read_text('" + filepath.Join(l.Dir, "subject.key") + "')",
	} {
		a, err := duck.AnalyzeUnparsed(t.Context(), l.DB(t), queryOf(text, s), []lake.Snapshot{s})
		if err == nil || !strings.Contains(err.Error(), "Permission Error") {
			t.Errorf("%q gave %v, %v", text, a.Rows, err)
		}
	}
	a, err := duck.AnalyzeUnparsed(t.Context(), l.DB(t), queryOf("SELECT count(*) FROM plays_by_hour", s), []lake.Snapshot{s})
	if err != nil || fmt.Sprint(a.Rows) != "[[18]]" {
		t.Errorf("got %v, %v", a.Rows, err)
	}
}

func TestWhatAnAnalystWritesIsAllowed(t *testing.T) {
	l, s, _ := erased(t)
	for text, want := range map[string]string{
		"SELECT count(*) FROM plays_by_hour -- fine":                                                                "[[18]]",
		"SELECT count(*) FROM PLAYS_BY_HOUR":                                                                        "[[18]]",
		`SELECT count(*) FROM "Plays_By_Hour"`:                                                                      "[[18]]",
		"SELECT count(*) FROM music.plays_by_hour":                                                                  "[[18]]",
		"SELECT count(*) FROM lake.music.plays_by_hour;":                                                            "[[18]]",
		"FROM plays_by_hour SELECT count(*)":                                                                        "[[18]]",
		"WITH x AS (SELECT plays FROM plays_by_hour) SELECT count(*) FROM x":                                        "[[18]]",
		"WITH plays_by_hour AS (SELECT 1 AS one) SELECT * FROM plays_by_hour":                                       "[[1]]",
		"WITH RECURSIVE c AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM c WHERE n < 3) SELECT sum(n)::INT FROM c":   "[[6]]",
		"SELECT (SELECT count(*) FROM plays_by_hour p WHERE p.plays = r.range) FROM range(1, 2) r":                  "[[2]]",
		"SELECT plays, row_number() OVER (ORDER BY plays) FROM plays_by_hour ORDER BY ALL LIMIT 1":                  "[[0 1]]",
		"SELECT x FROM (VALUES (1), (2)) v(x) EXCEPT SELECT 1":                                                      "[[2]]",
		"SELECT count(*) FROM plays_by_hour a JOIN plays_by_hour b USING (hour, track_id) POSITIONAL JOIN range(1)": "[[18]]",
		"SELECT sum(u)::INT FROM (SELECT unnest([1, 2, 3]) AS u), generate_series(1, 2)":                            "[[12]]",
		"FROM (PIVOT plays_by_hour ON device IN ('phone') USING sum(plays)::INT GROUP BY country)":                  "[[DE 76]]",
		"SELECT count(*) FROM plays_by_hour TABLESAMPLE 100%":                                                       "[[18]]",
		"SELECT DISTINCT ON (device) device FROM plays_by_hour ORDER BY device DESC NULLS LAST LIMIT 100%":          "[[phone]]",
		"SELECT count(*) FROM (SHOW TABLES)":                                                                        "[[1]]",
		"SHOW TABLES":                                                                                               "[[plays_by_hour]]",
		"SELECT column_name FROM (DESCRIBE plays_by_hour) LIMIT 1":                                                  "[[hour]]",
		"SELECT count FROM (SUMMARIZE plays_by_hour) LIMIT 1":                                                       "[[18]]",
		"SELECT list_sum(list_transform([1, 2], lambda x: x * 2))::INT, {'a': 1}.a":                                 "[[6 1]]",
		"SELECT '2026-01-01'::DATE + INTERVAL 1 DAY > now(), 'read_parquet(''x'')'":                                 "[[false read_parquet('x')]]",
		"SELECT 'x' COLLATE NOCASE = 'X', NULL::JSON, try_cast('a' AS INT)":                                         "[[true <nil> <nil>]]",
		"SELECT value::INT FROM json_each('[7]')":                                                                   "[[7]]",
		"SELECT count(*) FROM plays_by_hour GROUP BY GROUPING SETS ((), (device))":                                  "[[18] [18]]",
	} {
		rows, err := analyze(t, l, s, text)
		if got := fmt.Sprint(rows); err != nil || got != want {
			t.Errorf("%q gave %v, %v, want %s", text, got, err, want)
		}
	}
}

// DuckDB moves conditions below the position deletes, where the error of a function would show what a deleted row
// holds.
func TestNoConditionIsTriedOnDeletedRows(t *testing.T) {
	l, s, _ := erased(t)
	for _, condition := range []string{
		"regexp_replace('x', '(' || track_id, '') = ''", "date_trunc(track_id, hour) IS NULL", "strftime(hour, '%' || track_id || '%Q') = ''", "bar(plays, 0, 10, 99999) = ''",
	} {
		rows, err := analyze(t, l, s, "SELECT count(*) FROM plays_by_hour WHERE CASE WHEN track_id = 't7' THEN "+condition+" ELSE true END")
		if got := fmt.Sprint(rows); err != nil || got != "[[18]]" {
			t.Errorf("%s gave %s, %v", condition, got, err)
		}
	}
}
