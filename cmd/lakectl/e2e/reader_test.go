package e2e

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/verbs"
)

// readingVerbs only read. $RUN stands for a royalty run.
var readingVerbs = []string{
	"sql|SELECT count(*) FROM listens", "sql|--as-of|2026-01-01|SELECT 1", "snapshots", "snapshots|listens",
	"royalties|show", "royalties|show|2026-03", "royalties|show|--lines|2026-03", "royalties|reproduce|2026-03", "royalties|explain|--period|2026-03|--artist|A|--track|t1",
	"period|status", "deletions|list", "quarantine|list", "quarantine|list|--all", "rules|list", "pools|list", "splits|list", "tracks|list", "config",
}

// readerOf runs lakectl on a lake as somebody who may read it and nothing more: another user where the test may become
// one, or the same one without the right to write.
func readerOf(t *testing.T, lakehouse string) func(args ...string) (stdout, stderr string, code int) {
	t.Helper()
	home := t.TempDir()
	program := filepath.Join(home, "lakectl")
	self, err := os.Executable()
	if err == nil {
		if err = os.Link(self, program); err != nil {
			err = copyFile(program, self)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	away := filepath.Join(home, "away")
	for _, dir := range []string{home, away, filepath.Dir(home), lakehouse, filepath.Dir(lakehouse)} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(away, 0o777); err != nil {
		t.Fatal(err)
	}
	readOnly(t, lakehouse)
	return func(args ...string) (string, string, int) {
		var stdout, stderr bytes.Buffer
		c := exec.CommandContext(t.Context(), program, args...)
		c.Dir, c.Stdout, c.Stderr = away, &stdout, &stderr
		c.Env = []string{
			"PATH=/usr/bin:/bin", "TMPDIR=" + away, "LAKEHOUSE_CATALOG_URI=" + lakehouse + "/catalog.db",
			"LAKEHOUSE_CATALOG_WAREHOUSE=" + lakehouse + "/warehouse", "LAKEHOUSE_DUCKDB_TEMP_DIRECTORY=" + lakehouse + "/tmp",
		}
		if os.Getuid() == 0 {
			c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		err := c.Run()
		if c.ProcessState == nil {
			t.Fatal(err)
		}
		return stdout.String(), stderr.String(), c.ProcessState.ExitCode()
	}
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // only read
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	if _, err = io.Copy(out, in); err != nil {
		return err
	}
	return out.Close()
}

// readOnly lets everybody read a lake, its owner too, and nobody write; the subject key is nobody's.
func readOnly(t *testing.T, lakehouse string) {
	t.Helper()
	set := func(dir, file fs.FileMode) {
		err := filepath.WalkDir(lakehouse, func(path string, e fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case e.IsDir():
				return os.Chmod(path, dir)
			case e.Name() == "subject.key":
				return os.Chmod(path, file&0o200<<1) // 0400 again at the end
			default:
				return os.Chmod(path, file)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	set(0o555, 0o444)
	t.Cleanup(func() { set(0o755, 0o644) })
}

// files tells every file of a folder and what would change if it were written to.
func filesOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && !strings.HasSuffix(path, "-shm") {
			found[path] = info.ModTime().String()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// lakeToRead is a lake with a published month.
func lakeToRead(t *testing.T) *lakeDir {
	t.Helper()
	l := newLakeDir(t, false)
	l.run(nil, "ingest", "file", l.write("listens.jsonl", `{"type":"listen","listen_id":"a","user_id":"u1","track_id":"t1","artist_id":"A","device":"tv","event_time":"2026-03-05T10:00:00Z","received_time":"2026-03-05T10:05:00Z","ms_played":200000}`+"\n"))
	l.run(nil, "job", "royalties")
	return l
}

func TestReadersNeedNoKeyAndNoRightToWrite(t *testing.T) {
	laketest.Long(t, "every verb of readers")
	l := lakeToRead(t)
	crashed := laketest.Folder(t)
	var writer *open.Catalog
	for _, c := range []struct {
		name   string
		before func() // makes the lake ready
	}{
		{"nobody writes", func() {}},
		{"a writer is at work", func() {
			var err error
			writer, err = open.Connect(t.Context(), open.Options{Type: "sqlite", URI: l.dir + "/catalog.db", Name: "lake", Warehouse: l.dir + "/warehouse"})
			if err != nil {
				t.Fatal(err)
			}
			l.run(nil, "tag", "royalty_lines", "seen")
			for _, name := range []string{"/catalog.db", "/catalog.db-wal"} {
				if err := copyFile(crashed+name, l.dir+name); err != nil {
					t.Fatal(err)
				}
			}
		}},
		{"a writer was killed", func() {
			if err := writer.Close(); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"/catalog.db", "/catalog.db-wal"} {
				if err := os.Rename(crashed+name, l.dir+name); err != nil {
					t.Fatal(err)
				}
			}
			if info, err := os.Stat(l.dir + "/catalog.db-wal"); err != nil || info.Size() == 0 {
				t.Fatalf("no log to read: %v", err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.before()
			read := readerOf(t, l.dir)
			before := filesOf(t, l.dir)
			for i, verb := range readingVerbs {
				if c.name != "nobody writes" && i%laketest.Stride(5) != 0 {
					continue
				}
				stdout, stderr, code := read(strings.Split(verb, "|")...)
				if code != frame.ExitDone || stdout == "" {
					t.Errorf("%s: code %d, %q, %s", verb, code, stdout, stderr)
				}
			}
			if diff := cmp.Diff(before, filesOf(t, l.dir)); diff != "" {
				t.Errorf("readers changed the lake\n%s", diff)
			}
			if stdout, _, _ := read("snapshots", "royalty_lines"); c.name != "nobody writes" && !strings.Contains(stdout, "seen") {
				t.Errorf("the newest commit is not seen:\n%s", stdout)
			}
			if _, stderr, code := read("job", "deletions"); code == frame.ExitDone {
				t.Errorf("a job ran without the key and the right to write: %s", stderr)
			}
		})
	}
}

func TestNobodyButInitMakesACatalog(t *testing.T) {
	l := lakeToRead(t)
	empty := l.write("empty.db", "")
	for path, want := range map[string]string{
		l.dir + "/catalog.db?mode=ro": "there is no catalog at", l.dir + "/other.db": "there is no catalog at", l.dir + "/nowhere/x.db": "there is no catalog at",
		l.dir + "/catalog.db#x": "there is no catalog at", l.dir: "is no file", l.dir + "/listens.jsonl": "is no SQLite database", empty: "there is no lake in",
	} {
		before := filesOf(t, l.dir)
		for _, verb := range []string{"sql|SELECT 1", "snapshots", "job|rollup", "ingest|file|" + l.dir + "/listens.jsonl"} {
			t.Setenv("LAKEHOUSE_CATALOG_URI", path)
			var stdout, stderr bytes.Buffer
			code := frame.Run(t.Context(), verbs.Groups(), append([]string{"lakectl"}, strings.Split(verb, "|")...), nil, &stdout, &stderr)
			if code != frame.ExitFailed || !strings.Contains(stderr.String(), want) || !strings.Contains(stderr.String(), path) || !strings.Contains(stderr.String(), "hint: check catalog.uri") {
				t.Errorf("%s of %s: code %d, %s", verb, path, code, stderr.String())
			}
		}
		if diff := cmp.Diff(before, filesOf(t, l.dir)); diff != "" {
			t.Errorf("%s: something was made\n%s", path, diff)
		}
	}
}
