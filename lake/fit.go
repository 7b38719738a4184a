package lake

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
)

// formatVersion is the one version of the table format that is written: later ones have row lineage and deletion
// vectors.
const formatVersion = 2

// fit holds a table against its spec and notes where the columns and the partition spec of lakectl are in it. What
// other engines may do to a table: add optional columns, rename, move, widen columns, make them optional, give it
// another partition spec for rows of their own, any property. All else is [ErrUnfit].
func (t *Table) fit(known Known) error {
	spec := known.spec(t.name)
	t.columns = nil
	if spec == nil {
		for _, f := range t.ice.Schema().Fields() {
			t.columns = append(t.columns, Column{f.Name, f})
		}
		t.spec, t.order = t.ice.Spec(), icetable.UnsortedSortOrderID
		return nil
	}
	if err := t.fitPlace(known.Warehouse); err != nil {
		return err
	}
	if v := t.ice.Metadata().Version(); v != formatVersion {
		return t.unfit(fmt.Sprintf("it has format version %d, lakectl writes %d", v, formatVersion),
			"Iceberg has no way back: restore the lake from an earlier backup, or archive into a new one (another catalog.uri and catalog.warehouse, then 'lakectl init')")
	}
	if err := t.fitColumns(*spec); err != nil {
		return err
	}
	t.order = t.sortedBy(*spec)
	return t.fitPartition(*spec)
}

// after is the table after a commit, which leaves its columns as they are.
func (t *Table) after(committed *icetable.Table) *Table {
	after := newTable(t.name, committed)
	after.columns, after.spec, after.order, after.startsOver = t.columns, t.spec, t.order, t.startsOver
	after.unused, after.kept = t.unused, t.kept
	return after
}

func (t *Table) unfit(found, hint string) error {
	return WithHint(fmt.Errorf("table %s: %s: %w", t.name, found, ErrUnfit), "%s", hint)
}

// fitColumns finds the columns of the spec by field id.
func (t *Table) fitColumns(spec Spec) error {
	h, want := historyOf(t.ice), spec.Schema.Fields()
	ours := map[int]bool{}
	for i, w := range want {
		if len(t.columns) < i {
			break // columns come at the end only, so what follows one that is lacking is lacking too
		}
		has, fate := h.find(i, w)
		switch {
		case fate == lacking:
			continue
		case fate == taken:
			return t.unfit(fmt.Sprintf("the column with id %d is named %s, lakectl named it %s", w.ID, has.Name, w.Name),
				fmt.Sprintf("if %s is %s, rename it back where it was renamed and run 'lakectl init'; if not, drop it", has.Name, w.Name))
		case fate == dropped:
			return t.unfit(fmt.Sprintf("column %s was dropped", w.Name),
				"a column that is made again does not get its old values back: restore the lake from an earlier backup, or archive into a new one (another catalog.uri and catalog.warehouse, then 'lakectl init')")
		case !widened(w.Type, has.Type):
			return t.unfit(fmt.Sprintf("column %s has type %s, lakectl gave it %s", w.Name, has.Type, w.Type),
				"only int may become long; restore the lake from an earlier backup, or archive into a new one (another catalog.uri and catalog.warehouse, then 'lakectl init')")
		case has.Required && !w.Required:
			return t.unfit(fmt.Sprintf("column %s was made required", w.Name), mayLackValues(t.name, has.Name))
		}
		ours[has.ID] = true
		t.columns = append(t.columns, Column{w.Name, has})
	}
	for _, f := range t.ice.Schema().Fields() {
		if f.Required && !ours[f.ID] {
			return t.unfit(fmt.Sprintf("another engine added the required column %s, for which lakectl has no values", f.Name), mayLackValues(t.name, f.Name))
		}
	}
	return nil
}

func mayLackValues(table, column string) string {
	return fmt.Sprintf("make the column optional there: ALTER TABLE %s ALTER COLUMN %s DROP NOT NULL", table, column)
}

// widened tells whether a type is another or what the format allows to widen it to.
func widened(from, to iceberg.Type) bool {
	switch {
	case from.Equals(to):
		return true
	case from.Equals(iceberg.PrimitiveTypes.Int32):
		return to.Equals(iceberg.PrimitiveTypes.Int64)
	case from.Equals(iceberg.PrimitiveTypes.Float32):
		return to.Equals(iceberg.PrimitiveTypes.Float64)
	}
	return false
}

// fitPartition finds the partition spec under which lakectl writes. It need not be the one that others write under.
func (t *Table) fitPartition(spec Spec) error {
	want := iceberg.UnpartitionedSpec
	if spec.Partition != nil {
		want = spec.Partition
	}
	specs := slices.Clone(t.ice.Metadata().PartitionSpecs())
	slices.SortFunc(specs, func(a, b iceberg.PartitionSpec) int { return a.ID() - b.ID() })
	for _, s := range specs {
		if t.partitionsAlike(s, *want, spec) {
			t.spec = s
			return nil
		}
	}
	var terms []string
	for _, f := range want.Fields() {
		source, _ := spec.Schema.FindColumnName(f.SourceIDs[0])
		terms = append(terms, f.Transform.String()+"("+source+")")
	}
	if len(terms) == 0 {
		return t.unfit("the spec without partitions, under which lakectl writes, was removed", "take all partition fields from the table in the engine that added them, then run the command again")
	}
	return t.unfit("the partition spec "+strings.Join(terms, ", ")+", under which lakectl writes, was removed",
		"make it the table's spec again in the engine that removed it (ALTER TABLE "+t.name+" ADD PARTITION FIELD "+strings.Join(terms, ", ")+", the others dropped), then run the command again")
}

// partitionsAlike compares a spec of the table with the one of lakectl's spec, whose columns may have other ids there.
func (t *Table) partitionsAlike(has, want iceberg.PartitionSpec, spec Spec) bool {
	if has.NumFields() != want.NumFields() {
		return false
	}
	for i, w := range want.Fields() {
		h := has.Field(i)
		name, _ := spec.Schema.FindColumnName(w.SourceIDs[0])
		c, ok := t.Column(name)
		if !ok || !h.Transform.Equals(w.Transform) || !slices.Equal(h.SourceIDs, []int{c.Field.ID}) {
			return false
		}
	}
	return true
}

// Column finds one of [Table.Columns] by lakectl's name for it.
func (t *Table) Column(name string) (Column, bool) {
	i := slices.IndexFunc(t.columns, func(c Column) bool { return c.Name == name })
	if i < 0 {
		return Column{}, false
	}
	return t.columns[i], true
}

// fitPlace holds the table's folder against the warehouse. A lake that was copied as files still names the folders of
// the one it was copied from, and to write there would destroy that one.
func (t *Table) fitPlace(warehouse string) error {
	if warehouse == "" {
		return nil
	}
	inside, err := CanonicalPath(t.Location())
	if err != nil {
		return t.unfit("it lies at "+t.Location()+", which is no folder of this machine", "set catalog.warehouse to the warehouse that the lake was made in")
	}
	outside, err := CanonicalPath(warehouse)
	if err != nil {
		return err
	}
	if inside == outside || !Inside(inside, outside) {
		return t.unfit(fmt.Sprintf("it lies in %s, not below catalog.warehouse, which is %s", inside, outside),
			"if the lake was copied or moved, run 'lakectl catalog relocate', which writes its paths anew; if not, set catalog.warehouse (LAKEHOUSE_CATALOG_WAREHOUSE) to the folder it was made in")
	}
	return nil
}
