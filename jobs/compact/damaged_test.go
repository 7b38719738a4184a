package compact

import (
	"errors"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// streamed is a file of the archive that is read page by page, with its path and its bytes.
func (w *world) streamed() (in Input, path string, whole []byte) {
	w.Helper()
	w.ingest(6000, 1)
	files, err := w.archive().Files(w.Context())
	w.check(err)
	props := []parquet.WriterProperty{parquet.WithDictionaryDefault(false), parquet.WithDataPageSize(700)}
	for _, name := range textColumns[1:] {
		props = append(props, parquet.WithDictionaryFor(name, true))
	}
	for _, name := range []string{"event_time", "received_time", "source_offset"} {
		props = append(props, parquet.WithEncodingFor(name, parquet.Encodings.DeltaBinaryPacked))
	}
	rewrite(w.T, arrowTable(w.T, files[0].FilePath()), files[0].FilePath(), props...)
	path, err = lake.LocalPath(files[0].FilePath())
	w.check(err)
	whole, err = os.ReadFile(path)
	w.check(err)
	return Input{File: files[0], Sorted: true}, path, whole
}

// readAll goes over all rows.
func (w *world) readAll(in Input) error {
	c, err := openCursor(w.Context(), w.archive().Table().Columns(), in, 0, nil)
	if err != nil {
		return err
	}
	defer c.close() //nolint:errcheck // read only
	for {
		if more, err := c.next(); err != nil || !more {
			return err
		}
	}
}

// The library goes by the kind that a page says it has, and has no header of another kind.
func TestAPageOfAnotherKindThanItsHeaderIsAnError(t *testing.T) {
	w := newWorld(t)
	in, path, whole := w.streamed()
	w.check(w.readAll(in))
	r, err := file.OpenParquetFile(path, false)
	w.check(err)
	chunk, err := r.MetaData().RowGroup(0).ColumnChunk(0)
	w.check(err)
	w.check(r.Close())
	const kind, second = 1, 6 // the place of a page's kind in its header, and the number of the second version
	whole[chunk.DataPageOffset()+kind] = second
	w.check(os.WriteFile(path, whole, 0o600))
	var internal *lake.PanicError
	if err := w.readAll(in); !errors.As(err, &internal) {
		t.Errorf("a page without a header: %v", err)
	}
}

// Readers see NULL where a file lacks a column, so no number may take its place.
func TestAFileWithoutANumberThatRowsMustHaveIsLeftAsItIs(t *testing.T) {
	w := newWorld(t)
	w.ingest(50, 1)
	files, err := w.archive().Files(t.Context())
	w.check(err)
	table := arrowTable(t, files[0].FilePath())
	for _, name := range longColumns {
		var fields []arrow.Field
		var columns []arrow.Column
		for i, field := range table.Schema().Fields() {
			if field.Name != name {
				fields, columns = append(fields, field), append(columns, *table.Column(i))
			}
		}
		rewrite(t, array.NewTable(arrow.NewSchema(fields, nil), columns, table.NumRows()), files[0].FilePath())
		if err := w.readAll(Input{File: files[0], Sorted: true}); errors.Is(err, errForeign) == (name == "track_ms") {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

func TestADictionaryTakesNoMemoryForTextsThatItOnlyClaims(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	p := pages{kind: parquet.Types.ByteArray}
	page := file.NewDictionaryPage(memory.NewBufferBytes([]byte{1, 0, 0, 0, 'a'}), 1<<24, parquet.Encodings.Plain)
	if err := p.dictionary(page); !errors.Is(err, lake.ErrDamaged) {
		t.Errorf("a dictionary of one text that claims %d: %v", 1<<24, err)
	}
	if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 1<<20 {
		t.Errorf("it took %d bytes", after.TotalAlloc-before.TotalAlloc)
	}
}

func TestAFileWithWrongBitsIsReadOrAnErrorAndNoMore(t *testing.T) {
	laketest.Long(t, "thousands of damaged files, TestAPageOfAnotherKindThanItsHeaderIsAnError is the short one")
	w := newWorld(t)
	in, path, whole := w.streamed()
	r := rand.New(rand.NewPCG(1, 9)) //nolint:gosec // no secret
	failed := 0
	for range 3000 {
		damaged := append([]byte(nil), whole...)
		for range 1 + r.IntN(4) {
			damaged[r.IntN(len(damaged))] ^= byte(1 << r.IntN(8))
		}
		w.check(os.WriteFile(path, damaged, 0o600))
		if w.readAll(in) != nil {
			failed++
		}
	}
	if failed == 0 {
		t.Error("no damage was an error")
	}
}
