package open

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

const keyBytes = 16

// KeyFile is where the key of the subject hash lies, "" where nobody said it.
func (o Options) KeyFile() string {
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
	file := o.KeyFile()
	if file == "" {
		return key, lake.WithHint(errors.New("no subject key"), "set catalog.subject_key_file (LAKEHOUSE_CATALOG_SUBJECT_KEY_FILE) to a file only lakectl can read")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return key, lake.WithHint(fmt.Errorf("subject key: %w", err), "for a lake that exists restore the file from your secret store: another key would match no request made so far; a new lake gets one from 'lakectl init'")
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(raw) != keyBytes {
		return key, lake.WithHint(fmt.Errorf("subject key %s: want %d hexadecimal digits", file, 2*keyBytes), "restore the file from your secret store")
	}
	copy(key[:], raw)
	return key, nil
}

// keyCheckProperty is a property of deletion_requests: it tells whether a key is the one that the subjects
// stored there were made with, without telling the key.
const keyCheckProperty = "lakectl.subject-key-check"

func keyCheck(key [keyBytes]byte) string {
	sum := sha256.Sum256(append([]byte("lakectl subject key "), key[:]...))
	return hex.EncodeToString(sum[:8])
}

// SubjectKey reads the key of the subject hash and checks that it is this lake's: under another key no
// request made so far would match a listen, and erased users would come back.
func (c *Catalog) SubjectKey(ctx context.Context) ([keyBytes]byte, error) {
	key, err := SubjectKey(c.options)
	if err != nil {
		return key, err
	}
	t, err := c.Lake().Table(ctx, catalog.DeletionRequests)
	if errors.Is(err, lake.ErrNotFound) {
		return key, nil // before init
	}
	if err != nil {
		return key, err
	}
	if check := t.Property(keyCheckProperty); check != "" && check != keyCheck(key) {
		return key, lake.WithHint(fmt.Errorf("subject key %s is not this lake's", c.options.KeyFile()), "restore the lake's own key from your secret store: another one matches no request made so far")
	}
	return key, nil
}

// initSubjectKey makes the key of a new lake. A lake that has its tables already has a key; one that is gone
// is never replaced.
func (c *Catalog) initSubjectKey(ctx context.Context) ([keyBytes]byte, error) {
	_, err := c.Lake().Table(ctx, catalog.DeletionRequests)
	if errors.Is(err, lake.ErrNotFound) {
		if err = createSubjectKey(c.options); err != nil {
			return [keyBytes]byte{}, err
		}
	}
	return c.SubjectKey(ctx)
}

// createSubjectKey makes the key when the lake is new. The file is linked into place whole: two inits at
// once agree on one key, and a crash leaves none or all of it.
func createSubjectKey(o Options) error {
	file := o.KeyFile()
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
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
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
