package strip

import (
	"fmt"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/lakectl/lakectl/lake"
)

// layout is which columns of a file the new file has, and under which names.
type layout struct {
	root    *schema.GroupNode
	columns []int                // of the file that is read, ascending
	paths   []parquet.ColumnPath // of each in the new file
}

// layoutFor has the names that the table has now: another engine may have renamed columns since the file was written. A
// data file is described by today's names, so one with a column that was dropped is [lake.ErrUnsupported].
func (in *input) layoutFor(t *lake.Table) (l layout, err error) {
	names, err := in.namesOf(t)
	if err != nil {
		return l, err
	}
	old := in.MetaData().Schema
	if l.root, err = renamed(old.Root(), names); err != nil {
		return l, err
	}
	now := schema.NewSchema(l.root)
	for i := range old.NumColumns() {
		l.columns, l.paths = append(l.columns, i), append(l.paths, now.Column(i).ColumnPath())
	}
	return l, nil
}

// namesOf are the names that the table has now for columns of the file, by the names that the file has.
func (in *input) namesOf(t *lake.Table) (map[string]string, error) {
	now, names := map[int]string{}, map[string]string{}
	for _, f := range t.Current().Schema().Fields() {
		now[f.ID] = f.Name
	}
	root := in.MetaData().Schema.Root()
	for i := range root.NumFields() {
		node := root.Field(i)
		name, has := now[int(node.FieldID())]
		if !has {
			return nil, fmt.Errorf("file %s: column %s is not in the table any more: %w", in.uri, node.Name(), lake.ErrUnsupported)
		}
		names[node.Name()] = name
	}
	return names, nil
}

// renamed is a schema whose columns have other names.
func renamed(root *schema.GroupNode, names map[string]string) (*schema.GroupNode, error) {
	fields := make(schema.FieldList, root.NumFields())
	var err error
	for i := range fields {
		switch node := root.Field(i).(type) {
		case *schema.PrimitiveNode:
			fields[i], err = schema.NewPrimitiveNodeLogical(names[node.Name()], node.RepetitionType(), node.LogicalType(), node.PhysicalType(), node.TypeLength(), node.FieldID())
		case *schema.GroupNode:
			inner := make(schema.FieldList, node.NumFields())
			for j := range inner {
				inner[j] = node.Field(j)
			}
			fields[i], err = schema.NewGroupNodeLogical(names[node.Name()], node.RepetitionType(), inner, node.LogicalType(), node.FieldID())
		}
		if err != nil {
			return nil, err
		}
	}
	return schema.NewGroupNode(root.Name(), root.RepetitionType(), fields, root.FieldID())
}
