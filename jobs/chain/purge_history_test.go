package chain_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/iceberg-go"

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

// An engine that writes files anew may leave their row deletes behind (Spark does): snapshots with these alone hold no
// erased row, and whoever tagged one keeps no purge waiting.
func TestRowDeletesThatOutliveTheirFileKeepNoSnapshot(t *testing.T) {
	l := erasable(t)
	ingestText(t, testEnv(l), "requests", asked("r1", erasedUser))
	carryOut(t, l, nil)
	base, d := l.Snapshot(t, catalog.Listens), l.DB(t)
	old, err := base.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Bind(t.Context(), "live", base); err != nil {
		t.Fatal(err)
	}
	if err := d.ExecText(t.Context(), "CREATE TABLE kept AS SELECT * EXCLUDE (_file, _pos) FROM live"); err != nil {
		t.Fatal(err)
	}
	added, err := d.Write(t.Context(), base.Table(), "deletions", "kept")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Commit(t.Context(), catalog.Listens, lake.Commit{Job: catalog.DeletionsJob, Add: added, Remove: old, Stage: lake.IfUnmoved(base, nil)}); err != nil {
		t.Fatal(err)
	}
	if left, err := l.Snapshot(t, catalog.Listens).DeleteFiles(t.Context()); err != nil || len(left) == 0 {
		t.Fatalf("%d delete files, %v", len(left), err)
	}
	ingestText(t, testEnv(l), "m1", listened(45, otherUser, 1))
	if _, err := l.DropRemoved(t.Context(), catalog.Listens, catalog.DeletionsJob, func(iceberg.DataFile) bool { return true }); err != nil {
		t.Fatal(err)
	}
	carryOut(t, l, nil)
	if err := l.Tag(t.Context(), "clean", l.Snapshot(t, catalog.Listens), 0); err != nil {
		t.Fatal(err)
	}
	ingestText(t, testEnv(l), "m2", listened(46, otherUser, 1))
	purges(t, l)
	same(t, "states", states(t, l), []string{"r1 purged"})
}
