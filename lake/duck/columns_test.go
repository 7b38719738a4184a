package duck_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
)

func evolve(t *testing.T, l *laketest.Lake, table string, change func(*icetable.UpdateSchema)) {
	t.Helper()
	l.Alter(t, table, func(tx *icetable.Transaction) error {
		update := tx.UpdateSchema(true, true)
		change(update)
		return update.Commit()
	})
}

// row has for each column of a table a value that no other column has.
func row(t *testing.T, table *lake.Table, n int) []any {
	t.Helper()
	var values []any
	for i, c := range table.Columns() {
		switch c.Field.Type.String() {
		case "string":
			values = append(values, fmt.Sprintf("%s-%d", c.Name, n))
		case "binary":
			values = append(values, fmt.Appendf(nil, "%s-%d", c.Name, n))
		case "boolean":
			values = append(values, true)
		case "date":
			values = append(values, lake.DayStart(20000+i+n))
		case "timestamptz":
			values = append(values, time.Unix(1_770_000_000+int64(i)+100*int64(n), 0).UTC())
		default:
			values = append(values, i+100*n)
		}
	}
	return values
}

func insert(t *testing.T, l *laketest.Lake, table string, n int) {
	t.Helper()
	now := l.Snapshot(t, table).Table()
	files, err := now.WriteRows(t.Context(), "test", [][]any{row(t, now, n)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = l.Commit(t.Context(), table, lake.Commit{Job: "test", Add: files, Stage: func(lake.Snapshot) (map[string]string, error) { return nil, nil }})
	if err != nil {
		t.Fatal(err)
	}
}

// content is what a job sees of a table, row by row, as "column=value".
func content(t *testing.T, l *laketest.Lake, d *duck.DB, table string) []string {
	t.Helper()
	s := l.Snapshot(t, table)
	if err := d.Bind(t.Context(), "seen", s); err != nil {
		t.Fatal(err)
	}
	var parts []string
	for _, c := range s.Table().Columns() {
		parts = append(parts, fmt.Sprintf("'%s=' || coalesce(CAST(%s AS VARCHAR), '-')", c.Name, duck.Ident(c.Name)))
	}
	var rows []string
	var text string
	err := d.EachText(t.Context(), "SELECT concat_ws(' ', "+strings.Join(parts, ", ")+") FROM seen ORDER BY 1", nil, []any{&text}, func() error {
		rows = append(rows, text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// Whatever another engine does to the columns, what jobs write and read stays what it is without that, through rows
// that Go writes and through rows that DuckDB writes.
func TestColumnsAreWrittenAndReadByFieldID(t *testing.T) {
	list := &iceberg.ListType{ElementID: 99, Element: iceberg.PrimitiveTypes.String}
	object := &iceberg.StructType{FieldList: []iceberg.NestedField{{ID: 98, Name: "inner", Type: iceberg.DecimalTypeOf(9, 3)}}}
	dictionary := &iceberg.MapType{KeyID: 96, KeyType: iceberg.PrimitiveTypes.String, ValueID: 97, ValueType: iceberg.PrimitiveTypes.Float64}
	add := func(name string, typ iceberg.Type) func(*icetable.UpdateSchema, []lake.Column) {
		return func(u *icetable.UpdateSchema, _ []lake.Column) { u.AddColumn([]string{name}, typ, "", false, nil) }
	}
	for name, change := range map[string]func(*icetable.UpdateSchema, []lake.Column){
		"the last column first": func(u *icetable.UpdateSchema, c []lake.Column) { u.MoveFirst([]string{c[len(c)-1].Name}) },
		"the first after the second": func(u *icetable.UpdateSchema, c []lake.Column) {
			u.MoveAfter([]string{c[0].Name}, []string{c[1].Name})
		},
		"another's column in front": func(u *icetable.UpdateSchema, c []lake.Column) {
			u.AddColumn([]string{"note"}, iceberg.PrimitiveTypes.String, "", false, nil).MoveFirst([]string{"note"})
		},
		"names swapped": func(u *icetable.UpdateSchema, c []lake.Column) {
			u.RenameColumn([]string{c[0].Name}, "was first").RenameColumn([]string{c[1].Name}, "_pos")
		},
		"int to long": func(u *icetable.UpdateSchema, c []lake.Column) {
			for _, c := range c {
				if c.Field.Type.Equals(iceberg.PrimitiveTypes.Int32) {
					u.UpdateColumn([]string{c.Name}, icetable.ColumnUpdate{FieldType: iceberg.Optional[iceberg.Type]{Val: iceberg.PrimitiveTypes.Int64, Valid: true}})
				}
			}
		},
		"a list":     add("tags", list),
		"a struct":   add("object", object),
		"a map":      add("dictionary", dictionary),
		"a decimal":  add("fee", iceberg.DecimalTypeOf(10, 2)),
		"a uuid":     add("theirs", iceberg.PrimitiveTypes.UUID),
		"a time":     add("at_time", iceberg.PrimitiveTypes.Time),
		"a filename": add("filename", iceberg.PrimitiveTypes.Timestamp),
		"a _file":    add("_file", iceberg.FixedTypeOf(3)),
	} {
		t.Run(name, func(t *testing.T) {
			if name != "names swapped" {
				laketest.Costly(t)
			}
			t.Parallel()
			plain, l := laketest.New(t), laketest.New(t)
			ours, theirs := plain.DB(t), l.DB(t)
			for _, spec := range catalog.Specs() {
				if len(l.Snapshot(t, spec.Name).Table().Columns()) == 1 {
					continue // of properties alone: one column has no order
				}
				insert(t, plain, spec.Name, 1)
				insert(t, l, spec.Name, 1)
				now := l.Snapshot(t, spec.Name).Table()
				evolve(t, l, spec.Name, func(u *icetable.UpdateSchema) { change(u, now.Columns()) })
				insert(t, plain, spec.Name, 2)
				insert(t, l, spec.Name, 2)
				want := content(t, plain, ours, spec.Name)
				if diff := cmp.Diff(want, content(t, l, theirs, spec.Name)); diff != "" {
					t.Fatalf("%s (-want +got)\n%s", spec.Name, diff)
				}
				rewritten(t, l, theirs, spec.Name)
				if diff := cmp.Diff(want, content(t, l, theirs, spec.Name)); diff != "" {
					t.Fatalf("%s rewritten (-want +got)\n%s", spec.Name, diff)
				}
			}
		})
	}
}

// rewritten lets DuckDB write all rows of a table anew.
func rewritten(t *testing.T, l *laketest.Lake, d *duck.DB, table string) {
	t.Helper()
	s := l.Snapshot(t, table)
	files, err := s.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	added, err := d.Write(t.Context(), s.Table(), "test", "seen")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Commit(t.Context(), table, lake.Commit{Job: "test", Add: added, Remove: files, Stage: lake.IfUnmoved(s, nil)}); err != nil {
		t.Fatal(err)
	}
}

func TestReadersSeeTheTableAsItIs(t *testing.T) {
	l := laketest.New(t)
	insert(t, l, catalog.PlaysByHour, 1)
	object := &iceberg.StructType{FieldList: []iceberg.NestedField{{ID: 98, Name: "inner", Type: iceberg.PrimitiveTypes.String}}}
	evolve(t, l, catalog.PlaysByHour, func(u *icetable.UpdateSchema) {
		u.RenameColumn([]string{"artist_id"}, "artist").MoveFirst([]string{"plays"})
		u.AddColumn([]string{"score"}, iceberg.PrimitiveTypes.Float64, "", false, nil)
		u.AddColumn([]string{"tags"}, &iceberg.ListType{ElementID: 99, Element: iceberg.PrimitiveTypes.String}, "", false, nil)
		u.AddColumn([]string{"Score"}, iceberg.PrimitiveTypes.String, "", false, nil)
		u.AddColumn([]string{"object"}, object, "", false, nil)
	})
	evolve(t, l, catalog.PlaysByHour, func(u *icetable.UpdateSchema) { u.RenameColumn([]string{"object", "inner"}, "outer") })
	insert(t, l, catalog.PlaysByHour, 2)
	d := l.DB(t)
	left, err := d.BindTable(t.Context(), "t", l.Snapshot(t, catalog.PlaysByHour), nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Score", "object"}, left); diff != "" {
		t.Errorf("left out (-want +got)\n%s", diff)
	}
	var names string
	var rows int
	err = d.OneText(t.Context(), "SELECT string_agg(name, ' ' ORDER BY cid) FROM pragma_table_info('t')", nil, []any{&names})
	if want := "plays hour artist track_id country device ms_played listeners score tags"; err != nil || names != want {
		t.Errorf("columns %s, %v", names, err)
	}
	if err := d.OneText(t.Context(), "SELECT count(artist) FROM t WHERE score IS NULL AND tags IS NULL", nil, []any{&rows}); err != nil || rows != 2 {
		t.Errorf("%d rows, %v", rows, err)
	}
}

func TestRenamedColumnOfPeopleGetsNoBounds(t *testing.T) {
	l := laketest.New(t)
	evolve(t, l, catalog.ListensCounted, func(u *icetable.UpdateSchema) { u.RenameColumn([]string{"user_id"}, "account") })
	insert(t, l, catalog.ListensCounted, 1)
	files, err := l.Snapshot(t, catalog.ListensCounted).Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c, _ := l.Snapshot(t, catalog.ListensCounted).Table().Column("user_id")
	for _, f := range files {
		if _, ok := f.LowerBoundValues()[c.Field.ID]; ok || len(f.LowerBoundValues()) == 0 {
			t.Errorf("bounds %v", f.LowerBoundValues())
		}
	}
}
