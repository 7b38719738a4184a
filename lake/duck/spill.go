package duck

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/lakectl/lakectl/lake"
)

const (
	spillPrefix = "duckdb-"
	lockFile    = "lock"
	// unlockedAge is how long a folder without a lock file is left alone: a release before this one made none.
	unlockedAge = 24 * time.Hour
)

// spillFolder is the folder of one DB. Its lock is held as long as the process lives, so whoever gets the lock
// of a folder knows that nobody spills there any more.
type spillFolder struct {
	path string
	lock *os.File
}

// newSpillFolder makes a folder below dir and removes those that killed processes left there.
func newSpillFolder(dir string) (_ *spillFolder, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	// One at a time: nobody sweeps a folder between its making and its locking.
	turn, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer turn.Close() //nolint:errcheck // gives the lock back
	if err := flock(turn, syscall.LOCK_EX); err != nil {
		return nil, err
	}
	if err := sweep(dir); err != nil {
		return nil, err
	}
	path, err := os.MkdirTemp(dir, spillPrefix)
	if err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(path, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(path))
	}
	s := &spillFolder{path, lock}
	if err := flock(lock, syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, s.remove())
	}
	return s, nil
}

// flock locks an open file until it is closed or the process ends.
func flock(f *os.File, how int) error {
	for {
		if err := syscall.Flock(int(f.Fd()), how); !errors.Is(err, syscall.EINTR) {
			return os.NewSyscallError("flock "+f.Name(), err)
		}
	}
}

// sweep removes the folders whose processes are gone.
func sweep(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if !e.IsDir() || !strings.HasPrefix(e.Name(), spillPrefix) || !abandoned(path, e) {
			continue
		}
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("remove spill of a process that is gone: %w", err)
		}
	}
	return nil
}

// abandoned tells whether the process that made a folder is gone. When in doubt it is not.
func abandoned(path string, e os.DirEntry) bool {
	f, err := os.Open(filepath.Join(path, lockFile))
	if errors.Is(err, fs.ErrNotExist) {
		info, err := e.Info()
		return err == nil && time.Since(info.ModTime()) > unlockedAge
	}
	if err != nil {
		return false
	}
	defer f.Close() //nolint:errcheck // gives the lock back
	return flock(f, syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

func (s *spillFolder) remove() error { return errors.Join(os.RemoveAll(s.path), s.lock.Close()) }

// advise adds what to do to the errors that an operator can do something about. DuckDB has words for causes that Go
// has errors for.
func advise(err error) error {
	if err == nil || lake.Hint(err) != "" {
		return err
	}
	text := err.Error()
	for words, cause := range causes {
		if strings.Contains(text, words) {
			return &caused{err, cause}
		}
	}
	switch {
	case strings.Contains(text, "No files found that match the pattern"):
		return lake.WithHint(&caused{err, fs.ErrNotExist}, "put the file back from a backup of the warehouse under the same name, or read an older state with --as-of")
	case !strings.Contains(text, "Out of Memory Error"):
		return err
	case strings.Contains(text, "max_temp_directory_size"):
		return lake.WithHint(err, "raise duckdb.spill_limit, or duckdb.memory_limit so that less is spilled; nothing was committed")
	default:
		return lake.WithHint(err, "raise duckdb.memory_limit or lower duckdb.threads")
	}
}

var causes = map[string]error{
	"No space left on device": syscall.ENOSPC,
	"Disk quota exceeded":     syscall.EDQUOT,
	"Read-only file system":   syscall.EROFS,
	"Too many open files":     syscall.EMFILE,
	"Input/output error":      syscall.EIO,
	"Permission denied":       fs.ErrPermission,
}

// caused is an error of DuckDB that is one of Go's too.
type caused struct {
	error
	cause error
}

func (c *caused) Unwrap() []error { return []error{c.error, c.cause} }
