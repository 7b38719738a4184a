package trino_test

import (
	"fmt"
	"path"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake/trino"
)

func TestAPinHasLakectlsNamesAndTheRowsOfItsFilesAlone(t *testing.T) {
	s := serve(t)
	s.commit(t, "a", lastOf)
	s.commit(t, "b", lastOf.Add(time.Microsecond))
	before := s.commit(t, "c", lastOf)
	c := laketest.TrinoClient(t, s.options)
	for _, change := range []string{"RENAME COLUMN source TO origin", "RENAME COLUMN finished_at TO Source"} {
		s.execute("ALTER TABLE " + catalog.Sources + " " + change)
	}
	after := s.commit(t, "d", lastOf)
	files, err := after.Files(t.Context())
	if err != nil || len(files) != 4 {
		t.Fatal(len(files), err)
	}
	older, err := after.Table().ByID(before.ID())
	if err != nil {
		t.Fatal(err)
	}
	all := [][]any{{"a", lastOf}, {"b", lastOf.Add(time.Microsecond)}, {"c", lastOf}, {"d", lastOf}}
	const text = "SELECT source, finished_at, _file FROM s ORDER BY source"
	byPath := map[string]any{}
	for at, want := range map[*trino.Pin][][]any{
		new(trino.PinOf("s", after, "finished_at", trino.Path, "source")): all,
		new(trino.PinOf("s", older, "finished_at", trino.Path, "source")): all[:3],
	} {
		got, err := rows(t, c, trino.Query{Text: text, Pins: []trino.Pin{*at}})
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range got {
			byPath[row[2].(string)] = row[0]
			got[i] = row[:2]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	// As many as a query names at most.
	some := trino.PinOf("s", after, "finished_at", trino.Path, "source")
	some.Files = []string{files[1].FilePath(), files[3].FilePath()}
	for i := range 3000 {
		some.Files = append(some.Files, path.Dir(files[0].FilePath())+fmt.Sprintf("/day=2026-03-01/it's-%0100d.parquet", i))
	}
	got, err := rows(t, c, trino.Query{Text: text, Pins: []trino.Pin{some}})
	if err != nil || len(got) != 2 {
		t.Fatalf("%d rows, %v", len(got), err)
	}
	for _, row := range got {
		if file := row[2].(string); byPath[file] != row[0] || file != some.Files[0] && file != some.Files[1] {
			t.Errorf("%v", row)
		}
	}
}
