package statement

import (
	"database/sql"
	"errors"
	"io"
	"path/filepath"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// parquetSchema has text that is never null and numbers that are where a row has none.
var parquetSchema = func() *arrow.Schema {
	fields := make([]arrow.Field, len(columns))
	for i, name := range columns {
		fields[i] = arrow.Field{Name: name, Type: arrow.BinaryTypes.String}
		if slices.Contains(numbers, name) {
			fields[i].Type, fields[i].Nullable = arrow.PrimitiveTypes.Int64, true
		}
	}
	return arrow.NewSchema(fields, nil)
}()

// parquetStatement is written by the same stream of rows as the other formats, so that one proof is for all of them.
type parquetStatement struct {
	in    *inputs
	out   *file
	w     *pqarrow.FileWriter
	batch *array.RecordBuilder
}

func (w *writer) openParquet(r *row) (statementFile, error) {
	out, err := w.disk.create(filepath.Join(w.dir, stem(w.in.by, r.HolderID)+".parquet"))
	if err != nil {
		return nil, err
	}
	props := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Zstd), parquet.WithDictionaryDefault(true))
	// Without a Close method to find, the Parquet writer leaves the file open, so that it can be forced to disk.
	pw, err := pqarrow.NewFileWriter(parquetSchema, struct{ io.Writer }{out}, props, pqarrow.DefaultWriterProps())
	if err != nil {
		return nil, errors.Join(err, out.finish())
	}
	return &parquetStatement{w.in, out, pw, array.NewRecordBuilder(memory.DefaultAllocator, parquetSchema)}, nil
}

func (p *parquetStatement) write(r *row) error {
	for i, v := range p.in.fields(r) {
		switch v := v.(type) {
		case string:
			p.batch.Field(i).(*array.StringBuilder).Append(v)
		case sql.NullInt64:
			b := p.batch.Field(i).(*array.Int64Builder)
			if v.Valid {
				b.Append(v.Int64)
			} else {
				b.AppendNull()
			}
		}
	}
	if p.batch.Field(0).Len() < sliceRows {
		return nil
	}
	return p.flush()
}

// flush writes a row group.
func (p *parquetStatement) flush() error {
	batch := p.batch.NewRecordBatch()
	defer batch.Release()
	return p.w.Write(batch)
}

func (p *parquetStatement) finish() (string, error) {
	defer p.batch.Release()
	var err error
	if p.batch.Field(0).Len() > 0 {
		err = p.flush()
	}
	return filepath.Base(p.out.Name()), errors.Join(err, p.w.Close(), p.out.finish())
}
