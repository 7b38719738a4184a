package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	iceio "github.com/apache/iceberg-go/io"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/store"
)

// opened is a store over an empty bucket.
func opened(t *testing.T, limit int64) (*store.Store, *laketest.Bucket, store.Options) {
	t.Helper()
	b := laketest.NewBucket(t)
	o := store.Options{Warehouse: "s3://bucket/lake", Endpoint: b.URL, Region: "us-east-1", Folder: t.TempDir(), Limit: limit, Log: slog.New(slog.DiscardHandler)}
	return reopened(t, o), b, o
}

func reopened(t *testing.T, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() }) //nolint:errcheck // it holds nothing
	return s
}

func read(t *testing.T, uri string) string {
	t.Helper()
	f, err := lake.Open(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // read only
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAFileIsFetchedOnce(t *testing.T) {
	_, b, o := opened(t, 1<<20)
	b.Objects["lake/a/data.parquet"] = []byte("rows")
	for range 3 {
		if got := read(t, "s3://bucket/lake/a/data.parquet"); got != "rows" {
			t.Errorf("%q", got)
		}
	}
	reopened(t, o) // as another process does
	read(t, "s3://bucket/lake/a/data.parquet")
	if b.Gets != 1 {
		t.Errorf("it was fetched %d times", b.Gets)
	}
}

func TestWhatIsWrittenIsStoredWhenItIsClosedAndThereForReaders(t *testing.T) {
	s, b, _ := opened(t, 1<<20)
	storage := files(t, s)
	w, err := storage.Create("s3://bucket/lake/m.avro")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(w, "manifest") //nolint:errcheck // Close tells
	if len(b.Objects) != 0 {
		t.Error("half a file is stored")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := string(b.Objects["lake/m.avro"]); got != "manifest" || read(t, "s3://bucket/lake/m.avro") != "manifest" || b.Gets != 0 {
		t.Errorf("stored %q, fetched %d times", got, b.Gets)
	}
	if err := storage.Remove("s3://bucket/lake/m.avro"); err != nil || len(b.Objects) != 0 {
		t.Error(err, b.Objects)
	}
	if _, err := storage.Open("s3://bucket/lake/m.avro"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a deleted file is read: %v", err)
	}
}

func files(t *testing.T, s *store.Store) iceio.WriteFileIO {
	t.Helper()
	storage, err := s.FS(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return storage.(iceio.WriteFileIO)
}

func TestAnAnswerThatBreaksOffLeavesNoCopy(t *testing.T) {
	_, b, _ := opened(t, 1<<20)
	b.Objects["lake/x"] = bytes.Repeat([]byte("x"), 100_000)
	b.Cut = true
	if err := lake.Fetch(t.Context(), "s3://bucket/lake/x"); err == nil {
		t.Fatal("half a file counts as fetched")
	}
	b.Cut = false
	if got := read(t, "s3://bucket/lake/x"); len(got) != 100_000 {
		t.Errorf("%d bytes", len(got))
	}
}

// age sets when a copy was used last.
func age(t *testing.T, uri string, ago time.Duration) {
	t.Helper()
	path, err := lake.LocalPath(uri)
	if err == nil {
		err = os.Chtimes(path, time.Now().Add(-ago), time.Now().Add(-ago))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// copies are the names of the files in the folder.
func copies(t *testing.T, o store.Options) (names []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(o.Folder, "bucket"), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, d.Name())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

func TestASweepKeepsTheLimitAndWhatIsInUse(t *testing.T) {
	s, b, o := opened(t, 250)
	for i, name := range []string{"a", "b", "c", "d"} {
		uri := "s3://bucket/lake/" + name
		b.Objects["lake/"+name] = bytes.Repeat([]byte("x"), 100)
		read(t, uri)
		age(t, uri, time.Duration(4-i)*2*time.Hour)
	}
	read(t, "s3://bucket/lake/a") // in use again
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := copies(t, o); !slices.Equal(got, []string{"a", "d"}) {
		t.Errorf("left are %v", got)
	}
}

// Another machine purged the files.
func TestACopyGoesWhenItsFileIsGone(t *testing.T) {
	s, b, o := opened(t, 1<<20)
	for _, name := range []string{"stays", "purged"} {
		b.Objects["lake/"+name] = []byte("x")
		read(t, "s3://bucket/lake/"+name)
		age(t, "s3://bucket/lake/"+name, 2*time.Hour)
	}
	delete(b.Objects, "lake/purged")
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := copies(t, o); !slices.Equal(got, []string{"stays"}) {
		t.Errorf("left are %v", got)
	}
}

// A look at all that is left must not take an old copy for a file, and sees files that nobody has read here.
func TestAFolderIsWhatIsStoredNow(t *testing.T) {
	_, b, o := opened(t, 1<<20)
	b.Objects["lake/t/old"] = []byte("x")
	read(t, "s3://bucket/lake/t/old")
	delete(b.Objects, "lake/t/old")
	b.Objects["lake/t/new"] = []byte("x")
	b.Objects["lake/t2/other"] = []byte("x")
	if _, err := lake.LocalFolder(t.Context(), "s3://bucket/lake/t"); err != nil {
		t.Fatal(err)
	}
	if got := copies(t, o); !slices.Equal(got, []string{"new"}) {
		t.Errorf("there are %v", got)
	}
}

func TestALookAtAFolderLeavesWritersWhatTheyWrite(t *testing.T) {
	s, b, _ := opened(t, 1<<20)
	storage := files(t, s)
	w, err := storage.Create("s3://bucket/lake/t/slow")
	if err != nil {
		t.Fatal(err)
	}
	b.Listing = func() {
		if err := storage.WriteFile("s3://bucket/lake/t/fast", []byte("fast")); err != nil {
			t.Error(err)
		}
	}
	folder, err := lake.LocalFolder(t.Context(), "s3://bucket/lake/t")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(folder, "fast")); err != nil || string(text) != "fast" {
		t.Errorf("what was stored meanwhile is %q, %v", text, err)
	}
	if _, err := w.Write([]byte("slow")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil || string(b.Objects["lake/t/slow"]) != "slow" {
		t.Errorf("%v, %q is stored", err, b.Objects["lake/t/slow"])
	}
}

func TestOfSeveralWhoWriteAFreshFileOneDoes(t *testing.T) {
	s, _, _ := opened(t, 1<<20)
	first, err := s.Replace(t.Context(), "s3://bucket/lake/id", []byte("one"), true)
	if err != nil || !first {
		t.Fatal(first, err)
	}
	if second, err := s.Replace(t.Context(), "s3://bucket/lake/id", []byte("two"), true); err != nil || second {
		t.Error(second, err)
	}
	if text, err := s.Read(t.Context(), "s3://bucket/lake/id"); err != nil || string(text) != "one" {
		t.Errorf("%s, %v", text, err)
	}
}
