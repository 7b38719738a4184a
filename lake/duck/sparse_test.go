package duck_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// farPlays are days of plays on a bucket, as a machine without copies finds them.
func farPlays(t *testing.T) (*laketest.Bucket, *laketest.Lake, lake.Snapshot) {
	t.Helper()
	b := laketest.NewBucket(t)
	writer := b.Lake(t, 1)
	plays(t, writer, 3)
	l := writer.WithoutCopies(t)
	return b, l, l.Snapshot(t, catalog.PlaysByHour)
}

func TestAQueryFetchesTheColumnsThatItNames(t *testing.T) {
	b, l, s := farPlays(t)
	files, err := s.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.Sent = 0
	rows, err := analyze(t, l, s, "SELECT count(*), sum(Ms_Played) FROM plays_by_hour")
	if err != nil || fmt.Sprint(rows) != "[[30 135000]]" {
		t.Errorf("%v, %v", rows, err)
	}
	sparse := 0
	for _, f := range files {
		if err := lake.FetchColumns(t.Context(), []lake.File{f}, nil); err != nil {
			t.Fatal(err)
		}
		if isSparse(t, f) {
			sparse++
		}
	}
	if sparse != len(files) {
		t.Errorf("of %d files %d have few columns", len(files), sparse)
	}
}

// However a query comes to read a column, it reads what is stored.
func TestAQueryThatReadsMoreThanItNamesIsAnsweredAsOnDisk(t *testing.T) {
	laketest.Costly(t)
	here := laketest.New(t)
	on := plays(t, here, 3)
	for _, text := range []string{
		"SELECT * FROM plays_by_hour ORDER BY ALL",
		"FROM plays_by_hour ORDER BY ALL",
		"SELECT p FROM plays_by_hour p ORDER BY ALL",
		"SELECT plays_by_hour FROM plays_by_hour ORDER BY ALL",
		"SELECT count(p) FROM plays_by_hour p",
		"SELECT TRY(p) FROM plays_by_hour p ORDER BY ALL",
		"SELECT p['track_id'] FROM plays_by_hour p ORDER BY ALL",
		"SELECT max(c) FROM plays_by_hour p(a, b, c)",
		"SELECT count(*) FROM plays_by_hour NATURAL JOIN (SELECT 't1' AS track_id)",
		"SELECT count(*) FROM plays_by_hour JOIN (SELECT 't1' AS track_id) USING (track_id)",
		"SELECT COLUMNS('track.*') FROM plays_by_hour ORDER BY ALL",
		"WITH w AS (SELECT track_id FROM plays_by_hour WHERE country = 'DE') SELECT count(DISTINCT track_id) FROM w",
		"SELECT count(*) FROM plays_by_hour WHERE track_id = 't3'",
		"SELECT count(*) FROM (DESCRIBE TABLE plays_by_hour)",
		"SUMMARIZE plays_by_hour",
		"SELECT device FROM (PIVOT plays_by_hour ON track_id USING sum(plays)) ORDER BY ALL",
		`SELECT "TRACK_ID" FROM lake.music.plays_by_hour ORDER BY ALL`,
	} {
		_, l, s := farPlays(t)
		want, wantErr := analyze(t, here, on, text)
		got, err := analyze(t, l, s, text)
		if diff := cmp.Diff(fmt.Sprint(want), fmt.Sprint(got)); diff != "" || (err == nil) != (wantErr == nil) {
			t.Errorf("%s: %v beside %v (-on disk +on S3):\n%s", text, err, wantErr, diff)
		}
		if wantErr != nil {
			t.Logf("%s: %v", text, wantErr)
		}
	}
}

func isSparse(t *testing.T, f lake.File) bool {
	t.Helper()
	local, err := lake.LocalPath(f.FilePath())
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(local)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode()&lake.SparseCopy != 0
}
