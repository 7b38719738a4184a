package relocate

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"
	"strings"

	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/uuid"

	"github.com/lakectl/lakectl/lake"
)

// Result says what became of a table.
type Result struct {
	Metadata  string   // URI of the new metadata file, not yet named by any catalog
	Snapshots int      // all that the old metadata had
	Written   int      // files: manifest lists, manifests, position delete files and the metadata file
	Missing   []string // files that live snapshots need and that are not at the new place; then nothing may be switched
}

// table is one table on its way.
type table struct {
	move      Move
	target    *lake.Table                // the table as it will be, for its writer
	manifests map[string]file            // rewritten, by old path
	deletes   map[string]lake.DeleteFile // rewritten, by the path at the new place
	seen      map[string]bool            // data files that were looked for, true where found; about 150 B each
	inside    map[string]bool            // folders that were found to lie below the new place
	lacks     []string
	written   int
	dry       bool
}

type file struct {
	uri   string
	bytes int64
}

// Options of [Table].
type Options struct {
	Properties map[string]string // set in the new metadata
	DryRun     bool              // look for every file, write none
}

// Table rewrites the metadata of one table. metadata is its metadata file at the new place.
func Table(ctx context.Context, name, metadata string, m Move, o Options) (Result, error) {
	text, zipped, err := readMetadata(metadata)
	if err != nil {
		return Result{}, err
	}
	doc, err := parse(text)
	if err != nil {
		return Result{}, fmt.Errorf("metadata of %s: %w", name, err)
	}
	if v := fmt.Sprint(doc["format-version"]); v != "2" {
		return Result{}, fmt.Errorf("table %s has format version %s: %w", name, v, lake.ErrUnsupported)
	}
	t := &table{
		move: m, dry: o.DryRun, manifests: map[string]file{}, deletes: map[string]lake.DeleteFile{}, seen: map[string]bool{}, inside: map[string]bool{},
	}
	if t.target, err = t.moved(name, doc, metadata); err != nil {
		return Result{}, fmt.Errorf("metadata of %s: %w", name, err)
	}
	snapshots, err := t.snapshots(ctx, doc)
	if err != nil {
		return Result{}, fmt.Errorf("relocate table %s: %w", name, err)
	}
	r := Result{Snapshots: snapshots, Written: t.written + 1, Missing: t.lacks}
	if len(t.lacks) > 0 || o.DryRun {
		return r, nil
	}
	for key, value := range o.Properties {
		doc["properties"].(map[string]any)[key] = value
	}
	r.Metadata = nextMetadata(metadata, m, o.Properties)
	if err := writeMetadata(ctx, r.Metadata, doc, zipped); err != nil {
		return r, err
	}
	return r, verify(ctx, name, r.Metadata, m.To)
}

// moved renames every path in the document below its old place, drops the list of older metadata files, and gives the
// table it describes then.
func (t *table) moved(name string, doc map[string]any, metadata string) (*lake.Table, error) {
	delete(doc, "metadata-log")
	if _, ok := doc["properties"].(map[string]any); !ok {
		doc["properties"] = map[string]any{}
	}
	lists := snapshotsOf(doc)
	old := make([]any, len(lists))
	for i, s := range lists {
		old[i] = s["manifest-list"]
	}
	t.renameAll(doc)
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	parsed, err := icetable.ParseMetadataBytes(text)
	if err != nil {
		return nil, err
	}
	for i, s := range lists {
		s["manifest-list"] = old[i] // snapshots does these
	}
	return lake.TableAt(name, parsed, metadata), nil
}

func (t *table) renameAll(v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, one := range v {
			if text, ok := one.(string); ok {
				if now, moved := t.move.Apply(text); moved {
					v[key] = now
				}
			}
			t.renameAll(one)
		}
	case []any:
		for _, one := range v {
			t.renameAll(one)
		}
	}
}

// snapshots rewrites the manifest list of each snapshot and returns their number.
func (t *table) snapshots(ctx context.Context, doc map[string]any) (int, error) {
	all := snapshotsOf(doc)
	for _, s := range all {
		old, ok := s["manifest-list"].(string)
		if !ok {
			return 0, fmt.Errorf("snapshot %v has no manifest list: %w", s["snapshot-id"], lake.ErrUnsupported)
		}
		now, err := t.manifestList(ctx, old)
		if err != nil {
			return 0, err
		}
		s["manifest-list"] = now
	}
	for _, field := range []string{"statistics", "partition-statistics"} {
		list, _ := doc[field].([]any)
		for _, one := range list {
			if s, ok := one.(map[string]any); ok {
				if at, ok := s["statistics-path"].(string); ok && !t.present(at) {
					t.missing(at)
				}
			}
		}
	}
	return len(all), nil
}

func snapshotsOf(doc map[string]any) (list []map[string]any) {
	all, _ := doc["snapshots"].([]any)
	for _, one := range all {
		if s, ok := one.(map[string]any); ok {
			list = append(list, s)
		}
	}
	return list
}

// present tells whether a file is at the new place, and really there: not behind a link that leads out of it.
func (t *table) present(uri string) bool {
	found, known := t.seen[uri]
	if known {
		return found
	}
	name, err := lake.LocalPath(uri)
	if err == nil {
		_, err = os.Stat(name)
	}
	if err == nil {
		found, err = t.below(name)
	}
	found = found && err == nil
	t.seen[uri] = found
	return found
}

func (t *table) below(name string) (bool, error) {
	folder := path.Dir(name)
	if info, err := os.Lstat(name); err != nil || info.Mode()&os.ModeSymlink != 0 {
		folder = name
	}
	inside, known := t.inside[folder]
	if known {
		return inside, nil
	}
	inside, err := Below(folder, t.move.To)
	t.inside[folder] = inside
	return inside, err
}

func (t *table) missing(uri string) { t.lacks = append(t.lacks, uri) }

// readMetadata reads a metadata file and tells whether it is compressed.
func readMetadata(uri string) ([]byte, bool, error) {
	name, err := lake.LocalPath(uri)
	if err != nil {
		return nil, false, err
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, false, err
	}
	if !bytes.HasPrefix(text, []byte{0x1f, 0x8b}) {
		return text, false, nil
	}
	r, err := gzip.NewReader(bytes.NewReader(text))
	if err == nil {
		text, err = io.ReadAll(r)
	}
	if err != nil {
		return nil, true, fmt.Errorf("read metadata file %s: %w", name, err)
	}
	return text, true, nil
}

// parse keeps numbers as they are written: ids have 19 digits.
func parse(text []byte) (map[string]any, error) {
	doc := map[string]any{}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return doc, d.Decode(&doc)
}

// nextMetadata names the new metadata file: the number after the old one's, and an id that follows from what it will
// say, so that a run after one that was killed writes the same file.
func nextMetadata(old string, m Move, properties map[string]string) string {
	folder, name := path.Split(old)
	number, _, _ := strings.Cut(name, "-")
	n, err := strconv.Atoi(number)
	if err != nil {
		n = 0 // another engine named it; the number only sorts
	}
	id := uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "%s\n%s\n%s\n%v", old, m.From, m.To, properties))
	end := ".metadata.json"
	if strings.HasSuffix(name, ".gz.metadata.json") || strings.HasSuffix(name, ".metadata.json.gz") {
		end = ".gz.metadata.json"
	}
	return fmt.Sprintf("%s%05d-%s%s", folder, n+1, id, end)
}

func writeMetadata(ctx context.Context, uri string, doc map[string]any, zipped bool) error {
	text, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	_, err = lake.WriteWhole(ctx, uri, func(out io.Writer) error {
		if !zipped {
			_, err := out.Write(text)
			return err
		}
		z := gzip.NewWriter(out)
		_, err := z.Write(text)
		return errors.Join(err, z.Close())
	})
	return err
}
