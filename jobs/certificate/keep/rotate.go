package keep

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/lakectl/lakectl/jobs/certificate"
	"github.com/lakectl/lakectl/lake"
)

// Rotated is a change of key.
type Rotated struct {
	Previous string `json:"previous"` // public key
	Key      string `json:"key"`      // public key in force now
	Lines    int64  `json:"lines"`    // of the log
	OldLog   string `json:"old_log"`  // file of the log that ended; "": the log goes on
}

// Rotate makes a new key, with which the log goes on.
func Rotate(dir string) (Rotated, error) {
	return alone(dir, func() (Rotated, error) {
		kept, err := Read(dir)
		if err != nil {
			return Rotated{}, err
		}
		next, err := kept.Key.Next()
		if err != nil {
			return Rotated{}, err
		}
		// A rotation that did not end may have its key under the name that the next one takes.
		if err := write(dir, keyName, []byte(kept.Key.Secret()+"\n")); err != nil {
			return Rotated{}, fmt.Errorf("end the last rotation: %w", err)
		}
		log, err := kept.Log.Rotate(kept.Key, next)
		if err != nil {
			return Rotated{}, err
		}
		return Rotated{Previous: kept.Key.Public(), Key: next.Public(), Lines: int64(len(log.Lines))}, goOn(dir, next, log)
	})
}

// BeginAnew begins another log under a new key where that of the log is lost. The old log is kept under another name.
func BeginAnew(dir string) (Rotated, error) {
	return alone(dir, func() (Rotated, error) {
		kept, err := Read(dir)
		if err == nil {
			return Rotated{}, lake.WithHint(errors.New("the key of certificates is not lost"), "run 'lakectl certificate rotate' without --lost: the log goes on")
		}
		if !errors.Is(err, errLost) {
			return Rotated{}, err
		}
		lost, err := kept.Log.PublicKey()
		if err != nil {
			return Rotated{}, err
		}
		name, err := aside(lost)
		if err != nil {
			return Rotated{}, err
		}
		if err := link(dir, logName, name); err != nil {
			return Rotated{}, fmt.Errorf("keep the old log: %w", err)
		}
		key, log, err := first()
		if err != nil {
			return Rotated{}, err
		}
		return Rotated{Previous: lost, Key: key.Public(), Lines: int64(len(log.Lines)), OldLog: filepath.Join(dir, name)}, goOn(dir, key, log)
	})
}

// goOn puts a log and the key it goes on with in place. The log decides: without it the key was never in force.
func goOn(dir string, key certificate.Key, log certificate.Log) error {
	if err := write(dir, nextName, []byte(key.Secret()+"\n")); err != nil {
		return fmt.Errorf("write the next key: %w", err)
	}
	if err := write(dir, logName, log.Text()); err != nil {
		return fmt.Errorf("write the log: %w", err)
	}
	if err := os.Rename(filepath.Join(dir, nextName), filepath.Join(dir, keyName)); err != nil {
		return fmt.Errorf("put the next key in its place: %w", err)
	}
	return syncFolder(dir)
}

// alone does something while nobody else changes the folder.
func alone[T any](dir string, do func() (T, error)) (none T, err error) {
	f, err := os.Open(dir)
	if err != nil {
		return none, lake.WithHint(fmt.Errorf("folder of certificates: %w", err), "run 'lakectl init'")
	}
	defer f.Close() //nolint:errcheck // gives the lock back
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return do()
		case errors.Is(err, syscall.EWOULDBLOCK):
			return none, lake.WithHint(fmt.Errorf("%s: %w", dir, lake.ErrFenced), "another command changes the key; run this again after it")
		case !errors.Is(err, syscall.EINTR):
			return none, os.NewSyscallError("flock "+dir, err)
		}
	}
}
