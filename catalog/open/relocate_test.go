package open_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/lake"
)

func TestARelocatedCopySaysTheSameAndLeavesTheOriginalAlone(t *testing.T) {
	root := laketest.Folder(t)
	a, b := filepath.Join(root, "a b"), filepath.Join(root, "copy %20 of it, with a longer name")
	l := historied(t, a)
	want, rows := read(t, l), rowsOf(t, l, l.Snapshot(t, catalog.Sources))
	copyLake(t, l, b)
	before := hashes(t, a)

	done, err := open.Relocate(t.Context(), at(b), open.RelocateOptions{})
	if err != nil || done.Kind != "copy" || len(done.Tables) != len(catalog.Specs()) {
		t.Fatalf("%+v, %v", done, err)
	}
	c := reopen(t, b)
	if diff := cmp.Diff(want, read(t, c)); diff != "" {
		t.Errorf("the copy says something else (-original +copy):\n%s", diff)
	}
	everythingBelow(t, c)
	s := c.Snapshot(t, catalog.Sources)
	if n := rowsOf(t, c, s); n != rows {
		t.Errorf("%d rows, want %d", n, rows)
	}
	tagged, err := s.Table().ByTag("kept")
	if err != nil || rowsOf(t, c, tagged) != 6 {
		t.Errorf("by tag: %v", err)
	}
	for i := range 25 { // more than metadata files are kept
		appendSources(t, c, fmt.Sprint("copy", i))
	}
	c.Compact(t, catalog.Sources)
	if _, err := c.Expire(t.Context(), catalog.Sources, allButTheNewest); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, hashes(t, a)); diff != "" {
		t.Errorf("work in the copy changed the original:\n%s", diff)
	}
	inCopy := hashes(t, b)
	o := reopen(t, a)
	for i := range 25 {
		appendSources(t, o, fmt.Sprint("original", i))
	}
	if _, err := o.Expire(t.Context(), catalog.Sources, allButTheNewest); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(inCopy, hashes(t, b)); diff != "" {
		t.Errorf("work in the original changed the copy:\n%s", diff)
	}
}

// allButTheNewest chooses what no ref names.
func allButTheNewest(now *lake.Table) ([]lake.Snapshot, error) {
	named := map[int64]bool{}
	for _, id := range now.Refs() {
		named[id] = true
	}
	var doomed []lake.Snapshot
	for _, s := range now.Snapshots() {
		if !named[s.ID()] {
			doomed = append(doomed, s)
		}
	}
	return doomed, nil
}

func TestAMovedLakeKeepsItsIDAndACopyGetsOne(t *testing.T) {
	root := laketest.Folder(t)
	a, b, c := filepath.Join(root, "a"), filepath.Join(root, "b"), filepath.Join(root, "c")
	l := historied(t, a)
	copyLake(t, l, b)
	copied, err := open.Relocate(t.Context(), at(b), open.RelocateOptions{})
	if err != nil || copied.Kind != "copy" {
		t.Fatalf("%+v, %v", copied, err)
	}
	if err := os.Rename(b, c); err != nil {
		t.Fatal(err)
	}
	moved, err := open.Relocate(t.Context(), at(c), open.RelocateOptions{})
	if err != nil || moved.Kind != "moved" || moved.LakeID != copied.LakeID || moved.From != copied.To {
		t.Fatalf("%+v, %v", moved, err)
	}
	everythingBelow(t, reopen(t, c))
	again, err := open.Relocate(t.Context(), at(c), open.RelocateOptions{})
	if err != nil || again.Kind != "in place" || len(again.Tables) != 0 {
		t.Errorf("again: %+v, %v", again, err)
	}
}

// dying is a context that ends at its nth look, as if the process was killed there.
type dying struct {
	context.Context
	looks, last atomic.Int64
}

var errKilled = errors.New("killed")

func (d *dying) Err() error {
	if d.looks.Add(1) > d.last.Load() && d.last.Load() > 0 {
		return errKilled
	}
	return d.Context.Err()
}

func TestARelocationThatWasKilledGoesOn(t *testing.T) {
	laketest.Costly(t)
	root := laketest.Folder(t)
	a := filepath.Join(root, "a")
	l := historied(t, a)
	want := read(t, l)
	copyLake(t, l, filepath.Join(root, "counted"))
	full := &dying{Context: t.Context()}
	if _, err := open.Relocate(full, at(filepath.Join(root, "counted")), open.RelocateOptions{}); err != nil {
		t.Fatal(err)
	}
	before := hashes(t, a)
	b := filepath.Join(root, "b")
	if err := os.CopyFS(b, os.DirFS(a)); err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	step := max(1, full.looks.Load()*int64(laketest.Stride(3))/12)
	for last := int64(1); last < full.looks.Load(); last += step {
		d := &dying{Context: t.Context()}
		d.last.Store(last)
		done, err := open.Relocate(d, at(b), open.RelocateOptions{})
		if err == nil {
			t.Fatalf("killed at look %d, and it was done", last)
		}
		if done.LakeID != "" {
			ids[done.LakeID] = true
		}
	}
	done, err := open.Relocate(t.Context(), at(b), open.RelocateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if ids[done.LakeID] = true; len(ids) != 1 {
		t.Errorf("the runs chose several ids: %v", ids)
	}
	c := reopen(t, b)
	if diff := cmp.Diff(want, read(t, c)); diff != "" {
		t.Errorf("the copy says something else (-original +copy):\n%s", diff)
	}
	everythingBelow(t, c)
	if diff := cmp.Diff(before, hashes(t, a)); diff != "" {
		t.Errorf("the original changed:\n%s", diff)
	}
}

func TestACopyThatLacksFilesIsNotSwitched(t *testing.T) {
	laketest.Costly(t)
	for i, what := range []string{"*/data/test-*", "*/data/*deletes*", "*/metadata/*-m*.avro", "*/metadata/snap-*"} {
		if i%laketest.Stride(2) != 0 {
			continue
		}
		t.Run(strings.ReplaceAll(what, "/", " "), func(t *testing.T) {
			root := laketest.Folder(t)
			a, b := filepath.Join(root, "a"), filepath.Join(root, "b")
			copyLake(t, historied(t, a), b)
			found, err := filepath.Glob(filepath.Join(b, "warehouse", "music.db", what))
			if err != nil || len(found) == 0 {
				t.Fatal(found, err)
			}
			var gone []string
			for _, f := range found {
				if err := os.Rename(f, f+".away"); err != nil {
					t.Fatal(err)
				}
				gone = append(gone, f)
			}
			_, err = open.Relocate(t.Context(), at(b), open.RelocateOptions{})
			if !errors.Is(err, lake.ErrNotFound) || lake.Hint(err) == "" || !strings.Contains(err.Error(), filepath.Dir(filepath.Dir(gone[0]))) {
				t.Fatalf("%v, want the missing files and a hint", err)
			}
			for _, f := range gone {
				if err := os.Rename(f+".away", f); err != nil {
					t.Fatal(err)
				}
			}
			if _, err = open.Relocate(t.Context(), at(b), open.RelocateOptions{}); err != nil {
				t.Fatal(err)
			}
			everythingBelow(t, reopen(t, b))
		})
	}
}

func TestACopyWhoseFilesAreLinksIntoTheOriginalIsNotSwitched(t *testing.T) {
	root := laketest.Folder(t)
	a, b := filepath.Join(root, "a"), filepath.Join(root, "b")
	copyLake(t, historied(t, a), b)
	data := filepath.Join("warehouse", "music.db", catalog.Sources, "data")
	if err := errors.Join(os.RemoveAll(filepath.Join(b, data)), os.Symlink(filepath.Join(a, data), filepath.Join(b, data))); err != nil {
		t.Fatal(err)
	}
	before := hashes(t, a)
	if _, err := open.Relocate(t.Context(), at(b), open.RelocateOptions{}); !errors.Is(err, lake.ErrNotFound) {
		t.Errorf("%v, want the files that are only links", err)
	}
	if diff := cmp.Diff(before, hashes(t, a)); diff != "" {
		t.Errorf("the original changed:\n%s", diff)
	}
}

func TestADryRunOfARelocationChangesNothing(t *testing.T) {
	root := laketest.Folder(t)
	a, b := filepath.Join(root, "a"), filepath.Join(root, "b")
	copyLake(t, historied(t, a), b)
	before := hashes(t, root)
	was, err := os.Stat(b)
	if err != nil {
		t.Fatal(err)
	}
	done, err := open.Relocate(t.Context(), at(b), open.RelocateOptions{DryRun: true})
	if err != nil || len(done.Tables) != len(catalog.Specs()) {
		t.Errorf("%+v, %v", done, err)
	}
	if _, err := open.Restore(t.Context(), at(b), open.RestoreOptions{DryRun: true}); err != nil {
		t.Error(err)
	}
	if now, err := os.Stat(b); err != nil || !now.ModTime().Equal(was.ModTime()) { // nothing came and went beside the catalog
		t.Errorf("something was written: %v, %v", now.ModTime(), err)
	}
	if diff := cmp.Diff(before, hashes(t, root)); diff != "" {
		t.Error(diff)
	}
}

func TestAnotherEngineReadsTheSameInACopy(t *testing.T) {
	laketest.Engine(t, "READERS_PYTHON")
	root := laketest.Folder(t)
	a, b := filepath.Join(root, "a"), filepath.Join(root, "b")
	copyLake(t, historied(t, a), b)
	if _, err := open.Relocate(t.Context(), at(b), open.RelocateOptions{}); err != nil {
		t.Fatal(err)
	}
	for table, column := range map[string]string{catalog.Sources: "source", catalog.Quarantine: "reason"} {
		original, copied := laketest.Foreign(t, a, "count", table, column+" is not null"), laketest.Foreign(t, b, "count", table, column+" is not null")
		if original != copied || original == "0\n" {
			t.Errorf("%s: %q rows in the original, %q in the copy", table, original, copied)
		}
	}
}

// The catalog of the original would be switched to the copy, and the original would have no tables.
func TestACopyOfTheWarehouseAloneDoesNotTakeTheOriginalsCatalog(t *testing.T) {
	root := laketest.Folder(t)
	a, b := filepath.Join(root, "a"), filepath.Join(root, "b")
	l := laketest.NewIn(t, a)
	appendSources(t, l, "one")
	copyLake(t, l, b)
	o := at(b)
	o.URI = at(a).URI
	before := hashes(t, root)
	for _, r := range []open.RelocateOptions{{DryRun: true}, {}, {Copy: true}} {
		_, err := open.Relocate(t.Context(), o, r)
		if !errors.Is(err, lake.ErrUnfit) || !strings.Contains(lake.Hint(err), "--moved") || !strings.Contains(err.Error(), o.URI) {
			t.Errorf("%+v: %v, want a refusal with the way", r, err)
		}
	}
	if diff := cmp.Diff(before, hashes(t, root)); diff != "" {
		t.Errorf("written although refused:\n%s", diff)
	}
	done, err := open.Relocate(t.Context(), o, open.RelocateOptions{Moved: true})
	if err != nil || done.Kind != "moved" {
		t.Fatalf("%+v, %v", done, err)
	}
	refused(t, at(a), filepath.Join(a, "warehouse"), filepath.Join(b, "warehouse"))
	appendSources(t, &laketest.Lake{Lake: opened(t, o).Lake()}, "two")
}

// A run that was killed, and another that says otherwise what it is: the id is that of what it is.
func TestARelocationThatGoesOnAsAnotherKindGetsItsID(t *testing.T) {
	root := laketest.Folder(t)
	a, b := filepath.Join(root, "a"), filepath.Join(root, "b")
	l := laketest.NewIn(t, a)
	id, err := l.Catalog.LakeID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	copyLake(t, l, b)
	part := filepath.Join(b, "warehouse", "music.db", catalog.Sources)
	for _, r := range []open.RelocateOptions{{Moved: true}, {Copy: true}, {Moved: true}, {Copy: true}} {
		if err := os.Rename(part, part+".away"); err != nil {
			t.Fatal(err)
		}
		if done, err := open.Relocate(t.Context(), at(b), r); err == nil {
			t.Fatalf("without a table: %+v", done)
		}
		if err := os.Rename(part+".away", part); err != nil {
			t.Fatal(err)
		}
		d := &dying{Context: t.Context()}
		d.last.Store(20)
		done, err := open.Relocate(d, at(b), r)
		if err == nil || (done.LakeID == id) != r.Moved {
			t.Fatalf("%+v: lake %s of %s, %v", r, done.LakeID, id, err)
		}
	}
	done, err := open.Relocate(t.Context(), at(b), open.RelocateOptions{})
	if err != nil || done.Kind != "copy" || done.LakeID == id {
		t.Fatalf("%+v, %v", done, err)
	}
	// Killed after the switch: the next run tidies up.
	file := filepath.Join(b, "warehouse", "lakectl-lake.json")
	text := fmt.Sprintf(`{"lake_id": %q, "catalog": {"type": "sqlite", "uri": %q, "name": "lake"}, "relocating": {"From": %q, "To": %q, "LakeID": %[1]q}}`, done.LakeID, at(b).URI, done.From, done.To)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := open.Relocate(t.Context(), at(b), open.RelocateOptions{})
	if err != nil || again.Kind != "in place" || again.LakeID != done.LakeID {
		t.Errorf("again: %+v, %v", again, err)
	}
	left, err := os.ReadFile(file)
	if err != nil || strings.Contains(string(left), "relocating") {
		t.Errorf("%s, %v", left, err)
	}
}
