package laketest

import (
	"testing"

	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/lake"
)

// Parquet opens a data file until the test ends, with arrow-go's reader.
func Parquet(t testing.TB, f iceberg.DataFile) *file.Reader {
	t.Helper()
	path, err := lake.LocalPath(f.FilePath())
	if err != nil {
		t.Fatal(err)
	}
	r, err := file.OpenParquetFile(path, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() }) //nolint:errcheck // read only
	return r
}
