package lake

import (
	"slices"
	"strconv"
	"strings"

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
	taken // its field id holds a column of which nobody can tell whether it is this one
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
