package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	iceio "github.com/apache/iceberg-go/io"

	"github.com/lakectl/lakectl/lake"
)

// storage reads through the copies and writes them first.
type storage struct {
	s   *Store
	ctx context.Context //nolint:containedctx // the library's interface has none
}

// FS is the storage for the Iceberg library.
func (s *Store) FS(ctx context.Context) (iceio.IO, error) { return storage{s, ctx}, nil }

// Open opens the copy of a file.
func (f storage) Open(uri string) (iceio.File, error) { return lake.Open(f.ctx, uri) }

// Remove deletes a file and its copy. One that is not there is no error: a store does not tell.
func (f storage) Remove(uri string) error { return f.s.remove(f.ctx, uri) }

// ReadFile reads a file.
func (f storage) ReadFile(uri string) ([]byte, error) {
	path, err := lake.LocalPath(uri)
	if err == nil {
		err = lake.Fetch(f.ctx, uri)
	}
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// Create writes a file that is stored when it is closed.
func (f storage) Create(uri string) (iceio.FileWriter, error) {
	path, err := lake.LocalPath(uri)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if err != nil {
		return nil, err
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return &writer{File: file, put: func() error { return f.s.put(f.ctx, uri) }}, nil
}

// WriteFile writes a small file.
func (f storage) WriteFile(uri string, text []byte) error {
	w, err := f.Create(uri)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return errors.Join(err, w.Close())
}

// writer is a copy that is stored when it is closed.
type writer struct {
	*os.File
	put func() error
}

// Close stores the file.
func (w *writer) Close() error {
	if err := w.File.Close(); err != nil {
		return err
	}
	return w.put()
}
