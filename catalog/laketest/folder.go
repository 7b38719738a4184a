package laketest

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Folder is an empty folder for a lake, gone when the test ends. It lies in memory where there is room and nobody has
// named another place: a lake is many small files that live for seconds, and on a disk making one takes twice the CPU
// and five times as long, for the catalog waits until its rows are safe. CI tests on a disk, as lakes are used.
// Programs belong in [testing.TB.TempDir]: a disk in memory may refuse to run them.
func Folder(t testing.TB) string {
	t.Helper()
	disk := inMemory()
	if disk == "" {
		return t.TempDir()
	}
	own, err := os.MkdirTemp(disk, "lakectl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(own); err != nil {
			t.Errorf("remove the folder of a lake: %v", err)
		}
	})
	dir := filepath.Join(own, "lake") // a test may give rights to the folder around its lake, as in one of TempDir
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// inMemory is the folder of a disk in memory, "" for none that is to be used.
var inMemory = sync.OnceValue(func() string {
	if InCI() || os.Getenv("TMPDIR") != "" || os.Getenv("GOTMPDIR") != "" {
		return ""
	}
	return memoryDisk()
})
