package duck_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
)

// What comes out of a query must go into one JSON document, whatever its type.
func TestValuesOfAnyTypeCanBePrinted(t *testing.T) {
	l := laketest.New(t)
	s := plays(t, l, 1)
	for expression, want := range map[string]string{
		"'NaN'::DOUBLE":                                    `"NaN"`,
		"'Infinity'::DOUBLE":                               `"Infinity"`,
		"'-Infinity'::FLOAT":                               `"-Infinity"`,
		"1.5::DOUBLE":                                      `1.5`,
		"1.5::DECIMAL(9,2)":                                `"1.5"`,
		"encode('café')":                                   `"café"`,
		"'\\xFF\\x00'::BLOB":                               `"hex:ff00"`,
		"TIME '10:20:30.5'":                                `"10:20:30.5"`,
		"TIMETZ '10:20:30+02'":                             `"10:20:30+02:00"`,
		"TIMESTAMP '2026-03-01 10:20:30'":                  `"2026-03-01T10:20:30Z"`,
		"TIMESTAMPTZ '0001-01-01 10:00:00+00'":             `"0001-01-01T10:00:00Z"`,
		"TIMESTAMP 'infinity'":                             `"infinity"`,
		"TIMESTAMP '12026-03-01 00:00:00'":                 `"12026-03-01T00:00:00Z"`,
		"INTERVAL '14 months 3 days 04:05:06.5'":           `"14 months 3 days 04:05:06.5"`,
		"INTERVAL '-90 minutes'":                           `"-01:30:00"`,
		"INTERVAL '0 days'":                                `"00:00:00"`,
		"UUID '00112233-4455-6677-8899-aabbccddeeff'":      `"00112233-4455-6677-8899-aabbccddeeff"`,
		"170141183460469231731687303715884105727::HUGEINT": `170141183460469231731687303715884105727`,
		"'101'::BIT":                                       `"101"`,
		"['NaN'::DOUBLE, 2, NULL]":                         `["NaN",2,null]`,
		"[1, 2]::TINYINT[2]":                               `[1,2]`,
		"[]::INT[]":                                        `[]`,
		"{'a': 1, 'b': {'c': TIME '01:02:03', 'd': '\\xFF'::BLOB}}": `{"a":1,"b":{"c":"01:02:03","d":"hex:ff"}}`,
		"MAP {2: 'two', 1: NULL}":                                   `{"1":null,"2":"two"}`,
		"[{'at': TIMESTAMPTZ '2026-03-01 02:00:00+01'}]":            `[{"at":"2026-03-01T01:00:00Z"}]`,
		"union_value(n := 'Infinity'::DOUBLE)":                      `"Infinity"`,
	} {
		rows, err := analyze(t, l, s, "SELECT "+expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		got, err := json.Marshal(rows[0][0])
		if err != nil || string(got) != want {
			t.Errorf("%s: got %s, %v, want %s", expression, got, err, want)
		}
	}
}

func TestTypesThatTheDriverDoesNotKnowAreShownAsText(t *testing.T) {
	l := laketest.New(t)
	for expression, want := range map[string]string{
		"row(1, 2)":     `"(1, 2)"`,
		"[row(1, 'a')]": `"[(1, a)]"`,
		"{'a': row(TIMESTAMPTZ '2026-03-01 00:00:00+00', 1)}": `"{'a': ('2026-03-01 00:00:00+00', 1)}"`,
		"'x'::VARIANT":                       `"x"`,
		"[1]::VARIANT":                       `"[1]"`,
		"'10:20:30.5'::TIME_NS":              `"10:20:30.5"`,
		"'POINT (1 2)'::GEOMETRY":            `"POINT (1 2)"`,
		"{'a': 1, 'b': '10:00:00'::TIME_NS}": `"{'a': 1, 'b': '10:00:00'}"`,
		"NULL":                               `null`,
		"9223372036854775807::BIGNUM":        `9223372036854775807`,
		"'a'::ENUM('a', 'b')":                `"a"`,
	} {
		a, err := duck.Analyze(t.Context(), l.Duck, queryOf("SELECT "+expression))
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		if got, err := json.Marshal(a.Rows[0][0]); err != nil || string(got) != want {
			t.Errorf("%s: got %s, %v, want %s", expression, got, err, want)
		}
	}
	if a, err := duck.Analyze(t.Context(), l.Duck, queryOf("SELECT * FROM test_all_types()")); err != nil || len(a.Rows) != 3 {
		t.Errorf("all types: %d rows, %v", len(a.Rows), err)
	}
}

func TestAnAnswerEndsAtItsLimits(t *testing.T) {
	laketest.Costly(t)
	l := laketest.New(t)
	for _, c := range []struct {
		text string
		rows int
		cut  string
	}{
		{"SELECT range FROM range(10000)", 10_000, ""},
		{"SELECT range FROM range(10001)", 10_000, duck.CutRows},
		{"SELECT a.range AS a, b.range AS a FROM range(5000000000) a, range(1000000) b", 10_000, duck.CutRows},
		{"SELECT repeat('x', 1000000) FROM range(20)", 8, duck.CutBytes},
		{"SELECT CASE WHEN range < 5 THEN 'x' ELSE repeat('x', 20000000) END FROM range(9)", 5, duck.CutBytes},
		{"SELECT range(100000) FROM range(100)", 12, duck.CutBytes},
		{"SELECT {'a': repeat('x', 3000000)}, repeat('x', 1000000)::BLOB FROM range(9)", 2, duck.CutBytes},
	} {
		q := queryOf(c.text)
		q.Memory = 32 << 20
		a, err := duck.Analyze(t.Context(), l.Duck, q)
		if err != nil || len(a.Rows) != c.rows || a.Cut != c.cut {
			t.Errorf("%s: %d rows, cut %q, %v; want %d, %q", c.text, len(a.Rows), a.Cut, err, c.rows, c.cut)
		}
	}
	q := queryOf("SELECT repeat('x', 9000000)")
	q.Memory = 32 << 20
	if a, err := duck.Analyze(t.Context(), l.Duck, q); err == nil || !strings.Contains(lake.Hint(err), "left(") {
		t.Errorf("a first row that is too wide gave %d rows, %v", len(a.Rows), err)
	}
}

func TestAnAnswerKeepsItsOrder(t *testing.T) {
	laketest.Costly(t)
	l := laketest.New(t)
	l.Duck.Threads = 4
	a, err := duck.Analyze(t.Context(), l.Duck, queryOf("SELECT range, repeat('x', (range % 50)::INT) FROM range(3000000) ORDER BY hash(range), range"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := duck.Analyze(t.Context(), l.Duck, queryOf("SELECT range, row_number() OVER (ORDER BY hash(range), range) AS n FROM range(3000000) ORDER BY n LIMIT 10000"))
	if err != nil || len(a.Rows) != 10_000 || len(b.Rows) != 10_000 {
		t.Fatalf("%d and %d rows, %v", len(a.Rows), len(b.Rows), err)
	}
	for i := range a.Rows {
		if a.Rows[i][0] != b.Rows[i][0] {
			t.Fatalf("row %d is %v, want %v", i, a.Rows[i][0], b.Rows[i][0])
		}
	}
}

// A single vector of wide values takes gigabytes and no interrupt.
func TestAQueryEndsWithinASecondOfItsContext(t *testing.T) {
	laketest.Costly(t)
	l := laketest.New(t)
	for _, text := range []string{
		"SELECT count(*) FROM range(1000000000000) a, range(1000000) b WHERE a.range = b.range + random()::BIGINT",
		"SELECT sleep_ms(60000)",
		"SELECT max(strlen(regexp_replace(repeat('ab', 20000000), '(a|b)', '\\1\\1', 'g'))) FROM range(40)",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		start := time.Now()
		_, err := duck.Analyze(ctx, l.Duck, queryOf(text))
		cancel()
		if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took > 5*time.Second {
			t.Errorf("%s: %v after %s", text, err, took)
		}
	}
}

func TestAQueryThatNeedsFarMoreMemoryThanItsLimitIsEnded(t *testing.T) {
	laketest.Costly(t)
	l := laketest.New(t)
	q := queryOf("SELECT max(strlen(repeat(range::VARCHAR, 100000))) FROM range(100000)")
	q.Memory = 1 << 20
	_, err := duck.Analyze(t.Context(), l.Duck, q)
	if err == nil || !strings.Contains(err.Error(), "MiB of memory") || lake.Hint(err) == "" {
		t.Errorf("got %v", err)
	}
}

func TestOnlyTablesThatAQueryNamesAreBound(t *testing.T) {
	l, s, _ := erased(t)
	for text, want := range map[string]string{
		"SELECT 1": "", "SELECT count(*) FROM plays_by_hour": "plays_by_hour",
		"WITH plays_by_hour AS (SELECT 1 AS x) SELECT * FROM plays_by_hour":                "",
		"WITH x AS (SELECT * FROM plays_by_hour) SELECT count(*) FROM X":                   "plays_by_hour",
		"SELECT (SELECT count(*) FROM Music.PLAYS_by_hour)":                                "plays_by_hour",
		"SELECT 'listens' AS listens, 1 AS plays_by_hour -- plays_by_hour":                 "",
		"SELECT * FROM (WITH plays_by_hour AS (SELECT 1) SELECT 1), plays_by_hour LIMIT 0": "plays_by_hour",
	} {
		q := queryOf(text, s)
		var named []string
		find := q.Snapshots
		q.Snapshots = func(ctx context.Context, names []string) ([]lake.Snapshot, error) {
			named = names
			return find(ctx, names)
		}
		if _, err := duck.Analyze(t.Context(), l.Duck, q); err != nil || strings.Join(named, " ") != want {
			t.Errorf("%s: bound %q, %v, want %q", text, named, err, want)
		}
	}
}
