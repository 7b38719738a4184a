package lake

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	icetable "github.com/apache/iceberg-go/table"
)

// ReadRecords reads all rows of a snapshot as structs, in no order: the way back from [WriteRecords], for tables that
// fit into memory and readers without DuckDB. A field stands for a column as in [RowsOf]. A null is the zero value of
// its field, and of a pointer nil.
//
// Rows that other engines deleted are left out, and files are held against their hashes as everywhere.
func ReadRecords[T any](ctx context.Context, s Snapshot, v *Verifier) ([]T, error) {
	if s.ID() == 0 {
		return nil, nil
	}
	t := s.table
	columns, err := s.recordColumns(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	if err := s.verifyWhole(ctx, v); err != nil {
		return nil, err
	}
	names := make([]string, 0, len(columns))
	for name := range columns {
		names = append(names, name)
	}
	options := []icetable.ScanOption{icetable.WithSelectedFields(names...), icetable.WithCaseSensitive(true)}
	if s.ID() != t.Current().ID() { // a snapshot that is named is read under the names that columns had then
		options = append(options, icetable.WithSnapshotID(s.ID()))
	}
	scan := t.ice.Scan(options...)
	defer scan.Close() //nolint:errcheck // read only
	_, batches, err := scan.ToArrowRecords(ctx)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", t.name, err)
	}
	var records []T
	for batch, err := range batches {
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", t.name, err)
		}
		records, err = appendRecords(records, batch, columns)
		batch.Release()
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", t.name, err)
		}
	}
	return records, nil
}

// recordColumns are the fields of a struct by the names that their columns have in the snapshot. One that is older than
// a column lacks it.
func (s Snapshot) recordColumns(of reflect.Type) (map[string]recordField, error) {
	columns := map[string]recordField{}
	for name, f := range recordFields(of) {
		c, has := s.table.Column(name)
		if !has && !f.later {
			return nil, outdated(fmt.Errorf("table %s has no column %s: %w", s.table.name, name, ErrUnsupported))
		}
		if at, there := s.Schema().FindColumnName(c.Field.ID); has && there {
			columns[at] = f
		}
	}
	return columns, nil
}

// verifyWhole holds all files of a snapshot against their hashes, and refuses deletes that cannot be read.
func (s Snapshot) verifyWhole(ctx context.Context, v *Verifier) error {
	deletes, err := s.DeleteFiles(ctx)
	if err != nil {
		return err
	}
	files, err := s.Files(ctx)
	if err != nil {
		return err
	}
	if err := v.Verify(ctx, s, files, s.Schema().Fields()); err != nil {
		return err
	}
	return v.VerifyDeletes(ctx, s, deletes)
}

func appendRecords[T any](records []T, batch arrow.RecordBatch, columns map[string]recordField) ([]T, error) {
	from := len(records)
	records = append(records, make([]T, batch.NumRows())...)
	for i, f := range batch.Schema().Fields() {
		to, wanted := columns[f.Name]
		if !wanted {
			continue
		}
		column := batch.Column(i)
		for row := range column.Len() {
			if column.IsNull(row) {
				continue
			}
			if err := setField(reflect.ValueOf(&records[from+row]).Elem().FieldByIndex(to.index), column, row); err != nil {
				return nil, fmt.Errorf("column %s: %w", f.Name, err)
			}
		}
	}
	return records, nil
}

// setField puts a value that is not null into a field. Texts and bytes are copied: the batch is released.
func setField(field reflect.Value, column arrow.Array, row int) error {
	if field.Kind() == reflect.Pointer {
		field.Set(reflect.New(field.Type().Elem()))
		field = field.Elem()
	}
	var value any
	switch c := column.(type) {
	case *array.String:
		value = strings.Clone(c.Value(row))
	case *array.LargeString:
		value = strings.Clone(c.Value(row))
	case *array.Binary:
		value = append([]byte{}, c.Value(row)...)
	case *array.LargeBinary:
		value = append([]byte{}, c.Value(row)...)
	case *array.Boolean:
		value = c.Value(row)
	case *array.Int32:
		value = int64(c.Value(row))
	case *array.Int64:
		value = c.Value(row)
	case *array.Date32:
		value = DayStart(int(c.Value(row)))
	case *array.Timestamp:
		value = time.UnixMicro(int64(c.Value(row))).UTC()
	}
	v := reflect.ValueOf(value)
	switch {
	case !v.IsValid():
	case v.Type() == field.Type():
		field.Set(v)
		return nil
	case v.CanInt() && field.CanInt() && !field.OverflowInt(v.Int()):
		field.SetInt(v.Int())
		return nil
	case v.Kind() == field.Kind() && v.CanConvert(field.Type()):
		field.Set(v.Convert(field.Type()))
		return nil
	}
	return fmt.Errorf("%s does not fit a field of type %s: %w", column.DataType(), field.Type(), ErrUnsupported)
}
