package jobs

import (
	"context"
	"fmt"
	"reflect"

	"github.com/lakectl/lakectl/lake"
)

// Records runs a statement and returns its rows as [EachRecord] gives them; nil for none.
func Records[T any](ctx context.Context, s *Session, name string, args ...any) (list []T, err error) {
	err = EachRecord(ctx, s, name, args, func(record T) error { list = append(list, record); return nil })
	return list, err
}

// EachRecord runs a statement and calls visit for every row, as a struct whose fields name the statement's columns: see
// [lake.RowsOf]. A column without a field, or a field without a column, is an error before the first row.
func EachRecord[T any](ctx context.Context, s *Session, name string, args []any, visit func(T) error) error {
	var record T
	v := reflect.ValueOf(&record).Elem()
	fields := lake.RecordColumns(v.Type())
	return s.eachNamed(ctx, name, args, func(columns []string) (dest []any, err error) {
		if len(columns) != len(fields) {
			return nil, fmt.Errorf("%d columns for the %d fields of %T", len(columns), len(fields), record)
		}
		for _, column := range columns {
			index, is := fields[column]
			if !is {
				return nil, fmt.Errorf("%T has no field for column %s", record, column)
			}
			dest = append(dest, v.FieldByIndex(index).Addr().Interface())
		}
		return dest, nil
	}, func() error { return visit(record) })
}
