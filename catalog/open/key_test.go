package open_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/lake"
)

// Under another key no request made so far matches a listen, so erased users would come back.
func TestALostOrForeignKeyIsNeverReplaced(t *testing.T) {
	o := options(t)
	if _, err := open.Init(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(filepath.Dir(o.URI), "subject.key")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, err := open.Init(t.Context(), o); err == nil || lake.Hint(err) == "" {
		t.Errorf("init without the key: %v, want an error with a hint", err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a new key was made for a lake that exists")
	}
	if err := os.WriteFile(file, []byte(strings.Repeat("ab", 16)), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := open.Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // the test is over
	if _, err := c.SubjectKey(t.Context()); err == nil || lake.Hint(err) == "" {
		t.Errorf("another key: %v, want an error with a hint", err)
	}
}
