package duck_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
)

// noted appends a row as another engine does: with a value in a text column of its own, and none in the others.
func noted(t *testing.T, l *laketest.Lake, table, column, value string) {
	t.Helper()
	l.Alter(t, table, func(tx *icetable.Transaction) error {
		now, err := l.Catalog.Ice.LoadTable(t.Context(), []string{l.Namespace(), table})
		if err != nil {
			return err
		}
		schema, err := icetable.SchemaToArrowSchema(now.Schema(), nil, true, false)
		if err != nil {
			return err
		}
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		defer b.Release()
		for i, f := range schema.Fields() {
			if f.Name == column {
				b.Field(i).(*array.StringBuilder).Append(value)
			} else {
				b.Field(i).AppendNull()
			}
		}
		batch := b.NewRecordBatch()
		defer batch.Release()
		rows, err := array.NewRecordReader(schema, []arrow.RecordBatch{batch})
		if err != nil {
			return err
		}
		defer rows.Release()
		return tx.Append(t.Context(), rows, nil)
	})
}

// An analyst sees a table as any other engine shows it: columns of others with their values, and names as they are in
// the table. Jobs keep their own names.
func TestAQuerySeesTheColumnsThatTheTableHas(t *testing.T) {
	l := laketest.New(t)
	before := plays(t, l, 1)
	text := iceberg.PrimitiveTypes.String
	pair := &iceberg.StructType{FieldList: []iceberg.NestedField{{ID: 98, Name: "a", Type: text}, {ID: 99, Name: "A", Type: text}}}
	evolve(t, l, catalog.PlaysByHour, func(u *icetable.UpdateSchema) {
		for _, name := range []string{"note", "_pos", "TRACK_ID", "filename"} {
			u.AddColumn([]string{name}, text, "", false, nil)
		}
		u.AddColumn([]string{"pair"}, pair, "", false, nil)
		u.RenameColumn([]string{"device"}, "appliance").MoveFirst([]string{"plays"}).MoveFirst([]string{"TRACK_ID"})
	})
	insert(t, l, catalog.PlaysByHour, 2)
	noted(t, l, catalog.PlaysByHour, "note", "from elsewhere")
	l.Hand(t, catalog.PlaysByHour).DeleteRows("track_id = 't3'", false)
	now := l.Snapshot(t, catalog.PlaysByHour)
	a, err := duck.Analyze(t.Context(), l.Duck, queryOf("SELECT * FROM plays_by_hour ORDER BY ms_played NULLS LAST", now))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"plays", "hour", "artist_id", "track_id", "country", "appliance", "ms_played", "listeners", "note", "_pos", "filename"}
	if diff := cmp.Diff(want, a.Columns); diff != "" || len(a.Rows) != 11 {
		t.Errorf("%d rows (-want +got)\n%s", len(a.Rows), diff)
	}
	if diff := cmp.Diff([]string{"plays_by_hour.TRACK_ID", "plays_by_hour.pair"}, a.Unread); diff != "" {
		t.Errorf("unread (-want +got)\n%s", diff)
	}
	for i, row := range a.Rows {
		theirs := i == len(a.Rows)-1
		if (row[5] == nil) != theirs || (row[8] == "from elsewhere") != theirs || row[9] != nil || row[10] != nil {
			t.Errorf("row %v", row)
		}
	}
	old, err := now.Table().ByID(before.ID())
	if err != nil {
		t.Fatal(err)
	}
	a, err = duck.Analyze(t.Context(), l.Duck, queryOf("SELECT device FROM plays_by_hour", old))
	if err != nil || len(a.Rows) != 10 || len(a.Unread) != 0 {
		t.Errorf("as of before: %d rows, unread %v, %v", len(a.Rows), a.Unread, err)
	}
	if _, err := l.Catalog.Ice.CreateTable(t.Context(), []string{l.Namespace(), "pairs"}, iceberg.NewSchema(0, iceberg.NestedField{ID: 1, Name: "pair", Type: pair})); err != nil {
		t.Fatal(err)
	}
	_, err = duck.Analyze(t.Context(), l.Duck, queryOf("SELECT * FROM pairs", l.Snapshot(t, "pairs")))
	if !errors.Is(err, lake.ErrUnsupported) {
		t.Errorf("a table of which nothing can be shown: %v", err)
	}
	a, err = duck.Analyze(t.Context(), l.Duck, queryOf("SELECT pair FROM plays_by_hour", now))
	if err == nil || !strings.Contains(err.Error(), "pair") || len(a.Unread) == 0 {
		t.Errorf("a column that is left out: %v, unread %v", err, a.Unread)
	}
}
