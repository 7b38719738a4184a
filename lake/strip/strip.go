package strip

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/lake"
)

// Stripped is a data file that was written anew.
type Stripped struct {
	File iceberg.DataFile // nil where no row was kept
	Kept Sum              // of the rows that were to be kept, as they were read
}

const (
	batchRows   = 1024
	streamBytes = 64 << 10
)

// File writes a data file of a table anew without rows, told by their numbers, ascending. The file is read as it is:
// who asks has it verified before.
func File(ctx context.Context, t *lake.Table, f lake.File, gone []int64, job string) (s Stripped, err error) {
	if spec := t.Spec(); int(f.SpecID()) != spec.ID() {
		return s, lake.WithHint(fmt.Errorf("file %s lies under partition spec %d: %w", f.FilePath(), f.SpecID(), lake.ErrUnsupported),
			"let the engine that wrote it rewrite it under the table's first spec, then run the command again")
	}
	in, err := open(f.FilePath())
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, in.close()) }()
	if in.NumRows() != f.Count() {
		return s, fmt.Errorf("file %s has %d rows, its manifest says %d: %w", f.FilePath(), in.NumRows(), f.Count(), lake.ErrDamaged)
	}
	if int64(len(gone)) == in.NumRows() {
		return s, nil
	}
	names, err := in.namesOf(t)
	if err != nil {
		return s, err
	}
	uri := t.NewDataPath(job)
	out, err := t.Create(ctx, uri)
	if err != nil {
		return s, err
	}
	footer, kept, err := in.copyTo(ctx, out, gone, names)
	if err != nil {
		return s, err
	}
	s.Kept = kept
	describe := t.DataFile
	if order := f.SortOrderID(); order != nil && *order != 0 {
		describe = t.SortedDataFile
	}
	s.File, err = describe(uri, footer, out.Bytes(), lake.PartitionValue(f))
	return s, err
}

// SumOf reads all of a file.
func SumOf(ctx context.Context, f iceberg.DataFile) (sum Sum, err error) {
	if f == nil {
		return sum, nil
	}
	in, err := open(f.FilePath())
	if err != nil {
		return sum, err
	}
	defer func() { err = errors.Join(err, in.close()) }()
	sums := newSums(in.MetaData())
	for g := range in.NumRowGroups() {
		if err := in.group(ctx, g, nil, 0, sums, nil); err != nil {
			return sum, err
		}
	}
	return sums.sum(in.NumRows()), nil
}

// Moved says where rows are once others are gone; both ascending. Rows that are gone are nowhere.
func Moved(rows, gone []int64) []int64 {
	to := make([]int64, 0, len(rows))
	for _, n := range rows {
		if before, is := slices.BinarySearch(gone, n); !is {
			to = append(to, n-int64(before))
		}
	}
	return to
}

// input is a file that is read.
type input struct {
	*file.Reader
	uri string
	at  *os.File
}

func open(uri string) (*input, error) {
	local, err := lake.LocalPath(uri)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(local)
	if err != nil {
		return nil, lake.NameFile(uri, err)
	}
	props := parquet.NewReaderProperties(memory.DefaultAllocator)
	props.BufferedStreamEnabled, props.BufferSize = true, streamBytes
	r, err := file.NewParquetReader(f, file.WithReadProps(props))
	if err != nil {
		return nil, errors.Join(lake.NameFile(uri, err), f.Close())
	}
	in := &input{Reader: r, uri: uri, at: f}
	schema := r.MetaData().Schema
	for i := range schema.NumColumns() {
		if c := schema.Column(i); c.MaxRepetitionLevel() > 0 {
			return nil, errors.Join(fmt.Errorf("file %s: values of column %s repeat: %w", uri, c.Name(), lake.ErrUnsupported), f.Close())
		}
	}
	return in, nil
}

func (in *input) close() error {
	if err := in.at.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

// copyTo writes the rows that are not gone to out, which it closes.
func (in *input) copyTo(ctx context.Context, out *lake.FileWriter, gone []int64, names map[string]string) (footer *metadata.FileMetaData, kept Sum, err error) {
	meta := in.MetaData()
	root, err := renamed(meta.Schema.Root(), names)
	var w *file.Writer
	if err == nil {
		w, err = file.NewParquetWriterWithError(out, root, file.WithWriterProps(propertiesLike(meta, names)))
	}
	if err != nil {
		return nil, kept, errors.Join(err, out.Close())
	}
	sums, first := newSums(meta), int64(0)
	for g := range in.NumRowGroups() {
		n := meta.RowGroup(g).NumRows()
		lost := between(gone, first, first+n)
		if int64(len(lost)) < n {
			to, err := w.AppendRowGroupChecked()
			if err == nil {
				err = in.group(ctx, g, lost, first, sums, to)
			}
			if err == nil {
				err = to.Close()
			}
			if err != nil {
				return nil, kept, errors.Join(err, out.Close()) // unfinished, it is nobody's
			}
		}
		first += n
	}
	if err := w.Close(); err != nil { // closes out too
		return nil, kept, err
	}
	footer, err = w.FileMetadata()
	return footer, sums.sum(in.NumRows() - int64(len(gone))), err
}

// between are those of ascending numbers that are from first on and below end.
func between(numbers []int64, first, end int64) []int64 {
	from, _ := slices.BinarySearch(numbers, first)
	to, _ := slices.BinarySearch(numbers, end)
	return numbers[from:to]
}

// propertiesLike are the settings that a file was written with, as far as it tells.
func propertiesLike(meta *metadata.FileMetaData, names map[string]string) *parquet.WriterProperties {
	props := []parquet.WriterProperty{parquet.WithCompressionLevel(1)}
	if meta.NumRowGroups() == 0 {
		return parquet.NewWriterProperties(props...)
	}
	group := meta.RowGroup(0)
	props = append(props, parquet.WithSortingColumns(group.SortingColumns()))
	for i := range meta.Schema.NumColumns() {
		chunk, err := group.ColumnChunk(i)
		if err != nil {
			continue
		}
		path := renamedPath(chunk.PathInSchema(), names)
		stats, err := chunk.StatsSet()
		codec := chunk.Compression()
		if codec == compress.Codecs.Lz4 || codec == compress.Codecs.Lzo { // which nobody writes any more
			codec = compress.Codecs.Zstd
		}
		props = append(props, parquet.WithCompressionPath(path, codec), parquet.WithStatsPath(path, stats && err == nil),
			parquet.WithDictionaryPath(path, chunk.HasDictionaryPage()))
		for _, e := range chunk.Encodings() {
			switch e {
			case parquet.Encodings.DeltaBinaryPacked, parquet.Encodings.DeltaByteArray, parquet.Encodings.DeltaLengthByteArray, parquet.Encodings.ByteStreamSplit:
				props = append(props, parquet.WithEncodingPath(path, e))
			}
		}
		if codec == compress.Codecs.Zstd {
			props = append(props, parquet.WithCompressionLevelPath(path, 1))
		}
	}
	return parquet.NewWriterProperties(props...)
}
