package dayfile

import (
	"context"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/apache/arrow-go/v18/parquet/schema"
	"github.com/apache/iceberg-go"
	"golang.org/x/sync/errgroup"

	"github.com/lakectl/lakectl/lake"
)

const (
	groupRows = 250_000   // of one row group
	pageBytes = 256 << 10 // of one page; whoever merges files has one of each column of each file in memory
	zstdLevel = 1
	writers   = 2 // files being written at a time, each with the columns of a row group in memory
)

// Write writes rows as files of t, one for each day of event time. Their names say which job made them, their rows from
// which source they came.
//
// The rows go from their structs to the Parquet writer's columns. Through Arrow they would be copied once more.
func Write(ctx context.Context, t *lake.Table, r *Rows, source, job string) ([]iceberg.DataFile, error) {
	days := r.Sorted()
	files := make([]iceberg.DataFile, len(days))
	todo := make(chan int, len(days))
	for i := range days {
		todo <- i
	}
	close(todo)
	workers, ctx := errgroup.WithContext(ctx)
	for range min(writers, len(days)) {
		workers.Go(lake.Safely(func() error {
			w, err := NewWriter(t, r, source)
			if err != nil {
				return err
			}
			for i := range todo {
				if files[i], err = w.write(ctx, days[i], job); err != nil {
					return err
				}
				if ctx.Err() != nil {
					return ctx.Err()
				}
			}
			return nil
		}))
	}
	if err := workers.Wait(); err != nil {
		return nil, err
	}
	return files, nil
}

// Writer writes files of listens, one after the other.
type Writer struct {
	table   *lake.Table
	schema  *schema.GroupNode
	props   *parquet.WriterProperties
	columns []columnWriter
	rows    *Rows
	group   *rowGroup
	paper   *paper
}

// NewWriter makes a writer of what is in r, from one source, for the columns that t has.
//
// Where source is "", each row says its own.
func NewWriter(t *lake.Table, r *Rows, source string) (*Writer, error) {
	w := &Writer{table: t, props: properties(t.Columns()...), rows: r, group: newRowGroup(r, source)}
	fields, err := t.ArrowSchema()
	if err != nil {
		return nil, err
	}
	parquetSchema, err := pqarrow.ToParquet(fields, w.props, pqarrow.DefaultWriterProps())
	if err != nil {
		return nil, err
	}
	w.schema = parquetSchema.Root()
	if w.columns, err = columnsOf(t.Columns()); err != nil {
		return nil, err
	}
	w.paper, err = newPaper()
	return w, err
}

// write writes rows of one day as one file.
func (w *Writer) write(ctx context.Context, d Day, job string) (iceberg.DataFile, error) {
	uri := w.table.NewDataPath(job)
	out, err := w.table.Create(ctx, uri)
	if err != nil {
		return nil, err
	}
	footer, err := w.WriteTo(out, d)
	if err != nil {
		return nil, err
	}
	return w.table.SortedDataFile(uri, footer, out.Bytes(), d.number)
}

// WriteTo writes the rows of a day as one file to out, which it closes.
func (w *Writer) WriteTo(out io.WriteCloser, d Day) (*metadata.FileMetaData, error) {
	f, err := newOutput(out, w.schema, w.props)
	if err != nil {
		return nil, errors.Join(err, out.Close())
	}
	for order := d.order; len(order) > 0; {
		n := min(len(order), groupRows)
		w.group.fill(w.rows, order[:n])
		if err := w.writeColumns(f); err != nil {
			return nil, errors.Join(err, out.Close())
		}
		order = order[n:]
	}
	return f.finish()
}

// writeColumns writes what the row group has been filled with.
func (w *Writer) writeColumns(f *output) error {
	group := f.meta.AppendRowGroup()
	for _, write := range w.columns {
		to, err := f.newChunk(group, w.paper)
		if err != nil {
			return err
		}
		if err := write(w.group, to); err != nil {
			return err
		}
		if err := to.finish(); err != nil {
			return err
		}
	}
	group.SetNumRows(len(w.group.ids))
	f.groups++
	return group.Finish(0, f.groups-1)
}

// Properties are the settings that the files are written with.
func (w *Writer) Properties() *parquet.WriterProperties { return w.props }

// properties are the settings that took the least CPU and the fewest bytes for listens. A dictionary
// over values that hardly repeat is built, overflows and is thrown away; the bounds of a random id skip nothing.
// They go by the names that the columns have in files: lakectl's, but for columns that another engine renamed.
func properties(columns ...lake.Column) *parquet.WriterProperties {
	stored := func(name string) string {
		for _, c := range columns {
			if c.Name == name {
				return c.Field.Name
			}
		}
		return name
	}
	props := []parquet.WriterProperty{
		parquet.WithCompression(compress.Codecs.Zstd), parquet.WithCompressionLevel(zstdLevel), parquet.WithMaxRowGroupLength(groupRows),
		parquet.WithDataPageSize(pageBytes), parquet.WithStatsFor(stored("listen_id"), false),
	}
	for _, name := range []string{"listen_id", "ms_played", "track_ms", "event_time", "received_time", "source_partition", "source_offset"} {
		props = append(props, parquet.WithDictionaryFor(stored(name), false))
	}
	for _, name := range []string{"event_time", "received_time", "source_offset"} {
		props = append(props, parquet.WithEncodingFor(stored(name), parquet.Encodings.DeltaBinaryPacked))
	}
	return parquet.NewWriterProperties(props...)
}
