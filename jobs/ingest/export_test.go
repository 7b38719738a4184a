package ingest

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// Batch gives tests the write path of a flush without the rest.
type Batch struct{ rows rows }

// Add takes a listen as decoding does.
func (b *Batch) Add(l listen.Listen, partition int32, offset int64) {
	r := b.rows.add()
	r.Listen, r.partition, r.offset = l, partition, offset
}

// Write sorts the batch and writes its files.
func (b *Batch) Write(ctx context.Context, t *lake.Table) ([]iceberg.DataFile, error) {
	return writeDays(ctx, t, &b.rows, "listens")
}

// Sort is the sorting of a flush.
func (b *Batch) Sort() { b.rows.sorted() }

// Reset empties the batch for the next one.
func (b *Batch) Reset() { b.rows.reset() }

// Order lists the rows of the batch as they are written: their number in order of [Batch.Add], by day.
func (b *Batch) Order() (days [][]int) {
	for _, d := range b.rows.sorted() {
		var numbers []int
		for _, p := range d.order {
			numbers = append(numbers, int(p.row))
		}
		days = append(days, numbers)
	}
	return days
}

// WritePlain is what bare arrow-go does with the same settings.
func WritePlain(w io.Writer, day arrow.RecordBatch) error {
	f, err := pqarrow.NewFileWriter(day.Schema(), w, writerProperties(), pqarrow.DefaultWriterProps())
	if err != nil {
		return err
	}
	if err := f.Write(day); err != nil {
		return err
	}
	return f.Close()
}
