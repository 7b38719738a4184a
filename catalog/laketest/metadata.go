package laketest

import (
	"bytes"
	"compress/gzip"
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"

	"github.com/lakectl/lakectl/lake"
)

// Edit replaces the newest metadata file of the table behind its catalog's back. Numbers in it are json.Number. The
// file that takes its place has another name, as one under its old name counts as read; the old one stays.
func (h Hand) Edit(change func(metadata map[string]any)) lake.Snapshot {
	h.t.Helper()
	uri := h.l.Snapshot(h.t, h.table).Table().MetadataURI()
	path, err := lake.LocalPath(uri)
	h.check(err)
	metadata := h.readMetadata(path)
	change(metadata)
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	h.check(json.NewEncoder(w).Encode(metadata))
	h.check(w.Close())
	version, _, _ := strings.Cut(filepath.Base(path), "-")
	name := version + "-" + uuid.NewString() + ".gz.metadata.json"
	h.check(os.WriteFile(filepath.Join(filepath.Dir(path), name), zipped.Bytes(), 0o600))
	db, err := sql.Open("sqlite", h.l.Options.URI)
	h.check(err)
	defer db.Close() //nolint:errcheck // in a test's folder
	_, err = db.ExecContext(h.t.Context(), "UPDATE iceberg_tables SET metadata_location = ? WHERE table_name = ?",
		strings.TrimSuffix(uri, filepath.Base(path))+name, h.table)
	h.check(err)
	return h.l.Snapshot(h.t, h.table)
}

func (h Hand) readMetadata(path string) (metadata map[string]any) {
	h.t.Helper()
	f, err := os.Open(path)
	h.check(err)
	defer f.Close() //nolint:errcheck // read only
	unzipped, err := gzip.NewReader(f)
	h.check(err)
	d := json.NewDecoder(unzipped)
	d.UseNumber() // a snapshot id has more digits than a float64
	h.check(d.Decode(&metadata))
	return metadata
}
