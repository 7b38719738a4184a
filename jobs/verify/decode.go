package verify

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"

	"github.com/apache/iceberg-go/puffin"

	"github.com/lakectl/lakectl/lake"
)

// avro looks at a manifest or a manifest list, and returns what it leads to. ids are the fields whose bounds count;
// without any all do.
func (l *look) avro(ctx context.Context, path string, ids map[int32]bool) (kind string, leads []string, err error) {
	kind = "manifest lists"
	_, err = lake.CopyAvro(ctx, fileURI(path), "", true, nil, func(record lake.AvroRecord) error {
		if at, is := record["manifest_path"].(string); is {
			leads = append(leads, at)
			return nil
		}
		entry, is := record["data_file"].(lake.AvroRecord)
		if !is {
			return fmt.Errorf("neither a manifest nor a manifest list: %w", lake.ErrUnsupported)
		}
		kind = "manifests"
		if status, _ := record["status"].(int32); status != 2 {
			if at, is := entry["file_path"].(string); is {
				leads = append(leads, at)
			}
		}
		for _, field := range []string{"lower_bounds", "upper_bounds"} {
			l.bounds(path, entry[field], ids)
		}
		return nil
	})
	return kind, leads, err
}

func fileURI(path string) string { return (&url.URL{Scheme: "file", Path: path}).String() }

// bounds are stored as arrays of pairs, with field ids as keys.
func (l *look) bounds(path string, list any, ids map[int32]bool) {
	pairs, _ := list.([]any)
	for _, p := range pairs {
		pair, _ := p.(lake.AvroRecord)
		key, _ := pair["key"].(int32)
		value, _ := pair["value"].([]byte)
		if len(ids) == 0 || ids[key] {
			l.bounded(value, func(of []*Request) { l.foundAll("manifests", path, of) })
		}
	}
}

// metadata looks at a metadata file, packed or not, and returns what it leads to.
func (l *look) metadata(path string, text []byte) (leads []string, err error) {
	if bytes.HasPrefix(text, gzipMagic) {
		r, err := gzip.NewReader(bytes.NewReader(text))
		if err != nil {
			return nil, err
		}
		if text, err = io.ReadAll(r); err != nil {
			return nil, err
		}
	}
	var meta struct {
		Snapshots []struct {
			List string `json:"manifest-list"`
		} `json:"snapshots"`
		Statistics []struct {
			Path string `json:"statistics-path"`
		} `json:"statistics"`
		Partitions []struct {
			Path string `json:"statistics-path"`
		} `json:"partition-statistics"`
	}
	if err := json.Unmarshal(text, &meta); err != nil {
		return nil, err
	}
	for _, s := range meta.Snapshots {
		leads = append(leads, s.List)
	}
	for _, s := range append(meta.Statistics, meta.Partitions...) {
		leads = append(leads, s.Path)
	}
	l.named(text, true, func(of []*Request) { l.foundAll("metadata", path, of) })
	return leads, nil
}

// statistics looks at all blobs of a Puffin file, unpacked, and at its properties.
func (l *look) statistics(path string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // read only
	r, err := puffin.NewReader(in)
	if err != nil {
		return err
	}
	blobs, err := r.ReadAllBlobs()
	if err != nil {
		return err
	}
	search := func(b []byte) { l.named(b, false, func(of []*Request) { l.foundAll("statistics", path, of) }) }
	for _, b := range blobs {
		search(b.Data)
	}
	about, err := json.Marshal([]any{r.Properties(), r.Blobs()})
	if err != nil {
		return err
	}
	search(about)
	return nil
}

// others looks for ids anywhere in a file of no known form, a part at a time.
func (l *look) others(kind, path string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // read only
	overlap := 0
	if len(l.lengths) > 0 {
		overlap = l.lengths[len(l.lengths)-1] - 1
	}
	part, kept := make([]byte, 1<<20+overlap), 0
	for {
		n, err := io.ReadFull(in, part[kept:])
		full := part[:kept+n]
		l.named(full, false, func(of []*Request) { l.foundAll(kind, path, of) })
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil
		}
		if err != nil {
			return err
		}
		kept = copy(part, full[max(0, len(full)-overlap):])
	}
}
