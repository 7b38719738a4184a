package strip

import (
	"errors"
	"math"
	"runtime"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/lakectl/lakectl/lake"
)

func TestPlainValuesThatAreCutShortAreDamaged(t *testing.T) {
	plain := []byte("\x03\x00\x00\x00one\x00\x00\x00\x00\x03\x00\x00\x00two")
	for n := range plain {
		if _, err := firstPlain(plain[:n], 3, 0); !errors.Is(err, lake.ErrDamaged) {
			t.Errorf("%d of %d bytes: %v", n, len(plain), err)
		}
	}
	if _, err := firstPlain(plain, 3, 8); !errors.Is(err, lake.ErrDamaged) {
		t.Errorf("values of eight bytes: %v", err)
	}
	if got, err := firstPlain(append(plain, "more"...), 3, 0); err != nil || string(got) != string(plain) {
		t.Errorf("%q, %v", got, err)
	}
}

// What is claimed is not made room for.
func TestMoreValuesThanThereAreBytesForAreDamaged(t *testing.T) {
	plain := memory.NewBufferBytes([]byte("\x03\x00\x00\x00one\x00\x00\x00\x00"))
	for _, width := range []int{0, 8} {
		r := &pageReader{width: width}
		before := allocated()
		if err := r.readDictionary(file.NewDictionaryPage(plain, math.MaxInt32, parquet.Encodings.Plain)); !errors.Is(err, lake.ErrDamaged) {
			t.Errorf("a dictionary of values of %d bytes: %v", width, err)
		}
		r = &pageReader{width: width, most: 1, left: 10}
		page := file.NewDataPageV1(plain, math.MaxInt32, parquet.Encodings.Plain, parquet.Encodings.RLE, parquet.Encodings.RLE, 0)
		if _, err := r.read(page, nil, plain.Bytes()); !errors.Is(err, lake.ErrDamaged) {
			t.Errorf("a page of values of %d bytes: %v", width, err)
		}
		if more := allocated() - before; more > 1<<20 {
			t.Errorf("%d bytes were allocated", more)
		}
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
