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

// Order lists the rows of the batch as they are written: their number in order of [Batch.Add], by day.
func (b *Batch) Order() (days [][]int) {
	order := b.rows.sorted()
	for i, p := range order {
		if i == 0 || order[i-1].day != p.day {
			days = append(days, nil)
		}
		days[len(days)-1] = append(days[len(days)-1], int(p.row))
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
