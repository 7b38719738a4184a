package lake

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// FileWriter writes one new Parquet file of a table, seals it where its name promises that, and knows its size: that
// goes into the manifest, and object stores have no cheap way to ask for it.
type FileWriter struct {
	w     io.WriteCloser
	put   func() error // stores the finished file where it lies on no disk of this machine
	local string       // "" for a file that gets no seal
	bytes int64
	last  [len(parquetMagic)]byte // written so far, for an unfinished file gets no seal
}

// Create opens a new file at uri, usually from [Table.NewDataPath].
func (t *Table) Create(ctx context.Context, uri string) (*FileWriter, error) {
	local, err := LocalPath(uri)
	if err != nil {
		return nil, err
	}
	if _, promised := sealName(local); !promised {
		local = ""
	}
	if r, _ := remoteOf(uri); r != nil {
		return t.createCopy(ctx, uri, local)
	}
	fs, err := t.FS(ctx)
	if err != nil {
		return nil, err
	}
	w, err := fs.Create(uri)
	if err != nil {
		return nil, fmt.Errorf("create file of %s: %w", t.name, err)
	}
	return &FileWriter{w: w, local: local}, nil
}

// createCopy writes the copy, which is stored once it is whole.
func (t *Table) createCopy(ctx context.Context, uri, sealed string) (*FileWriter, error) {
	local, err := LocalPath(uri)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(local), 0o755)
	}
	var w *os.File
	if err == nil {
		w, err = os.Create(local)
	}
	if err != nil {
		return nil, fmt.Errorf("create file of %s: %w", t.name, err)
	}
	return &FileWriter{w: w, local: sealed, put: func() error { return Put(ctx, uri) }}, nil
}

func (f *FileWriter) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	f.bytes += int64(n)
	if n >= len(f.last) {
		copy(f.last[:], p[n-len(f.last):n])
	} else {
		copy(f.last[:], append(f.last[n:], p[:n]...))
	}
	return n, err
}

// Close ends the file and seals it; only then is it there for readers.
func (f *FileWriter) Close() error {
	err := f.w.Close()
	if err == nil && f.local != "" && string(f.last[:]) == parquetMagic {
		f.bytes, err = Seal(f.local)
	}
	if err == nil && f.put != nil {
		err = f.put()
	}
	return err
}

// Bytes is the number of bytes written so far, all of the file once it is closed.
func (f *FileWriter) Bytes() int64 { return f.bytes }
