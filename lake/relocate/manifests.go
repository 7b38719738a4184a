package relocate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/lakectl/lakectl/lake"
)

// Field ids and codes of the Iceberg specification.
const (
	deletePathField = 2147483546 // file_path of a position delete file
	statusDeleted   = 2
	contentPosition = 1
)

// record is one record of an Avro file by field names.
type record = lake.AvroRecord

// manifestList rewrites the list of one snapshot and the manifests it names, and returns its new URI.
func (t *table) manifestList(ctx context.Context, old string) (string, error) {
	at, err := t.move.place(old)
	if err != nil {
		return "", err
	}
	to := t.move.rename(at)
	_, err = lake.CopyAvro(ctx, at, to, t.dry, nil, func(list record) error {
		name, ok := list["manifest_path"].(string)
		if !ok {
			return fmt.Errorf("manifest list %s: no manifest_path", old)
		}
		m, done := t.manifests[name]
		if !done {
			if m, err = t.manifest(ctx, name); err != nil {
				return err
			}
			t.manifests[name] = m
		}
		list["manifest_path"], list["manifest_length"] = m.uri, m.bytes
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		t.missing(at)
		return to, nil
	}
	t.written++
	return to, err
}

// manifest rewrites one manifest and the position delete files it names.
func (t *table) manifest(ctx context.Context, old string) (file, error) {
	at, err := t.move.place(old)
	if err != nil {
		return file{}, err
	}
	to := t.move.rename(at)
	bytes, err := lake.CopyAvro(ctx, at, to, t.dry, nil, func(entry record) error { return t.entry(ctx, entry) })
	if errors.Is(err, fs.ErrNotExist) {
		t.missing(at)
		return file{}, nil
	}
	t.written++
	return file{uri: to, bytes: bytes}, err
}

// entry renames the paths of one manifest entry. The file of a live one must be there; that of a removed one is often
// gone.
func (t *table) entry(ctx context.Context, entry record) error {
	data, ok := entry["data_file"].(record)
	if !ok {
		return fmt.Errorf("a manifest entry without data_file: %w", lake.ErrUnsupported)
	}
	old, _ := data["file_path"].(string)
	at, err := t.move.place(old)
	if err != nil {
		return err
	}
	if err := t.reference(data); err != nil {
		return err
	}
	data["file_path"] = at
	live := number(entry["status"]) != statusDeleted
	if number(data["content"]) == contentPosition {
		return t.positionDeletes(ctx, data, at, live)
	}
	if live && !t.present(at) {
		t.missing(at)
	}
	return nil
}

// reference renames the data file that a delete file belongs to.
func (t *table) reference(data record) error {
	old, ok := data["referenced_data_file"].(string)
	if !ok {
		return nil
	}
	now, err := t.move.place(old)
	data["referenced_data_file"] = now
	return err
}

// positionDeletes writes a position delete file anew and describes it by what it holds then: paths of another length
// have other sizes, and bounds may have been cut off.
func (t *table) positionDeletes(ctx context.Context, data record, at string, live bool) error {
	if format, _ := data["file_format"].(string); format != "PARQUET" && format != "parquet" {
		return fmt.Errorf("delete file %s is of format %s: %w", path.Base(at), format, lake.ErrUnsupported)
	}
	d, done := t.deletes[at]
	if !done {
		switch found := t.present(at); {
		case found && t.dry:
			t.written++
		case found:
			var err error
			if d, err = t.target.CopyPositionDeletes(ctx, at, t.move.rename(at), t.move.place); err != nil {
				return err
			}
			t.written++
		case live:
			t.missing(at)
		}
		t.deletes[at] = d
	}
	if d.URI == "" { // nobody reads it any more
		data["file_path"] = t.move.rename(at)
		return nil
	}
	data["file_path"], data["file_size_in_bytes"] = d.URI, d.Bytes
	setPair(data, "lower_bounds", deletePathField, []byte(d.First))
	setPair(data, "upper_bounds", deletePathField, []byte(d.Last))
	if data["column_sizes"] != nil {
		for id, size := range d.ColumnSizes {
			setPair(data, "column_sizes", id, size)
		}
	}
	if data["split_offsets"] != nil {
		offsets := make([]any, len(d.SplitOffsets))
		for i, o := range d.SplitOffsets {
			offsets[i] = o
		}
		data["split_offsets"] = offsets
	}
	return nil
}

// setPair replaces the value of a key in a map that Iceberg stores as an array of pairs. A key that is not there stays
// away.
func setPair(data record, field string, key int, value any) {
	pairs, _ := data[field].([]any)
	for _, p := range pairs {
		if pair, ok := p.(record); ok && number(pair["key"]) == int64(key) {
			pair["value"] = value
		}
	}
}

func number(v any) int64 {
	switch n := v.(type) {
	case int32:
		return int64(n)
	case int64:
		return n
	case int:
		return int64(n)
	default:
		return 0
	}
}
