package dayfile

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/lake"
)

// Stream writes one file of one day whose rows come in the order of the file. In memory are the rows of one row group.
type Stream struct {
	w     *Writer
	rows  Rows
	order []place // of a row group: that in which rows came
	day   int
	n     int64
	uri   string
	out   *lake.FileWriter
	file  *file.Writer
}

// NewStream opens a file of t. Each row says its source. A stream that is not closed must be aborted.
func NewStream(ctx context.Context, t *lake.Table, day int, job string) (*Stream, error) {
	s := &Stream{day: day, uri: t.NewDataPath(job)}
	for i := range s.rows.lexicons {
		s.rows.lexicons[i] = newLexicon()
	}
	var err error
	if s.w, err = NewWriter(t, &s.rows, ""); err != nil {
		return nil, err
	}
	if s.out, err = t.Create(ctx, s.uri); err != nil {
		return nil, err
	}
	if s.file, err = file.NewParquetWriterWithError(s.out, s.w.schema, file.WithWriterProps(s.w.props)); err != nil {
		return nil, errors.Join(err, s.out.Close())
	}
	return s, nil
}

// Add returns the next row to fill. Rows are ordered by user id and event time, and all of the day.
func (s *Stream) Add() (*Row, error) {
	if s.rows.n == groupRows {
		if err := s.flush(); err != nil {
			return nil, err
		}
	}
	s.n++
	return s.rows.Add(), nil
}

// Rows is the number of rows so far.
func (s *Stream) Rows() int64 { return s.n }

func (s *Stream) flush() error {
	s.rows.settle()
	for i := len(s.order); i < s.rows.n; i++ {
		s.order = append(s.order, place{row: uint32(i)})
	}
	for i := range s.rows.n {
		if day := dayOf(s.rows.at(uint32(i)).event); day != s.day {
			return fmt.Errorf("a row of day %d in a file of day %d: %w", day, s.day, lake.ErrUnsupported)
		}
	}
	if err := s.w.writeGroup(s.file, s.order[:s.rows.n]); err != nil {
		return err
	}
	s.rows.Reset()
	return nil
}

// Close ends the file and describes it.
func (s *Stream) Close() (iceberg.DataFile, error) {
	if s.rows.n > 0 {
		if err := s.flush(); err != nil {
			return nil, errors.Join(err, s.Abort())
		}
	}
	if err := s.file.Close(); err != nil { // closes out too
		return nil, err
	}
	footer, err := s.file.FileMetadata()
	if err != nil {
		return nil, err
	}
	return s.w.table.SortedDataFile(s.uri, footer, s.out.Bytes(), s.day)
}

// Abort leaves an unfinished file, which is nobody's.
func (s *Stream) Abort() error { return s.out.Close() }
