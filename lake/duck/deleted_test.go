package duck_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
)

func TestDeletedRowsAreThoseOfOneCommit(t *testing.T) {
	l := laketest.New(t)
	h := l.Hand(t, catalog.Sources)
	row := func(source string) []any {
		return []any{source, int64(1), time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), int64(0), int64(0)}
	}
	without := func(source string) lake.Snapshot {
		return h.DeleteScoped(iceberg.EqualTo(iceberg.Reference("source"), source)) // its delete files name no data file
	}
	put := func(rows ...[]any) lake.Snapshot { return l.Put(t, "test", catalog.Sources, nil, rows...) }
	states := []lake.Snapshot{put(row("a"), row("b"), row("c")), without("a"), without("b"), put(row("d"))}
	d := l.DB(t)
	for i, want := range [][]string{{"a"}, {"b"}, nil} {
		if err := d.BindDeleted(t.Context(), "deleted", states[i], states[i+1], "source"); err != nil {
			t.Fatal(err)
		}
		var got []string
		var source string
		err := d.EachText(t.Context(), "SELECT source FROM deleted ORDER BY source", nil, []any{&source}, func() error { got = append(got, source); return nil })
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("commit %d: (-want +got)\n%s", i+1, diff)
		}
	}
}

// Who reads a table with row deletes pays one lookup for each row of the files that lost some, and nothing else.
func TestRowDeletesCostNoMoreThanALookup(t *testing.T) {
	l := laketest.New(t)
	plays(t, l, 3)
	s := l.Hand(t, catalog.PlaysByHour).Delete(laketest.ByPosition, "track_id = 't1' AND hour < TIMESTAMP '2026-02-28'")
	d := l.DB(t)
	if err := d.Bind(t.Context(), "p", s); err != nil {
		t.Fatal(err)
	}
	narrow := plan(t, d, "SELECT sum(ms_played) FROM p WHERE plays > 3 AND sqrt(plays) < 4")
	if strings.Contains(narrow, "DELIM") || strings.Count(narrow, "HASH_JOIN") != 1 {
		t.Errorf("a condition costs more than a lookup:\n%s", narrow)
	}
	count := plan(t, d, "SELECT count(*) FROM p")
	if strings.Count(count, "READ_PARQUET") != 2*2 || regexp.MustCompile(`\bc\d+\b`).MatchString(count) {
		t.Errorf("a count reads a column:\n%s", count)
	}
}

// plan is how DuckDB will run a statement.
func plan(t *testing.T, d *duck.DB, text string) (plan string) {
	t.Helper()
	var kind string
	if err := d.OneText(t.Context(), "EXPLAIN "+text, nil, []any{&kind, &plan}); err != nil {
		t.Fatal(err)
	}
	return plan
}
