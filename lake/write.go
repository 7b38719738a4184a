package lake

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/uuid"
)

// NewDataPath names a file for the table that nobody has used before, and promises with it that the file will be
// sealed (see [Seal]). The job is part of the name, ids of users or listens never are.
func (t *Table) NewDataPath(job string) string {
	stem := t.Location() + "/data/" + job + "-" + uuid.NewString() + sealMark
	t.unused.add(stem)
	return stem + ".parquet"
}

// LocalPath turns the URI of a table's file into a path of this machine. Those with file: are percent-encoded. Of a
// [Remote] it is where the copy lies, once it is fetched: below its folder, whatever whoever may write there calls a
// file.
func LocalPath(uri string) (string, error) {
	if r, rest := remoteOf(uri); r != nil {
		if inside := rest + "/"; strings.Contains(inside, "/../") || strings.Contains(inside, "/./") {
			return "", WithHint(fmt.Errorf("location %s: %w", uri, ErrOutside), "no engine names a file so: find out who stored it, and delete it with the tools of the store")
		}
		return path.Join(r.Folder, rest), nil
	}
	u, err := url.Parse(uri)
	if err != nil {
		return "", fmt.Errorf("location %s: %w", uri, err)
	}
	if u.Scheme != "file" {
		return "", fmt.Errorf("location %s is not on this machine: %w", uri, ErrUnsupported)
	}
	return path.Clean("/" + u.Path), nil
}

// DataFile describes a Parquet file that was just written, from its footer, ready to be committed.
// partition is the value of the table's single partition field (see [PartitionValue]), nil without one.
// Column statistics follow the table's metrics properties, so columns with mode none get no bounds. The file has the
// columns of [Table.Columns] under the table's names.
func (t *Table) DataFile(uri string, footer *metadata.FileMetaData, bytes int64, partition any) (iceberg.DataFile, error) {
	return t.dataFile(uri, footer, bytes, partition, icetable.UnsortedSortOrderID)
}

// SortedDataFile is [Table.DataFile] for a file whose rows are in the order of the table's spec.
func (t *Table) SortedDataFile(uri string, footer *metadata.FileMetaData, bytes int64, partition any) (iceberg.DataFile, error) {
	return t.dataFile(uri, footer, bytes, partition, t.order)
}

// DataFileLike is [Table.DataFile] for a file with rows of another one alone: under the partition spec of that one, in
// the same partition and order. It may have columns of other engines.
func (t *Table) DataFileLike(f File, uri string, footer *metadata.FileMetaData, bytes int64) (iceberg.DataFile, error) {
	spec := t.ice.Metadata().PartitionSpecByID(int(f.SpecID()))
	if spec == nil {
		return nil, fmt.Errorf("data file of %s has unknown partition spec %d", t.name, f.SpecID())
	}
	order := icetable.UnsortedSortOrderID
	if of := f.SortOrderID(); of != nil && *of != 0 {
		order = t.order
	}
	return t.dataFileUnder(t.Current().Schema(), *spec, f.Partition(), uri, footer, bytes, order)
}

func (t *Table) dataFile(uri string, footer *metadata.FileMetaData, bytes int64, partition any, order int) (iceberg.DataFile, error) {
	values := map[int]any{}
	for _, field := range t.spec.Fields() {
		if n, ok := partition.(int); ok {
			values[field.FieldID] = int32(n)
		} else {
			values[field.FieldID] = partition
		}
	}
	return t.dataFileUnder(t.writeSchema(), t.spec, values, uri, footer, bytes, order)
}

func (t *Table) dataFileUnder(schema *iceberg.Schema, spec iceberg.PartitionSpec, values map[int]any, uri string, footer *metadata.FileMetaData, bytes int64, order int) (iceberg.DataFile, error) {
	df, err := icetable.DataFileFromMetadata(icetable.DataFileArgs{
		Schema: schema, Spec: spec, Format: iceberg.ParquetFile, Metadata: footer, FilePath: uri, FileSize: bytes,
		Content: iceberg.EntryContentData, PartitionValues: values, SortOrderID: order, Properties: withoutHalfBounds(t.metricsProperties(), schema, footer),
		FormatVersion: t.ice.Metadata().Version(),
	})
	return df, wrap(err, "describe data file "+uri)
}

// ReadDataFile describes a Parquet file that another writer (DuckDB) left at uri.
func (t *Table) ReadDataFile(ctx context.Context, uri string, partition any) (iceberg.DataFile, error) {
	return t.readDataFile(ctx, uri, partition, icetable.UnsortedSortOrderID)
}

// ReadSortedDataFile is [Table.ReadDataFile] for a file whose rows are in the order of the table's spec.
func (t *Table) ReadSortedDataFile(ctx context.Context, uri string, partition any) (iceberg.DataFile, error) {
	return t.readDataFile(ctx, uri, partition, t.order)
}

func (t *Table) readDataFile(ctx context.Context, uri string, partition any, order int) (iceberg.DataFile, error) {
	fs, err := t.FS(ctx)
	if err != nil {
		return nil, err
	}
	f, err := fs.Open(uri)
	if err != nil {
		return nil, fmt.Errorf("open data file: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("size of data file %s: %w", uri, err)
	}
	r, err := file.NewParquetReader(f)
	if err != nil {
		return nil, fmt.Errorf("read footer of %s: %w", uri, err)
	}
	return t.dataFile(uri, r.MetaData(), info.Size(), partition, order)
}

// Field ids that the Iceberg specification reserves for position delete files.
const (
	deletePathFieldID = 2147483546
	deletePosFieldID  = 2147483545
)

// WritePositionDeletes writes one position delete file for each data file that loses rows and returns them
// for [Commit.Deletes]. rows maps the file's URI, exactly as the manifest has it, to row positions (0 is the
// first); duplicates are dropped. The files name the data file they belong to in referenced_data_file.
func (s Snapshot) WritePositionDeletes(ctx context.Context, job string, files []File, rows map[string][]int64) ([]iceberg.DataFile, error) {
	byURI := make(map[string]File, len(files))
	for _, f := range files {
		byURI[f.FilePath()] = f
	}
	for uri := range rows {
		if _, ok := byURI[uri]; !ok {
			return nil, fmt.Errorf("position deletes for %s: not a live file of %s snapshot %d", uri, s.table.name, s.ID())
		}
	}
	return s.table.writeDeletes(ctx, job, byURI, rows)
}

// writeDeletes writes a delete file for each of the data files that loses rows. Positions that a data file does not
// have, as another engine may have written them, delete nothing: [Snapshot.CountRows] relies on there being none.
func (t *Table) writeDeletes(ctx context.Context, job string, targets map[string]File, rows map[string][]int64) (written []iceberg.DataFile, err error) {
	for _, uri := range slices.Sorted(maps.Keys(rows)) {
		target := targets[uri]
		has := slices.DeleteFunc(slices.Clone(rows[uri]), func(n int64) bool { return n < 0 || n >= target.Count() })
		if len(has) == 0 {
			continue
		}
		f, err := t.writeDeleteFile(ctx, job, target, has)
		if err != nil {
			return nil, err
		}
		written = append(written, f)
	}
	return written, nil
}

func (t *Table) writeDeleteFile(ctx context.Context, job string, target File, positions []int64) (iceberg.DataFile, error) {
	uri := t.NewDataPath(job + "-deletes")
	batch := deleteBatch(target.FilePath(), positions)
	defer batch.Release()
	footer, bytes, err := t.writeParquet(ctx, uri, batch)
	if err != nil {
		return nil, fmt.Errorf("write position deletes of %s: %w", t.name, err)
	}
	chunks, err := chunksOf(footer)
	if err != nil {
		return nil, fmt.Errorf("describe position deletes of %s: %w", t.name, err)
	}
	spec := t.ice.Metadata().PartitionSpecByID(int(target.SpecID()))
	if spec == nil {
		return nil, fmt.Errorf("data file of %s has unknown partition spec %d", t.name, target.SpecID())
	}
	b, err := iceberg.NewDataFileBuilder(*spec, iceberg.EntryContentPosDeletes, uri, iceberg.ParquetFile, target.Partition(), nil, nil, batch.NumRows(), bytes)
	if err != nil {
		return nil, fmt.Errorf("describe position deletes of %s: %w", t.name, err)
	}
	bound := map[int][]byte{deletePathFieldID: []byte(target.FilePath())}
	b.ReferencedDataFile(target.FilePath()).LowerBoundValues(bound).UpperBoundValues(bound)
	return b.ColumnSizes(columnSizes(chunks)).SplitOffsets(splitOffsets(chunks, footer.Schema.NumColumns())).Build(), nil
}

func deleteBatch(path string, positions []int64) arrow.RecordBatch {
	field := func(name string, typ arrow.DataType, id int) arrow.Field {
		return arrow.Field{Name: name, Type: typ, Metadata: arrow.NewMetadata([]string{"PARQUET:field_id"}, []string{fmt.Sprint(id)})}
	}
	schema := arrow.NewSchema([]arrow.Field{
		field("file_path", arrow.BinaryTypes.String, deletePathFieldID),
		field("pos", arrow.PrimitiveTypes.Int64, deletePosFieldID),
	}, nil)
	slices.Sort(positions)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i, pos := range positions {
		if i > 0 && positions[i-1] == pos {
			continue
		}
		b.Field(0).(*array.StringBuilder).Append(path)
		b.Field(1).(*array.Int64Builder).Append(pos)
	}
	return b.NewRecordBatch()
}
