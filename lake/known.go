package lake

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
)

// Known is what a lake takes for granted of its own tables. Tables that are not in Specs are foreign: they are read as
// they are, and nothing is asked of them.
type Known struct {
	Specs     []Spec
	Warehouse string // URI of the folder that all tables of Specs lie below; "" is anywhere
}

// spec is the spec of a table, nil for a foreign one.
func (k Known) spec(name string) *Spec {
	i := slices.IndexFunc(k.Specs, func(s Spec) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return &k.Specs[i]
}

// Column is one column of the table that lakectl works with, under the name that lakectl knows it by.
type Column struct {
	Name  string
	Field iceberg.NestedField // as the table has it: another engine may have renamed or widened it
}

// Columns are those of the table's spec that it has, in the order of the spec; of a foreign table all. Columns that
// other engines added are not among them.
func (t *Table) Columns() []Column { return t.columns }

// columnsKey is the table property with the field ids of the spec's columns, in the order of the spec. A column that
// came with a newer version gets the next free id, which is not always its place in the spec: another engine may have
// added columns before.
const columnsKey = "lakectl.columns"

func columnIDs(columns []iceberg.NestedField) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = strconv.Itoa(c.ID)
	}
	return strings.Join(list, ",")
}

// fate is what became of a column.
type fate int

const (
	there   fate = iota
	lacking      // of a newer version than the one that made the table
	dropped
	taken // its field id holds a column that may be this one or another
)

// history answers what became of the columns of a spec.
type history struct {
	ids    []int // from the property; nil in a table of an earlier version
	now    map[int]iceberg.NestedField
	past   []*iceberg.Schema
	whole  bool // past goes back to the first schema
	lastID int
}

func historyOf(t *icetable.Table) history {
	h := history{now: map[int]iceberg.NestedField{}, lastID: t.Metadata().LastColumnID()}
	for _, f := range t.Schema().Fields() {
		h.now[f.ID] = f
	}
	for id, schema := range t.Schemas() {
		h.past, h.whole = append(h.past, schema), h.whole || id == 0
	}
	for id := range strings.SplitSeq(t.Properties()[columnsKey], ",") {
		n, err := strconv.Atoi(id)
		if err != nil {
			h.ids = nil
			break
		}
		h.ids = append(h.ids, n)
	}
	return h
}

// find looks a column up that is at a place of the spec. Without the property it goes by what the earlier schemas say:
// the id was the place, unless another engine took it before the column was added.
func (h history) find(place int, column iceberg.NestedField) (iceberg.NestedField, fate) {
	if h.ids != nil {
		if place >= len(h.ids) {
			return iceberg.NestedField{}, lacking
		}
		f, ok := h.now[h.ids[place]]
		if !ok {
			return f, dropped
		}
		return f, there
	}
	f, ok := h.now[column.ID]
	named := func(s *iceberg.Schema) bool {
		name, known := s.FindColumnName(column.ID)
		return known && name == column.Name
	}
	switch ours := ok && f.Name == column.Name || slices.ContainsFunc(h.past, named); {
	case ok && ours:
		return f, there
	case ours:
		return f, dropped
	case h.whole || column.ID > h.lastID:
		return f, lacking
	case ok:
		return f, taken
	default:
		return f, dropped
	}
}

// writeSchema is the schema of the files that lakectl writes: its own columns, as the table has them, without the words
// for readers, which are no business of files. A column that a file lacks is NULL to every reader.
func (t *Table) writeSchema() *iceberg.Schema {
	fields := make([]iceberg.NestedField, len(t.columns))
	for i, c := range t.columns {
		fields[i] = c.Field
		fields[i].Doc = ""
	}
	return iceberg.NewSchema(t.ice.Schema().ID, fields...)
}

// ArrowSchema is the schema of the files that lakectl writes, with field ids: one field for each of [Table.Columns].
func (t *Table) ArrowSchema() (*arrow.Schema, error) {
	return icetable.SchemaToArrowSchema(t.writeSchema(), nil, true, false)
}

// metricsProperties are the table's properties with those that go by a column's name also under its newer name: a
// column that gets no bounds gets none when it is renamed.
func (t *Table) metricsProperties() iceberg.Properties {
	props := maps.Clone(t.ice.Properties())
	for _, c := range t.columns {
		const prefix = icetable.MetricsModeColumnConfPrefix + "."
		if mode, ok := props[prefix+c.Name]; ok && c.Field.Name != c.Name {
			props[prefix+c.Field.Name] = mode
		}
	}
	return props
}

// PartsRenamed tells whether a part of a nested column had another name in an earlier schema.
func (t *Table) PartsRenamed(column iceberg.NestedField) bool {
	renamed := false
	eachPart(column.Type, func(part iceberg.NestedField) {
		for _, schema := range t.ice.Schemas() {
			was, ok := schema.FindFieldByID(part.ID)
			renamed = renamed || ok && was.Name != part.Name
		}
	})
	return renamed
}

func eachPart(t iceberg.Type, visit func(iceberg.NestedField)) {
	nested, ok := t.(iceberg.NestedType)
	if !ok {
		return
	}
	for _, f := range nested.Fields() {
		visit(f)
		eachPart(f.Type, visit)
	}
}
