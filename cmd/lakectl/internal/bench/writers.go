package bench

import (
	"bytes"
	"context"
	"io"
	"iter"
	"runtime"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/ingest/dayfile"
	"github.com/lakectl/lakectl/jobs/simulate"
	"github.com/lakectl/lakectl/lake/listen"
)

// comparedRows is how many rows the writers are compared on: a batch.
const comparedRows = 1_000_000

// someListens decodes the load again.
func someListens(o IngestOptions) iter.Seq[listen.Listen] {
	return func(yield func(listen.Listen) bool) {
		d, n := listen.NewDecoder(listen.DefaultLimits()), 0
		for e := range simulate.Load(o.load()) {
			if n++; n > comparedRows {
				return
			}
			if d.Decode(e.Value, e.ReceivedTime, listen.LogClock) == listen.IsListen && !yield(d.Listen) {
				return
			}
		}
	}
}

// compareWriters measures two ways to make Parquet files of the same sorted rows, with the same settings and to
// nowhere: as a flush does it, and arrow-go from an Arrow table in memory.
func compareWriters(ctx context.Context, env jobs.Env, listens iter.Seq[listen.Listen]) (writersRatio, error) {
	var all writersRatio
	t, err := env.Lake.Table(ctx, catalog.Listens)
	if err != nil {
		return all, err
	}
	var rows dayfile.Rows
	for l := range listens {
		row := rows.Add()
		all.Rows++
		row.Listen, row.Partition, row.Offset = l, 0, all.Rows
	}
	days := rows.Sorted()
	w, err := dayfile.NewWriter(t, &rows, "listens")
	if err != nil {
		return all, err
	}
	var ours, library time.Duration
	for _, d := range days {
		taken, err := compareOn(ctx, w, d)
		if err != nil {
			return all, err
		}
		ours, library = ours+taken[0], library+taken[1]
	}
	all.Ours, all.Library = micros(ours, all.Rows), micros(library, all.Rows)
	all.Ratio = all.Ours / all.Library
	return all, nil
}

// compareOn writes one file in both ways. It takes the median of several runs of each, which take turns.
func compareOn(ctx context.Context, w *dayfile.Writer, d dayfile.Day) (medians [2]time.Duration, err error) {
	var made bytes.Buffer
	if _, err := w.WriteTo(unclosed{&made}, d); err != nil {
		return medians, err
	}
	table, err := arrowTable(ctx, made.Bytes())
	if err != nil {
		return medians, err
	}
	defer table.Release()
	writers := [2]func() error{
		func() error {
			_, err := w.WriteTo(unclosed{io.Discard}, d)
			return err
		},
		func() error {
			p := w.Properties()
			return pqarrow.WriteTable(table, io.Discard, p.MaxRowGroupLength(), p, pqarrow.DefaultWriterProps())
		},
	}
	const rounds = 3
	var taken [2][rounds]time.Duration
	for round := range rounds {
		for i, write := range writers {
			runtime.GC()
			before := processCPU()
			if err := write(); err != nil {
				return medians, err
			}
			taken[i][round] = processCPU() - before
		}
	}
	for i := range taken {
		slices.Sort(taken[i][:])
		medians[i] = taken[i][rounds/2]
	}
	return medians, nil
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

// unclosed is a writer with nothing to close.
type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }
