package duck_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
)

func TestSpansWithManyRowsGetFilesOfTheirOwn(t *testing.T) {
	l := laketest.New(t)
	d := l.DB(t)
	tbl, err := l.Table(t.Context(), catalog.ListensCounted)
	if err != nil {
		t.Fatal(err)
	}
	march := lake.Day(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	if march%3 == 0 {
		t.Fatal("the month does not cut a span")
	}
	for _, c := range []struct {
		name string
		days int
		many int64
		rows map[int]int64 // by day, from the first of the month on
		of   int           // day from which these are counted
		want [][3]int      // of each file its first and last day, and its rows
	}{
		{"few share a file", 1, 10, map[int]int64{0: 9, 30: 9}, march, [][3]int{{0, 30, 18}}},
		{"all have their own", 1, 9, map[int]int64{0: 9, 30: 9}, march, [][3]int{{0, 0, 9}, {30, 30, 9}}},
		{"the shared one comes first", 1, 10, map[int]int64{0: 10, 1: 1, 4: 12, 6: 1, 7: 10}, march, [][3]int{{1, 6, 2}, {0, 0, 10}, {4, 4, 12}, {7, 7, 10}}},
		{"days of a span count together", 3, 10, map[int]int64{3 - march%3: 4, 5 - march%3: 6, 6 - march%3: 9}, march, [][3]int{{6 - march%3, 6 - march%3, 9}, {3 - march%3, 5 - march%3, 10}}},
		{"the month cuts a span", 3, 5, map[int]int64{-1: 4, 0: 5, 30: 6, 31: 4}, march, [][3]int{{0, 0, 5}, {30, 30, 6}}},
		{"days before 1970", 3, 10, map[int]int64{-1: 4, -2: 3, -3: 3, -4: 2}, 0, [][3]int{{-4, -4, 2}, {-3, -1, 10}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			spans := duck.Spans{Days: c.days, Many: c.many, Rows: map[int]int64{}}
			text := "CREATE OR REPLACE VIEW counted AS SELECT printf('id-%d', i) AS listen_id, printf('u%d', i * 7 % 11) AS user_id, 't' AS track_id, 'a' AS artist_id, " +
				"NULL AS device, heard AS event_time, 1 AS ms_played, NULL AS track_ms, NULL AS country, NULL AS tier, TIMESTAMPTZ '2026-05-07T00:00:00Z' AS received_time, " +
				"'t' AS source_topic, 0 AS source_partition, i AS source_offset FROM (SELECT NULL::BIGINT AS i, NULL::TIMESTAMPTZ AS heard WHERE false"
			month := lake.MonthOf(lake.DayStart(c.of - 1))
			if c.of == march {
				month++
			}
			for day, n := range c.rows {
				at := lake.DayStart(c.of + day)
				if lake.MonthOf(at) == month {
					spans.Rows[c.of+day] = n
				}
				text += fmt.Sprintf(" UNION ALL SELECT i, TIMESTAMPTZ '%s' + to_seconds((i + 1) * 86400 / %d - 1) FROM range(%d) r(i)", at.Format(time.RFC3339), n, n)
			}
			if err := d.ExecText(t.Context(), text+")"); err != nil {
				t.Fatal(err)
			}
			files, err := d.WriteSpans(t.Context(), tbl, "test", "counted", month, spans, "user_id", "event_time")
			if err != nil {
				t.Fatal(err)
			}
			var got [][3]int
			for _, f := range files {
				first, last, ok := tbl.DaysOf(lake.File{DataFile: f}, "event_time")
				if !ok || lake.PartitionValue(f) != int(month) {
					t.Errorf("a file of %s says partition %v", month, lake.PartitionValue(f))
				}
				got = append(got, [3]int{first - c.of, last - c.of, int(f.Count())})
				if misplaced := outOfOrder(t, d, f.FilePath()); misplaced > 0 || f.SortOrderID() != nil && *f.SortOrderID() != 0 {
					t.Errorf("%d rows are not in their place", misplaced)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// outOfOrder is how many rows of a file are not where they would be by listener and time.
func outOfOrder(t *testing.T, d *duck.DB, uri string) (rows int) {
	t.Helper()
	path, err := lake.LocalPath(uri)
	if err == nil {
		err = d.OneText(t.Context(), "SELECT count(*) FROM (SELECT file_row_number AS pos, row_number() OVER (ORDER BY user_id, event_time) - 1 AS place "+
			"FROM read_parquet("+duck.Quote(path)+", file_row_number = true)) WHERE pos <> place", nil, []any{&rows})
	}
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestAFileOfASpanWithOtherRowsThanThereAreIsAnError(t *testing.T) {
	l := laketest.New(t)
	d := l.DB(t)
	tbl, err := l.Table(t.Context(), catalog.ListensCounted)
	if err != nil {
		t.Fatal(err)
	}
	march := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	if err := d.ExecText(t.Context(), "CREATE VIEW counted AS SELECT 'id' || i AS listen_id, 'u' AS user_id, 't' AS track_id, 'a' AS artist_id, NULL AS device, "+
		"TIMESTAMPTZ '2026-03-01T23:59:59.999999Z' + to_days(i::INTEGER % 10) AS event_time, 1 AS ms_played, NULL AS track_ms, NULL AS country, NULL AS tier, "+
		"TIMESTAMPTZ '2026-05-07T00:00:00Z' AS received_time, 't' AS source_topic, 0 AS source_partition, i AS source_offset FROM range(100) r(i)"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		first int64 // rows that the first day is said to have
		many  int64
		wrong bool
	}{{"apart", 10, 10, false}, {"apart, one less", 9, 9, true}, {"apart, one more", 11, 10, true}, {"shared", 10, 1000, false}, {"shared, one more", 11, 1000, true}} {
		spans := duck.Spans{Days: 1, Many: c.many, Rows: map[int]int64{lake.Day(march): c.first}}
		for day := 1; day < 10; day++ {
			spans.Rows[lake.Day(march)+day] = 10
		}
		files, err := d.WriteSpans(t.Context(), tbl, "test", "counted", lake.MonthOf(march), spans)
		if wrong := errors.Is(err, duck.ErrMiscounted); wrong != c.wrong || !wrong && err != nil || (len(files) > 0) == c.wrong {
			t.Errorf("%s: %d files, %v", c.name, len(files), err)
		}
	}
}
