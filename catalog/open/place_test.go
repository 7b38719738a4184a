package open_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/lake"
)

// refused holds that a lake cannot be opened, that the error has all of the words, and that it comes soon and writes
// nothing.
func refused(t *testing.T, o open.Options, words ...string) {
	t.Helper()
	before := hashes(t, o.Warehouse)
	began := time.Now()
	_, err := open.Connect(t.Context(), o)
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %v to say so", took)
	}
	if !errors.Is(err, lake.ErrUnfit) || lake.Hint(err) == "" {
		t.Fatalf("open: %v, want a refusal with a hint", err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error()+lake.Hint(err), w) {
			t.Errorf("%q does not say %s", err.Error()+lake.Hint(err), w)
		}
	}
	if _, err := open.Init(t.Context(), o); !errors.Is(err, lake.ErrUnfit) || lake.Hint(err) == "" {
		t.Errorf("init: %v, want a refusal with a hint", err)
	}
	if diff := cmp.Diff(before, hashes(t, o.Warehouse)); diff != "" {
		t.Errorf("written although refused:\n%s", diff)
	}
}

func TestACopiedOrMovedLakeIsRefusedWithBothPlaces(t *testing.T) {
	root := laketest.Folder(t)
	a, b, c := filepath.Join(root, "a"), filepath.Join(root, "b"), filepath.Join(root, "c")
	l := laketest.NewIn(t, a)
	appendSources(t, l, "one")
	copyLake(t, l, b)
	refused(t, at(b), filepath.Join(a, "warehouse"), filepath.Join(b, "warehouse"), "lakectl catalog relocate")
	if err := os.Rename(a, c); err != nil {
		t.Fatal(err)
	}
	refused(t, at(c), filepath.Join(a, "warehouse"), filepath.Join(c, "warehouse"), "lakectl catalog relocate")
	refused(t, at(b), filepath.Join(a, "warehouse"), filepath.Join(b, "warehouse"), "lakectl catalog relocate")
}

func TestALinkToALakeIsTheSameLake(t *testing.T) {
	root := laketest.Folder(t)
	a, link, moved := filepath.Join(root, "a"), filepath.Join(root, "link"), filepath.Join(root, "moved")
	appendSources(t, laketest.NewIn(t, a), "one")
	if err := os.Symlink(a, link); err != nil {
		t.Fatal(err)
	}
	appendSources(t, reopen(t, link), "two")
	if _, err := open.Init(t.Context(), at(link)); err != nil {
		t.Error(err)
	}
	if err := errors.Join(os.Remove(link), os.Rename(a, moved), os.Symlink(moved, a)); err != nil { // moved, and a link left behind
		t.Fatal(err)
	}
	appendSources(t, reopen(t, moved), "three")
	appendSources(t, reopen(t, a), "four")
}

func TestTwoCatalogsOnOneWarehouseAreRefused(t *testing.T) {
	root := laketest.Folder(t)
	a := filepath.Join(root, "a")
	l := laketest.NewIn(t, a)
	appendSources(t, l, "one")
	if err := l.Catalog.Close(); err != nil {
		t.Fatal(err)
	}
	copied, other, named := at(a), at(a), at(a)
	copied.URI = filepath.Join(root, "copy", "catalog.db")
	if err := os.CopyFS(filepath.Dir(copied.URI), os.DirFS(a)); err != nil {
		t.Fatal(err)
	}
	refused(t, copied, filepath.Join(a, "catalog.db"), copied.URI)

	other.URI = filepath.Join(root, "other", "catalog.db")
	named.Name = "another"
	for _, o := range []open.Options{other, named} {
		if _, err := open.Init(t.Context(), o); !errors.Is(err, lake.ErrUnfit) || !strings.Contains(err.Error(), filepath.Join(a, "catalog.db")) {
			t.Errorf("init of a second catalog: %v", err)
		}
	}
	if _, err := os.Stat(filepath.Join(root, "other", "subject.key")); err == nil {
		t.Error("a key was made for the catalog that was refused")
	}
	if err := os.Remove(filepath.Join(a, "catalog.db")); err != nil {
		t.Fatal(err)
	}
	appendSources(t, &laketest.Lake{Lake: opened(t, copied).Lake()}, "the catalog was moved") // its record is gone from its place
	if _, err := open.Init(t.Context(), at(a)); !errors.Is(err, lake.ErrUnfit) || !strings.Contains(lake.Hint(err), "catalog restore") {
		t.Errorf("init in the place of a catalog that was lost: %v", err)
	}
}

func opened(t *testing.T, o open.Options) *open.Catalog {
	t.Helper()
	c, err := open.Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() }) //nolint:errcheck // the folder is removed next
	return c
}

// A lake of an earlier version has no id: it works, and init gives it one.
func TestInitGivesAnOlderLakeItsID(t *testing.T) {
	l := laketest.New(t)
	for _, spec := range catalog.Specs() {
		l.Alter(t, spec.Name, removeID)
	}
	file := filepath.Join(l.Options.Warehouse, "lakectl-lake.json")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	c := opened(t, l.Options)
	if id, err := c.LakeID(t.Context()); id != "" || err != nil {
		t.Fatalf("id %q, %v before init", id, err)
	}
	appendSources(t, l, "works")
	if _, err := open.Init(t.Context(), l.Options); err != nil {
		t.Fatal(err)
	}
	var onDisk struct {
		ID string `json:"lake_id"`
	}
	text, err := os.ReadFile(file)
	if err != nil || json.Unmarshal(text, &onDisk) != nil {
		t.Fatal(string(text), err)
	}
	for _, spec := range catalog.Specs() {
		if id := l.Snapshot(t, spec.Name).Table().Property("lakectl.lake-id"); id == "" || id != onDisk.ID {
			t.Errorf("%s has id %q, the warehouse %q", spec.Name, id, onDisk.ID)
		}
	}
	if made, err := open.Init(t.Context(), l.Options); err != nil || len(made) != 0 {
		t.Errorf("again: %v, %v", made, err)
	}
	if err := os.WriteFile(file, []byte(`{"lake_id": "x"`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := open.Connect(t.Context(), l.Options); err == nil || lake.Hint(err) == "" {
		t.Errorf("a damaged file: %v", err)
	}
}

func removeID(tx *icetable.Transaction) error {
	return tx.RemoveProperties([]string{"lakectl.lake-id"})
}

// A folder that is mounted at two places is one lake, to whoever sees both.
func TestALakeUnderAnotherMountPointIsTheSameLake(t *testing.T) {
	root := laketest.Folder(t)
	a, b := filepath.Join(root, "a"), filepath.Join(root, "b")
	l := laketest.NewIn(t, a)
	appendSources(t, l, "one")
	if err := errors.Join(l.Catalog.Close(), os.Mkdir(b, 0o700)); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "mount", "--bind", a, b).CombinedOutput(); err != nil {
		t.Skipf("no right to mount: %s", out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "--lazy", b).CombinedOutput(); err != nil {
			t.Errorf("umount: %s", out)
		}
	})
	r := reopen(t, b)
	appendSources(t, r, "two")
	if n := rowsOf(t, r, r.Snapshot(t, catalog.Sources)); n != 2 {
		t.Errorf("%d rows, want 2", n)
	}
	if _, err := open.Init(t.Context(), at(b)); err != nil {
		t.Error(err)
	}
	if err := r.Catalog.Close(); err != nil {
		t.Fatal(err)
	}
	done, err := open.Relocate(t.Context(), at(b), open.RelocateOptions{})
	if err != nil || done.Kind != "in place" {
		t.Errorf("%+v, %v", done, err)
	}
	appendSources(t, reopen(t, a), "three")
}

// A warehouse that is only a link to a disk: a copy of the lake with cp -r has the same link.
func TestACopyOfALinkToAWarehouseIsASecondCatalog(t *testing.T) {
	root := laketest.Folder(t)
	a, b, disk := filepath.Join(root, "a"), filepath.Join(root, "b"), filepath.Join(root, "disk")
	if err := errors.Join(os.Mkdir(a, 0o700), os.Mkdir(disk, 0o700), os.Symlink(disk, filepath.Join(a, "warehouse"))); err != nil {
		t.Fatal(err)
	}
	l := laketest.NewIn(t, a)
	appendSources(t, l, "one")
	if err := l.Catalog.Close(); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "cp", "-r", a, b).CombinedOutput(); err != nil {
		t.Fatal(string(out))
	}
	refused(t, at(b), filepath.Join(a, "catalog.db"), filepath.Join(b, "catalog.db"))
	appendSources(t, reopen(t, a), "two")
}

// The file of the warehouse is empty, of another lake, of another kind, or gone: nothing but words, and the way back
// works.
func TestWhatBecomesOfTheWarehousesFileIsSaidAndMended(t *testing.T) {
	l := laketest.New(t)
	appendSources(t, l, "one")
	file := filepath.Join(l.Options.Warehouse, "lakectl-lake.json")
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	other := regexp.MustCompile(`"lake_id": "[^"]*"`).ReplaceAll(whole, []byte(`"lake_id": "another"`))
	for name, text := range map[string][]byte{"empty": nil, "cut off": whole[:len(whole)/2], "another lake's": other, "no object": []byte("[]"), "no id": []byte("{}")} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
			for _, open := range []func() error{
				func() error { _, err := open.Connect(t.Context(), l.Options); return err },
				func() error { _, err := open.Init(t.Context(), l.Options); return err },
			} {
				if err := open(); err == nil || !strings.Contains(err.Error(), "lakectl-lake.json") || !strings.Contains(lake.Hint(err), "remove it") {
					t.Errorf("%v, want the file's name and what to do", err)
				}
			}
			o := l.Options
			o.ReadOnly = true
			opened(t, o) // who only reads does no harm
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			appendSources(t, &laketest.Lake{Lake: opened(t, l.Options).Lake()}, name)
			if made, err := open.Init(t.Context(), l.Options); err != nil || len(made) != 0 {
				t.Fatalf("%v, %v", made, err)
			}
			if again, err := os.ReadFile(file); err != nil || string(again) != string(whole) {
				t.Errorf("init wrote %s, %v; want %s", again, err, whole)
			}
		})
	}
}
