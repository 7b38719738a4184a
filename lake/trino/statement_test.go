package trino

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	driver "github.com/trinodb/trino-go-client/trino"

	"github.com/lakectl/lakectl/lake"
)

func TestTheTablesOfAQueryAreFound(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT 1":              "",
		"TABLE a":               "a",
		"VALUES (1, 2), (3, 4)": "",
		"SELECT * FROM a, b AS x (c, d), (c JOIN d ON c.x = ARRAY[1, 2] [d.y]), e":      "a b c d e",
		"SELECT * FROM (VALUES (1, 2), (3, 4)) v (x, y), a":                             "a",
		"SELECT extract(year FROM a.t), trim(BOTH FROM b) FROM a":                       "a",
		"SELECT a.x IS NOT DISTINCT FROM a.y FROM a WHERE x IN (SELECT y FROM b)":       "a b",
		"WITH a AS (SELECT * FROM b), c (d) AS (SELECT * FROM a) SELECT * FROM a, c":    "b",
		"WITH a AS (SELECT * FROM A) SELECT * FROM a":                                   "A",
		"WITH RECURSIVE a AS (SELECT * FROM a) SELECT * FROM a":                         "",
		"SELECT * FROM (WITH a AS (SELECT 1) SELECT * FROM a), a":                       "a",
		"SELECT * FROM a CROSS JOIN UNNEST(a.x) WITH ORDINALITY AS u (x, n), b":         "a b",
		"SELECT * FROM a, LATERAL (SELECT * FROM b WHERE b.x = a.x)":                    "a b",
		"SELECT sum(x) OVER w FROM a WINDOW w AS (PARTITION BY y, z), v AS (w) LIMIT 1": "a",
		"((SELECT 1) UNION (SELECT * FROM a ORDER BY x, y))":                            "a",
		"SELECT 'FROM a', \"FROM\", 1.5, .5, 1e5 FROM \"a\" -- , b\n/* , c */;":         "a",
		"SELECT CAST(x AS timestamp(6) with time zone), f(FROM_x, y) FROM a":            "a",
		"SELECT a.\"from\", b FROM a JOIN b USING (x, y) NATURAL JOIN c GROUP BY a, b":  "a b c",
	} {
		found, err := parse(text)
		if diff := cmp.Diff(want, strings.Join(found.tables, " ")); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", text, err, diff)
		}
	}
}

func TestWhatCouldReachMoreThanTheTablesIsRefused(t *testing.T) {
	for _, text := range []string{
		"", ";", "SHOW TABLES", "EXPLAIN SELECT 1", "DELETE FROM a", "SELECT 1; SELECT 2", "SELECT 1)", "(SELECT 1", "SELECT 'x", "SELECT \"x", "SELECT 1 /*",
		"SELECT * FROM x.a", "SELECT * FROM c.x.a", "SELECT * FROM c . /* */ \"x\" . a", "SELECT * FROM b, c.x.a", "SELECT * FROM (c.x.a)", "TABLE c.x.a",
		"SELECT * FROM b JOIN c.x.a ON true", "SELECT (TABLE c.x.a)", "SELECT 1 UNION TABLE c.x.a", "SELECT c.x.f(1)", "SELECT c.x.a.y FROM b",
		"SELECT * FROM TABLE(f(1))", "SELECT * FROM b, TABLE (c.x.f(1))", "SELECT * FROM f(1)", "SELECT * FROM a FOR VERSION AS OF 1", "SELECT * FROM a @ x",
		"WITH SESSION x = 1 SELECT 1", "WITH FUNCTION f() RETURNS bigint RETURN 1 SELECT f()", "WITH a AS (SELECT * FROM c.x.a) SELECT 1", "WITH a AS SELECT 1",
		"SELECT 1 FROM b LIMIT 1, c.x.a", "SELECT 1 FROM b WINDOW, c.x.a", "SELECT \xff", "SELECT --\rFROM c.x.a",
		"SELECT $$'$$ FROM c.x.a WHERE y = ''",
	} {
		if found, err := parse(text); err == nil || lake.Hint(err) == "" {
			t.Errorf("%q: tables %v, %v", text, found.tables, err)
		}
	}
}

func TestATextKeepsItsLinesBehindTheDefinitions(t *testing.T) {
	for text, want := range map[string]string{
		"-- head\nSELECT *\nFROM a;\n":                   "WITH \"a\" (\"x\") AS (SELECT * FROM \"c\".\"n\".\"a\" FOR VERSION AS OF 7)\n-- head\nSELECT *\nFROM a",
		"WITH b AS (SELECT 1)\nTABLE b":                  "WITH \"a\" (\"x\") AS (SELECT * FROM \"c\".\"n\".\"a\" FOR VERSION AS OF 7)\n   , b AS (SELECT 1)\nTABLE b",
		"/* 1 */ with recursive b AS (TABLE b) VALUES 1": "WITH RECURSIVE \"a\" (\"x\") AS (SELECT * FROM \"c\".\"n\".\"a\" FOR VERSION AS OF 7)\n/* 1 */              , b AS (TABLE b) VALUES 1",
	} {
		got, err := pinned("c", "n", Query{Text: text, Pins: []Pin{{Table: "a", Snapshot: 7, Columns: []string{"x"}}}})
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%q: %v\n%s", text, err, diff)
		}
	}
}

func TestColumnsNewerThanASnapshotHaveNoValues(t *testing.T) {
	got, err := pinned("c", "n", Query{Text: "TABLE a", Pins: []Pin{{
		Table: "a", Snapshot: 7, Columns: []string{"x", "new"}, Reads: []Read{{Name: "old x"}, {Name: "new", Newer: true}},
	}}})
	want := `WITH "a" ("x", "new") AS (SELECT "old x", (SELECT "new" FROM "c"."n"."a" WHERE false) FROM "c"."n"."a" FOR VERSION AS OF 7)` + "\nTABLE a"
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestAnErrorTellsNothingOfRowsThatAreLeftOut(t *testing.T) {
	value := &driver.ErrTrino{ErrorName: "INVALID_CAST_ARGUMENT", ErrorType: "USER_ERROR", Message: "Cannot cast 'somebody' to BIGINT"}
	place := &driver.ErrTrino{ErrorName: "TYPE_MISMATCH", ErrorType: "USER_ERROR", Message: "line 2:1: no such", ErrorLocation: driver.ErrorLocation{LineNumber: 2, ColumnNumber: 1}}
	whole, part := []Pin{{Table: "a"}}, []Pin{{Table: "b"}, {Table: "a", Of: &Query{}}}
	for _, c := range []struct {
		err  *driver.ErrTrino
		pins []Pin
		told bool
	}{{value, whole, true}, {value, part, false}, {place, part, true}} {
		err := advised(c.err, c.pins, "lake")
		var failed *driver.ErrTrino
		if told := strings.Contains(err.Error(), c.err.Message); told != c.told || errors.As(err, &failed) != c.told || lake.Hint(err) == "" {
			t.Errorf("%s of %v: %v, hint %q", c.err.ErrorName, c.pins, err, lake.Hint(err))
		}
	}
}

func TestTextsOfTheDriverAreWrittenAsForDuckDB(t *testing.T) {
	for _, c := range []struct{ column, text, want string }{
		{"INTERVAL YEAR TO MONTH", "1-2", "14 months"},
		{"INTERVAL YEAR TO MONTH", "-0-3", "-3 months"},
		{"INTERVAL YEAR TO MONTH", "0-0", "00:00:00"},
		{"INTERVAL DAY TO SECOND", "3 04:05:06.500", "3 days 04:05:06.5"},
		{"INTERVAL DAY TO SECOND", "0 00:00:00.000", "00:00:00"},
		{"DECIMAL", "-1.500", "-1.5"},
		{"DECIMAL", "100.00", "100"},
		{"DECIMAL", "100", "100"},
		{"VARCHAR", "1.500", "1.500"},
		{"ARRAY(DECIMAL(9,3))", "1.500", "1.5"},
		{"ROW(A VARCHAR,T TIMESTAMP(6))", "2026-02-28", "2026-02-28"},
		{"INTERVAL DAY TO SECOND", "-0 01:30:00.000", "-01:30:00"},
		{"INTERVAL DAY TO SECOND", "2 00:00:00.000", "2 days"},
	} {
		if got := plain(c.text, c.column); got != c.want {
			t.Errorf("%s %s: %v, want %s", c.column, c.text, got, c.want)
		}
	}
}

func TestAPinCanBeLimitedToFiles(t *testing.T) {
	got, err := pinned("c", "n", Query{Text: "TABLE b", Pins: []Pin{
		{Table: "a", As: "b", Snapshot: 7, Columns: []string{"x"}, Reads: []Read{{Name: "x"}}, Files: []string{"file:///it's", "s3://b/2"}},
		{Table: "a", As: "c", Columns: []string{"x"}, Reads: []Read{{Name: "x"}}},
	}})
	want := `WITH "b" ("x") AS (SELECT "x" FROM "c"."n"."a" FOR VERSION AS OF 7 WHERE "$path" IN ('file:///it''s', 's3://b/2')), ` +
		`"c" ("x") AS (SELECT "x" FROM "c"."n"."a" WHERE false)` + "\nTABLE b"
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}
