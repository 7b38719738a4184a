package open_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/lake"
)

// backUp copies the catalog as it is now.
func backUp(t *testing.T, l *laketest.Lake, to string) {
	t.Helper()
	if err := l.Catalog.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(l.Options.URI)
	if err == nil {
		err = os.WriteFile(to, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// putBack replaces the catalog by a backup.
func putBack(t *testing.T, l *laketest.Lake, from string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(l.Options.URI, text, 0o600)
	}
	for _, log := range []string{"-wal", "-shm"} {
		if gone := os.Remove(l.Options.URI + log); gone != nil && !errors.Is(gone, os.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnOldCatalogIsRestoredToTheNewestStateOfEveryTable(t *testing.T) {
	laketest.Costly(t)
	for _, commits := range []int{1, 5, 25} { // 25: the metadata file that the backup names is deleted by then
		t.Run(fmt.Sprint(commits), func(t *testing.T) {
			dir := laketest.Folder(t)
			l := laketest.NewIn(t, dir)
			appendSources(t, l, "before")
			backup := filepath.Join(laketest.Folder(t), "catalog.db")
			backUp(t, l, backup)
			l = reopen(t, dir)
			for i := range commits {
				appendSources(t, l, fmt.Sprint("after", i))
			}
			deleteFirst2(t, l, commits)
			if err := l.Tag(t.Context(), "kept", l.Snapshot(t, catalog.Sources), 0); err != nil {
				t.Fatal(err)
			}
			want := read(t, l)
			if err := l.Catalog.Close(); err != nil {
				t.Fatal(err)
			}
			putBack(t, l, backup)

			dry, err := open.Restore(t.Context(), at(dir), open.RestoreOptions{DryRun: true})
			if err != nil || len(dry.Tables) == 0 {
				t.Fatalf("%+v, %v", dry, err)
			}
			before := hashes(t, filepath.Join(dir, "warehouse"))
			done, err := open.Restore(t.Context(), at(dir), open.RestoreOptions{})
			if err != nil || len(done.Tables) != len(dry.Tables) || done.LakeID == "" {
				t.Fatalf("%+v, %v", done, err)
			}
			if diff := cmp.Diff(before, hashes(t, filepath.Join(dir, "warehouse"))); diff != "" {
				t.Errorf("the restore changed files:\n%s", diff)
			}
			r := reopen(t, dir)
			if diff := cmp.Diff(want, read(t, r)); diff != "" {
				t.Errorf("restored to something else:\n%s", diff)
			}
			appendSources(t, r, "goes on")
			again, err := open.Restore(t.Context(), at(dir), open.RestoreOptions{})
			if err != nil || len(again.Tables) != 0 {
				t.Errorf("again: %+v, %v", again, err)
			}
		})
	}
}

// deleteFirst2 makes a second table move when there is something in the first.
func deleteFirst2(t *testing.T, l *laketest.Lake, commits int) {
	t.Helper()
	commit(t, l, catalog.Quarantine, lake.Commit{Add: quarantined(t, l, commits)})
}

// lose leaves the metadata file of a commit that lost a race: based on the state before the newest, under a higher
// number.
func lose(t *testing.T, l *laketest.Lake, stage func(*laketest.Lake)) string {
	t.Helper()
	backup := filepath.Join(laketest.Folder(t), "catalog.db")
	now := filepath.Join(laketest.Folder(t), "catalog.db")
	backUp(t, l, backup)
	winner := reopen(t, l.Dir)
	appendSources(t, winner, "winner")
	backUp(t, winner, now)
	putBack(t, l, backup)
	loser := reopen(t, l.Dir)
	stage(loser)
	lost := loser.Snapshot(t, catalog.Sources).Table().MetadataURI()
	if err := loser.Catalog.Close(); err != nil {
		t.Fatal(err)
	}
	putBack(t, l, now)
	file, err := lake.LocalPath(lost)
	if err != nil {
		t.Fatal(err)
	}
	number, rest, _ := strings.Cut(filepath.Base(file), "-")
	if number == "" {
		t.Fatal(file)
	}
	high := filepath.Join(filepath.Dir(file), "00900-"+rest)
	if err := os.Rename(file, high); err != nil {
		t.Fatal(err)
	}
	return high
}

func TestALostCommitsFileIsNotTakenForTheNewest(t *testing.T) {
	dir := laketest.Folder(t)
	l := laketest.NewIn(t, dir)
	appendSources(t, l, "before")
	// The loser changed only a property: what it shows is part of the winner's line.
	lost := lose(t, l, func(l *laketest.Lake) {
		if _, err := l.SetProperty(t.Context(), catalog.Sources, "note", "lost"); err != nil {
			t.Fatal(err)
		}
	})
	done, err := open.Restore(t.Context(), at(dir), open.RestoreOptions{})
	if err != nil || len(done.Tables) != 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	if uri := reopen(t, dir).Snapshot(t, catalog.Sources).Table().MetadataURI(); strings.Contains(uri, filepath.Base(lost)) {
		t.Errorf("took %s", uri)
	}
}

func TestOfTwoStatesTheOperatorChooses(t *testing.T) {
	dir := laketest.Folder(t)
	l := laketest.NewIn(t, dir)
	appendSources(t, l, "before")
	lost := lose(t, l, func(l *laketest.Lake) { appendSources(t, l, "loser", "of two rows") })
	before := hashes(t, filepath.Join(dir, "warehouse"))
	done, err := open.Restore(t.Context(), at(dir), open.RestoreOptions{})
	if !errors.Is(err, open.ErrHeads) || lake.Hint(err) == "" || len(done.Heads) != 2 {
		t.Fatalf("%+v, %v", done, err)
	}
	for _, h := range done.Heads {
		if h.Table != catalog.Sources || h.SnapshotID == 0 || h.CommitTime.IsZero() || h.Rows == "" {
			t.Errorf("%+v does not tell enough", h)
		}
	}
	if diff := cmp.Diff(before, hashes(t, filepath.Join(dir, "warehouse"))); diff != "" {
		t.Error(diff)
	}
	o := open.RestoreOptions{Heads: map[string]string{catalog.Sources: filepath.Base(lost)}}
	if done, err = open.Restore(t.Context(), at(dir), o); err != nil || len(done.Tables) != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	r := reopen(t, dir)
	if n := rowsOf(t, r, r.Snapshot(t, catalog.Sources)); n != 3 {
		t.Errorf("%d rows, want 3", n)
	}
	o.Heads[catalog.Sources] = "none.metadata.json"
	if _, err = open.Restore(t.Context(), at(dir), o); !errors.Is(err, lake.ErrNotFound) {
		t.Errorf("a file that is not there: %v", err)
	}
}

// A loser that staged the same commit again and won is on the line, under the id of its commit.
func TestACommitThatWasStagedAgainIsNoSecondState(t *testing.T) {
	dir := laketest.Folder(t)
	l := laketest.NewIn(t, dir)
	appendSources(t, l, "before")
	s := l.Snapshot(t, catalog.Sources)
	first, err := lake.LocalPath(s.Table().MetadataURI())
	if err != nil {
		t.Fatal(err)
	}
	appendSources(t, l, "after")
	newest, err := lake.LocalPath(l.Snapshot(t, catalog.Sources).Table().MetadataURI())
	if err != nil {
		t.Fatal(err)
	}
	// The same commit under another snapshot id, as if staged on the state before and lost.
	id := fmt.Sprint(l.Snapshot(t, catalog.Sources).ID())
	text := strings.ReplaceAll(unzip(t, newest), id, fmt.Sprint(l.Snapshot(t, catalog.Sources).ID()-1))
	text = strings.ReplaceAll(text, filepath.Base(newest), "x")
	if err := os.WriteFile(filepath.Join(filepath.Dir(first), "00900-lost.metadata.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	appendSources(t, l, "later")
	if done, err := open.Restore(t.Context(), at(dir), open.RestoreOptions{}); err != nil || len(done.Tables) != 0 {
		t.Errorf("%+v, %v", done, err)
	}
}

func unzip(t *testing.T, file string) string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // read only
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestACatalogThatWasLostIsMadeAgainFromTheWarehouse(t *testing.T) {
	dir := laketest.Folder(t)
	l := laketest.NewIn(t, dir)
	appendSources(t, l, "one")
	want := read(t, l)
	if err := l.Catalog.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(l.Options.URI); err != nil {
		t.Fatal(err)
	}
	done, err := open.Restore(t.Context(), at(dir), open.RestoreOptions{})
	if err != nil || len(done.Tables) != len(catalog.Specs()) {
		t.Fatalf("%+v, %v", done, err)
	}
	r := reopen(t, dir)
	if diff := cmp.Diff(want, read(t, r)); diff != "" {
		t.Error(diff)
	}
	appendSources(t, r, "two")
}

func TestAStateThatLacksFilesIsNotTaken(t *testing.T) {
	dir := laketest.Folder(t)
	l := laketest.NewIn(t, dir)
	appendSources(t, l, "one")
	files, err := l.Snapshot(t, catalog.Sources).Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	name, err := lake.LocalPath(files[0].FilePath())
	if err == nil {
		err = os.Remove(name)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open.Restore(t.Context(), at(dir), open.RestoreOptions{}); !errors.Is(err, lake.ErrNotFound) || !strings.Contains(err.Error(), filepath.Base(name)) {
		t.Errorf("%v, want the missing file", err)
	}
}

// The warehouse was copied while work went on: its newest metadata names data that the copy has not.
func TestOfACopyMadeDuringWorkTheNewestWholeStateIsTaken(t *testing.T) {
	dir := laketest.Folder(t)
	l := laketest.NewIn(t, dir)
	appendSources(t, l, "one")
	backup := filepath.Join(laketest.Folder(t), "catalog.db")
	backUp(t, l, backup)
	l = reopen(t, dir)
	appendSources(t, l, "two")
	want := l.Snapshot(t, catalog.Sources).ID()
	appendSources(t, l, "three")
	files, err := l.Snapshot(t, catalog.Sources).Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.AddedBy != l.Snapshot(t, catalog.Sources).ID() {
			continue
		}
		name, err := lake.LocalPath(f.FilePath())
		if err := errors.Join(err, os.Remove(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Catalog.Close(); err != nil {
		t.Fatal(err)
	}
	putBack(t, l, backup)
	done, err := open.Restore(t.Context(), at(dir), open.RestoreOptions{})
	if err != nil || len(done.Notes) == 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	if got := reopen(t, dir).Snapshot(t, catalog.Sources).ID(); got != want {
		t.Errorf("snapshot %d, want %d", got, want)
	}
}

// Other engines put no ids of ours into their snapshots and name their metadata files as they like.
func TestCommitsOfOtherEnginesAreRestoredToo(t *testing.T) {
	dir := laketest.Folder(t)
	l := laketest.NewIn(t, dir)
	for i := range 3 {
		appendSources(t, l, fmt.Sprint("one", i))
	}
	backup := filepath.Join(laketest.Folder(t), "catalog.db")
	backUp(t, l, backup)
	l = reopen(t, dir)
	l.Compact(t, catalog.Sources)
	l.Alter(t, catalog.Sources, func(tx *icetable.Transaction) error {
		return tx.SetProperties(map[string]string{"theirs": "1"})
	})
	appendSources(t, l, "ours")
	l.Compact(t, catalog.Sources)
	want := read(t, l)
	if err := l.Catalog.Close(); err != nil {
		t.Fatal(err)
	}
	putBack(t, l, backup)
	done, err := open.Restore(t.Context(), at(dir), open.RestoreOptions{})
	if err != nil || len(done.Tables) != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	r := reopen(t, dir)
	if diff := cmp.Diff(want, read(t, r)); diff != "" {
		t.Errorf("restored to something else:\n%s", diff)
	}
	if r.Snapshot(t, catalog.Sources).Table().Property("theirs") != "1" {
		t.Error("the other engine's property is gone")
	}
	appendSources(t, r, "goes on")
}

// Neither the catalog nor its backup came along with a copy of the warehouse.
func TestACopyOfTheWarehouseWithoutACatalogBecomesALakeOfItsOwn(t *testing.T) {
	root := laketest.Folder(t)
	a, b := filepath.Join(root, "a"), filepath.Join(root, "b")
	l := laketest.NewIn(t, a)
	appendSources(t, l, "one")
	copyLake(t, l, b)
	if err := os.Remove(at(b).URI); err != nil {
		t.Fatal(err)
	}
	before := hashes(t, a)
	if _, err := open.Init(t.Context(), at(b)); !errors.Is(err, lake.ErrUnfit) {
		t.Errorf("init: %v, want a refusal", err)
	}
	restored, err := open.Restore(t.Context(), at(b), open.RestoreOptions{})
	if err != nil || !slices.ContainsFunc(restored.Notes, func(n string) bool { return strings.Contains(n, "catalog relocate") }) {
		t.Fatalf("%+v, %v; want a word on what comes next", restored, err)
	}
	for _, spec := range catalog.Specs() {
		if _, err := opened(t, at(b)).Lake().Table(t.Context(), spec.Name); !errors.Is(err, lake.ErrUnfit) || !strings.Contains(lake.Hint(err), "catalog relocate") {
			t.Errorf("table %s before it is relocated: %v, want a refusal", spec.Name, err)
		}
	}
	if _, err := open.Init(t.Context(), at(b)); !errors.Is(err, lake.ErrUnfit) {
		t.Errorf("init: %v, want a refusal", err)
	}
	done, err := open.Relocate(t.Context(), at(b), open.RelocateOptions{})
	if err != nil || done.Kind != "copy" {
		t.Fatalf("%+v, %v", done, err)
	}
	c := reopen(t, b)
	appendSources(t, c, "two")
	everythingBelow(t, c)
	if diff := cmp.Diff(before, hashes(t, a)); diff != "" {
		t.Errorf("the original changed:\n%s", diff)
	}
	appendSources(t, reopen(t, a), "goes on")
}
