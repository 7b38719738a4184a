package duck

import (
	"fmt"
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
		columns = append(columns, column{c.Field.ID, c.Name, c.Field.Name, typ})
	}
	return columns, nil
}

// allColumns are the columns of a snapshot as its own schema has them, and the names of those that cannot be shown:
// of types that DuckDB does not read from Parquet by field id, or with the name of another in other case, which
// DuckDB cannot tell apart.
func allColumns(s lake.Snapshot) (columns []column, left []string) {
	names := map[string]bool{}
	for _, f := range s.Schema().Fields() {
		typ, ok := duckType(f.Type)
		if name := strings.ToLower(f.Name); !ok || names[name] || s.Table().PartsRenamed(f) {
			left = append(left, f.Name)
			continue
		} else {
			names[name] = true
		}
		columns = append(columns, column{f.ID, f.Name, f.Name, typ})
	}
	return columns, left
}

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
		for i, f := range t.FieldList {
			part, ok := duckType(f.Type)
			if !ok {
				return "", false
			}
			parts[i] = Ident(f.Name) + " " + part
		}
		return "STRUCT(" + strings.Join(parts, ", ") + ")", len(parts) > 0
	}
	typ, ok := types[t.String()]
	return typ, ok
}
