package verify

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// million is a file of a million rows of 50,000 listeners, and its size.
func million(b *testing.B) (path string, size int64) {
	b.Helper()
	path = filepath.Join(b.TempDir(), "data.parquet")
	fields := []arrow.Field{
		{Name: "user_id", Type: arrow.BinaryTypes.String},
		{Name: "event_time", Type: arrow.FixedWidthTypes.Timestamp_us},
		{Name: "listen_id", Type: arrow.BinaryTypes.String},
	}
	err := plantTable(path, fields, func(r *array.RecordBuilder) {
		for i := range 1_000_000 {
			r.Field(0).(*array.StringBuilder).Append(fmt.Sprintf("listener-%08d", i/20))
			r.Field(1).(*array.TimestampBuilder).Append(arrow.Timestamp(i))
			r.Field(2).(*array.StringBuilder).Append(fmt.Sprintf("%016x", uint64(i)*0x9e3779b97f4a7c15))
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	return path, info.Size()
}

// BenchmarkDataFile looks at such a file for 1,000 of the listeners, on one core.
func BenchmarkDataFile(b *testing.B) {
	path, size := million(b)
	var all []*Request
	for i := range 1000 {
		all = append(all, &Request{user: fmt.Sprintf("listener-%08d", i*50), from: -2, to: -1})
	}
	l := newLook(newWanted(all))
	b.SetBytes(size)
	for b.Loop() {
		if _, err := l.parquet(path); err != nil || len(l.leaks) != 0 {
			b.Fatal(len(l.leaks), err)
		}
	}
}

// BenchmarkHash is the least that it takes to tell that the file is one that was decoded before.
func BenchmarkHash(b *testing.B) {
	path, size := million(b)
	b.SetBytes(size)
	for b.Loop() {
		in, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(sha256.New(), in); err != nil {
			b.Fatal(err)
		}
		if err := in.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
