package lake_test

import (
	"context"
	"slices"
	"testing"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// wordless makes listens as a version made it that said nothing to readers.
func wordless(t *testing.T, l *laketest.Lake) lake.Spec {
	t.Helper()
	spec := listensSpec()
	if err := l.Catalog.Ice.DropTable(t.Context(), []string{l.Namespace(), spec.Name}); err != nil {
		t.Fatal(err)
	}
	old := spec
	fields := spec.Schema.Fields()
	for i := range fields {
		fields[i].Doc = ""
	}
	old.Schema, old.Comment, old.Sort = iceberg.NewSchema(0, fields...), "", nil
	if made, err := l.Create(t.Context(), old); err != nil || !made {
		t.Fatalf("made %v, %v", made, err)
	}
	l.Alter(t, spec.Name, func(tx *icetable.Transaction) error { return tx.RemoveProperties([]string{"lakectl.words"}) })
	return spec
}

func listensSpec() lake.Spec {
	specs := catalog.Specs()
	return specs[slices.IndexFunc(specs, func(s lake.Spec) bool { return s.Name == catalog.Listens })]
}

func loaded(t *testing.T, l *laketest.Lake, name string) *icetable.Table {
	t.Helper()
	ice, err := l.Catalog.Ice.LoadTable(t.Context(), []string{l.Namespace(), name})
	if err != nil {
		t.Fatal(err)
	}
	return ice
}

// described tells whether listens says to readers what a table that was made today says.
func described(t *testing.T, l *laketest.Lake) bool {
	t.Helper()
	ice, spec := loaded(t, l, catalog.Listens), listensSpec()
	yes := ice.Properties()["comment"] == spec.Comment && slices.Equal(ice.Schema().IdentifierFieldIDs, []int{15, 16, 17})
	for i, f := range ice.Schema().Fields() {
		yes = yes && f.Doc == spec.Schema.Field(i).Doc
	}
	order := ice.SortOrder()
	return yes && order.OrderID() == 1 && order.Len() == 2 && order.Field(0).SourceID() == 2 && order.Field(1).SourceID() == 6
}

func TestDescribingAgainChangesNothing(t *testing.T) {
	l := laketest.New(t)
	if !described(t, l) {
		t.Errorf("a table that was made today: %v", loaded(t, l, catalog.Listens).Schema())
	}
	spec := wordless(t, l)
	for i, want := range []bool{true, false} {
		before := loaded(t, l, spec.Name).MetadataLocation()
		did, err := l.Describe(t.Context(), spec)
		if moved := loaded(t, l, spec.Name).MetadataLocation() != before; did != want || moved != want || err != nil {
			t.Errorf("round %d: %v, metadata moved %v, %v", i+1, did, moved, err)
		}
	}
	if !described(t, l) {
		t.Errorf("%v", loaded(t, l, spec.Name).Schema())
	}
	if _, err := l.Table(t.Context(), spec.Name); err != nil {
		t.Error(err)
	}
}

func TestDescribingIsDoneOnceWhereverItIsCutOff(t *testing.T) {
	l := laketest.New(t)
	for nth := 1; ; nth++ {
		spec := wordless(t, l)
		ctx, dead := context.WithCancel(t.Context())
		_, err := l.With(laketest.CrashOnce(nth, dead)).Describe(ctx, spec)
		dead()
		if err == nil {
			break // fewer steps than that
		}
		if _, err := l.Describe(t.Context(), spec); err != nil || !described(t, l) {
			t.Fatalf("after a crash at step %d: %v", nth, err)
		}
		if did, err := l.Describe(t.Context(), spec); did || err != nil {
			t.Fatalf("again after a crash at step %d: %v, %v", nth, did, err)
		}
	}
}

// What another engine says about a table, on purpose, is not taken back, and a newer version's words replace only those
// of an earlier one.
func TestWordsOfOthersStay(t *testing.T) {
	l := laketest.New(t)
	spec := wordless(t, l)
	descending, err := icetable.NewSortOrder(1, []icetable.SortField{{SourceIDs: []int{6}, Transform: iceberg.IdentityTransform{}, Direction: icetable.SortDESC, NullOrder: icetable.NullsLast}})
	if err != nil {
		t.Fatal(err)
	}
	say := func(column, text string) {
		evolve(t, l, spec.Name, func(u *icetable.UpdateSchema) {
			u.UpdateColumn([]string{column}, icetable.ColumnUpdate{Doc: iceberg.Optional[string]{Val: text, Valid: true}})
		})
	}
	describe := func(want bool) {
		t.Helper()
		if did, err := l.Describe(t.Context(), spec); did != want || err != nil {
			t.Errorf("described %v, %v", did, err)
		}
	}
	l.Alter(t, spec.Name, func(tx *icetable.Transaction) error { return tx.ReplaceSortOrder(descending) })
	say("country", "theirs, before")
	evolve(t, l, spec.Name, func(u *icetable.UpdateSchema) {
		u.RenameColumn([]string{"artist_id"}, "performer").MoveFirst([]string{"source_offset"}).
			UpdateColumn([]string{"ms_played"}, icetable.ColumnUpdate{FieldType: iceberg.Optional[iceberg.Type]{Val: iceberg.PrimitiveTypes.Int64, Valid: true}})
	})
	describe(true)
	say("tier", "theirs, after")
	evolve(t, l, spec.Name, func(u *icetable.UpdateSchema) {
		u.SetIdentifierField(nil).AddColumn([]string{"note"}, iceberg.PrimitiveTypes.String, "a note", false, nil).RenameColumn([]string{"device"}, "appliance")
	})
	l.Alter(t, spec.Name, func(tx *icetable.Transaction) error {
		return tx.SetProperties(iceberg.Properties{"comment": "their archive"})
	})
	describe(false)
	fields := spec.Schema.Fields()
	for i := range fields {
		fields[i].Doc += " In other words."
	}
	spec.Schema, spec.Comment = iceberg.NewSchemaWithIdentifiers(0, spec.Schema.IdentifierFieldIDs, fields...), "Other words."
	describe(true)
	describe(false)
	ice := loaded(t, l, spec.Name)
	for name, want := range map[string]string{
		"country": "theirs, before", "tier": "theirs, after", "note": "a note",
		"appliance": "Kind of device as it was sent: phone, desktop, tv and others. In other words.", "user_id": "Listener. In other words.",
		"performer": "Artist of the track. In other words.", "ms_played": "Milliseconds heard. In other words.",
	} {
		if f, _ := ice.Schema().FindFieldByName(name); f.Doc != want {
			t.Errorf("%s: %s", name, f.Doc)
		}
	}
	if ice.Properties()["comment"] != "their archive" || len(ice.Schema().IdentifierFieldIDs) != 0 || ice.SortOrder().Len() != 1 {
		t.Errorf("comment %q, key %v, order %v", ice.Properties()["comment"], ice.Schema().IdentifierFieldIDs, ice.SortOrder())
	}
	if _, err := l.Table(t.Context(), spec.Name); err != nil {
		t.Error(err)
	}
}
