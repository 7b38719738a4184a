package catalog

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/lakectl/lakectl/lake"
)

const keyBytes = 16

// keyFile is where the key of the subject hash lies.
func (o Options) keyFile() string {
	if o.SubjectKeyFile != "" {
		return o.SubjectKeyFile
	}
	if o.Type == "sqlite" {
		return filepath.Join(filepath.Dir(o.URI), "subject.key")
	}
	return ""
}

// SubjectKey reads the key of the subject hash. Without it no deletion request can be matched to listens,
// so nothing that reads or writes them starts.
func SubjectKey(o Options) ([keyBytes]byte, error) {
	var key [keyBytes]byte
	file := o.keyFile()
	if file == "" {
		return key, lake.WithHint(errors.New("no subject key"), "set catalog.subject_key_file (LAKEHOUSE_CATALOG_SUBJECT_KEY_FILE) to a file only lakectl can read")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return key, lake.WithHint(fmt.Errorf("subject key: %w", err), "run 'lakectl init' for a new lake; for an existing one restore the file from your secret store: another key would match no request made so far")
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(raw) != keyBytes {
		return key, lake.WithHint(fmt.Errorf("subject key %s: want %d hexadecimal digits", file, 2*keyBytes), "restore the file from your secret store")
	}
	copy(key[:], raw)
	return key, nil
}

// createSubjectKey makes the key when the lake is new. The file is linked into place whole: two inits at
// once agree on one key, and a crash leaves none or all of it.
func createSubjectKey(o Options) error {
	file := o.keyFile()
	if file == "" {
		_, err := SubjectKey(o)
		return err
	}
	if _, err := os.Stat(file); err == nil {
		_, err := SubjectKey(o)
		return err
	}
	var key [keyBytes]byte
	if _, err := rand.Read(key[:]); err != nil {
		return fmt.Errorf("make subject key: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), ".subject-*") // mode 0600
	if err != nil {
		return fmt.Errorf("make subject key: %w", err)
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // a leftover is harmless
	_, err = fmt.Fprintln(tmp, hex.EncodeToString(key[:]))
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("write subject key: %w", err)
	}
	if err := os.Link(tmp.Name(), file); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("write subject key: %w", err)
	}
	return nil
}
