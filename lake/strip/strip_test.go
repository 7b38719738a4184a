package strip_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/strip"
)

// filled is a table with one file of rows in which a third of the optional values are absent.
func filled(t testing.TB, l *laketest.Lake, rows int) (*lake.Table, lake.File) {
	t.Helper()
	var all [][]any
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for i := range rows {
		row := []any{fmt.Sprint("listen-", i), fmt.Sprint("user-", i%7), "t", "a", "phone", at.Add(time.Duration(i) * time.Second), i, nil, "DE", "free", nil, nil, at, nil, "topic", 0, i}
		if i%3 > 0 {
			row[7], row[10], row[11], row[13] = i, fmt.Sprint("client-", i%5), i%2 == 0, fmt.Sprintf(`{"n":%d}`, i)
		}
		all = append(all, row)
	}
	l.Put(t, "test", catalog.Listens, nil, all...)
	s := l.Snapshot(t, catalog.Listens)
	files, err := s.Files(t.Context())
	if err != nil || len(files) != 1 {
		t.Fatal(len(files), err)
	}
	return s.Table(), files[0]
}

func texts(t *testing.T, l *laketest.Lake, s lake.Snapshot, files []lake.File) (list []string) {
	t.Helper()
	d := l.DB(t)
	if err := d.BindFiles(t.Context(), "rows", s, files); err != nil {
		t.Fatal(err)
	}
	var row string
	if err := d.EachText(t.Context(), "SELECT r::VARCHAR FROM (SELECT * EXCLUDE (_file, _pos) FROM rows) r ORDER BY source_offset", nil, []any{&row}, func() error {
		list = append(list, row)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestAStrippedFileHasTheOtherRowsInTheirOrder(t *testing.T) {
	l := laketest.New(t)
	table, f := filled(t, l, 3000)
	before := texts(t, l, table.Current(), []lake.File{f})
	for _, gone := range [][]int64{nil, {0}, {2999}, {0, 1, 2, 1023, 1024, 1500, 2999}, span(0, 1024), span(1000, 2999)} {
		s, err := strip.File(t.Context(), table, f, gone, "test")
		if err != nil {
			t.Fatal(err)
		}
		back, err := s.ReadBack(t.Context())
		if err != nil || !back.Equal(s.Kept) || back.Rows != 3000-int64(len(gone)) || s.File.Count() != back.Rows {
			t.Fatalf("without %d rows: %v, read back %v: %v", len(gone), s.Kept, back, err)
		}
		var want []string
		for i, row := range before {
			if !slices.Contains(gone, int64(i)) {
				want = append(want, row)
			}
		}
		if diff := cmp.Diff(want, texts(t, l, table.Current(), []lake.File{{DataFile: s.File}})); diff != "" {
			t.Fatalf("without %d rows (-want +got)\n%s", len(gone), diff)
		}
	}
}

func TestAFileIsWrittenUnderTheNamesThatColumnsHaveNow(t *testing.T) {
	l := laketest.New(t)
	_, f := filled(t, l, 30)
	l.Alter(t, catalog.Listens, func(tx *icetable.Transaction) error {
		return tx.UpdateSchema(true, true).RenameColumn([]string{"device"}, "with a space").RenameColumn([]string{"tier"}, "level").Commit()
	})
	table := l.Snapshot(t, catalog.Listens).Table()
	before := texts(t, l, table.Current(), []lake.File{f})
	for _, gone := range [][]int64{nil, {0}} {
		s, err := strip.File(t.Context(), table, f, gone, "test")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before[len(gone):], texts(t, l, table.Current(), []lake.File{{DataFile: s.File}})); diff != "" {
			t.Errorf("without %d rows (-want +got)\n%s", len(gone), diff)
		}
	}
}

func TestAFileThatLosesAllRowsIsNotWritten(t *testing.T) {
	l := laketest.New(t)
	table, f := filled(t, l, 10)
	s, err := strip.File(t.Context(), table, f, span(0, 10), "test")
	back, sumErr := s.ReadBack(t.Context())
	if err != nil || sumErr != nil || s.File != nil || s.Kept.Rows != 0 || back.Rows != 0 {
		t.Errorf("%+v, %v, %v", s, err, sumErr)
	}
}

func TestSumsOfOtherRowsDiffer(t *testing.T) {
	l := laketest.New(t)
	table, f := filled(t, l, 100)
	seen := map[string]int64{}
	for _, gone := range []int64{0, 1, 2, 50, 99} {
		s, err := strip.File(t.Context(), table, f, []int64{gone}, "test")
		if err != nil {
			t.Fatal(err)
		}
		if other, has := seen[s.Kept.String()]; has {
			t.Errorf("without row %d and without row %d: %s", gone, other, s.Kept)
		}
		seen[s.Kept.String()] = gone
	}
}

func TestRowsAreWhereTheyWereLessThoseBefore(t *testing.T) {
	if diff := cmp.Diff([]int64{0, 1, 3}, strip.Moved([]int64{1, 2, 3, 5, 6}, []int64{0, 3, 6})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func span(from, to int64) (list []int64) {
	for n := from; n < to; n++ {
		list = append(list, n)
	}
	return list
}
