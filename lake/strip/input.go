package strip

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"

	"github.com/lakectl/lakectl/lake"
)

// input is a file that is read. Each column chunk is held against the seal where the file has one.
type input struct {
	*file.Reader
	uri    string
	at     *lake.Chunks
	bytes  []byte          // of the chunk that was read last
	opened file.PageReader // of the chunk whose pages were read last
}

func open(ctx context.Context, uri string) (*input, error) {
	c, err := lake.OpenChunks(ctx, uri)
	if err != nil {
		return nil, lake.NameFile(uri, err)
	}
	r, err := file.NewParquetReader(c, file.WithMetadata(c.Footer()))
	if err != nil {
		return nil, errors.Join(lake.NameFile(uri, err), c.Close())
	}
	in := &input{Reader: r, uri: uri, at: c}
	if r.MetaData().IsSetEncryptionAlgorithm() {
		return nil, errors.Join(fmt.Errorf("file %s: columns are encrypted: %w", uri, lake.ErrUnsupported), in.close())
	}
	return in, nil
}

func (in *input) close() error {
	var err error
	if in.opened != nil {
		err = in.opened.Close()
	}
	if closed := in.at.Close(); !errors.Is(closed, os.ErrClosed) {
		err = errors.Join(err, closed)
	}
	return err
}

// columns are all that the file has.
func (in *input) columns() []int {
	all := make([]int, in.MetaData().Schema.NumColumns())
	for i := range all {
		all[i] = i
	}
	return all
}

// where is the place of a column of a row group.
func (in *input) where(group, column int) (of *metadata.ColumnChunkMetaData, start, bytes int64, err error) {
	if of, err = in.MetaData().RowGroup(group).ColumnChunk(column); err != nil {
		return nil, 0, 0, lake.NameFile(in.uri, err)
	}
	start, bytes = of.DataPageOffset(), of.TotalCompressedSize()
	if of.HasDictionaryPage() && of.DictionaryPageOffset() > 0 {
		start = min(start, of.DictionaryPageOffset())
	}
	if size, err := in.size(); err != nil || start < 0 || bytes < 0 || bytes > size-start {
		return nil, 0, 0, fmt.Errorf("file %s: a column chunk of %d bytes at %d: %w", in.uri, bytes, start, errors.Join(lake.ErrDamaged, err))
	}
	return of, start, bytes, nil
}

// chunk reads the bytes of a column of a row group, which are good until the next call.
func (in *input) chunk(group, column int) (of *metadata.ColumnChunkMetaData, start int64, bytes []byte, err error) {
	of, start, n, err := in.where(group, column)
	if err != nil {
		return nil, 0, nil, err
	}
	in.bytes = slices.Grow(in.bytes[:0], int(n))[:n]
	if _, err := in.at.ReadAt(in.bytes, start); err != nil {
		return nil, 0, nil, lake.NameFile(in.uri, err)
	}
	return of, start, in.bytes, nil
}

// open opens the pages of a column of a row group, until the next call: all are read with the buffers of the first.
func (in *input) open(group, column int) (file.PageReader, error) {
	if in.opened == nil {
		pages, err := in.RowGroup(group).GetColumnPageReader(column)
		if err == nil {
			in.opened = pages
		}
		return pages, err
	}
	of, start, bytes, err := in.where(group, column)
	if err != nil {
		return nil, err
	}
	stream, err := parquet.NewReaderProperties(nil).GetStream(in.at, start, bytes)
	if err != nil {
		return nil, err
	}
	in.opened.Reset(stream, of.NumValues(), of.Compression(), nil)
	return in.opened, in.opened.Err()
}

func (in *input) size() (int64, error) {
	info, err := in.at.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// back takes the sum of a row group whose bytes were copied: of its bytes where the footer says that they are, once all
// its pages are found whole.
func (in *input) back(ctx context.Context, number int, sums *sums) error {
	for i := range sums.columns {
		if err := ctx.Err(); err != nil {
			return err
		}
		of, _, bytes, err := in.chunk(number, i)
		if err != nil {
			return err
		}
		sums.columns[i].copied(of, bytes)
		if err := lake.Safely(func() error { return in.pages(number, i, of.NumValues()) })(); err != nil {
			return fmt.Errorf("column %s: %w", in.MetaData().Schema.Column(i).Name(), lake.NameFile(in.uri, err))
		}
	}
	return nil
}

// pages opens every page of a column chunk.
func (in *input) pages(group, column int, want int64) error {
	pages, err := in.open(group, column)
	if err != nil {
		return err
	}
	values := int64(0)
	for pages.Next() {
		switch page := pages.Page().(type) {
		case file.DataPage:
			values += int64(page.NumValues())
		}
	}
	if err := pages.Err(); err != nil {
		return err
	}
	if values != want {
		return fmt.Errorf("it has %d values, its footer says %d: %w", values, want, lake.ErrDamaged)
	}
	return nil
}
