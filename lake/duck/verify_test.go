package duck_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
)

// sealedLake has files of every writer in plays_by_hour: DuckDB's COPY by partition and in one file, arrow-go's rows,
// and position deletes.
func sealedLake(t *testing.T) (*laketest.Lake, lake.Snapshot) {
	t.Helper()
	l := laketest.New(t)
	s := plays(t, l, 3)
	rows, err := s.Table().WriteRows(t.Context(), "rows", [][]any{{day(1), "A", "t1", "DE", "phone", 7, 7000}, {day(1), "A", "t2", "FR", "phone", 8, 8000}})
	if err != nil {
		t.Fatal(err)
	}
	if s, err = l.Commit(t.Context(), catalog.PlaysByHour, lake.Commit{Add: rows, Stage: anyBase}); err != nil {
		t.Fatal(err)
	}
	files := filesOf(t, s)
	gone := map[string][]int64{files[0].FilePath(): {0, 2}}
	deletes, err := s.WritePositionDeletes(t.Context(), "deletes", files, gone)
	if err != nil {
		t.Fatal(err)
	}
	d := l.DB(t)
	if err := d.Bind(t.Context(), "whole", s); err != nil {
		t.Fatal(err)
	}
	one, err := d.WritePartition(t.Context(), s.Table(), "one", "whole", lake.PartitionValue(files[0]))
	if err != nil {
		t.Fatal(err)
	}
	s, err = l.Commit(t.Context(), catalog.PlaysByHour, lake.Commit{Add: one, Deletes: deletes, Stage: anyBase})
	if err != nil {
		t.Fatal(err)
	}
	return l, s
}

func filesOf(t *testing.T, s lake.Snapshot) []lake.File {
	t.Helper()
	files, err := s.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func allFilesOf(t *testing.T, s lake.Snapshot) []lake.File {
	t.Helper()
	deletes, err := s.DeleteFiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(deletes) == 0 {
		t.Fatal("no delete files")
	}
	return append(filesOf(t, s), deletes...)
}

func pathOf(t *testing.T, f lake.File) string {
	t.Helper()
	path, err := lake.LocalPath(f.FilePath())
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// verifyAll verifies every column of some files, as a process that has seen none of them.
func verifyAll(t *testing.T, s lake.Snapshot, files ...lake.File) error {
	t.Helper()
	v := lake.NewVerifier()
	for _, f := range files {
		var err error
		if f.ContentType() == iceberg.EntryContentData {
			err = v.Verify(t.Context(), s, []lake.File{f}, s.Schema().Fields())
		} else {
			err = v.VerifyDeletes(t.Context(), s, []lake.File{f})
		}
		if err != nil {
			return err
		}
	}
	if n := v.Report().Unsealed; n > 0 {
		t.Fatalf("%d files without seal", n)
	}
	return nil
}

// damage changes a file for the length of a test's step.
func damage(t *testing.T, path string, change func([]byte) []byte) (restore func()) {
	t.Helper()
	was, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, change(bytes.Clone(was)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.WriteFile(path, was, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEveryFileIsSealedWhoeverWritesIt(t *testing.T) {
	_, s := sealedLake(t)
	files := allFilesOf(t, s)
	if err := verifyAll(t, s, files...); err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`/data/(test|rows|one|deletes-deletes)-[0-9a-f-]{36}-x1(\.parquet|/)`)
	for _, f := range files {
		info, err := os.Stat(pathOf(t, f))
		if err != nil {
			t.Fatal(err)
		}
		if !named.MatchString(f.FilePath()) || f.FileSizeBytes() != info.Size() {
			t.Errorf("%s has %d bytes in the manifest and %d on disk", f.FilePath(), f.FileSizeBytes(), info.Size())
		}
	}
}

func TestABitFlippedAnywhereIsNoticed(t *testing.T) {
	_, s := sealedLake(t)
	for _, f := range allFilesOf(t, s) {
		path := pathOf(t, f)
		disk, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer disk.Close() //nolint:errcheck // a test's file
		flip := func(at int64) {
			var b [1]byte
			_, read := disk.ReadAt(b[:], at)
			b[0] ^= 1 << (at % 8)
			if _, err := disk.WriteAt(b[:], at); err != nil || read != nil {
				t.Fatal(read, err)
			}
		}
		for at := range f.FileSizeBytes() {
			flip(at)
			if err := verifyAll(t, s, f); !errors.Is(err, lake.ErrDamaged) || !strings.Contains(err.Error(), path) || lake.Hint(err) == "" {
				t.Fatalf("byte %d of %d: %v", at, f.FileSizeBytes(), err)
			}
			flip(at)
		}
		if err := verifyAll(t, s, f); err != nil {
			t.Fatalf("after all were flipped back: %v", err)
		}
	}
}

func TestWhatIsNotTheFileThatWasWrittenIsNoticed(t *testing.T) {
	_, s := sealedLake(t)
	files := allFilesOf(t, s)
	for i, f := range files {
		other, err := os.ReadFile(pathOf(t, files[(i+1)%len(files)]))
		if err != nil {
			t.Fatal(err)
		}
		for what, change := range map[string]func([]byte) []byte{
			"empty":            func([]byte) []byte { return nil },
			"another file":     func([]byte) []byte { return other },
			"zeros":            func(b []byte) []byte { return make([]byte, len(b)) },
			"a zeroed page":    func(b []byte) []byte { clear(b[len(b)/4 : len(b)/2]); return b },
			"half":             func(b []byte) []byte { return b[:len(b)/2] },
			"less one byte":    func(b []byte) []byte { return b[:len(b)-1] },
			"one byte more":    func(b []byte) []byte { return append(b, 0) },
			"without its seal": unsealed,
		} {
			restore := damage(t, pathOf(t, f), change)
			if err := verifyAll(t, s, f); !errors.Is(err, lake.ErrDamaged) || !strings.Contains(err.Error(), pathOf(t, f)) {
				t.Errorf("%s as %s: %v", filepath.Base(f.FilePath()), what, err)
			}
			restore()
		}
	}
}

// unsealed cuts the seal out of a file, which leaves a Parquet file that anyone can read.
func unsealed(b []byte) []byte {
	at := bytes.Index(b, []byte("LAKESEAL")) + len("LAKESEAL")
	return append(b[:at-200], b[at:]...)
}

func TestAFileThatIsGoneIsNamed(t *testing.T) {
	_, s := sealedLake(t)
	f := filesOf(t, s)[0]
	if err := os.Remove(pathOf(t, f)); err != nil {
		t.Fatal(err)
	}
	if err := verifyAll(t, s, f); !errors.Is(err, os.ErrNotExist) || errors.Is(err, lake.ErrDamaged) || !strings.Contains(err.Error(), pathOf(t, f)) {
		t.Errorf("got %v", err)
	}
}

func TestABoundViewHasNoColumnThatWasNotVerified(t *testing.T) {
	l, s := sealedLake(t)
	f := filesOf(t, s)[0]
	// Only country has these three letters in a row, and all its values.
	defer damage(t, pathOf(t, f), func(b []byte) []byte { return bytes.Replace(b, []byte("DE"), []byte("DF"), 1) })()
	fresh := l.Duck
	fresh.Verify = lake.NewVerifier()
	d, err := duck.Open(t.Context(), fresh)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close() //nolint:errcheck // in memory
	if err := d.Bind(t.Context(), "p", s); !errors.Is(err, lake.ErrDamaged) {
		t.Fatalf("all columns: %v", err)
	}
	if err := d.Bind(t.Context(), "p", s, "plays", "country"); !errors.Is(err, lake.ErrDamaged) || !strings.Contains(err.Error(), "country") {
		t.Fatalf("the damaged column: %v", err)
	}
	if err := d.Bind(t.Context(), "p", s, "plays", "track_id"); err != nil {
		t.Fatalf("other columns: %v", err)
	}
	var sum int64
	if err := d.OneText(t.Context(), "SELECT CAST(sum(plays) AS BIGINT) FROM p", nil, []any{&sum}); err != nil || sum == 0 {
		t.Fatalf("sum %d, %v", sum, err)
	}
	for _, text := range []string{"SELECT country FROM p", "SELECT count(*) FROM p WHERE country = 'DE'"} {
		if err := d.ExecText(t.Context(), text); err == nil {
			t.Errorf("%s read a column that was not verified", text)
		}
	}
	if err := d.Bind(t.Context(), "p", s, "plays", "nosuch"); err == nil {
		t.Error("a column that is not there was bound")
	}
}

func TestEachColumnIsVerifiedOnceAProcess(t *testing.T) {
	_, s := sealedLake(t)
	files, v := filesOf(t, s), lake.NewVerifier()
	columns := s.Schema().Fields()
	var after []int64
	for _, wanted := range [][]iceberg.NestedField{columns[:2], columns[:2], columns[1:3], columns} {
		if err := v.Verify(t.Context(), s, files, wanted); err != nil {
			t.Fatal(err)
		}
		after = append(after, v.Report().Bytes)
	}
	if after[0] == 0 || after[1] != after[0] || after[2] <= after[1] || after[3] <= after[2] {
		t.Errorf("bytes hashed: %v", after)
	}
	if err := v.Verify(t.Context(), s, files, columns); err != nil || v.Report().Bytes != after[3] {
		t.Errorf("again: %v, %d bytes", err, v.Report().Bytes)
	}
}

func TestFilesOfOthersPassAndAreCounted(t *testing.T) {
	l, s := sealedLake(t)
	f := filesOf(t, s)[0]
	d := l.DB(t)
	if err := d.Bind(t.Context(), "p", s); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(laketest.Folder(t), "00000-foreign.parquet")
	if err := os.Rename(pathOf(t, f), path); err != nil {
		t.Fatal(err)
	}
	df, err := iceberg.NewDataFileBuilder(s.Table().Spec(), iceberg.EntryContentData, "file://"+path, iceberg.ParquetFile, f.Partition(), nil, nil, f.Count(), f.FileSizeBytes())
	if err != nil {
		t.Fatal(err)
	}
	v := lake.NewVerifier()
	foreign := lake.File{DataFile: df.Build()}
	for range 2 {
		if err := v.Verify(t.Context(), s, []lake.File{foreign}, s.Schema().Fields()); err != nil {
			t.Fatal(err)
		}
	}
	if r := v.Report(); r.Unsealed != 1 || r.Bytes != 0 {
		t.Errorf("got %+v", r)
	}
}

func TestWithoutAVerifierNothingIsVerified(t *testing.T) {
	l, s := sealedLake(t)
	f := filesOf(t, s)[0]
	defer damage(t, pathOf(t, f), func(b []byte) []byte { return bytes.Replace(b, []byte("DE"), []byte("DF"), 1) })()
	if rows, err := analyze(t, l, s, "SELECT DISTINCT country FROM plays_by_hour ORDER BY 1"); err != nil || len(rows) < 2 {
		t.Errorf("an analyst's query: %v, %v", rows, err)
	}
	var off *lake.Verifier
	if err := off.Verify(t.Context(), s, filesOf(t, s), s.Schema().Fields()); err != nil || off.Report() != (lake.VerifyReport{}) {
		t.Errorf("off: %v", err)
	}
}

func TestASealFollowsItsFileToAnotherPlace(t *testing.T) {
	_, s := sealedLake(t)
	for _, f := range filesOf(t, s) {
		path := pathOf(t, f)
		data := strings.Index(path, "/data/")
		moved := laketest.Folder(t) + path[data:]
		if err := os.MkdirAll(filepath.Dir(moved), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path, moved); err != nil {
			t.Fatal(err)
		}
		df, err := iceberg.NewDataFileBuilder(s.Table().Spec(), iceberg.EntryContentData, "file://"+moved, iceberg.ParquetFile, f.Partition(), nil, nil, f.Count(), f.FileSizeBytes())
		if err != nil {
			t.Fatal(err)
		}
		if err := verifyAll(t, s, lake.File{DataFile: df.Build()}); err != nil {
			t.Error(err)
		}
	}
}

func TestASealIsGivenOnlyToANameThatPromisesIt(t *testing.T) {
	_, s := sealedLake(t)
	path := pathOf(t, filesOf(t, s)[0])
	other := filepath.Join(laketest.Folder(t), "data.parquet")
	if err := os.Rename(path, other); err != nil {
		t.Fatal(err)
	}
	if _, err := lake.Seal(other); err == nil {
		t.Error("sealed under a name that nobody would check")
	}
}

func BenchmarkVerify(b *testing.B) {
	path := filepath.Join(b.TempDir(), "big-"+"01234567-89ab-cdef-0123-456789abcdef"+"-x1.parquet")
	d, err := duck.Open(b.Context(), duck.Options{MemoryLimit: "512MiB", Threads: 2, TempDir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close() //nolint:errcheck // in memory
	write := fmt.Sprintf("COPY (SELECT hash(i) AS a, hash(i + 1) AS b FROM range(4000000) t(i)) TO %s (FORMAT parquet, FIELD_IDS {a: 1, b: 2})", duck.Quote(path))
	if err := d.ExecText(b.Context(), write); err != nil {
		b.Fatal(err)
	}
	size, err := lake.Seal(path)
	if err != nil {
		b.Fatal(err)
	}
	df, err := iceberg.NewDataFileBuilder(*iceberg.UnpartitionedSpec, iceberg.EntryContentData, "file://"+path, iceberg.ParquetFile, nil, nil, nil, 1, size)
	if err != nil {
		b.Fatal(err)
	}
	file := []lake.File{{DataFile: df.Build()}}
	b.SetBytes(size)
	for b.Loop() {
		if err := lake.NewVerifier().Verify(b.Context(), lake.Snapshot{}, file, []iceberg.NestedField{{ID: 1}, {ID: 2}}); err != nil {
			b.Fatal(err)
		}
	}
}

func TestVerifierIsSafeForSeveralJobsAtOnce(t *testing.T) {
	_, s := sealedLake(t)
	files, v := filesOf(t, s), lake.NewVerifier()
	done := make(chan error)
	for range 8 {
		go func() { done <- v.Verify(t.Context(), s, slices.Clone(files), s.Schema().Fields()) }()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
