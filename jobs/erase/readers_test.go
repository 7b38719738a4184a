package erase

import (
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/catalog"
)

// leftByIceberg is left as iceberg-go's own scan has it.
func (f *fixture) leftByIceberg(table string) []int64 {
	f.t.Helper()
	ctx := f.t.Context()
	ice, err := f.Catalog.Ice.LoadTable(ctx, []string{f.Namespace(), table})
	if err != nil {
		f.t.Fatal(err)
	}
	rows, err := ice.Scan(icetable.WithSelectedFields("source_offset")).ToArrowTable(ctx)
	if err != nil {
		f.t.Fatal(err)
	}
	defer rows.Release()
	var all []int64
	for _, chunk := range rows.Column(0).Data().Chunks() {
		all = append(all, chunk.(*array.Int64).Int64Values()...)
	}
	slices.Sort(all)
	return all
}

// The library's copy-on-write delete brings rows back that earlier row deletes of the same file had hidden;
// ours only adds row deletes.
func TestLaterDeletesOnOneFileNeverBringRowsBack(t *testing.T) {
	f := newFixture(t)
	var copies []copyOf
	for n := range 9 {
		copies = append(copies, play(n, string(rune('a'+n)), "user-"+string(rune('0'+n%4)), march5))
	}
	f.ingest(-1, copies...)
	f.royalties(copies, nil)
	for i, left := range [][]int64{{0, 2, 3, 4, 6, 7, 8}, {0, 3, 4, 7, 8}, {0, 4, 8}, {0, 4, 8}} {
		user := "user-" + string(rune('1'+i))
		f.request(ask{n: i, id: user[5:], user: user, received: "2026-03-20 00:00:00"})
		f.delete()
		for _, table := range []string{catalog.Listens, catalog.ListensCounted} {
			equal(t, table+" after "+user, f.left(table), left)
			equal(t, table+" after "+user+" by iceberg-go", f.leftByIceberg(table), left)
		}
	}
}

func TestForeignReaderSeesTheSameRowsInAllFourTables(t *testing.T) {
	f := fourTables(t)
	f.delete()
	for _, table := range []string{catalog.Listens, catalog.Quarantine, catalog.Duplicates, catalog.ListensCounted} {
		equal(t, table, f.leftByIceberg(table), f.left(table))
	}
}

func TestNothingThatStaysOnRecordNamesAUser(t *testing.T) {
	f := fourTables(t)
	f.delete()
	f.settle()
	f.rollup()
	if _, err := Confirm(t.Context(), f.job(f.Lake)); err != nil {
		t.Fatal(err)
	}
	record := query[string](f, catalog.DeletionLog, "SELECT to_json(rows)::VARCHAR FROM rows")
	for _, table := range []string{catalog.DeletionLog, catalog.Listens, catalog.Quarantine, catalog.Duplicates, catalog.ListensCounted} {
		ice, err := f.Catalog.Ice.LoadTable(t.Context(), []string{f.Namespace(), table})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range ice.Metadata().Snapshots() {
			if s.Summary.Properties["lakectl.job"] == catalog.DeletionsJob {
				record = append(record, s.Summary.String())
			}
		}
		s := f.Snapshot(t, table)
		files, err := s.DeleteFiles(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			record = append(record, file.FilePath())
		}
	}
	if len(record) < 10 {
		t.Fatalf("only %d records looked at", len(record))
	}
	for _, line := range record {
		if strings.Contains(line, "user-") {
			t.Errorf("names a user: %s", line)
		}
	}
}
