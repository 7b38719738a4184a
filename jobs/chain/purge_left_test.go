package chain_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/purge"
	"github.com/lakectl/lakectl/lake"
)

// Nobody but who has the key can write an encrypted file anew.
func TestAnEncryptedFileBlocksThePurgeByName(t *testing.T) {
	laketest.Costly(t)
	l := erasable(t)
	ingestText(t, testEnv(l), "requests", asked("r1", erasedUser))
	carryOut(t, l, nil)
	files, err := l.Snapshot(t, catalog.Listens).Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	uri := files[0].FilePath()
	path, err := lake.LocalPath(uri)
	if err != nil {
		t.Fatal(err)
	}
	was, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, encrypted(t), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := purge.Run(t.Context(), testEnv(l), *atOnce)
	if err != nil || r.Requests != 0 || len(r.Blocked) != 1 || !strings.Contains(r.Blocked[0].By, uri) || r.Blocked[0].Hint == "" {
		t.Fatalf("%+v, %v", r, err)
	}
	same(t, "states", states(t, l), []string{"r1 recomputed"})
	if err := os.WriteFile(path, was, 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err = purge.Run(t.Context(), testEnv(l), *atOnce); err != nil || r.Requests != 1 {
		t.Errorf("once it can be read: %+v, %v", r, err)
	}
}

// encrypted is a Parquet file with an encrypted footer, as arrow-go writes it.
func encrypted(t *testing.T) []byte {
	t.Helper()
	node, err := schema.NewGroupNode("table", parquet.Repetitions.Required, schema.FieldList{schema.NewInt64Node("n", parquet.Repetitions.Required, 1)}, -1)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := file.NewParquetWriter(&out, node, file.WithWriterProps(parquet.NewWriterProperties(
		parquet.WithEncryptionProperties(parquet.NewFileEncryptionProperties("0123456789abcdef")))))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A compaction that began before the rows went loses to the purge, and dies before it takes its files away. They came
// after the purge had swept the table.
func TestAnOrphanThatComesDuringAPurgeKeepsRequestsWaiting(t *testing.T) {
	laketest.Costly(t)
	l := prepared(t)
	held := found(t, l, erasedUser)
	i := slices.IndexFunc(held, func(path string) bool {
		return strings.Contains(path, "/"+catalog.Listens+"/data/") && strings.HasSuffix(path, ".parquet")
	})
	if i < 0 {
		t.Fatalf("no file of the archive among %v", held)
	}
	path := held[i]
	rows, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	orphan := filepath.Join(filepath.Dir(path), "late.parquet")
	busy := l.With(&laketest.Faults{Strike: func(step laketest.Step, table string) error {
		_, err := os.Stat(path)
		if step == laketest.LoadTable && table == catalog.ListensCounted && errors.Is(err, fs.ErrNotExist) {
			return os.WriteFile(orphan, rows, 0o600)
		}
		return nil
	}})
	r, err := purge.Run(t.Context(), testEnv(busy), *atOnce)
	if err != nil || r.Requests != 0 || len(r.Residuals) != 1 || !strings.HasPrefix(r.Residuals[0].What, "orphans until ") {
		t.Fatalf("%+v, %v", r, err)
	}
	same(t, "states", sorted(states(t, l)), []string{"r1 recomputed", "r2 recomputed"})
	age(t, l, 25*time.Hour)
	if _, err := purge.Run(t.Context(), testEnv(l), *atOnce); err != nil {
		t.Fatal(err)
	}
	same(t, "states", sorted(states(t, l)), []string{"r1 purged", "r2 purged"})
	same(t, "files with the listener", found(t, l, erasedUser), []string(nil))
}
