package lake

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	iceio "github.com/apache/iceberg-go/io"
	icetable "github.com/apache/iceberg-go/table"
)

// TableAt is a table that no catalog names yet, or not any more: what a metadata file says. It can be read, and files
// can be written for it, but not committed to.
func TableAt(name string, meta icetable.Metadata, uri string) *Table {
	storage := func(ctx context.Context) (iceio.IO, error) { return iceio.LoadFS(ctx, nil, uri) }
	return &Table{name: name, ice: icetable.New(icetable.Identifier{name}, meta, uri, storage, nil)}
}

// DeleteFile is a position delete file as a manifest describes it.
type DeleteFile struct {
	URI          string
	Bytes        int64
	First, Last  string // smallest and largest path of a data file in it
	ColumnSizes  map[int]int64
	SplitOffsets []int64
}

// CopyPositionDeletes writes the position delete file at uri from anew at uri to, with the paths in its rows renamed.
// The rows of one file are in memory, about 150 B each.
func (t *Table) CopyPositionDeletes(ctx context.Context, from, to string, rename func(string) (string, error)) (DeleteFile, error) {
	local, err := LocalPath(from)
	if err == nil {
		err = Fetch(ctx, from)
	}
	if err == nil {
		err = NewVerifier().file(local, deleteColumns)
	}
	if err != nil {
		return DeleteFile{}, fmt.Errorf("read position deletes: %w", err)
	}
	rows, err := t.ReadPositions(ctx, from)
	if err != nil {
		return DeleteFile{}, fmt.Errorf("read position deletes %s: %w", from, err)
	}
	moved := make(map[string][]int64, len(rows))
	paths := make([]string, 0, len(rows))
	for path, positions := range rows {
		now, err := rename(path)
		if err != nil {
			return DeleteFile{}, fmt.Errorf("position deletes %s: %w", from, err)
		}
		moved[now] = append(moved[now], positions...)
		paths = append(paths, now)
	}
	if len(paths) == 0 {
		return DeleteFile{}, fmt.Errorf("position deletes %s: no rows: %w", from, ErrUnsupported)
	}
	slices.Sort(paths)
	batch := deleteRows(slices.Compact(paths), moved)
	defer batch.Release()
	footer, bytes, err := t.writeParquet(ctx, to, batch)
	if err != nil {
		return DeleteFile{}, fmt.Errorf("write position deletes of %s: %w", t.name, err)
	}
	d := DeleteFile{URI: to, Bytes: bytes, First: paths[0], Last: paths[len(paths)-1]}
	d.ColumnSizes, d.SplitOffsets = sizesOf(footer)
	return d, syncFile(to)
}

// ReadPositions reads a position delete file: positions by data file.
func (t *Table) ReadPositions(ctx context.Context, uri string) (map[string][]int64, error) {
	storage, err := t.FS(ctx)
	if err != nil {
		return nil, err
	}
	in, err := storage.Open(uri)
	if err != nil {
		return nil, err
	}
	defer in.Close() //nolint:errcheck // read only
	r, err := file.NewParquetReader(in)
	if err != nil {
		return nil, err
	}
	columns := []int{r.MetaData().Schema.ColumnIndexByName("file_path"), r.MetaData().Schema.ColumnIndexByName("pos")}
	if slices.Contains(columns, -1) {
		return nil, errors.New("no columns file_path and pos")
	}
	p, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{BatchSize: 1 << 16}, memory.DefaultAllocator)
	if err != nil {
		return nil, err
	}
	groups := make([]int, r.NumRowGroups())
	for i := range groups {
		groups[i] = i
	}
	rr, err := p.GetRecordReader(ctx, columns, groups)
	if err != nil {
		return nil, err
	}
	defer rr.Release()
	rows := map[string][]int64{}
	for rr.Next() {
		if err := addPositions(rows, rr.RecordBatch()); err != nil {
			return nil, err
		}
	}
	if err := rr.Err(); err != nil {
		return nil, err
	}
	return rows, nil
}

func addPositions(rows map[string][]int64, batch arrow.RecordBatch) error {
	pathAt, posAt := batch.Schema().FieldIndices("file_path"), batch.Schema().FieldIndices("pos")
	if len(pathAt) != 1 || len(posAt) != 1 {
		return errors.New("no columns file_path and pos")
	}
	paths, ok := batch.Column(pathAt[0]).(array.StringLike)
	positions, isLong := batch.Column(posAt[0]).(*array.Int64)
	if !ok || !isLong {
		return fmt.Errorf("columns of types %s and %s: %w", batch.Column(pathAt[0]).DataType(), batch.Column(posAt[0]).DataType(), ErrUnsupported)
	}
	for i := range int(batch.NumRows()) {
		rows[paths.Value(i)] = append(rows[paths.Value(i)], positions.Value(i))
	}
	return nil
}

// deleteRows is the content of a position delete file for several data files, sorted by path and position.
func deleteRows(paths []string, rows map[string][]int64) arrow.RecordBatch {
	first := deleteBatch(paths[0], rows[paths[0]])
	defer first.Release()
	b := array.NewRecordBuilder(memory.DefaultAllocator, first.Schema())
	defer b.Release()
	for _, path := range paths {
		one := deleteBatch(path, rows[path])
		for i := range int(one.NumRows()) {
			b.Field(0).(*array.StringBuilder).Append(path)
			b.Field(1).(*array.Int64Builder).Append(one.Column(1).(*array.Int64).Value(i))
		}
		one.Release()
	}
	return b.NewRecordBatch()
}

// sizesOf reads column sizes by field id and the offsets of row groups from a footer.
func sizesOf(footer *metadata.FileMetaData) (sizes map[int]int64, offsets []int64) {
	sizes = map[int]int64{}
	for g := range footer.NumRowGroups() {
		group := footer.RowGroup(g)
		if first, err := group.ColumnChunk(0); err == nil {
			at := first.DataPageOffset()
			if first.HasDictionaryPage() {
				at = min(at, first.DictionaryPageOffset())
			}
			offsets = append(offsets, at)
		}
		for c := range group.NumColumns() {
			chunk, err := group.ColumnChunk(c)
			if err != nil {
				continue
			}
			sizes[int(footer.Schema.Column(c).SchemaNode().FieldID())] += chunk.TotalCompressedSize()
		}
	}
	return sizes, offsets
}

// syncFile brings a file to the disk that its writer has only closed.
func syncFile(uri string) error {
	name, err := LocalPath(uri)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
