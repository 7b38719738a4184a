package recent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

func TestKilledWhileKeepingTheMemoryIsOldOrNew(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	w := newWorld(t)
	for _, listen := range []string{"a", "b", "c"} {
		w.archive(listen, "common")
		w.run()
	}
	w.kill()
	before, after := filepath.Join(t.TempDir(), "before"), filepath.Join(t.TempDir(), "after")
	w.copied(before)
	w.archive("d", "a") // the fourth segment: all become one
	covered := w.covered
	w.run()
	w.kill()
	w.copied(after)
	w.archive("e", "d", "c")
	worked := w.covered
	for _, c := range []struct {
		name    string
		covered int64 // by the table
		state   string
		cut     bool // the files of the new state are not whole
		want    []int64
	}{
		{"segments written in part", covered, before, true, []int64{7, 9}},
		{"segments written", covered, before, false, []int64{7, 9}},
		{"table committed, segments written in part", worked, before, true, []int64{9}},
		{"table committed, segments written", worked, before, false, []int64{9}},
		{"state replaced, old segments not removed", worked, after, false, []int64{9}},
		{"state replaced, segments lost by the disk", worked, after, true, []int64{9}},
	} {
		w.folder, w.covered = filepath.Join(t.TempDir(), "recent"), c.covered
		w.check(os.CopyFS(w.folder, os.DirFS(before)))
		entries, err := os.ReadDir(after)
		w.check(err)
		for _, e := range entries {
			text, err := os.ReadFile(filepath.Join(after, e.Name()))
			w.check(err)
			if _, err := os.Stat(filepath.Join(before, e.Name())); err != nil && c.cut {
				text = text[:len(text)/2]
			}
			if e.Name() != stateFile || c.state == after {
				w.check(os.WriteFile(filepath.Join(w.folder, e.Name()), text, 0o600))
			}
		}
		w.check(os.WriteFile(filepath.Join(w.folder, stateFresh), []byte("half"), 0o600))
		added, _ := w.run()
		if diff := gocmp.Diff(c.want, added); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, diff)
		}
		equal(w, w.counting(), w.first())
		w.kill()
	}
}

func TestDamagedMemoryIsFilledAgain(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	w := newWorld(t)
	for i := range 3 {
		w.archive("a", fmt.Sprint(i), fmt.Sprint("y", i))
		w.run()
	}
	w.kill()
	folder := w.folder
	w.archive("2", "b", "a")
	covered := w.covered
	entries, err := os.ReadDir(folder)
	w.check(err)
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(folder, e.Name()))
		w.check(err)
		for at := 0; at < len(text); at += 1 + len(text)/5 {
			broken := slices.Clone(text)
			broken[at] ^= 4
			for _, now := range [][]byte{broken, text[:at]} {
				w.folder, w.covered = filepath.Join(t.TempDir(), "recent"), covered
				w.check(os.CopyFS(w.folder, os.DirFS(folder)))
				w.check(os.WriteFile(filepath.Join(w.folder, e.Name()), now, 0o600))
				sifted, _ := w.sift()
				equal(w, sifted.Left[w.news()[0].FilePath()], []int64{0, 2})
				w.kill()
			}
		}
		w.folder, w.covered = filepath.Join(t.TempDir(), "recent"), covered
		w.check(os.CopyFS(w.folder, os.DirFS(folder)))
		w.check(os.Remove(filepath.Join(w.folder, e.Name())))
		equal(w, w.added(), []int64{11})
		equal(w, w.counting(), w.first())
		w.kill()
	}
}

// A segment that goes bad under the job is noticed between Sift and Keep too.

// A segment that goes bad under the job is noticed between Sift and Keep too.
func TestMemoryThatGoesBadUnderTheJobIsFilledAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 3 {
		w.archive("a", fmt.Sprint(i))
		w.run()
	}
	w.archive("b", "2")
	sifted, _ := w.sift()
	m := w.m
	equal(w, w.without(w.news(), sifted), []int64{7})
	for _, s := range m.segments {
		w.check(os.Truncate(filepath.Join(w.folder, s.Name), s.rests))
	}
	equal(w, w.counting(), w.first())
	for _, s := range m.segments {
		w.check(os.Truncate(filepath.Join(w.folder, s.Name), s.rests))
	}
	w.covered = w.archived().ID()
	w.check(m.Keep(w.Context(), w.covered))
	w.archive("b", "c", "1")
	equal(w, w.added(), []int64{10})
}

func TestOnlyOneProcessHasTheMemory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.archive("a")
	w.run()
	_, err := Open(t.Context(), w.folder, w.o)
	if !errors.Is(err, ErrBusy) || lake.Hint(err) == "" {
		t.Errorf("%v instead of a busy memory, with a hint", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	o := w.o
	o.Wait = time.Minute
	if _, err := Open(ctx, w.folder, o); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v instead of the end of patience", err)
	}
	time.AfterFunc(30*time.Millisecond, func() { w.m.Close() }) //nolint:errcheck // the next Open tells
	m, err := Open(t.Context(), w.folder, o)
	check(t, err)
	equal(w, m.Covers(), w.covered)
	check(t, m.Close())
	w.m = nil
}

func TestFilesOfOthersInTheFolderStay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.check(os.MkdirAll(w.folder, 0o700))
	w.check(os.WriteFile(filepath.Join(w.folder, "diary"), []byte("dear"), 0o600))
	w.archive("a")
	w.run()
	w.kill()
	w.check(os.Remove(filepath.Join(w.folder, stateFile)))
	w.run()
	text, err := os.ReadFile(filepath.Join(w.folder, "diary"))
	w.check(err)
	equal(w, string(text), "dear")
}

func TestArchiveThatIsDamagedFailsTheRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.archive("a", "b")
	local, err := lake.LocalPath(w.news()[0].FilePath())
	w.check(err)
	text, err := os.ReadFile(local)
	w.check(err)
	text[10] ^= 1
	w.check(os.WriteFile(local, text, 0o600))
	m := w.open()
	_, err = m.Follow(w.Context(), w.archived(), 0)
	w.check(err)
	if _, err = m.Sift(w.Context(), w.archived(), w.news()); !errors.Is(err, lake.ErrDamaged) || lake.Hint(err) == "" {
		t.Errorf("%v instead of a damaged file", err)
	}
}
