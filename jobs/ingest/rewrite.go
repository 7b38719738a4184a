package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
)

// Rewrite is the floor that an ingest is measured against: arrow-go writes the rows of listens, file by file
// as they are sorted there, once more with the same settings, to nowhere. Only the writing goes through timed.
// It returns the number of rows written.
func Rewrite(ctx context.Context, env jobs.Env, timed func(work func() error) error) (rows int64, err error) {
	s, err := env.Snapshot(ctx, catalog.Listens)
	if err != nil {
		return 0, err
	}
	files, err := s.Files(ctx)
	if err != nil {
		return 0, err
	}
	fs, err := s.Table().FS(ctx)
	if err != nil {
		return 0, err
	}
	for _, f := range files {
		in, err := fs.Open(f.FilePath())
		if err != nil {
			return rows, fmt.Errorf("open data file: %w", err)
		}
		n, err := rewriteFile(ctx, in, timed)
		if err := errors.Join(err, in.Close()); err != nil {
			return rows, fmt.Errorf("rewrite data file: %w", err)
		}
		rows += n
	}
	return rows, nil
}

func rewriteFile(ctx context.Context, in parquet.ReaderAtSeeker, timed func(work func() error) error) (int64, error) {
	r, err := file.NewParquetReader(in)
	if err != nil {
		return 0, err
	}
	reader, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		return 0, err
	}
	whole, err := reader.ReadTable(ctx)
	if err != nil {
		return 0, err
	}
	defer whole.Release()
	return whole.NumRows(), timed(func() error {
		return pqarrow.WriteTable(whole, io.Discard, groupRows, writerProperties(), pqarrow.DefaultWriterProps())
	})
}
