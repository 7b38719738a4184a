package duck

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/lake"
)

// column is a column of an Iceberg table as DuckDB sees it. Files are read by field id, so what the column was called
// when a file was written does not matter.
type column struct {
	id     int
	name   string // in views and relations: what lakectl calls it
	stored string // in the table, and in files that are written
	typ    string
	of     iceberg.Type
}

// read is the name under which a file's column is read. Names of others could be those of DuckDB's own columns
// (filename, file_row_number).
func (c column) read() string { return fmt.Sprintf("c%d", c.id) }

// ownColumns are the columns that jobs work with, under the names that lakectl has for them.
func ownColumns(t *lake.Table) ([]column, error) {
	var columns []column
	for _, c := range t.Columns() {
		typ, ok := duckType(c.Field.Type)
		if !ok {
			return nil, fmt.Errorf("column %s of type %s: %w", c.Field.Name, c.Field.Type, lake.ErrUnsupported)
		}
		columns = append(columns, column{c.Field.ID, c.Name, c.Field.Name, typ, c.Field.Type})
	}
	return columns, nil
}

// allColumns are the columns of a snapshot as its own schema has them, and the names of those that cannot be shown: of
// types that DuckDB does not read from Parquet by field id, without a name, or with the name of another in other case,
// which DuckDB cannot tell apart. Columns of lakectl keep theirs.
func allColumns(s lake.Snapshot) (columns []column, left []string) {
	fields := s.Schema().Fields()
	owner := map[string]int{} // id of the column that has a name
	for _, known := range s.Table().Columns() {
		if at := slices.IndexFunc(fields, func(f iceberg.NestedField) bool { return f.ID == known.Field.ID }); at >= 0 {
			owner[strings.ToLower(fields[at].Name)] = known.Field.ID
		}
	}
	for _, f := range fields {
		name := strings.ToLower(f.Name)
		if _, taken := owner[name]; !taken {
			owner[name] = f.ID
		}
		typ, ok := duckType(f.Type)
		if !ok || !nameable(f.Name) || owner[name] != f.ID || s.Table().PartsRenamed(f) {
			left = append(left, f.Name)
			continue
		}
		columns = append(columns, column{f.ID, f.Name, f.Name, typ, f.Type})
	}
	return columns, left
}

// nameable tells whether a statement can name a column so.
func nameable(name string) bool { return name != "" && !strings.Contains(name, "\x00") }

// types maps Iceberg's primitive types without parameters to DuckDB's.
var types = map[string]string{
	"boolean": "BOOLEAN", "int": "INTEGER", "long": "BIGINT", "float": "FLOAT", "double": "DOUBLE", "string": "VARCHAR", "binary": "BLOB",
	"uuid": "UUID", "date": "DATE", "time": "TIME", "timestamp": "TIMESTAMP", "timestamptz": "TIMESTAMP WITH TIME ZONE",
	"timestamp_ns": "TIMESTAMP_NS",
}

// duckType is DuckDB's type for one of Iceberg. Parts of nested types are found by name: see
// [lake.Table.PartsRenamed].
func duckType(t iceberg.Type) (string, bool) {
	switch t := t.(type) {
	case iceberg.DecimalType:
		return fmt.Sprintf("DECIMAL(%d, %d)", t.Precision(), t.Scale()), true
	case iceberg.FixedType:
		return "BLOB", true
	case *iceberg.ListType:
		element, ok := duckType(t.Element)
		return element + "[]", ok
	case *iceberg.MapType:
		key, ok := duckType(t.KeyType)
		value, also := duckType(t.ValueType)
		return "MAP(" + key + ", " + value + ")", ok && also
	case *iceberg.StructType:
		parts := make([]string, len(t.FieldList))
		names := map[string]bool{}
		for i, f := range t.FieldList {
			part, ok := duckType(f.Type)
			name := strings.ToLower(f.Name)
			if !ok || names[name] || !nameable(name) {
				return "", false
			}
			names[name] = true
			parts[i] = Ident(f.Name) + " " + part
		}
		return "STRUCT(" + strings.Join(parts, ", ") + ")", len(parts) > 0
	}
	typ, ok := types[t.String()]
	return typ, ok
}
