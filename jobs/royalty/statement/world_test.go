package statement_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/statement"
	"github.com/lakectl/lakectl/lake"
)

const march = "2026-03"

var marchPools = map[string]int64{"SEK": 10_001, "EUR": 1_000, "USD": 777}

// Ids that are what an attacker, or an unlucky spreadsheet, would have them be.
var (
	hostileArtists = []string{"../../escape", "=cmd|'/C calc'!A0", "-2+3", "@sum", "a/b", "A_1", "line\u2028break", `quo"te`, ".hidden", "Björk", "..", "\ttab"}
	formats        = statement.Formats
	holders        = statement.Holders
)

func env(l *laketest.Lake) jobs.Env {
	return jobs.Env{
		Lake: l.Lake, Duck: l.Duck, Log: slog.New(slog.DiscardHandler), Now: time.Now, CodeVersion: "test", Progress: func(string) {},
	}
}

// newWorld is a lake whose March was run: every hostile artist has a track of its own in three countries.
func newWorld(t *testing.T) *laketest.Lake {
	t.Helper()
	l := laketest.New(t)
	fill(t, l)
	return l
}

func fill(t *testing.T, l *laketest.Lake) {
	t.Helper()
	var listens [][]any
	at := time.Date(2026, 3, 5, 10, 0, 0, 0, time.UTC)
	for i, artist := range hostileArtists {
		for n := range 3 + 2*i {
			country := []string{"SE", "DE", "NO"}[n%3]
			offset := len(listens)
			listens = append(listens, []any{
				fmt.Sprintf("secret-listen-%d", offset), fmt.Sprintf("secret-user-%d", n), trackOf(artist), artist, "phone", at, 60_000, 200_000, country, "premium",
				nil, nil, at, nil, "listens", 0, offset,
			})
		}
	}
	insert(t, l, catalog.Listens, listens...)
	insert(t, l, catalog.RoyaltyPools,
		[]any{int64(1), at, march, "SE", "premium", "SEK", marchPools["SEK"]},
		[]any{int64(1), at, march, "DE", "*", "EUR", marchPools["EUR"]},
		[]any{int64(1), at, march, "*", "*", "USD", marchPools["USD"]})
	if _, err := royalty.Run(t.Context(), env(l), royalty.Options{}); err != nil {
		t.Fatal(err)
	}
}

func trackOf(artist string) string { return "t" + strconv.Itoa(slices.Index(hostileArtists, artist)) }

func insert(t *testing.T, l *laketest.Lake, table string, rows ...[]any) lake.Snapshot {
	t.Helper()
	return l.Put(t, "test", table, nil, rows...)
}

// republish writes a later run of March that published the same payouts, with shares and adjustments pinned.
func republish(t *testing.T, l *laketest.Lake, id string, shares, adjustments int64) {
	t.Helper()
	r, err := royalty.NewestRun(t.Context(), env(l), march)
	if err != nil {
		t.Fatal(err)
	}
	insert(t, l, catalog.RoyaltyRuns, []any{
		id, r.Period, "again", r.StartedAt, r.FinishedAt, r.Engine, r.CodeVersion, r.ListensSnapshotID, r.LedgerSnapshotID, r.DuplicatesSnapshotID, "{}",
		r.RulesVersion, r.PoolsVersion, r.LinesSnapshotID, r.PayoutsSnapshotID, r.RowsRead, r.Duplicates, r.PayloadConflicts, r.OtherUsers,
		r.Lines, r.Listens, r.QualifiedListens, "[]", r.Checksum, r.RulesSnapshotID, r.PoolsSnapshotID, nil, nil, shares, adjustments,
	})
}

func options(t *testing.T, by, format string) statement.Options {
	return statement.Options{Run: march, By: by, Format: format, Dir: t.TempDir(), Sender: "acme_music"}
}

func export(t *testing.T, l *laketest.Lake, o statement.Options) statement.Report {
	t.Helper()
	report, err := statement.Export(t.Context(), env(l), o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func only(id string) *string { return &id }

// record is a line of a CSV file by column.
type record map[string]string

func (r record) number(t *testing.T, column string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(r[column], 10, 64)
	if err != nil {
		t.Fatalf("%s of %v: %v", column, r, err)
	}
	return n
}

func readCSV(t *testing.T, path string) (records []record) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // read only
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines[1:] {
		r := record{}
		for i, column := range lines[0] {
			r[column] = line[i]
		}
		records = append(records, r)
	}
	return records
}

// statements reads all CSV files of holders.
func statements(t *testing.T, folder string) (records []record) {
	t.Helper()
	for _, name := range names(t, folder) {
		if strings.HasSuffix(name, ".csv") && name != "summary.csv" {
			records = append(records, readCSV(t, filepath.Join(folder, name))...)
		}
	}
	return records
}

// names lists everything below a folder, the hidden too; nothing when there is no folder.
func names(t *testing.T, folder string) (list []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if rel, _ := filepath.Rel(folder, path); rel != "." {
			list = append(list, rel)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return list
}

// sums adds amount_minor of one kind by currency.
func sums(t *testing.T, records []record, kind string) map[string]int64 {
	t.Helper()
	total := map[string]int64{}
	for _, r := range records {
		if r["kind"] == kind {
			total[r["currency"]] += r.number(t, "amount_minor")
		}
	}
	return total
}

func equal(t *testing.T, got, want any) {
	t.Helper()
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Fatalf("(-want +got)\n%s", diff)
	}
}
