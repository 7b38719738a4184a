package keep

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/lakectl/lakectl/jobs/certificate"
	"github.com/lakectl/lakectl/lake"
)

const (
	keyName  = "key"
	nextName = "key.next"
	logName  = "log"
)

// Kept is what is in the folder.
type Kept struct {
	Key certificate.Key
	Log certificate.Log
}

// KeyFile is the file with the secret half in a folder.
func KeyFile(dir string) string { return filepath.Join(dir, keyName) }

// LogFile is the file with the log in a folder.
func LogFile(dir string) string { return filepath.Join(dir, logName) }

// Begin makes the folder with a first key and a log. One that is there is checked and left as it is.
func Begin(dir string) (made bool, err error) {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		_, err := Read(dir)
		return false, err
	}
	if made, err = begin(dir); err != nil {
		return false, lake.WithHint(fmt.Errorf("make the key of certificates: %w", err), "set catalog.certificate_dir (LAKEHOUSE_CATALOG_CERTIFICATE_DIR) to a folder that can be made")
	}
	if !made { // another one was first
		_, err = Read(dir)
	}
	return made, err
}

func begin(dir string) (made bool, err error) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return false, err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), ".certificate-*") // mode 0700
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(tmp) //nolint:errcheck // a leftover is harmless
	key, log, err := first()
	if err != nil {
		return false, err
	}
	if err := errors.Join(write(tmp, keyName, []byte(key.Secret()+"\n")), write(tmp, logName, log.Text())); err != nil {
		return false, err
	}
	// Not os.Rename, which takes no empty folder for its place.
	switch err := syscall.Rename(tmp, dir); {
	case errors.Is(err, syscall.ENOTEMPTY), errors.Is(err, syscall.EEXIST):
		return false, nil
	case err != nil:
		return false, &os.LinkError{Op: "rename", Old: tmp, New: dir, Err: err}
	}
	return true, syncFolder(filepath.Dir(dir))
}

// first is a log that begins, and its key.
func first() (key certificate.Key, log certificate.Log, err error) {
	if key, err = certificate.NewKey(); err == nil {
		log, err = certificate.NewLog(key)
	}
	return key, log, err
}

// Read returns the key and the log, once they are known to belong together.
func Read(dir string) (Kept, error) {
	var k Kept
	text, err := os.ReadFile(LogFile(dir))
	if err != nil {
		return k, lake.WithHint(fmt.Errorf("log of certificates: %w", err), "restore it from a backup; a new lake gets one from 'lakectl init'")
	}
	if k.Log, err = certificate.ParseLog(text); err != nil {
		return k, lake.WithHint(fmt.Errorf("%s: %w", LogFile(dir), err), "restore it from a backup")
	}
	k.Key, err = readKey(dir, k.Log)
	return k, err
}

// readKey is the key with which the log goes on. A rotation that did not end may have left it as the next one.
func readKey(dir string, log certificate.Log) (certificate.Key, error) {
	newest, err := log.PublicKey()
	if err != nil {
		return certificate.Key{}, err
	}
	for _, name := range []string{keyName, nextName} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return certificate.Key{}, fmt.Errorf("key of certificates: %w", err)
		}
		if key, err := certificate.ParseKey(string(text)); err == nil && key.Public() == newest {
			return key, nil
		}
	}
	return certificate.Key{}, lake.WithHint(fmt.Errorf("%w: %s does not hold that of %s", errLost, KeyFile(dir), newest),
		"restore the file from your secret store; if the key is lost for good, begin another log with 'lakectl certificate rotate --lost'")
}

var errLost = errors.New("the key of the log of certificates is lost")

// write makes a file of the folder whole or not at all.
func write(dir, name string, text []byte) error {
	tmp, err := os.CreateTemp(dir, "."+name+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // it was renamed, or a leftover is harmless
	_, err = tmp.Write(text)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), filepath.Join(dir, name)); err != nil {
		return err
	}
	return syncFolder(dir)
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// aside is the name of a log whose key is lost.
func aside(public string) (string, error) {
	parts := strings.Split(public, "+")
	if len(parts) < 2 {
		return "", fmt.Errorf("key %s has no hash", public)
	}
	return logName + "-" + parts[1], nil
}

// link gives a file of the folder a second name, which may be its own already.
func link(dir, name, second string) error {
	err := os.Link(filepath.Join(dir, name), filepath.Join(dir, second))
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	a, errA := os.Stat(filepath.Join(dir, name))
	b, errB := os.Stat(filepath.Join(dir, second))
	if err := errors.Join(errA, errB); err != nil {
		return err
	}
	if !os.SameFile(a, b) {
		return fmt.Errorf("%s is another log", filepath.Join(dir, second))
	}
	return nil
}
