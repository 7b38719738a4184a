package e2e

import (
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/catalog/laketest"
)

// The steps of README: the catalog first, by SQLite's own backup, then the warehouse, while commits go on.
func TestABackupTakenDuringIngestComesBack(t *testing.T) {
	laketest.Long(t, "ingests beside a backup")
	dir := t.TempDir()
	in := func(sub string, line ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "lakectl", line...)
		cmd.Dir = filepath.Join(dir, sub)
		out, err := cmd.Output()
		return string(out), err
	}
	must := func(line ...string) string {
		t.Helper()
		out, err := in("live", line...)
		if err != nil {
			t.Fatalf("lakectl %v: %v", line, err)
		}
		return out
	}
	if err := os.MkdirAll(filepath.Join(dir, "live"), 0o700); err != nil {
		t.Fatal(err)
	}
	write := func(i int) string {
		t.Helper()
		name := fmt.Sprintf("f%d.jsonl", i)
		text := fmt.Sprintf(`{"type":"listen","listen_id":"l%d","user_id":"u","track_id":"t","artist_id":"a","device":"web","event_time":"2026-03-05T00:00:00Z","ms_played":40000,"received_time":"2026-03-05T00:00:00Z"}`, i)
		if err := os.WriteFile(filepath.Join(dir, "live", name), []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	must("init")
	before, all := 3, 3+laketest.Times(9, 3)
	for i := range before {
		must("ingest", "file", write(i))
	}
	var names []string
	for i := before; i < all; i++ {
		names = append(names, write(i))
	}
	done := make(chan error, 1)
	go func() {
		for _, name := range names {
			if _, err := in("live", "ingest", "file", name); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	backup := filepath.Join(dir, "back", "lakehouse")
	if err := os.MkdirAll(backup, 0o700); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "live", "lakehouse", "catalog.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "VACUUM INTO ?", filepath.Join(backup, "catalog.db")); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"subject.key", "warehouse"} {
		if out, err := exec.CommandContext(t.Context(), "cp", "-r", filepath.Join(dir, "live", "lakehouse", name), backup).CombinedOutput(); err != nil {
			t.Fatalf("cp: %v\n%s", err, out)
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	// The disk is lost; what was saved takes its place, and what came later is ingested again.
	if err := os.Rename(filepath.Join(dir, "live", "lakehouse"), filepath.Join(dir, "lost")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(backup, filepath.Join(dir, "live", "lakehouse")); err != nil {
		t.Fatal(err)
	}
	must("catalog", "restore")
	for i := range all {
		must("ingest", "file", fmt.Sprintf("f%d.jsonl", i))
	}
	if got := must("sql", "SELECT count(*)::VARCHAR || ' of ' || count(DISTINCT listen_id) AS n FROM listens"); !strings.Contains(got, fmt.Sprintf("%d of %d", all, all)) {
		t.Errorf("after the restore and all files again: %s", got)
	}
}
