package lake

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/apache/iceberg-go"
)

// recordField is a field of a struct that stands for a column.
type recordField struct {
	index []int
	null  bool // its zero value is null
	later bool // a table of an earlier version may lack the column
}

// recordFields are the fields of a struct that have a tag `col:"NAME"`, by the column's name; embedded structs are part
// of it. Options after the name: null for a field whose zero value is null in the table, later for a column that a
// table of an earlier version may lack and whose value is then left out.
func recordFields(of reflect.Type) map[string]recordField {
	fields := map[string]recordField{}
	for _, f := range reflect.VisibleFields(of) {
		tag, is := f.Tag.Lookup("col")
		if !is {
			continue
		}
		options := strings.Split(tag, ",")
		r := recordField{index: f.Index}
		for _, o := range options[1:] {
			r.null, r.later = r.null || o == "null", r.later || o == "later"
		}
		fields[options[0]] = r
	}
	return fields
}

// RecordColumns are the columns that a struct has fields for, with the place of each field as package reflect counts
// it.
func RecordColumns(of reflect.Type) map[string][]int {
	columns := map[string][]int{}
	for name, f := range recordFields(of) {
		columns[name] = f.index
	}
	return columns
}

// RowsOf makes rows for [Table.WriteRows] of structs. Each value goes to the column that the tag of its field names,
// wherever the table has that column. An error says that the table lacks a column, or that an earlier version made it.
func RowsOf[T any](t *Table, records ...T) ([][]any, error) {
	fields := recordFields(reflect.TypeFor[T]())
	for name, f := range fields {
		if _, has := t.Column(name); !has && !f.later {
			return nil, outdated(fmt.Errorf("table %s has no column %s: %w", t.name, name, ErrUnsupported))
		}
	}
	rows := make([][]any, len(records))
	for i, record := range records {
		v := reflect.ValueOf(record)
		for _, column := range t.columns {
			f, is := fields[column.Name]
			if !is {
				rows[i] = append(rows[i], nil)
				continue
			}
			rows[i] = append(rows[i], columnValue(v.FieldByIndex(f.index), f.null))
		}
	}
	return rows, nil
}

// WriteRecords is [Table.WriteRows] of structs, see [RowsOf].
func WriteRecords[T any](ctx context.Context, t *Table, job string, records []T) ([]iceberg.DataFile, error) {
	rows, err := RowsOf(t, records...)
	if err != nil {
		return nil, err
	}
	return t.WriteRows(ctx, job, rows)
}

// columnValue is the value of a field as WriteRows takes it.
func columnValue(v reflect.Value, null bool) any {
	if null && v.IsZero() {
		return nil
	}
	switch at := v.Interface().(type) {
	case time.Time:
		return at
	case []byte:
		return at
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return columnValue(v.Elem(), false)
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int32, reflect.Int64:
		return v.Int()
	}
	return v.Interface() // WriteRows says that it does not fit
}
