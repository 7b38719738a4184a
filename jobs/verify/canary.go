package verify

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/puffin"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/verify/recount"
	"github.com/lakectl/lakectl/lake"
)

const (
	bird  = "canary-listener-00000017" // listener whom every check must find
	other = "canary-listener-00000018" // listener who was not erased
)

// planted are the files that are written for each kind: with an id or a path in it.
var planted = []struct {
	kind, name string
	write      func(path, id string) error
}{
	{"data", "data.parquet", plantRow},
	{"data", "refused.parquet", plantRefused},
	{"deletes", "deletes.parquet", plantDelete},
	{"manifests", "manifest.avro", plantManifest},
	{"metadata", "v1.metadata.json", plantText(`{"properties": {"who": "%s"}}`)},
	{"metadata", "v1.metadata.json.gz", plantPacked},
	{"statistics", "statistics.puffin", plantStatistics},
	{"others", "others", plantText("\x01\x02%sxyz")},
}

// canaries shows of each check that it finds what is there, and nothing else.
func canaries(ctx context.Context) (kinds []string, err error) {
	dir, err := os.MkdirTemp("", "lakectl-canary-")
	if err != nil {
		return nil, fmt.Errorf("plant canaries: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // nobody's data
	for _, p := range planted {
		path := filepath.Join(dir, p.name)
		for _, id := range []string{bird, other} {
			if err := p.write(path, id); err != nil {
				return nil, fmt.Errorf("plant a canary of kind %s: %w", p.kind, err)
			}
			if err := find(ctx, path, p.kind, id == bird); err != nil {
				return nil, err
			}
		}
		kinds = append(kinds, p.kind+": "+p.name)
	}
	if err := miscount(ctx, filepath.Join(dir, planted[0].name)); err != nil {
		return nil, err
	}
	tables, err := recount.Canary(ctx, dir)
	for _, table := range tables {
		kinds = append(kinds, "recounts: "+table)
	}
	return append(kinds, "rows: "+planted[0].name), err
}

// miscount holds a file of one row against a manifest that says so, and against one that says two.
func miscount(ctx context.Context, path string) error {
	l, uri := newLook(newWanted(nil)), (&url.URL{Scheme: "file", Path: path}).String()
	l.file(ctx, path, "others", nil)
	for _, says := range []int64{1, 2} {
		b, err := iceberg.NewDataFileBuilder(*iceberg.UnpartitionedSpec, iceberg.EntryContentData, uri, iceberg.ParquetFile, nil, nil, nil, says, 1)
		if err != nil {
			return fmt.Errorf("plant a canary of kind rows: %w", err)
		}
		r := Rows{}
		if _, err := l.decoded(lake.File{DataFile: b.Build()}, &r); err != nil {
			return fmt.Errorf("the canary of kind rows cannot be read: %w: %w", err, jobs.ErrProof)
		}
		if seen := r.Wrong != ""; seen != (says != 1) {
			return fmt.Errorf("the check of rows is wrong about a canary of 1 row: its manifest says %d, seen %t: %w", says, seen, jobs.ErrProof)
		}
	}
	return nil
}

// find tells whether a look at one file sees what it must.
func find(ctx context.Context, path, kind string, there bool) error {
	r := &Request{user: bird, from: 0, to: time.Now().UnixMicro() * 2, State: "purged"}
	w := newWanted([]*Request{r})
	w.erased[bird] = []*Request{r}
	l := newLook(w)
	l.file(ctx, path, "others", nil)
	if len(l.unread) > 0 {
		return fmt.Errorf("the canary of kind %s cannot be read: %s: %w", kind, l.unread[0].Why, jobs.ErrProof)
	}
	if seen := l.leaks[leakKey{kind, path, r}] != nil; seen != there {
		return fmt.Errorf("the check of kind %s is wrong about a canary: there %t, seen %t: %w", kind, there, seen, jobs.ErrProof)
	}
	return nil
}

func plantText(format string) func(path, id string) error {
	return func(path, id string) error { return os.WriteFile(path, fmt.Appendf(nil, format, id), 0o600) }
}

func plantPacked(path, id string) error {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	fmt.Fprintf(w, `{"properties": {"who": "%s"}}`, id) //nolint:errcheck // in memory
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o600)
}

func plantRow(path, id string) error {
	return plantTable(path, []arrow.Field{
		{Name: "user_id", Type: arrow.BinaryTypes.String}, {Name: "event_time", Type: arrow.FixedWidthTypes.Timestamp_us},
	}, func(b *array.RecordBuilder) {
		b.Field(0).(*array.StringBuilder).Append(id)
		b.Field(1).(*array.TimestampBuilder).Append(1)
	})
}

func plantRefused(path, id string) error {
	return plantTable(path, []arrow.Field{
		{Name: "raw", Type: arrow.BinaryTypes.Binary, Nullable: true}, {Name: "user_id", Type: arrow.BinaryTypes.String, Nullable: true},
	}, func(b *array.RecordBuilder) {
		b.Field(0).(*array.BinaryBuilder).Append([]byte(`{"user_id": "` + id + `", `))
		b.Field(1).AppendNull()
	})
}

func plantDelete(path, id string) error {
	return plantTable(path, []arrow.Field{
		{Name: "file_path", Type: arrow.BinaryTypes.String}, {Name: "pos", Type: arrow.PrimitiveTypes.Int64},
	}, func(b *array.RecordBuilder) {
		b.Field(0).(*array.StringBuilder).Append(id)
		b.Field(1).(*array.Int64Builder).Append(1)
	})
}

func plantTable(path string, fields []arrow.Field, row func(*array.RecordBuilder)) error {
	schema := arrow.NewSchema(fields, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	row(b)
	batch := b.NewRecordBatch()
	defer batch.Release()
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	w, err := pqarrow.NewFileWriter(schema, out, parquet.NewWriterProperties(), pqarrow.DefaultWriterProps())
	if err != nil {
		return err
	}
	if err := w.Write(batch); err != nil {
		return err
	}
	return w.Close()
}

// plantManifest writes a manifest with one entry, of a file that was removed.
func plantManifest(path, id string) error {
	schema := iceberg.NewSchema(0, iceberg.NestedField{ID: 2, Name: "user_id", Type: iceberg.PrimitiveTypes.String})
	b, err := iceberg.NewDataFileBuilder(*iceberg.UnpartitionedSpec, iceberg.EntryContentData, "file:///gone.parquet", iceberg.ParquetFile, nil, nil, nil, 1, 1)
	if err != nil {
		return err
	}
	file := b.LowerBoundValues(map[int][]byte{2: []byte(id)}).UpperBoundValues(map[int][]byte{2: []byte(id)}).Build()
	snapshot := int64(1)
	entry := iceberg.NewManifestEntry(iceberg.EntryStatusDELETED, &snapshot, &snapshot, &snapshot, file)
	var out bytes.Buffer
	if _, err := iceberg.WriteManifest(path, &out, 2, *iceberg.UnpartitionedSpec, schema, snapshot, []iceberg.ManifestEntry{entry}); err != nil {
		return err
	}
	return os.WriteFile(path, out.Bytes(), 0o600)
}

func plantStatistics(path, id string) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close() //nolint:errcheck // Finish tells of what failed before
	w, err := puffin.NewWriter(out)
	if err != nil {
		return err
	}
	_, err = w.AddBlob(puffin.BlobMetadataInput{Type: puffin.BlobTypeDataSketchesTheta, SnapshotID: 1, SequenceNumber: 1, Fields: []int32{1}}, []byte("x"+id+"y"))
	if err != nil {
		return err
	}
	return w.Finish()
}
