package chain_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/purge"
	"github.com/lakectl/lakectl/lake"
)

// The table has had more commits than its metadata log has entries, so each commit of the purge drops one.
func TestATableWithALongHistoryIsPurgedAtOnce(t *testing.T) {
	laketest.Costly(t)
	l := erasable(t)
	for n := range 25 {
		ingestText(t, testEnv(l), fmt.Sprint("more", n), listened(n, []string{erasedUser, otherUser}[n%2], 5))
	}
	ingestText(t, testEnv(l), "requests", asked("r1", erasedUser))
	r := carryOut(t, l, atOnce).Purged
	if r.Requests != 1 || len(r.Residuals) > 0 {
		t.Errorf("%+v", r)
	}
	files, _ := filepath.Glob(filepath.Join(metadataOf(t, l), "*.metadata.json"))
	if len(files) != 2 {
		t.Errorf("metadata files: %v, want the newest and the one before it", files)
	}
}

// Each commit that loses a race leaves a manifest list and manifests. They tell of files and not of rows.
func TestOnlyOrphansThatMayHoldRowsKeepARequestFromBeingPurged(t *testing.T) {
	laketest.Costly(t)
	l := prepared(t)
	dir := metadataOf(t, l)
	for _, kind := range []string{"*.metadata.json", "snap-*.avro", "*-m[0-9]*.avro"} {
		plant(t, filepath.Join(dir, kind), dir)
	}
	if r := carryOut(t, l, atOnce).Purged; r.Requests != 2 || len(r.Residuals) > 0 {
		t.Errorf("metadata: %+v", r)
	}

	l = prepared(t)
	dir = filepath.Join(filepath.Dir(metadataOf(t, l)), "data")
	plant(t, filepath.Join(dir, "*.parquet"), dir)
	if r, err := purge.Run(t.Context(), testEnv(l), *atOnce); err != nil || r.Requests != 0 || len(r.Residuals) != 1 || r.Residuals[0].Files != 1 {
		t.Errorf("rows: %+v, %v", r, err)
	}
}

func metadataOf(t *testing.T, l *laketest.Lake) string {
	t.Helper()
	path, err := lake.LocalPath(l.Snapshot(t, catalog.Listens).Table().MetadataURI())
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Dir(path)
}

// plant makes a file that nothing refers to of one that is in use.
func plant(t *testing.T, like, dir string) {
	t.Helper()
	files, _ := filepath.Glob(like)
	if len(files) == 0 {
		t.Fatalf("no file is like %s", like)
	}
	raw, err := os.ReadFile(files[0])
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, strings.Replace(filepath.Base(files[0]), "-", "-planted-", 1)), raw, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
