package chain_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/twmb/avro/ocf"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
)

// found lists the files below the warehouse, requests apart, in which a text is: in a value of a Parquet file, in a
// record of an Avro file, or in the bytes of any file. The files are read by the formats' own libraries.
func found(t *testing.T, l *laketest.Lake, text string) (paths []string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(l.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(path, "/"+catalog.DeletionRequests+"/") {
			return err
		}
		files++
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		has := bytes.Contains(raw, []byte(text))
		switch {
		case strings.HasSuffix(path, ".parquet"):
			has = has || inParquet(t, raw, text)
		case strings.HasSuffix(path, ".avro"):
			has = has || inAvro(t, raw, text)
		case strings.HasSuffix(path, ".gz.metadata.json") || strings.HasSuffix(path, ".json.gz"):
			r, err := gzip.NewReader(bytes.NewReader(raw))
			if err != nil {
				return err
			}
			if raw, err = io.ReadAll(r); err != nil {
				return err
			}
			has = has || bytes.Contains(raw, []byte(text))
		}
		if has {
			paths = append(paths, path)
		}
		return nil
	})
	if err != nil || files < 20 {
		t.Fatal(files, err)
	}
	return paths
}

func inParquet(t *testing.T, raw []byte, text string) (has bool) {
	t.Helper()
	r, err := file.NewParquetReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	for g := range r.NumRowGroups() {
		group := r.RowGroup(g)
		for c := range r.MetaData().Schema.NumColumns() {
			column, err := group.Column(c)
			if err != nil {
				t.Fatal(err)
			}
			texts, is := column.(*file.ByteArrayColumnChunkReader)
			if !is {
				continue
			}
			values, levels := make([]parquet.ByteArray, group.NumRows()), make([]int16, group.NumRows())
			_, n, err := texts.ReadBatch(group.NumRows(), values, levels, nil)
			if err != nil {
				t.Fatal(err)
			}
			has = has || slices.ContainsFunc(values[:n], func(v parquet.ByteArray) bool { return bytes.Contains(v, []byte(text)) })
		}
	}
	return has
}

func inAvro(t *testing.T, raw []byte, text string) (has bool) {
	t.Helper()
	r, err := ocf.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close() //nolint:errcheck // in memory
	for {
		var record any
		if err := r.Decode(&record); errors.Is(err, io.EOF) {
			return has
		} else if err != nil {
			t.Fatal(err)
		}
		has = has || strings.Contains(fmt.Sprintf("%s", record), text)
	}
}
