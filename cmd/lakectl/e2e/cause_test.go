package e2e

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/verbs"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

type sqliteError int

func (sqliteError) Error() string { return "sqlite" }
func (e sqliteError) Code() int   { return int(e) }

// What a command advises when it fails is beside the point where the cause lies outside of it.
func TestAHintFollowsFromTheCause(t *testing.T) {
	path := func(err error) error { return &fs.PathError{Op: "write", Path: "/lake/x.avro", Err: err} }
	const misleading = "run 'lakectl init' for a new lake"
	for _, c := range []struct {
		cause error
		hint  string
		code  int
	}{
		{path(syscall.ENOSPC), "the disk is full", frame.ExitFailed},
		{path(syscall.EDQUOT), "the disk is full", frame.ExitFailed},
		{sqliteError(13), "the disk is full", frame.ExitFailed},
		{sqliteError(10 | 19<<8), "the disk that the catalog is on is full or fails", frame.ExitFailed},
		{sqliteError(11), "catalog's database is damaged", frame.ExitFailed},
		{sqliteError(26), "catalog's database is damaged", frame.ExitFailed},
		{sqliteError(8), "give this user the right", frame.ExitFailed},
		{sqliteError(5), "another process holds", frame.ExitFailed},
		{path(syscall.EACCES), "give this user the right", frame.ExitFailed},
		{path(syscall.EPERM), "give this user the right", frame.ExitFailed},
		{path(syscall.EROFS), "mounted read-only", frame.ExitFailed},
		{path(syscall.EMFILE), "ulimit -n", frame.ExitFailed},
		{path(syscall.EIO), "the disk fails", frame.ExitFailed},
		{path(syscall.ENOENT), misleading, frame.ExitFailed},
		{errors.Join(jobs.ErrPartial, path(syscall.ENOSPC)), "the disk is full", frame.ExitPartial},
		{usage.Errorf(misleading, "rules: %w", path(syscall.EACCES)), "give this user the right", frame.ExitUsage},
		{usage.Errorf(misleading, "no such flag"), misleading, frame.ExitUsage},
	} {
		err := lake.WithHint(c.cause, misleading)
		if got := lake.Hint(err); !strings.HasPrefix(got, c.hint) && !strings.Contains(got, c.hint) || frame.ExitCode(err) != c.code {
			t.Errorf("%v: hint %q, code %d, want %q, %d", c.cause, got, frame.ExitCode(err), c.hint, c.code)
		}
	}
}

// Injected where a commit writes: it ends at once, says the cause in words and names the file.
func TestACauseThatCannotPassEndsACommitAtOnce(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	for _, step := range []laketest.Step{laketest.CreateFile, laketest.CloseFile, laketest.BeforeCommit} {
		for errno, hint := range map[syscall.Errno]string{syscall.ENOSPC: "the disk is full", syscall.EACCES: "give this user", syscall.EROFS: "read-only"} {
			struck := 0
			env := testEnv(l.With(&laketest.Faults{Strike: func(at laketest.Step, _ string) error {
				if at == step {
					struck++
					return &fs.PathError{Op: "write", Path: "/lake/x.avro", Err: errno}
				}
				return nil
			}}))
			o := ingest.Options{Source: "s", Limits: listen.DefaultLimits()}
			_, err := ingest.Files(t.Context(), env, []string{"-"}, strings.NewReader(listenThenDeletion), o)
			if err == nil || !strings.Contains(err.Error(), "/lake/x.avro: "+errno.Error()) || !strings.Contains(lake.Hint(err), hint) || frame.ExitCode(err) != frame.ExitFailed {
				t.Errorf("%s, %v: %v, hint %q", step, errno, err, lake.Hint(err))
			}
			if struck > 4 {
				t.Errorf("%s, %v: tried %d times", step, errno, struck)
			}
		}
	}
	if l.Snapshot(t, catalog.Listens).ID() != 0 {
		t.Error("something was committed")
	}
}

func TestADamagedFileOfTheLakeIsNamed(t *testing.T) {
	t.Parallel()
	l := newLakeDir(t, false)
	file := l.write("a.jsonl", listenThenDeletion)
	l.run(nil, "ingest", "file", file)
	l.write("a.jsonl", strings.ReplaceAll(listenThenDeletion, "a1", "a2"))
	newest := func(pattern string) string {
		found, err := filepath.Glob(filepath.Join(l.dir, "warehouse/music.db/listens", pattern))
		if err != nil || len(found) == 0 {
			t.Fatal(pattern, err)
		}
		return slices.MaxFunc(found, func(a, b string) int { return written(t, a).Compare(written(t, b)) })
	}
	query := []string{"sql", "SELECT count(user_id), min(track_id) FROM listens"}
	cut := func(b []byte) []byte { return b[:len(b)/3] }
	nothing := func([]byte) []byte { return nil }
	flipped := func(b []byte) []byte {
		b = bytes.Clone(b)
		b[len(b)/2] ^= 0xff
		return b
	}
	junk := func(b []byte) []byte { return append(bytes.Clone(b[:100]), bytes.Repeat([]byte{'x'}, len(b)-100)...) }
	for name, c := range map[string]struct {
		file   string
		damage func([]byte) []byte // nil: it is removed
		args   []string
		says   string
		hint   string
		code   int
	}{
		"metadata, empty":      {newest("metadata/*.metadata.json"), nothing, query, "it is damaged: EOF", "from a backup", frame.ExitFailed},
		"metadata, cut":        {newest("metadata/*.metadata.json"), cut, []string{"ingest", "file", file}, "it is damaged", "from a backup", frame.ExitFailed},
		"metadata, flipped":    {newest("metadata/*.metadata.json"), flipped, []string{"job", "rollup"}, "it is damaged", "from a backup", frame.ExitFailed},
		"metadata, gone":       {newest("metadata/*.metadata.json"), nil, []string{"ingest", "file", file}, "no such file", "put the file back from a backup", frame.ExitFailed},
		"manifest list, cut":   {newest("metadata/snap-*.avro"), cut, []string{"ingest", "file", file}, "it is damaged", "from a backup", frame.ExitFailed},
		"manifest list, junk":  {newest("metadata/snap-*.avro"), junk, []string{"ingest", "file", file}, "it is damaged", "from a backup", frame.ExitFailed},
		"manifest list, gone":  {newest("metadata/snap-*.avro"), nil, query, "no such file", "put the file back", frame.ExitFailed},
		"manifest, cut":        {newest("metadata/*-m*.avro"), cut, query, "it is damaged", "from a backup", frame.ExitFailed},
		"manifest, gone":       {newest("metadata/*-m*.avro"), nil, query, "no such file", "put the file back", frame.ExitFailed},
		"data, cut":            {newest("data/*.parquet"), cut, query, "its bytes are not those", "from a backup", frame.ExitProof},
		"data, gone":           {newest("data/*.parquet"), nil, query, "No files found", "put the file back", frame.ExitFailed},
		"catalog, junk":        {filepath.Join(l.dir, "catalog.db"), junk, query, "malformed", "catalog restore", frame.ExitFailed},
		"catalog, no database": {filepath.Join(l.dir, "catalog.db"), func([]byte) []byte { return []byte("not a database at all") }, query, "is no SQLite database", "from a backup", frame.ExitFailed},
		"catalog, gone":        {filepath.Join(l.dir, "catalog.db"), nil, query, "there is no catalog at", "check catalog.uri", frame.ExitFailed},
		"key, cut":             {filepath.Join(l.dir, "subject.key"), cut, []string{"job", "rollup"}, "hexadecimal digits", "restore the file", frame.ExitFailed},
		"configuration":        {filepath.Join(l.dir, "lakehouse.yaml"), func([]byte) []byte { return []byte("catalog: {") }, query, "is not YAML", "", frame.ExitUsage},
	} {
		whole, err := os.ReadFile(c.file)
		if err != nil {
			t.Fatal(err)
		}
		if c.damage == nil {
			err = os.Remove(c.file)
		} else {
			err = os.WriteFile(c.file, c.damage(whole), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		var stdout, stderr bytes.Buffer
		args := append([]string{"lakectl", "--config", filepath.Join(l.dir, "lakehouse.yaml")}, c.args...)
		code := frame.Run(t.Context(), verbs.Groups(), args, strings.NewReader(""), &stdout, &stderr)
		first, hint, _ := strings.Cut(stderr.String(), "lakectl: hint: ")
		named := strings.Contains(first, c.file) || c.code == frame.ExitUsage && strings.Contains(first, filepath.Base(c.file))
		if code != c.code || !named || !strings.Contains(first, c.says) || !strings.Contains(hint, c.hint) {
			t.Errorf("%s: code %d, want %d: %s", name, code, c.code, stderr.String())
		}
		if err := os.WriteFile(c.file, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l.run(nil, query...)
}

func written(t *testing.T, file string) time.Time {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return info.ModTime()
}

func TestAnInterruptedQueryIsNotGivenAnotherOne(t *testing.T) {
	t.Parallel()
	l := newLakeDir(t, false)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var stdout, stderr bytes.Buffer
	args := []string{"lakectl", "--config", filepath.Join(l.dir, "lakehouse.yaml"), "sql", "SELECT 1"}
	if code := frame.Run(ctx, verbs.Groups(), args, strings.NewReader(""), &stdout, &stderr); code != frame.ExitFailed || !strings.Contains(stderr.String(), "hint: it was interrupted") {
		t.Errorf("code %d: %s", code, stderr.String())
	}
}
