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

// layoutFor has the names that the table has now: another engine may have renamed columns since the file was written.
// Columns that it dropped stay behind: no reader of the table finds them any more.
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
		if _, has := names[old.ColumnRoot(i).Name()]; has {
			l.paths = append(l.paths, now.Column(len(l.columns)).ColumnPath())
			l.columns = append(l.columns, i)
		}
	}
	return l, nil
}

// namesOf are the names that the table has now for columns of the file that it still has, by the names that the file
// has.
func (in *input) namesOf(t *lake.Table) (map[string]string, error) {
	now, names := map[int]string{}, map[string]string{}
	for _, f := range t.Current().Schema().Fields() {
		now[f.ID] = f.Name
	}
	root := in.MetaData().Schema.Root()
	for i := range root.NumFields() {
		node := root.Field(i)
		if node.FieldID() < 0 {
			return nil, fmt.Errorf("file %s: column %s has no field id: %w", in.uri, node.Name(), lake.ErrUnsupported)
		}
		if name, has := now[int(node.FieldID())]; has {
			names[node.Name()] = name
		}
	}
	return names, nil
}

// renamed is a schema whose columns have other names; those without one are not in it.
func renamed(root *schema.GroupNode, names map[string]string) (*schema.GroupNode, error) {
	var fields schema.FieldList
	for i := range root.NumFields() {
		var field schema.Node
		var err error
		if _, has := names[root.Field(i).Name()]; !has {
			continue
		}
		switch node := root.Field(i).(type) {
		case *schema.PrimitiveNode:
			field, err = schema.NewPrimitiveNodeLogical(names[node.Name()], node.RepetitionType(), node.LogicalType(), node.PhysicalType(), node.TypeLength(), node.FieldID())
		case *schema.GroupNode:
			inner := make(schema.FieldList, node.NumFields())
			for j := range inner {
				inner[j] = node.Field(j)
			}
			if kind := node.LogicalType(); kind.IsNone() { // a struct
				field, err = schema.NewGroupNode(names[node.Name()], node.RepetitionType(), inner, node.FieldID())
			} else {
				field, err = schema.NewGroupNodeLogical(names[node.Name()], node.RepetitionType(), inner, kind, node.FieldID())
			}
		}
		if err != nil {
			return nil, err
		}
		fields = append(fields, field)
	}
	return schema.NewGroupNode(root.Name(), root.RepetitionType(), fields, root.FieldID())
}
