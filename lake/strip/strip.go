package strip

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

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

	groups []written
}

const batchRows = 1024

// File writes a data file of a table anew without rows, told by their numbers, ascending. The file is read as it is:
// who asks has it verified before.
func File(ctx context.Context, t *lake.Table, f lake.File, gone []int64, job string) (s Stripped, err error) {
	in, err := open(ctx, f.FilePath())
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
	layout, err := in.layoutFor(t)
	if err != nil {
		return s, err
	}
	uri := t.NewDataPath(job)
	out, err := t.Create(ctx, uri)
	if err != nil {
		return s, err
	}
	footer, s, err := in.copyTo(ctx, out, gone, layout)
	if err != nil {
		return s, errors.Join(err, drop(uri))
	}
	s.File, err = t.DataFileLike(f, uri, footer, out.Bytes())
	return s, err
}

// drop removes what was written of a file that will not be finished: a purge would wait for it as for any that nobody
// refers to.
func drop(uri string) error {
	path, err := lake.LocalPath(uri)
	if err != nil {
		return err
	}
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// ReadBack reads the new file from the disk.
func (s Stripped) ReadBack(ctx context.Context) (sum Sum, err error) {
	if s.File == nil {
		return sum, nil
	}
	in, err := open(ctx, s.File.FilePath())
	if err != nil {
		return sum, err
	}
	defer func() { err = errors.Join(err, in.close()) }()
	columns := in.columns()
	if in.NumRowGroups() != len(s.groups) {
		return sum, fmt.Errorf("file %s has %d row groups, %d were written: %w", in.uri, in.NumRowGroups(), len(s.groups), lake.ErrDamaged)
	}
	sums := newSums(in.MetaData(), columns)
	for n, g := range s.groups {
		if g.copied {
			err = in.back(ctx, n, sums)
		} else {
			err = in.group(ctx, n, columns, nil, 0, sums, nil)
		}
		if err != nil {
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

// copyTo writes the rows that are not gone to out, which it closes.
func (in *input) copyTo(ctx context.Context, out *lake.FileWriter, gone []int64, l layout) (footer *metadata.FileMetaData, s Stripped, err error) {
	o, err := newOutput(ctx, in, out, l)
	if err != nil {
		return nil, s, errors.Join(err, out.Close())
	}
	sums, first := newSums(in.MetaData(), l.columns), int64(0)
	for g := range in.NumRowGroups() {
		n := in.MetaData().RowGroup(g).NumRows()
		switch lost := between(gone, first, first+n); int64(len(lost)) {
		case n:
		case 0:
			err = o.copy(ctx, in, g, sums)
		default:
			err = o.encode(ctx, in, g, lost, first, sums)
		}
		if err != nil {
			return nil, s, errors.Join(err, out.Close()) // unfinished, it is nobody's
		}
		first += n
	}
	footer, err = o.finish()
	return footer, Stripped{Kept: sums.sum(in.NumRows() - int64(len(gone))), groups: o.groups}, err
}

// between are those of ascending numbers that are from first on and below end.
func between(numbers []int64, first, end int64) []int64 {
	from, _ := slices.BinarySearch(numbers, first)
	to, _ := slices.BinarySearch(numbers, end)
	return numbers[from:to]
}

// propertiesLike are the settings that a file was written with, as far as it tells.
func propertiesLike(meta *metadata.FileMetaData, l layout) *parquet.WriterProperties {
	props := []parquet.WriterProperty{parquet.WithCompressionLevel(1)}
	if meta.NumRowGroups() == 0 {
		return parquet.NewWriterProperties(props...)
	}
	group := meta.RowGroup(0)
	for to, i := range l.columns {
		chunk, err := group.ColumnChunk(i)
		if err != nil {
			continue
		}
		path := l.paths[to]
		stats, err := chunk.StatsSet()
		codec := chunk.Compression()
		if codec == compress.Codecs.Lz4 || codec == compress.Codecs.Lzo { // which nobody writes any more
			codec = compress.Codecs.Zstd
		}
		props = append(props, parquet.WithCompressionPath(path, codec), parquet.WithStatsPath(path, stats && err == nil),
			parquet.WithDictionaryPath(path, repeats(chunk)))
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

// repeats tells whether a column has a dictionary that was good for all of its values. One that was given up half way
// is not made again: to build it takes more than to write the values.
func repeats(chunk *metadata.ColumnChunkMetaData) bool {
	return chunk.HasDictionaryPage() && !slices.ContainsFunc(chunk.EncodingStats(), func(s metadata.PageEncodingStats) bool {
		return s.PageType != file.PageTypeDictionaryPage && s.Encoding != parquet.Encodings.RLEDict && s.Encoding != parquet.Encodings.PlainDict
	})
}
