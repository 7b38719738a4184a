package e2e

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/bench"
	"github.com/lakectl/lakectl/lake/duck"
)

// Small, so only that it asks, publishes and counts means anything.
func TestBenchServeAsksWhileSnapshotsArePublished(t *testing.T) {
	laketest.Long(t, "a bench")
	l := newLakeDir(t, true)
	folder := filepath.Join(t.TempDir(), "kept")
	run := func(keep, rows string) (report bench.ServeReport, err error) {
		text, err := l.exec("bench", "serve", "--rows", rows, "--artists", "40", "--rate", "50", "--duration", "4s", "--publish", "1s", "--streams", "20", "--cold", "1", "--keep", keep)
		if err == nil {
			err = json.Unmarshal(text, &report)
		}
		return report, err
	}
	report, err := run(folder, "100000")
	if err != nil {
		t.Fatal(err)
	}
	if rows := report.Tables["plays_by_day"]; rows < 80_000 || rows > 120_000 {
		t.Errorf("%d rows of days, want about 100,000", rows)
	}
	if rows := report.Tables["plays_by_hour"]; rows < 40_000 || rows > 60_000 {
		t.Errorf("%d rows of hours, want about 50,000", rows)
	}
	if l := report.Load; l.Errors != 0 || l.Requests < 100 || l.Published == 0 {
		t.Errorf("under load: %+v", l)
	}
	if report.Streams.Heard != 20 || report.Checked != 20 {
		t.Errorf("%d of 20 clients heard of a snapshot, %d of 20 artists were counted", report.Streams.Heard, report.Checked)
	}
	if len(report.Cold) != 3 || len(report.Warm) != 3 || report.Warm[0].Requests != 40 || len(report.Again) != 3 || report.Ready.Requests != 1 || len(report.Targets) != 13 {
		t.Errorf("parts are missing: %+v", report)
	}
	sorted(t, filepath.Join(folder, "warehouse"))

	again, err := run(folder, "100000")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(report.Tables, again.Tables); diff != "" || again.Make != 0 || again.Checked != 20 {
		t.Errorf("the next run has other tables, made in %.1f s: %s", again.Make, diff)
	}
	if _, err := run(folder, "200000"); err == nil || !strings.Contains(err.Error(), "--keep") {
		t.Errorf("tables of another size are taken: %v", err)
	}
}

// sorted tells whether the files that the bench made are in the order in which the rollup writes.
func sorted(t *testing.T, warehouse string) {
	t.Helper()
	db := laketest.New(t).DB(t)
	for table, order := range map[string]string{"plays_by_day": "artist_id, track_id, day", "plays_by_hour": "artist_id, track_id, hour", "audience_by_day": "artist_id, day, country, device", "listeners_by_day": "artist_id, track_id, day"} {
		var files, apart int
		err := db.OneText(t.Context(), "SELECT count(DISTINCT filename), count(*) FILTER (before > this) FROM (SELECT filename, row("+order+") AS this, lag(this) OVER (PARTITION BY filename ORDER BY file_row_number) AS before FROM read_parquet("+
			duck.Quote(filepath.Join(warehouse, "*", table, "data", "*", "*.parquet"))+", filename = true, file_row_number = true))", nil, []any{&files, &apart})
		if err != nil || files < 22 || apart != 0 {
			t.Errorf("%s: %d of the rows of %d files come after one that is greater: %v", table, apart, files, err)
		}
	}
}
