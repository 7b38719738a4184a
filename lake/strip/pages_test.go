package strip_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/iceberg-go"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/strip"
)

func TestRowsAreKeptHoweverTheirValuesAreEncoded(t *testing.T) {
	small, plain := parquet.WithDataPageSize(256), parquet.WithDictionaryDefault(false)
	second := parquet.WithDataPageVersion(parquet.DataPageV2)
	for name, with := range map[string][]parquet.WriterProperty{
		"a dictionary":                      {small},
		"a dictionary, second version":      {small, second, parquet.WithCompression(compress.Codecs.Zstd)},
		"a dictionary, first format":        {small, parquet.WithVersion(parquet.V1_0), parquet.WithCompression(compress.Codecs.Gzip)},
		"a dictionary given up half way":    {small, parquet.WithDictionaryPageSizeLimit(300), parquet.WithCompression(compress.Codecs.Snappy)},
		"plain":                             {small, plain, parquet.WithCompression(compress.Codecs.Snappy)},
		"plain, second version":             {small, plain, second, parquet.WithCompression(compress.Codecs.Gzip)},
		"plain, of one page":                {plain, parquet.WithStats(false)},
		"differences of strings":            {small, plain, parquet.WithEncodingFor("user_id", parquet.Encodings.DeltaByteArray)},
		"differences of numbers, no bounds": {plain, parquet.WithEncodingFor("source_offset", parquet.Encodings.DeltaBinaryPacked), parquet.WithStats(false)},
	} {
		t.Run(name, func(t *testing.T) {
			l := laketest.New(t)
			table, f := grouped(t, l, 2, 300, with...)
			before, rows := texts(t, l, table.Current(), []lake.File{f}), lines(t, read(t, f))
			for _, gone := range [][]int64{{299}, span(5, 290), everyOf(600, 7), everyOf(600, 3), append(span(0, 299), span(301, 600)...)} {
				s, err := strip.File(t.Context(), table, f, gone, "test")
				if err != nil {
					t.Fatal(err)
				}
				if back, err := s.ReadBack(t.Context()); err != nil || !back.Equal(s.Kept) || back.Rows != 600-int64(len(gone)) {
					t.Fatalf("without %d rows: %v, read back %v: %v", len(gone), s.Kept, back, err)
				}
				if diff := cmp.Diff(without(before, gone), texts(t, l, table.Current(), []lake.File{{DataFile: s.File}})); diff != "" {
					t.Fatalf("by DuckDB, without %d rows (-want +got)\n%s", len(gone), diff)
				}
				if diff := cmp.Diff(without(rows, gone), lines(t, read(t, s.File))); diff != "" {
					t.Fatalf("by arrow-go, without %d rows (-want +got)\n%s", len(gone), diff)
				}
			}
		})
	}
}

func everyOf(rows, step int64) (list []int64) {
	for n := step / 2; n < rows; n += step {
		list = append(list, n)
	}
	return list
}

func TestAnErasedValueIsInNoPage(t *testing.T) {
	l := laketest.New(t)
	table, f := grouped(t, l, 2, 280)
	var gone []int64
	for n := int64(3); n < 560; n += 7 { // all rows of user-3
		gone = append(gone, n)
	}
	s, err := strip.File(t.Context(), table, f, gone, "test")
	if err != nil {
		t.Fatal(err)
	}
	before, after := opened(t, f), opened(t, s.File)
	has := func(word string) func([]byte) bool {
		return func(d []byte) bool { return bytes.Contains(d, []byte(word)) }
	}
	for _, word := range []string{"user-3", "listen-353"} {
		if !slices.ContainsFunc(before, has(word)) || slices.ContainsFunc(after, has(word)) {
			t.Errorf("%s is in no page before, or in one after", word)
		}
	}
	if !slices.ContainsFunc(after, has("user-4")) {
		t.Error("another user is gone too")
	}
	for _, c := range []string{"user_id", "country"} {
		of, err := laketest.Parquet(t, s.File).MetaData().RowGroup(0).ColumnChunk(laketest.Parquet(t, f).MetaData().Schema.ColumnIndexByName(c))
		if err != nil || !of.HasDictionaryPage() {
			t.Errorf("column %s has no dictionary any more: %v", c, err)
		}
	}
}

// opened are all pages of a file, decompressed.
func opened(t *testing.T, f iceberg.DataFile) (all [][]byte) {
	t.Helper()
	r := laketest.Parquet(t, f)
	for g := range r.NumRowGroups() {
		for i := range r.MetaData().Schema.NumColumns() {
			pages, err := r.RowGroup(g).GetColumnPageReader(i)
			if err != nil {
				t.Fatal(err)
			}
			for pages.Next() {
				all = append(all, bytes.Clone(pages.Page().Data()))
			}
			if err := pages.Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return all
}
