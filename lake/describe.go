package lake

import (
	"context"
	"fmt"
	"slices"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
)

// Describe tells the readers of an existing table what its spec says to them: what table and columns are, which columns
// no two rows share, how files are sorted. It tells whether there was something to do; then that is one metadata
// commit, which touches no file and makes no snapshot.
//
// What another engine decided stays: its words, its key, its sort order, and that it took ours away.
func (l *Lake) Describe(ctx context.Context, spec Spec) (bool, error) {
	var d description
	return l.changeTable(ctx, spec.Name, "describe "+spec.Name, change{
		needed: func(t *Table) bool { d = t.describe(spec); return d.needed() },
		stage:  func(tx *icetable.Transaction) error { return d.stage(tx) },
	})
}

// description is what a table lacks of what its spec says to readers.
type description struct {
	columns    map[string]string // words by the column's name in the table
	properties iceberg.Properties
	key        [][]string
	order      *icetable.SortOrder
}

func (d description) needed() bool {
	return len(d.columns) > 0 || len(d.properties) > 0 || d.key != nil || d.order != nil
}

// describe finds what a table lacks.
func (t *Table) describe(spec Spec) description {
	d := description{columns: map[string]string{}, properties: iceberg.Properties{}, key: t.lacksKey(spec), order: t.lacksOrder(spec)}
	w, recorded := wordsOf(spec), t.Property(wordsKey)
	if w.replaces(0, t.Property(commentKey), recorded) {
		d.properties[commentKey] = w[0]
	}
	for i, c := range t.columns {
		if w.replaces(1+i, c.Field.Doc, recorded) {
			d.columns[c.Field.Name] = w[1+i]
		}
	}
	if w.text() != recorded {
		d.properties[wordsKey] = w.text()
	}
	return d
}

// lacksKey are the names of the columns that no two rows share, where the table may say so and never did.
func (t *Table) lacksKey(spec Spec) (names [][]string) {
	var ids []int
	for _, id := range spec.Schema.IdentifierFieldIDs {
		name, _ := spec.Schema.FindColumnName(id)
		c, ok := t.Column(name)
		if !ok || !c.Field.Required {
			return nil
		}
		ids, names = append(ids, c.Field.ID), append(names, []string{c.Field.Name})
	}
	for _, schema := range t.ice.Schemas() {
		if slices.Equal(slices.Sorted(slices.Values(schema.IdentifierFieldIDs)), slices.Sorted(slices.Values(ids))) {
			return nil // has it, or had it
		}
	}
	if len(t.ice.Schema().IdentifierFieldIDs) > 0 {
		return nil
	}
	return names
}

// lacksOrder is the sort order of lakectl, where the table has none and never had this one.
func (t *Table) lacksOrder(spec Spec) *icetable.SortOrder {
	if len(spec.Sort) == 0 || t.order != icetable.UnsortedSortOrderID || !t.ice.SortOrder().IsUnsorted() {
		return nil
	}
	order, err := t.orderOf(spec)
	if err != nil {
		return nil // a column came with a newer version
	}
	return &order
}

// sortedBy is the id under which the table has the sort order of lakectl.
func (t *Table) sortedBy(spec Spec) int {
	want, err := t.orderOf(spec)
	if err != nil || want.IsUnsorted() {
		return icetable.UnsortedSortOrderID
	}
	for _, has := range t.ice.Metadata().SortOrders() {
		if has.Len() != want.Len() {
			continue
		}
		alike := true
		for i := range want.Len() {
			alike = alike && has.Field(i).Equals(want.Field(i))
		}
		if alike {
			return has.OrderID()
		}
	}
	return icetable.UnsortedSortOrderID
}

func (t *Table) orderOf(spec Spec) (icetable.SortOrder, error) {
	return sortOrder(spec.Sort, func(name string) (iceberg.NestedField, bool) {
		c, ok := t.Column(name)
		return c.Field, ok
	})
}

// sortOrder is the ascending order by columns, which a schema finds by name.
func sortOrder(columns []string, find func(string) (iceberg.NestedField, bool)) (icetable.SortOrder, error) {
	if len(columns) == 0 {
		return icetable.UnsortedSortOrder, nil
	}
	var fields []icetable.SortField
	for _, name := range columns {
		f, ok := find(name)
		if !ok {
			return icetable.SortOrder{}, fmt.Errorf("sort by column %s: %w", name, ErrNotFound)
		}
		fields = append(fields, icetable.SortField{
			SourceIDs: []int{f.ID}, Transform: iceberg.IdentityTransform{}, Direction: icetable.SortASC, NullOrder: icetable.NullsFirst,
		})
	}
	return icetable.NewSortOrder(icetable.InitialSortOrderID, fields)
}

func (d description) stage(tx *icetable.Transaction) error {
	if len(d.columns) > 0 || d.key != nil {
		update := tx.UpdateSchema(true, false)
		for name, text := range d.columns {
			update.UpdateColumn([]string{name}, icetable.ColumnUpdate{Doc: iceberg.Optional[string]{Val: text, Valid: true}})
		}
		if d.key != nil {
			update.SetIdentifierField(d.key)
		}
		if err := update.Commit(); err != nil {
			return err
		}
	}
	if d.order != nil {
		if err := tx.ReplaceSortOrder(*d.order); err != nil {
			return err
		}
	}
	if len(d.properties) == 0 {
		return nil
	}
	return tx.SetProperties(d.properties)
}
