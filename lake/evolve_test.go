package lake_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// earlier makes the table of a spec as a version made it that knew columns columns, and puts a row into it.
func earlier(t *testing.T, l *laketest.Lake, columns int) lake.Spec {
	t.Helper()
	var spec lake.Spec
	for _, s := range catalog.Specs() {
		if s.Name == catalog.PlaysByHour {
			spec = s
		}
	}
	if err := l.Catalog.Ice.DropTable(t.Context(), []string{l.Namespace(), spec.Name}); err != nil {
		t.Fatal(err)
	}
	old := spec
	old.Schema = iceberg.NewSchema(0, spec.Schema.Fields()[:columns]...)
	if made, err := l.Create(t.Context(), old); err != nil || !made {
		t.Fatalf("made %v, %v", made, err)
	}
	add(t, l, write(t, l, play(1, "t1", 1)[:columns]))
	return spec
}

func add(t *testing.T, l *laketest.Lake, files []iceberg.DataFile) {
	t.Helper()
	_, err := l.Commit(t.Context(), catalog.PlaysByHour, lake.Commit{Job: "test", Add: files, Stage: func(lake.Snapshot) (map[string]string, error) { return nil, nil }})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAddedColumnsAreNullInWhatWasThere(t *testing.T) {
	l := laketest.New(t)
	spec := earlier(t, l, 5)
	before := l.Snapshot(t, catalog.PlaysByHour)
	staged := write(t, l, play(2, "t2", 2)[:5])
	if err := before.NeedColumns("plays"); !errors.Is(err, lake.ErrUnsupported) || !strings.Contains(lake.Hint(err), "lakectl init") {
		t.Errorf("got %v, hint %q", err, lake.Hint(err))
	}
	added, err := l.AddColumns(t.Context(), spec)
	if diff := cmp.Diff([]string{"plays", "ms_played", "listeners"}, added); diff != "" || err != nil {
		t.Fatalf("%v (-want +got)\n%s", err, diff)
	}
	after := l.Snapshot(t, catalog.PlaysByHour)
	if err := after.NeedColumns("plays"); err != nil || after.ID() != before.ID() {
		t.Errorf("snapshot %d became %d, %v", before.ID(), after.ID(), err)
	}
	add(t, l, staged)                            // written before, committed after
	add(t, l, write(t, l, play(3, "t3", 3)))     // as this version does
	add(t, l, write(t, l, play(4, "t4", 4)[:5])) // as an earlier version does that is still running
	d := l.DB(t)
	if err := d.Bind(t.Context(), "p", l.Snapshot(t, catalog.PlaysByHour)); err != nil {
		t.Fatal(err)
	}
	var got string
	err = d.OneText(t.Context(), "SELECT string_agg(concat_ws(' ', track_id, coalesce(plays::VARCHAR, '-'), coalesce(ms_played::VARCHAR, '-')), ', ' ORDER BY track_id) FROM p", nil, []any{&got})
	if want := "t1 - -, t2 - -, t3 3 3000, t4 - -"; err != nil || got != want {
		t.Errorf("got %s, %v", got, err)
	}
	if n := len(before.Schema().Fields()); n != 5 {
		t.Errorf("the handle from before has %d columns", n)
	}
	old, err := l.Table(t.Context(), catalog.PlaysByHour)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := old.ByID(before.ID()); err != nil || len(s.Schema().Fields()) != 5 {
		t.Errorf("the snapshot from before has %d columns, %v", len(s.Schema().Fields()), err)
	}
}

func TestAddingColumnsAgainOrAtOnceAddsThemOnce(t *testing.T) {
	l := laketest.New(t)
	spec := earlier(t, l, 6)
	var wg sync.WaitGroup
	total := make([][]string, 4)
	errs := make([]error, 4)
	for i := range total {
		wg.Go(func() { total[i], errs[i] = l.AddColumns(t.Context(), spec) })
	}
	wg.Wait()
	var all []string
	for i := range total {
		if errs[i] != nil {
			t.Error(errs[i])
		}
		all = append(all, total[i]...)
	}
	if fmt.Sprint(all) != "[ms_played listeners]" {
		t.Errorf("added %v", all)
	}
	if again, err := l.AddColumns(t.Context(), spec); err != nil || len(again) != 0 {
		t.Errorf("again: %v, %v", again, err)
	}
}

func TestColumnsAddedByOthersAreNotInTheWayOfOurs(t *testing.T) {
	l := laketest.New(t)
	spec := earlier(t, l, 6)
	evolve(t, l, catalog.PlaysByHour, func(u *icetable.UpdateSchema) {
		u.AddColumn([]string{"score"}, iceberg.PrimitiveTypes.Float64, "", false, nil)
	})
	if err := l.Snapshot(t, catalog.PlaysByHour).NeedColumns("ms_played"); !errors.Is(err, lake.ErrUnsupported) {
		t.Errorf("score was taken for ms_played, whose id it has: %v", err)
	}
	if added, err := l.AddColumns(t.Context(), spec); fmt.Sprint(added) != "[ms_played listeners]" || err != nil {
		t.Fatalf("added %v, %v", added, err)
	}
	evolve(t, l, catalog.PlaysByHour, func(u *icetable.UpdateSchema) { u.RenameColumn([]string{"ms_played"}, "listened") })
	if added, err := l.AddColumns(t.Context(), spec); len(added) != 0 || err != nil {
		t.Errorf("again: %v, %v", added, err)
	}
	columns := l.Snapshot(t, catalog.PlaysByHour).Table().Columns()
	if last := columns[len(columns)-2]; len(columns) != 8 || last.Name != "ms_played" || last.Field.Name != "listened" || last.Field.ID != 8 {
		t.Errorf("the table has %v", columns)
	}
}

func TestColumnWithANameOfOursIsToBeRenamed(t *testing.T) {
	l := laketest.New(t)
	spec := earlier(t, l, 5)
	evolve(t, l, catalog.PlaysByHour, func(u *icetable.UpdateSchema) {
		u.AddColumn([]string{"ms_played"}, iceberg.PrimitiveTypes.Float64, "", false, nil)
	})
	if added, err := l.AddColumns(t.Context(), spec); !errors.Is(err, lake.ErrUnfit) || !strings.Contains(lake.Hint(err), "RENAME COLUMN ms_played") || len(added) != 0 {
		t.Errorf("added %v, %v, hint %q", added, err, lake.Hint(err))
	}
}

func TestRowWithValuesForColumnsThatAreNotThereIsRefused(t *testing.T) {
	l := laketest.New(t)
	earlier(t, l, 6)
	tbl, err := l.Table(t.Context(), catalog.PlaysByHour)
	if err != nil {
		t.Fatal(err)
	}
	_, err = tbl.WriteRows(t.Context(), "test", [][]any{play(1, "t", 1)})
	if !errors.Is(err, lake.ErrUnsupported) || !strings.Contains(lake.Hint(err), "lakectl init") {
		t.Errorf("got %v, hint %q", err, lake.Hint(err))
	}
}
