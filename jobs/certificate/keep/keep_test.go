package keep

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lakectl/lakectl/jobs/certificate"
	"github.com/lakectl/lakectl/lake"
)

// begun is a new folder.
func begun(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "lakehouse", "certificate")
	if made, err := Begin(dir); err != nil || !made {
		t.Fatalf("begin: %v, %v", made, err)
	}
	return dir
}

func read(t *testing.T, dir string) Kept {
	t.Helper()
	k, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func raw(t *testing.T, dir, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func put(t *testing.T, dir, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// issue enters a certificate and keeps the log.
func issue(t *testing.T, dir string) []byte {
	t.Helper()
	k := read(t, dir)
	file, log, err := k.Log.Issue(k.Key, certificate.Batch{
		Lake: "l", Verifier: "v", IssuedAt: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC), Requests: []certificate.Hash{{1}},
	})
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, logName, log.Text())
	return file
}

// verifies checks a certificate with a log and a key.
func verifies(t *testing.T, file, log []byte, key string) {
	t.Helper()
	r, err := certificate.Verify(certificate.Evidence{Certificate: file, Log: log, Key: key})
	if err != nil || !r.KeyKnown {
		t.Errorf("with %s: %v", key, err)
	}
}

func TestTheKeyIsItsOwnersAlone(t *testing.T) {
	dir := begun(t)
	if _, err := Rotate(dir); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if mode := must(os.Stat(KeyFile(dir))).Mode().Perm(); mode != 0o600 {
		t.Errorf("the key has mode %v", mode)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestBeginningTwiceChangesNothing(t *testing.T) {
	dir := begun(t)
	key := string(raw(t, dir, keyName))
	if made, err := Begin(dir); made || err != nil {
		t.Errorf("again: %v, %v", made, err)
	}
	if string(raw(t, dir, keyName)) != key {
		t.Error("the key is another one")
	}
	left, err := os.ReadDir(filepath.Dir(dir))
	if err != nil || len(left) != 1 {
		t.Errorf("beside the folder lies %v, %v", left, err)
	}
}

func TestTwoThatBeginAtOnceAgree(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "certificate")
	var all sync.WaitGroup
	made := make([]bool, 8)
	for i := range made {
		all.Go(func() {
			var err error
			if made[i], err = Begin(dir); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	n := 0
	for _, m := range made {
		if m {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d made it, want 1", n)
	}
	read(t, dir)
}

func TestAFolderThatIsEmptyIsFilled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "certificate")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if made, err := Begin(dir); err != nil || !made {
		t.Errorf("begin: %v, %v", made, err)
	}
	read(t, dir)
}

func TestCertificatesVerifyAcrossRotations(t *testing.T) {
	dir := begun(t)
	before := issue(t, dir)
	for range 2 {
		old := read(t, dir).Key.Public()
		r, err := Rotate(dir)
		if err != nil || r.Previous != old || r.Key != read(t, dir).Key.Public() || r.Key == old || r.OldLog != "" {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	after := issue(t, dir)
	key := read(t, dir).Key.Public()
	verifies(t, before, raw(t, dir, logName), key)
	verifies(t, after, raw(t, dir, logName), key)
}

// A rotation is three writes. After each of them the key is the one the log goes on with, and the next one succeeds.
func TestARotationThatWasKilledIsNoneOrWhole(t *testing.T) {
	for name, written := range map[string][]string{
		"nothing written": {}, "the next key": {nextName}, "the next key and the log": {nextName, logName},
	} {
		t.Run(name, func(t *testing.T) {
			dir := begun(t)
			file := issue(t, dir)
			old := read(t, dir)
			next, err := old.Key.Next()
			if err != nil {
				t.Fatal(err)
			}
			log, err := old.Log.Rotate(old.Key, next)
			if err != nil {
				t.Fatal(err)
			}
			want := old.Key.Public()
			for _, name := range written {
				switch name {
				case nextName:
					put(t, dir, name, []byte(next.Secret()))
				case logName:
					put(t, dir, name, log.Text())
					want = next.Public()
				}
			}
			if got := read(t, dir).Key.Public(); got != want {
				t.Errorf("the key is %s, want %s", got, want)
			}
			if made, err := Begin(dir); made || err != nil {
				t.Errorf("init after it: %v, %v", made, err)
			}
			r, err := Rotate(dir)
			if err != nil || r.Previous != want {
				t.Fatalf("%+v, %v", r, err)
			}
			verifies(t, file, raw(t, dir, logName), read(t, dir).Key.Public())
			if _, err := os.Stat(filepath.Join(dir, nextName)); err == nil {
				t.Error("the next key is still there")
			}
		})
	}
}

func TestALostKeyIsSaidAndAnotherLogBeginsOnRequest(t *testing.T) {
	for name, lose := range map[string]func(dir string) error{
		"removed":        func(dir string) error { return os.Remove(KeyFile(dir)) },
		"emptied":        func(dir string) error { return os.Truncate(KeyFile(dir), 0) },
		"another lake's": func(dir string) error { return os.WriteFile(KeyFile(dir), raw(t, begun(t), keyName), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := begun(t)
			file, lost, key := issue(t, dir), raw(t, dir, logName), read(t, dir).Key.Public()
			if err := lose(dir); err != nil {
				t.Fatal(err)
			}
			for what, run := range map[string]func() error{
				"init":   func() error { _, err := Begin(dir); return err },
				"key":    func() error { _, err := Read(dir); return err },
				"rotate": func() error { _, err := Rotate(dir); return err },
			} {
				if err := run(); !errors.Is(err, errLost) || !strings.Contains(lake.Hint(err), "rotate --lost") {
					t.Errorf("%s: %v", what, err)
				}
			}
			if err := link(dir, logName, must(aside(key))); err != nil { // one that was killed
				t.Fatal(err)
			}
			r, err := BeginAnew(dir)
			if err != nil || r.Previous != key || r.Key != read(t, dir).Key.Public() {
				t.Fatalf("%+v, %v", r, err)
			}
			if old := must(os.ReadFile(r.OldLog)); string(old) != string(lost) {
				t.Error("the old log is not as it was")
			}
			verifies(t, file, must(os.ReadFile(r.OldLog)), key)
			verifies(t, issue(t, dir), raw(t, dir, logName), r.Key)
			if _, err := BeginAnew(dir); err == nil || lake.Hint(err) == "" {
				t.Errorf("a log whose key is there ended: %v", err)
			}
		})
	}
}

func TestAKeyThatCannotBeReadIsNotLost(t *testing.T) {
	dir := begun(t)
	if err := errors.Join(os.Remove(KeyFile(dir)), os.Mkdir(KeyFile(dir), 0o700)); err != nil {
		t.Fatal(err)
	}
	log := string(raw(t, dir, logName))
	if _, err := BeginAnew(dir); err == nil || errors.Is(err, errLost) {
		t.Errorf("got %v", err)
	}
	if string(raw(t, dir, logName)) != log {
		t.Error("the log is another one")
	}
}

// A log that begins anew under the same key would contradict what was handed out.
func TestALostOrAlteredLogIsNeverReplaced(t *testing.T) {
	for name, spoil := range map[string]func(dir string) error{
		"removed": func(dir string) error { return os.Remove(LogFile(dir)) },
		"cut":     func(dir string) error { return os.Truncate(LogFile(dir), 100) },
	} {
		dir := begun(t)
		if err := spoil(dir); err != nil {
			t.Fatal(err)
		}
		for what, run := range map[string]func() error{
			"init":          func() error { _, err := Begin(dir); return err },
			"rotate":        func() error { _, err := Rotate(dir); return err },
			"rotate --lost": func() error { _, err := BeginAnew(dir); return err },
		} {
			if err := run(); err == nil || errors.Is(err, errLost) || lake.Hint(err) == "" {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
	}
}

func TestOneRotatesAtATime(t *testing.T) {
	dir := begun(t)
	f := must(os.Open(dir))
	defer f.Close() //nolint:errcheck // the test is over
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if _, err := Rotate(dir); !errors.Is(err, lake.ErrFenced) {
		t.Errorf("got %v, want %v", err, lake.ErrFenced)
	}
}
