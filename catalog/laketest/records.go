package laketest

import (
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/lakectl/lakectl/lake"
)

// Records are rows of a table, one value for each of its columns, as another engine's writer takes them: strings,
// whole numbers, instants and nil. Columns at the end that a row has no value for are null.
func Records(t *lake.Table, rows [][]any) (array.RecordReader, error) {
	schema, err := t.ArrowSchema()
	if err != nil {
		return nil, err
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for _, row := range rows {
		for i := range b.Fields() {
			var v any
			if i < len(row) {
				v = row[i]
			}
			if v == nil {
				b.Field(i).AppendNull()
				continue
			}
			switch to := b.Field(i).(type) {
			case *array.StringBuilder:
				to.Append(v.(string))
			case *array.Int64Builder:
				to.Append(int64(v.(int)))
			case *array.Int32Builder:
				to.Append(int32(v.(int)))
			case *array.TimestampBuilder:
				to.Append(arrow.Timestamp(v.(time.Time).UnixMicro()))
			}
		}
	}
	batch := b.NewRecordBatch()
	defer batch.Release()
	return array.NewRecordReader(schema, []arrow.RecordBatch{batch})
}
