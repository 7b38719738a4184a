package duck_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// Whoever splits a file begins at a row group, and whoever plans by the sizes of columns has the true ones: of files
// that DuckDB wrote, that Go wrote, and of deletes.
func TestManifestsSayWhereRowGroupsStartAndHowLongColumnsAre(t *testing.T) {
	laketest.Engine(t, "READERS_PYTHON")
	l := laketest.New(t)
	d := l.DB(t)
	now := l.Snapshot(t, catalog.PlaysByHour).Table()
	err := d.ExecText(t.Context(), `CREATE VIEW many AS SELECT TIMESTAMPTZ '2026-03-01 10:00:00+00' AS hour, 'A' AS artist_id, 't' || (x * 7919 % 4096) AS track_id,
		'DE' AS country, 'phone' AS device, x AS plays, x * x AS ms_played, NULL::BLOB AS listeners FROM range(130000) b(x)`)
	if err != nil {
		t.Fatal(err)
	}
	files, err := d.Write(t.Context(), now, "test", "many")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Commit(t.Context(), catalog.PlaysByHour, lake.Commit{Job: "test", Add: files, Stage: anyBase}); err != nil {
		t.Fatal(err)
	}
	insert(t, l, catalog.PlaysByHour, 1)
	l.Hand(t, catalog.PlaysByHour).DeleteRows("plays < 3", false)
	var deletes, groups int
	for line := range strings.Lines(laketest.Foreign(t, l.Dir, "layout", catalog.PlaysByHour)) {
		var f struct {
			Content                             int
			Splits, Starts, Sizes, Footer_sizes []int64
			Order                               *int
		}
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		deletes, groups = deletes+f.Content, groups+len(f.Starts)
		if diff := cmp.Diff(f.Starts, f.Splits); diff != "" {
			t.Errorf("splits of %s(-footer +manifest)\n%s", line, diff)
		}
		if diff := cmp.Diff(f.Footer_sizes, f.Sizes); diff != "" {
			t.Errorf("sizes of %s(-footer +manifest)\n%s", line, diff)
		}
		if f.Order != nil {
			t.Errorf("sorted: %s", line)
		}
	}
	if deletes != 1 || groups < 4 {
		t.Errorf("%d deletes, %d row groups", deletes, groups)
	}
	laketest.Foreign(t, l.Dir, "append", "2026-03-06", "3", "x") // to the table that has a key and a sort order
	added, err := l.Snapshot(t, catalog.Listens).Files(t.Context())
	if err != nil || len(added) != 1 || added[0].Count() != 3 || added[0].SortOrderID() != nil {
		t.Errorf("another engine added %v, %v", added, err)
	}
}
