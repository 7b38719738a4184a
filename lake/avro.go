package lake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"
	"github.com/twmb/avro"
	"github.com/twmb/avro/ocf"
)

// AvroRecord is one record of an Avro file by field names.
type AvroRecord = map[string]any

// errLeftOut says of a record that the copy does not have it.
var errLeftOut = errors.New("left out")

// CopyAvro writes the Avro file at from to the URI to, with each record changed, and returns its size in bytes. Schema
// and header are kept as they are, but for the entries of header. So what this version does not know of survives. dry:
// nothing is written.
func CopyAvro(ctx context.Context, from, to string, dry bool, header map[string]string, change func(AvroRecord) error) (int64, error) {
	name, err := LocalPath(from)
	if err != nil {
		return 0, err
	}
	in, err := Open(ctx, from)
	if err != nil {
		return 0, err
	}
	defer in.Close() //nolint:errcheck // read only
	r, err := ocf.NewReader(in, ocf.WithReaderSchemaFunc(plain))
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", name, err)
	}
	defer r.Close() //nolint:errcheck // read only
	write := func(out io.Writer) error {
		if err := copyRecords(ctx, r, out, header, change); err != nil {
			return fmt.Errorf("copy %s: %w", name, err)
		}
		return nil
	}
	if dry {
		return 0, write(io.Discard)
	}
	return WriteWhole(ctx, to, write)
}

func copyRecords(ctx context.Context, r *ocf.Reader, out io.Writer, header map[string]string, change func(AvroRecord) error) error {
	w, err := writerLike(r, out, header)
	if err != nil {
		return err
	}
	for {
		var rec AvroRecord
		err := r.Decode(&rec)
		if errors.Is(err, io.EOF) {
			return w.Close()
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		err = change(rec)
		if errors.Is(err, errLeftOut) {
			continue
		}
		if err != nil {
			return err
		}
		if err := w.Encode(rec); err != nil {
			return err
		}
	}
}

// plain is the file's schema without logical types: dates, decimals and times are copied as the numbers and bytes they
// are stored as.
func plain(r *ocf.Reader) (*avro.Schema, error) {
	var schema any
	d := json.NewDecoder(bytes.NewReader(r.Metadata()["avro.schema"]))
	d.UseNumber()
	if err := d.Decode(&schema); err != nil {
		return nil, err
	}
	stripLogical(schema)
	text, err := json.Marshal(schema)
	if err != nil {
		return nil, err
	}
	return avro.Parse(string(text))
}

func stripLogical(schema any) {
	switch s := schema.(type) {
	case []any:
		for _, one := range s {
			stripLogical(one)
		}
	case map[string]any:
		delete(s, "logicalType")
		for key, one := range s {
			if key != "default" {
				stripLogical(one)
			}
		}
	}
}

// writerLike writes a file with the header of the one that is read.
func writerLike(r *ocf.Reader, out io.Writer, other map[string]string) (*ocf.Writer, error) {
	schema, err := plain(r)
	if err != nil {
		return nil, err
	}
	header := map[string][]byte{}
	for key, value := range r.Metadata() {
		if !strings.HasPrefix(key, "avro.") {
			header[key] = value
		}
	}
	for key, value := range other {
		if _, has := header[key]; has {
			header[key] = []byte(value)
		}
	}
	return ocf.NewWriter(out, schema, ocf.WithSchema(string(r.Metadata()["avro.schema"])), ocf.WithMetadata(header), ocf.WithCodec(ocf.DeflateCodec(-1)))
}

// WriteWhole writes a file whole or not at all and returns its size in bytes: under another name first, synced, then
// renamed. A file of that name, left by a run that was killed, is replaced.
func WriteWhole(ctx context.Context, uri string, write func(io.Writer) error) (size int64, err error) {
	name, err := LocalPath(uri)
	if err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if r, _ := remoteOf(uri); r != nil {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return 0, err
		}
	}
	// Not os.CreateTemp, which takes the file from the group whatever the umask says.
	tmp, err := os.OpenFile(filepath.Join(filepath.Dir(name), ".lakectl-"+uuid.NewString()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(tmp.Name()))
		}
	}()
	err = write(tmp)
	if err == nil {
		size, err = tmp.Seek(0, io.SeekCurrent)
	}
	if err := errors.Join(err, tmp.Sync(), tmp.Close(), ctx.Err()); err != nil {
		return 0, fmt.Errorf("write %s: %w", name, err)
	}
	if err := os.Rename(tmp.Name(), name); err != nil {
		return 0, err
	}
	if err := Put(ctx, uri); err != nil {
		return 0, err
	}
	return size, ctx.Err()
}
