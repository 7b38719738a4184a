package ingest

import (
	"bytes"
	"context"
	"io"
	"iter"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// Writers are two ways to make a Parquet file of the same sorted rows, with the same settings and to nowhere.
type Writers struct {
	Rows    int64
	Ours    func() error // as a flush does it
	Library func() error // arrow-go, from an Arrow table in memory: what ours is measured against
}

// CompareWriters sorts listens as a flush does and calls measure for each file that they make.
func CompareWriters(ctx context.Context, t *lake.Table, listens iter.Seq[listen.Listen], measure func(Writers) error) error {
	var r rows
	for l := range listens {
		to := r.add()
		to.Listen, to.partition, to.offset = l, 0, int64(r.n)
	}
	days := r.sorted()
	w, err := newDayWriter(t, &r, "listens")
	if err != nil {
		return err
	}
	for _, d := range days {
		var made bytes.Buffer
		if _, err := w.writeTo(closing{&made}, d.order); err != nil {
			return err
		}
		table, err := arrowTable(ctx, made.Bytes())
		if err != nil {
			return err
		}
		err = measure(Writers{
			Rows: int64(len(d.order)),
			Ours: func() error {
				_, err := w.writeTo(closing{io.Discard}, d.order)
				return err
			},
			Library: func() error {
				return pqarrow.WriteTable(table, io.Discard, groupRows, writerProperties(), pqarrow.DefaultWriterProps())
			},
		})
		table.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

func arrowTable(ctx context.Context, parquet []byte) (arrow.Table, error) {
	r, err := file.NewParquetReader(bytes.NewReader(parquet))
	if err != nil {
		return nil, err
	}
	reader, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		return nil, err
	}
	return reader.ReadTable(ctx)
}

// closing is a writer with nothing to close.
type closing struct{ io.Writer }

func (closing) Close() error { return nil }
