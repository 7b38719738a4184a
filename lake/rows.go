package lake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/apache/iceberg-go"
)

// WriteRows writes rows that Go holds in memory (log entries, runs, rules, refused records) as Parquet, one
// file a partition, for [Commit.Add]. A row has one value for each of [Table.Columns]: string, []byte, int64,
// int, bool, time.Time or nil. Optional columns at the end that it has no value for were added by a newer version.
func (t *Table) WriteRows(ctx context.Context, job string, rows [][]any) ([]iceberg.DataFile, error) {
	schema, err := t.ArrowSchema()
	if err != nil {
		return nil, fmt.Errorf("schema of %s: %w", t.name, err)
	}
	parts, order, err := t.byPartition(rows)
	if err != nil {
		return nil, err
	}
	var files []iceberg.DataFile
	for _, part := range order {
		batch, err := rowBatch(schema, parts[part])
		if err != nil {
			return nil, fmt.Errorf("rows for %s: %w", t.name, err)
		}
		uri := t.NewDataPath(job)
		footer, bytes, err := t.writeParquet(ctx, uri, batch)
		batch.Release()
		if err != nil {
			return nil, fmt.Errorf("write rows of %s: %w", t.name, err)
		}
		df, err := t.DataFile(uri, footer, bytes, part)
		if err != nil {
			return nil, err
		}
		files = append(files, df)
	}
	return files, nil
}

// byPartition groups rows by the table's partition value, partitions in order of first appearance.
func (t *Table) byPartition(rows [][]any) (map[any][][]any, []any, error) {
	parts := map[any][][]any{}
	var order []any
	for _, row := range rows {
		part, err := t.partitionOf(row)
		if err != nil {
			return nil, nil, err
		}
		if _, seen := parts[part]; !seen {
			order = append(order, part)
		}
		parts[part] = append(parts[part], row)
	}
	return parts, order, nil
}

func (t *Table) partitionOf(row []any) (any, error) {
	for _, field := range t.spec.Fields() {
		for i, column := range t.columns {
			if column.Field.ID != field.SourceIDs[0] {
				continue
			}
			at, isTime := row[i].(time.Time)
			switch field.Transform.(type) {
			case iceberg.IdentityTransform:
				return row[i], nil
			case iceberg.DayTransform:
				if isTime {
					return Day(at), nil
				}
			case iceberg.MonthTransform:
				if isTime {
					return int(MonthOf(at)), nil
				}
			}
			return nil, fmt.Errorf("partition %s of %s by %v: %w", field.Transform, t.name, row[i], ErrUnsupported)
		}
	}
	return nil, nil
}

// Day is the partition value of Iceberg's day transform: days since 1970-01-01 UTC.
func Day(at time.Time) int { return int(floorDiv(at.Unix(), 86_400)) }

// DayStart is the first instant of a day partition.
func DayStart(day int) time.Time { return time.Unix(int64(day)*86_400, 0).UTC() }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func rowBatch(schema *arrow.Schema, rows [][]any) (arrow.RecordBatch, error) {
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for _, row := range rows {
		if len(row) > schema.NumFields() {
			return nil, outdated(fmt.Errorf("row has %d values for %d columns: %w", len(row), schema.NumFields(), ErrUnsupported))
		}
		for i, f := range schema.Fields() {
			var value any
			switch {
			case i < len(row):
				value = row[i]
			case !f.Nullable:
				return nil, fmt.Errorf("row has %d values for %d columns", len(row), schema.NumFields())
			}
			if err := appendValue(b.Field(i), value); err != nil {
				return nil, fmt.Errorf("column %s: %w", f.Name, err)
			}
		}
	}
	return b.NewRecordBatch(), nil
}

func appendValue(b array.Builder, value any) error {
	switch v := value.(type) {
	case nil:
		b.AppendNull()
		return nil
	case string:
		if b, ok := b.(*array.StringBuilder); ok {
			b.Append(v)
			return nil
		}
	case []byte:
		if b, ok := b.(*array.BinaryBuilder); ok {
			b.Append(v)
			return nil
		}
	case bool:
		if b, ok := b.(*array.BooleanBuilder); ok {
			b.Append(v)
			return nil
		}
	case int:
		return appendValue(b, int64(v))
	case int64:
		switch b := b.(type) {
		case *array.Int64Builder:
			b.Append(v)
			return nil
		case *array.Int32Builder:
			b.Append(int32(v))
			return nil
		}
	case time.Time:
		switch b := b.(type) {
		case *array.TimestampBuilder:
			b.Append(arrow.Timestamp(v.UnixMicro()))
			return nil
		case *array.Date32Builder:
			b.Append(arrow.Date32(Day(v)))
			return nil
		}
	}
	return fmt.Errorf("%T does not fit a column of type %s: %w", value, b.Type(), ErrUnsupported)
}

// writeParquet writes one batch as a Parquet file and returns its footer and its size in bytes.
func (t *Table) writeParquet(ctx context.Context, uri string, batch arrow.RecordBatch) (*metadata.FileMetaData, int64, error) {
	out, err := t.Create(ctx, uri)
	if err != nil {
		return nil, 0, err
	}
	props := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Zstd), parquet.WithDictionaryDefault(true))
	w, err := pqarrow.NewFileWriter(batch.Schema(), out, props, pqarrow.DefaultWriterProps())
	if err != nil {
		return nil, 0, errors.Join(err, out.Close())
	}
	if err := w.Write(batch); err != nil {
		return nil, 0, errors.Join(err, w.Close())
	}
	if err := w.Close(); err != nil { // closes out too
		return nil, 0, err
	}
	footer, err := w.FileMetadata()
	return footer, out.Bytes(), err
}
