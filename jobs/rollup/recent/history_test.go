package recent

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// firstUpTo are the offsets of the first copies among files that came up to a snapshot, by a plain map.
func (w *world) firstUpTo(s lake.Snapshot) map[int64]bool {
	w.Helper()
	files, err := s.Files(w.Context())
	w.check(err)
	slices.SortFunc(files, func(a, b lake.File) int {
		return cmp.Or(cmp.Compare(a.Sequence, b.Sequence), cmp.Compare(a.FilePath(), b.FilePath()))
	})
	seen, first := map[string]bool{}, map[int64]bool{}
	for _, f := range files {
		for _, r := range w.wrote[f.FilePath()] {
			if !seen[r.listen] {
				seen[r.listen], first[r.offset] = true, true
			}
		}
	}
	return first
}

// counted are the offsets of the rows that a run adds, by what was written.
func (w *world) counted(sifted Sifted) map[int64]bool {
	w.Helper()
	added := map[int64]bool{}
	for _, f := range w.news() {
		for _, r := range w.wrote[f.FilePath()] {
			if !slices.Contains(sifted.Left[r.file], r.row) {
				added[r.offset] = true
			}
		}
	}
	return added
}

// Whatever happens to the job and its memory, the table has each listen once.
func TestRandomHistoriesCountEachListenOnce(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			if seed > 0 {
				laketest.Long(t, "more histories")
			}
			randomHistory(t, rand.New(rand.NewPCG(seed, 1)))
		})
	}
}

func randomHistory(t *testing.T, r *rand.Rand) {
	w := newWorld(t)
	tables := []int64{0} // what the table covered, newest last
	for step := range 40 {
		w.batch = []int{0, readRows}[r.IntN(2)]
		did := w.mishap(r)
		if r.IntN(3) > 0 || w.archived().ID() == 0 {
			w.archiveFiles(w.randomListens(r)...)
		}
		w.covered = tables[len(tables)-1]
		if r.IntN(12) == 0 && len(tables) > 1 {
			tables = tables[:len(tables)-1]
			w.covered, did = tables[len(tables)-1], did+", table rolled back"
		}
		before, err := w.archived().Table().ByID(w.covered)
		w.check(err)
		old, want := w.firstUpTo(before), w.firstUpTo(w.archived())
		all := len(want)
		maps.DeleteFunc(want, func(offset int64, _ bool) bool { return old[offset] })
		sifted, followed := w.sift()
		if diff := gocmp.Diff(want, w.counted(sifted)); diff != "" {
			t.Fatalf("step %d after %s, %+v (-want +got)\n%s", step, did, followed, diff)
		}
		if r.IntN(5) == 0 { // dies before its commit
			w.kill()
			continue
		}
		w.covered = w.archived().ID()
		tables = append(tables, w.covered)
		if r.IntN(5) == 0 { // dies behind it
			w.kill()
			continue
		}
		w.check(w.m.Keep(w.Context(), w.covered))
		if ids := w.m.Size().IDs; ids != int64(all) && w.m.Covers() != 0 { // 0: a damaged segment met the merge first
			t.Fatalf("step %d: %d ids instead of %d", step, ids, all)
		}
	}
}

func (w *world) randomListens(r *rand.Rand) (files [][]string) {
	for range 1 + r.IntN(3) {
		var list []string
		for range 1 + r.IntN(30) {
			list = append(list, fmt.Sprint(r.IntN(400)))
		}
		files = append(files, list)
	}
	return files
}

// mishap does something to the memory between two runs, mostly nothing.
func (w *world) mishap(r *rand.Rand) string {
	w.Helper()
	switch r.IntN(8) {
	case 0:
		w.kill()
		return "a kill"
	case 1:
		w.kill()
		w.check(os.RemoveAll(w.folder))
		return "a loss"
	case 2:
		w.kill()
		files, err := filepath.Glob(filepath.Join(w.folder, "*"))
		w.check(err)
		if len(files) == 0 {
			return "nothing"
		}
		name := files[r.IntN(len(files))]
		text, err := os.ReadFile(name)
		w.check(err)
		if len(text) > 0 {
			text[r.IntN(len(text))] ^= 1 << r.IntN(8)
		}
		w.check(os.WriteFile(name, text, 0o600))
		return "damage"
	}
	return "nothing"
}
