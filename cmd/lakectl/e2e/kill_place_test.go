package e2e

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog/laketest"
)

// TestTheLakesPlaceSurvivesKillNine kills 'init', 'catalog relocate' and 'catalog restore' with SIGKILL, again and
// again a little later, until each gets through. The lake works then, and no file that the command has no business with
// has changed.
func TestTheLakesPlaceSurvivesKillNine(t *testing.T) {
	laketest.Long(t, "processes die at random moments")
	r := rand.New(rand.NewPCG(4, 2))
	start := time.Hour // of the process, before it does anything: the first run also warms the disk's cache
	for range 3 {
		began := time.Now()
		if err := exec.CommandContext(t.Context(), "lakectl", "version").Run(); err != nil {
			t.Fatal(err)
		}
		start = min(start, time.Since(began))
	}
	kills := map[string]int{}
	insist := func(l *lakeDir, args ...string) {
		t.Helper()
		for life := start / 2; !survives(t, l, args, life); life += time.Duration(r.Int64N(int64(start) / 2)) {
			kills[args[len(args)-1]]++
		}
	}
	line := func(i int) string {
		return fmt.Sprintf(`{"type":"listen","listen_id":"l%d","user_id":"u","track_id":"t","artist_id":"a","device":"web","event_time":"2026-03-%02dT00:00:00Z","ms_played":40000,"received_time":"2026-03-20T00:00:00Z"}`+"\n", i, 1+i)
	}
	archive := func(l *lakeDir, i int) {
		t.Helper()
		l.run(nil, "ingest", "file", l.write(fmt.Sprintf("f%d.jsonl", i), line(i)))
	}
	count := func(l *lakeDir, want int) {
		t.Helper()
		if got := l.query("SELECT count(*)::INTEGER AS n FROM listens")[0]["n"]; got != float64(want) {
			t.Errorf("%v listens in %s, want %d", got, l.dir, want)
		}
	}

	root := t.TempDir()
	inA, inB := filepath.Join(root, "a"), filepath.Join(root, "b")
	if err := os.Mkdir(inA, 0o700); err != nil {
		t.Fatal(err)
	}
	a := lakeIn(t, inA, false)
	insist(a, "init")
	for i := range 4 {
		archive(a, i)
	}
	original := contents(t, inA)

	// A copy.
	if err := os.CopyFS(inB, os.DirFS(inA)); err != nil {
		t.Fatal(err)
	}
	b := lakeIn(t, inB, false)
	insist(b, "catalog", "relocate")
	count(b, 4)

	// Its catalog is put back from a backup.
	db, warehouse := filepath.Join(inB, "catalog.db"), filepath.Join(inB, "warehouse")
	backup, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	archive(b, 4)
	archive(b, 5)
	if err := os.WriteFile(db, backup, 0o600); err != nil {
		t.Fatal(err)
	}
	count(b, 4)
	others := func() map[string]string { // but for the only file that a restore writes, and what a kill leaves of it
		files := contents(t, warehouse)
		maps.DeleteFunc(files, func(name, _ string) bool { return name == identityName || strings.HasPrefix(name, ".lake-") })
		return files
	}
	before := others()
	insist(b, "catalog", "restore")
	count(b, 6)
	after := others()
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the restore changed files (-before +after):\n%s", diff)
	}
	archive(b, 6)
	b.run(nil, "job", "maintain")
	count(b, 7)

	if diff := cmp.Diff(original, contents(t, inA)); diff != "" {
		t.Errorf("the original changed (-before +after):\n%s", diff)
	}
	count(a, 4)
	for _, name := range []string{"init", "relocate", "restore"} {
		if kills[name] == 0 {
			t.Errorf("%s was never killed", name)
		}
	}
}

// identityName is the file of a warehouse that says whose it is.
const identityName = "lakectl-lake.json"

// contents tells every file of a folder by its content, under its path within; what SQLite has beside a database comes
// and goes.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	sums := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, "-shm") || strings.HasSuffix(name, "-wal") {
			return err
		}
		text, err := os.ReadFile(name)
		at, _ := filepath.Rel(dir, name) // it is below
		sums[at] = fmt.Sprintf("%x", sha256.Sum256(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sums
}
