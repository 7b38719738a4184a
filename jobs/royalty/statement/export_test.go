package statement_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/royalty/statement"
	"github.com/lakectl/lakectl/lake"
)

func TestStatementsSumToThePoolsInEveryCurrency(t *testing.T) {
	l := newWorld(t)
	for _, by := range holders {
		report := export(t, l, options(t, by, "csv"))
		records := statements(t, report.Folder)
		equal(t, sums(t, records, "payout"), marchPools)
		equal(t, int64(len(records)), report.Rows)

		summary := map[string]int64{}
		var rows int64
		for _, r := range readCSV(t, filepath.Join(report.Folder, "summary.csv")) {
			if r["currency"] != "" {
				summary[r["currency"]] += r.number(t, "total_minor")
			}
			rows += r.number(t, "rows")
			if _, err := os.Stat(filepath.Join(report.Folder, r["file"])); err != nil {
				t.Error(err)
			}
		}
		equal(t, summary, marchPools)
		equal(t, rows, report.Rows)
		equal(t, report.Totals, []statement.Total{
			{Currency: "EUR", PayoutsMinor: 1_000, TotalMinor: 1_000},
			{Currency: "SEK", PayoutsMinor: 10_001, TotalMinor: 10_001},
			{Currency: "USD", PayoutsMinor: 777, TotalMinor: 777},
		})
	}
}

func TestArtistsSeeWhereTheyWereHeardWithoutMoney(t *testing.T) {
	l := newWorld(t)
	o := options(t, "artist", "csv")
	o.ID = only("a/b")
	report := export(t, l, o)
	var heard int64
	for _, r := range statements(t, report.Folder) {
		if r["kind"] == "usage" {
			equal(t, r["amount_minor"]+r["currency"], "")
			heard += r.number(t, "listens")
		}
		equal(t, r["holder_id"], "a/b")
	}
	equal(t, heard, int64(3+2*slices.Index(hostileArtists, "a/b")))
	equal(t, names(t, report.Folder), []string{"artist-a%2Fb.csv", "export.json", "summary.csv"})
	equal(t, strings.HasSuffix(report.Folder, "-artist-a%2Fb-csv"), true)
}

func TestHostileIdsStayInTheFolder(t *testing.T) {
	l := newWorld(t)
	for _, format := range formats {
		o := options(t, "artist", format)
		o.Dir = filepath.Join(o.Dir, "deep", "down")
		report := export(t, l, o)
		equal(t, int(report.Holders), len(hostileArtists))
		equal(t, len(names(t, report.Folder)), len(hostileArtists)+2)
		entries, err := os.ReadDir(o.Dir)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, len(entries), 1)
		equal(t, names(t, filepath.Dir(filepath.Dir(o.Dir)))[:2], []string{"deep", "deep/down"})
	}
}

func TestSpreadsheetsFindNoFormula(t *testing.T) {
	l := newWorld(t)
	insert(t, l, catalog.Tracks, []any{"t0", "=1+1", "+artist", "-label", "@label", "", nil, nil})
	insert(t, l, catalog.Adjustments, adjustment("payout", "2026-02", "SEK", "", -5, "correction"))
	formula := regexp.MustCompile(`^[=+\-@\t\r]`)
	numeric := []string{"amount_minor", "adjustments_minor", "total_minor", "listens", "qualified_listens"}
	negative := false
	for _, by := range holders {
		folder := export(t, l, options(t, by, "csv")).Folder
		for _, r := range append(statements(t, folder), readCSV(t, filepath.Join(folder, "summary.csv"))...) {
			for column, value := range r {
				if slices.Contains(numeric, column) {
					negative = negative || value == "-5"
				} else if formula.MatchString(value) {
					t.Errorf("by %s, column %s: %q", by, column, value)
				}
			}
		}
	}
	equal(t, negative, true) // numbers are never made text
}

func TestNoUserAndNoListenIsNamed(t *testing.T) {
	laketest.Costly(t)
	l := newWorld(t)
	for _, by := range holders {
		for _, format := range formats {
			folder := export(t, l, options(t, by, format)).Folder
			for _, name := range names(t, folder) {
				text, err := os.ReadFile(filepath.Join(folder, name))
				if err != nil {
					t.Fatal(err)
				}
				if strings.HasSuffix(name, ".parquet") {
					text = append(text, decoded(t, l, filepath.Join(folder, name))...)
				}
				if strings.Contains(string(text), "secret-") {
					t.Errorf("by %s as %s: %s names a user or a listen", by, format, name)
				}
				if !strings.Contains(string(text), march) {
					t.Errorf("%s was not decoded: it does not even have the period", name)
				}
			}
		}
	}
}

func decoded(t *testing.T, l *laketest.Lake, path string) (text []byte) {
	t.Helper()
	d := l.DB(t)
	var row string
	err := d.EachText(t.Context(), "SELECT CAST(t AS VARCHAR) FROM read_parquet($1) t", []any{path}, []any{&row}, func() error {
		text = append(text, row...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestParquetHasTheRowsOfCSVWithTypedAmounts(t *testing.T) {
	l := newWorld(t)
	inCSV := export(t, l, options(t, "artist", "csv"))
	inParquet := export(t, l, options(t, "artist", "parquet"))
	equal(t, inParquet.Checksum, inCSV.Checksum)
	d := l.DB(t)
	var currency string
	var sum int64
	got := map[string]int64{}
	err := d.EachText(t.Context(), "SELECT currency, CAST(sum(amount_minor) AS BIGINT) FROM read_parquet($1) WHERE kind = 'payout' GROUP BY currency",
		[]any{filepath.Join(inParquet.Folder, "*.parquet")}, []any{&currency, &sum}, func() error { got[currency] = sum; return nil })
	if err != nil {
		t.Fatal(err)
	}
	equal(t, got, marchPools)
	var columns []string
	var column, typ string
	err = d.EachText(t.Context(), "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet($1))",
		[]any{filepath.Join(inParquet.Folder, "*.parquet")}, []any{&column, &typ}, func() error {
			columns = append(columns, column)
			if slices.Contains([]string{"listens", "qualified_listens", "amount_minor"}, column) != (typ == "BIGINT") {
				t.Errorf("column %s is %s", column, typ)
			}
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Sorted(maps.Keys(statements(t, inCSV.Folder)[0]))
	equal(t, slices.Sorted(slices.Values(columns)), want)
}

func TestTheDSRShapedFileSaysWhatItIsAndCountsItsRecords(t *testing.T) {
	l := newWorld(t)
	o := options(t, "artist", "dsr")
	o.ID = only("A_1")
	report := export(t, l, o)
	pattern := regexp.MustCompile(`^DSR_artist-A%5F1~u1_acme-music_MusicStreaming_2026-03_multi_1of1_\d{8}T\d{6}\.tsv$`)
	i := slices.IndexFunc(names(t, report.Folder), pattern.MatchString)
	if i < 0 {
		t.Fatalf("no file is named as a DSR: %q", names(t, report.Folder))
	}
	text, err := os.ReadFile(filepath.Join(report.Folder, names(t, report.Folder)[i]))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	count := map[string]int{}
	transactions := map[string]bool{}
	for _, line := range lines {
		cells := strings.Split(line, "\t")
		count[cells[0]]++
		if cells[0] == "SU02.03" {
			transactions[cells[3]] = true
			equal(t, strings.HasPrefix(cells[3], report.RunID+":"), true)
		}
	}
	equal(t, count, map[string]int{"HEAD": 1, "SY07.01": 3, "SU02.03": 3, "FOOT": 1})
	equal(t, len(transactions), 3)
	equal(t, strings.Contains(lines[0], "no DDEX conformance claimed"), true)
	equal(t, lines[len(lines)-1], "FOOT\t8")
}

func TestUnknownHoldersAreRefusedAndNothingIsWritten(t *testing.T) {
	l := newWorld(t)
	o := options(t, "label", "csv")
	o.ID = only("nobody")
	_, err := statement.Export(t.Context(), env(l), o)
	equal(t, errors.Is(err, lake.ErrNotFound), true)
	equal(t, strings.Contains(lake.Hint(err), "summary.csv"), true)
	equal(t, len(names(t, o.Dir)), 0)
}

func TestTheLabelOfAPeriodIsTheOneOfItsFirstDay(t *testing.T) {
	l := newWorld(t)
	day := func(month time.Month, day int) time.Time { return time.Date(2026, month, day, 0, 0, 0, 0, time.UTC) }
	insert(t, l, catalog.Tracks,
		[]any{"t0", "Song", "Band", "before", "Before", "SEAAA2600001", nil, day(3, 1)},
		[]any{"t0", "Song", "Band", "first", "First", "SEAAA2600001", day(3, 1), day(3, 2)},
		[]any{"t0", "Song", "Band", "later", "Later", "SEAAA2600001", day(3, 2), nil},
		[]any{"t1", "Single", "Band", "within", "Within", "", day(3, 20), nil},
		[]any{"t1", "Single", "Band", "too late", "Late", "", day(3, 25), nil},
		[]any{"t2", "Next", "Band", "next month", "Next", "", day(4, 1), nil})
	report := export(t, l, options(t, "label", "csv"))
	equal(t, slices.DeleteFunc(names(t, report.Folder), func(n string) bool { return n == "export.json" || n == "summary.csv" }),
		[]string{"label-first.csv", "label-within.csv", "unassigned.csv"})
	for _, r := range readCSV(t, filepath.Join(report.Folder, "label-first.csv")) {
		equal(t, []string{r["track_id"], r["title"], r["artist_name"], r["holder_name"], r["isrc"]}, []string{"t0", "Song", "Band", "First", "SEAAA2600001"})
	}
	for _, r := range readCSV(t, filepath.Join(report.Folder, "unassigned.csv")) {
		equal(t, []string{r["holder_id"], r["holder_name"]}, []string{"", "unassigned"})
	}
	equal(t, sums(t, statements(t, report.Folder), "payout"), marchPools)

	o := options(t, "label", "csv")
	o.ID = only("")
	equal(t, slices.Contains(names(t, export(t, l, o).Folder), "unassigned.csv"), true)
}
