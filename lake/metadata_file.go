package lake

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"

	icecatalog "github.com/apache/iceberg-go/catalog"
	iceio "github.com/apache/iceberg-go/io"
)

// MetadataFile is the file that the catalog names as the newest metadata of a table. It never changes under its name.
type MetadataFile struct {
	URI  string
	open func(context.Context) (iceio.IO, error)
}

// MetadataFile finds the metadata of a table, also of one that lakectl cannot work with.
func (l *Lake) MetadataFile(ctx context.Context, name string) (MetadataFile, error) {
	t, err := l.catalog.LoadTable(ctx, l.identifier(name))
	if errors.Is(err, icecatalog.ErrNoSuchTable) || errors.Is(err, icecatalog.ErrNoSuchNamespace) {
		return MetadataFile{}, fmt.Errorf("table %s.%s: %w", l.namespace, name, ErrNotFound)
	}
	if err != nil {
		return MetadataFile{}, fmt.Errorf("load table %s: %w", name, err)
	}
	return MetadataFile{URI: t.MetadataLocation(), open: t.FS}, nil
}

// Read returns the text of the file, unpacked where it is compressed. More than so many bytes are [ErrUnsupported].
func (f MetadataFile) Read(ctx context.Context, most int64) ([]byte, error) {
	storage, err := f.open(ctx)
	if err != nil {
		return nil, fmt.Errorf("open the storage of file %s: %w", f.URI, err)
	}
	in, err := storage.Open(f.URI)
	if err != nil {
		return nil, NameFile(f.URI, err)
	}
	defer in.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(io.LimitReader(in, most+1))
	if err == nil && bytes.HasPrefix(text, []byte{0x1f, 0x8b}) {
		var unpacked io.Reader
		if unpacked, err = gzip.NewReader(bytes.NewReader(text)); err == nil {
			text, err = io.ReadAll(io.LimitReader(unpacked, most+1))
		}
	}
	if err != nil {
		return nil, NameFile(f.URI, err)
	}
	if int64(len(text)) > most {
		return nil, fmt.Errorf("file %s has over %d bytes: %w", f.URI, most, ErrUnsupported)
	}
	return text, nil
}
