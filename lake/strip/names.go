package strip

import (
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/lakectl/lakectl/lake"
)

// namesOf are the names that the table has now for columns of the file, by the names that the file has: another engine
// may have renamed columns since it was written. A data file is described by today's names, so one with a column that
// was dropped is [lake.ErrUnsupported].
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

// renamedPath is the path of a column with its new name.
func renamedPath(path parquet.ColumnPath, names map[string]string) parquet.ColumnPath {
	path = slices.Clone(path)
	path[0] = names[path[0]]
	return path
}
