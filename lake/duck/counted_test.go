package duck_test

import (
	"cmp"
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
)

// A lake of years has more files than a count should open.
func TestACountOfATableOpensNoneOfItsFiles(t *testing.T) {
	l := laketest.New(t)
	plays(t, l, 3)
	s := l.Hand(t, catalog.PlaysByHour).Delete(laketest.ByPosition, "track_id = 't1'")
	files, err := s.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	deletes, err := s.DeleteFiles(t.Context())
	if err != nil || len(deletes) == 0 {
		t.Fatal(len(deletes), " delete files, ", err)
	}
	for _, f := range append(files, deletes...) {
		local, err := lake.LocalPath(f.FilePath())
		if err == nil {
			err = os.Remove(local)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for text, column := range map[string]string{
		"SELECT count(*) FROM plays_by_hour":                 "count_star()",
		"select COUNT(*) AS n from lake.music.plays_by_hour": "n",
		"FROM plays_by_hour p SELECT count();":               "count_star()",
	} {
		a, err := duck.Analyze(t.Context(), l.Duck, queryOf(text, s))
		if err != nil || len(a.Rows) != 1 || len(a.Rows[0]) != 1 || a.Rows[0][0] != int64(27) || len(a.Columns) != 1 || a.Columns[0] != column {
			t.Errorf("%s: %v %v, %v, want 27 as %s", text, a.Columns, a.Rows, err, column)
		}
	}
	for _, text := range []string{
		"SELECT count(*) FROM plays_by_hour WHERE plays > 3",
		"SELECT count(*) FILTER (plays > 3) FROM plays_by_hour",
		"SELECT count(DISTINCT plays) FROM plays_by_hour",
		"SELECT count(artist_id) FROM plays_by_hour",
		"SELECT count(*) OVER () FROM plays_by_hour",
		"SELECT count(*) FROM plays_by_hour GROUP BY country",
		"SELECT count(*) FROM plays_by_hour GROUP BY ALL",
		"SELECT count(*) FROM plays_by_hour HAVING max(plays) > 3",
		"SELECT count(*) FROM plays_by_hour USING SAMPLE 1",
		"SELECT count(*) FROM plays_by_hour TABLESAMPLE 10%",
		"SELECT count(*) FROM plays_by_hour LIMIT 0",
		"SELECT count(*), 1 FROM plays_by_hour",
		"SELECT count(*) + 1 FROM plays_by_hour",
		"SELECT count(*) FROM plays_by_hour, plays_by_hour other",
		"SELECT count(*) FROM (SELECT DISTINCT country FROM plays_by_hour)",
		"WITH plays_by_hour AS (SELECT 1 FROM plays_by_hour) SELECT count(*) FROM plays_by_hour",
		"SELECT count(*) FROM plays_by_hour UNION ALL SELECT 1",
		"SELECT sum(plays) FROM plays_by_hour",
	} {
		if a, err := duck.Analyze(t.Context(), l.Duck, queryOf(text, s)); err == nil {
			t.Errorf("%s gave %v without a file", text, a.Rows)
		}
	}
}

// Whoever wrote to a table: what the manifests say is the number of rows that there are, or else nobody goes by it.
func TestACountIsThatOfTheRows(t *testing.T) {
	l := laketest.New(t)
	h := l.Hand(t, catalog.Sources)
	row := func(source string) []any {
		return []any{source, int64(1), time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), int64(0), int64(0)}
	}
	put := func(rows ...[]any) func() lake.Snapshot {
		return func() lake.Snapshot { return l.Put(t, "test", catalog.Sources, nil, rows...) }
	}
	without := func(source string) func() lake.Snapshot {
		return func() lake.Snapshot { return h.Delete(laketest.ByPosition, "source = '"+source+"'") }
	}
	merge := func() lake.Snapshot {
		if _, err := l.MergeDeletes(t.Context(), catalog.Sources, lake.Merge{Job: "test", Verify: lake.NewVerifier()}); err != nil {
			t.Fatal(err)
		}
		return l.Snapshot(t, catalog.Sources)
	}
	first := func() lake.File { // the oldest
		files, err := l.Snapshot(t, catalog.Sources).Files(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return slices.MinFunc(files, func(a, b lake.File) int { return cmp.Compare(a.Sequence, b.Sequence) })
	}
	for _, step := range []struct {
		name string
		do   func() lake.Snapshot
		rows int64
		told bool
	}{
		{"nothing", func() lake.Snapshot { return l.Snapshot(t, catalog.Sources) }, 0, true},
		{"rows", put(row("a"), row("b"), row("c"), row("d")), 4, true},
		{"a file more", put(row("e"), row("g")), 6, true},
		{"a deleted row", without("a"), 5, true},
		{"a second delete file of one file", without("b"), 4, false},
		{"merged", merge, 4, true},
		{"another engine's delete of a row that is, and of one that is not", func() lake.Snapshot {
			return h.DeletePositions(first(), 2, 7)
		}, 3, false},
		{"merged with ours", merge, 3, true},
		{"another engine's delete", func() lake.Snapshot {
			return h.DeleteScoped(iceberg.EqualTo(iceberg.Reference("source"), "e"))
		}, 2, false},
		{"rolled back", func() lake.Snapshot { return h.Rollback(1) }, 3, true},
		{"another engine's rows", func() lake.Snapshot { return h.Append([]any{"f", 1, time.Now(), 0, 0}) }, 4, false},
		{"truncated", h.Truncate, 0, true},
	} {
		s := step.do()
		rows, told, err := s.CountRows(t.Context())
		if err != nil || told != step.told || told && rows != step.rows {
			t.Errorf("%s: the manifests say %d, %v, %v, want %d, %v", step.name, rows, told, err, step.rows, step.told)
		}
		for _, text := range []string{"SELECT count(*) FROM sources", "SELECT count(*) FROM (FROM sources)"} {
			got, err := analyze(t, l, s, text)
			if err != nil || got[0][0] != step.rows {
				t.Errorf("%s: %s gave %v, %v, want %d", step.name, text, got, err, step.rows)
			}
		}
	}
}

func TestACountLeavesOutRowsThatNoAnswerMayHave(t *testing.T) {
	l := laketest.New(t)
	s := plays(t, l, 1)
	q := queryOf("SELECT count(*) FROM plays_by_hour", s)
	q.Without = func(ctx context.Context, s lake.Snapshot) (map[string][]int64, error) {
		files, err := s.Files(ctx)
		return map[string][]int64{files[0].FilePath(): {2, 3}}, err
	}
	if a, err := duck.Analyze(t.Context(), l.Duck, q); err != nil || a.Rows[0][0] != int64(8) {
		t.Errorf("%v, %v, want 8", a.Rows, err)
	}
}
