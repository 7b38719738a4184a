package compact

import (
	"runtime"
	"testing"
	"unsafe"
)

// A plan goes by what a file takes. Numbers of words come once its first row is written.
func TestAFileThatIsReadAtOnceTakesNoMoreThanPlanned(t *testing.T) {
	w := newWorld(t)
	w.ingest(60_000, 1)
	files, err := w.archive().Files(t.Context())
	w.check(err)
	in := Input{File: files[0]}
	var before, after runtime.MemStats
	collect()
	runtime.ReadMemStats(&before)
	c, err := openCursor(t.Context(), w.archive().Table().Columns(), in, 0, nil)
	w.check(err)
	collect()
	runtime.ReadMemStats(&after)
	takes := int64(after.HeapAlloc) - int64(before.HeapAlloc) + int64(c.n)*int64(unsafe.Sizeof(c.words[0]))
	if takes > cost(in) || takes < cost(in)/2 {
		t.Errorf("it takes %d bytes, a row %d; planned were %d", takes, takes/int64(c.n), cost(in))
	}
	w.check(c.close())
}

// collect leaves nothing of what pools keep for one collection more.
func collect() {
	for range 3 {
		runtime.GC()
	}
}
