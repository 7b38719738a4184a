package laketest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/twmb/avro/ocf"
)

// Words are the texts of a pattern that are in a file below a folder, each with the files that it is in: in the bytes
// of any file, in a page or value of a Parquet file, in a record of an Avro file. The formats' own libraries read them.
func Words(t testing.TB, dir string, pattern *regexp.Regexp) map[string][]string {
	t.Helper()
	words := map[string][]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		see := func(text []byte) {
			for _, word := range pattern.FindAll(text, -1) {
				if files := words[string(word)]; !slices.Contains(files, path) {
					words[string(word)] = append(files, path)
				}
			}
		}
		see(raw)
		if err := inside(path, raw, see); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return words
}

// inside shows what a file holds that its bytes do not.
func inside(path string, raw []byte, see func([]byte)) error {
	switch {
	case strings.HasSuffix(path, ".parquet"):
		return parquetTexts(raw, see)
	case strings.HasSuffix(path, ".avro"):
		return avroTexts(raw, see)
	case strings.HasSuffix(path, ".gz.metadata.json") || strings.HasSuffix(path, ".gz"):
		r, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			return err
		}
		text, err := io.ReadAll(r)
		see(text)
		return err
	}
	return nil
}

// parquetTexts shows every page, dictionaries among them, and every text.
func parquetTexts(raw []byte, see func([]byte)) error {
	r, err := file.NewParquetReader(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	for g := range r.NumRowGroups() {
		group := r.RowGroup(g)
		for c := range group.NumColumns() {
			pages, err := group.GetColumnPageReader(c)
			if err != nil {
				return err
			}
			for pages.Next() {
				see(pages.Page().Data())
			}
			if err := errors.Join(pages.Err(), pages.Close()); err != nil {
				return err
			}
			column, err := group.Column(c)
			if err != nil {
				return err
			}
			texts, is := column.(*file.ByteArrayColumnChunkReader)
			if !is {
				continue
			}
			values, levels := make([]parquet.ByteArray, group.NumRows()), make([]int16, group.NumRows())
			_, n, err := texts.ReadBatch(group.NumRows(), values, levels, nil)
			if err != nil {
				return err
			}
			for _, v := range values[:n] {
				see(v)
			}
		}
	}
	return nil
}

// avroTexts shows every record.
func avroTexts(raw []byte, see func([]byte)) error {
	r, err := ocf.NewReader(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	defer r.Close() //nolint:errcheck // in memory
	for {
		var record any
		if err := r.Decode(&record); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		see(fmt.Appendf(nil, "%s", record))
	}
}
