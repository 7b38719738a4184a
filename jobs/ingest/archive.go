package ingest

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/apache/arrow-go/v18/parquet/schema"
	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/lake"
)

const (
	groupRows = 250_000 // of one row group
	sliceRows = 500     // turned into columns at once: few enough to stay in the processor's cache; divides groupRows
)

// writeListens writes the batch's rows, one Parquet file a day. It stops before writing when the batch is
// already known to come too late.
func (g *ingester) writeListens(ctx context.Context) ([]iceberg.DataFile, error) {
	t, err := g.env.Lake.Table(ctx, g.listens.table)
	if err != nil {
		return nil, err
	}
	if err := g.unmoved(ctx, &g.listens, t.Current()); err != nil {
		return nil, err
	}
	files, err := writeDays(ctx, t, &g.batch.rows, g.src.name())
	if err != nil {
		return nil, fmt.Errorf("write listens: %w", err)
	}
	return files, nil
}

// writeDays writes rows as files of t, one for each day of event time.
//
// The rows go straight from their structs to the Parquet writer's columns. Through Arrow they would be copied
// once more, which takes as long as the writing.
func writeDays(ctx context.Context, t *lake.Table, r *rows, source string) ([]iceberg.DataFile, error) {
	w, err := newDayWriter(t, source)
	if err != nil {
		return nil, err
	}
	var files []iceberg.DataFile
	for order := r.sorted(); len(order) > 0; {
		n := 1
		for n < len(order) && order[n].day == order[0].day {
			n++
		}
		f, err := w.write(ctx, r, order[:n])
		if err != nil {
			return nil, err
		}
		files = append(files, f)
		order = order[n:]
	}
	return files, nil
}

// dayWriter writes files of listens.
type dayWriter struct {
	table   *lake.Table
	schema  *schema.GroupNode
	props   *parquet.WriterProperties
	columns []*column
}

func newDayWriter(t *lake.Table, source string) (*dayWriter, error) {
	w := &dayWriter{table: t, props: writerProperties()}
	fields, err := icetable.SchemaToArrowSchema(t.Current().Schema(), nil, true, false)
	if err != nil {
		return nil, err
	}
	parquetSchema, err := pqarrow.ToParquet(fields, w.props, pqarrow.DefaultWriterProps())
	if err != nil {
		return nil, err
	}
	w.schema = parquetSchema.Root()
	w.columns, err = columnsOf(fields, source)
	return w, err
}

// write writes rows of one day as one file.
func (w *dayWriter) write(ctx context.Context, r *rows, order []place) (iceberg.DataFile, error) {
	day, uri := order[0].day, w.table.NewDataPath(job)
	out, err := w.table.Create(ctx, uri)
	if err != nil {
		return nil, err
	}
	f, err := file.NewParquetWriterWithError(out, w.schema, file.WithWriterProps(w.props))
	if err != nil {
		return nil, errors.Join(err, out.Close())
	}
	for len(order) > 0 {
		n := min(len(order), groupRows)
		if err := w.writeGroup(f, r, order[:n]); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		order = order[n:]
	}
	if err := f.Close(); err != nil { // closes out too
		return nil, err
	}
	footer, err := f.FileMetadata()
	if err != nil {
		return nil, err
	}
	return w.table.DataFile(uri, footer, out.Bytes(), day)
}

func (w *dayWriter) writeGroup(f *file.Writer, r *rows, order []place) error {
	group, err := f.AppendBufferedRowGroupChecked()
	if err != nil {
		return err
	}
	for len(order) > 0 {
		n := min(len(order), sliceRows)
		for i, c := range w.columns {
			to, err := group.Column(i)
			if err != nil {
				return err
			}
			if err := c.write(to, r, order[:n]); err != nil {
				return err
			}
		}
		order = order[n:]
	}
	return group.Close()
}

// writerProperties are the settings that took the least CPU and the fewest bytes for listens. A dictionary
// over values that hardly repeat is built, overflows and is thrown away; the bounds of a random id skip nothing.
func writerProperties() *parquet.WriterProperties {
	props := []parquet.WriterProperty{
		parquet.WithCompression(compress.Codecs.Zstd), parquet.WithCompressionLevel(1), parquet.WithMaxRowGroupLength(groupRows),
		parquet.WithStatsFor("listen_id", false),
	}
	for _, name := range []string{"listen_id", "ms_played", "track_ms", "event_time", "received_time", "source_partition", "source_offset"} {
		props = append(props, parquet.WithDictionaryFor(name, false))
	}
	for _, name := range []string{"event_time", "received_time", "source_offset"} {
		props = append(props, parquet.WithEncodingFor(name, parquet.Encodings.DeltaBinaryPacked))
	}
	return parquet.NewWriterProperties(props...)
}
