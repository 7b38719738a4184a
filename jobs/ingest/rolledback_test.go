package ingest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/lake"
)

// fed is a world in which two files were ingested, a with a refused record; b is in main alone.
func fed(t *testing.T) (w *world, both func(want ...bool)) {
	w = newWorld(t)
	one := func(id string) string { return listenJSON(id, "u", day(1), day(1)) + "\n" }
	a, b := w.write("a.jsonl", []byte(one("a1")+"{\n"+one("a2"))), w.write("b.jsonl", []byte(one("b1")+"{\n"+one("b2")))
	for _, name := range []string{"a", "b"} {
		w.want[name+"/0/1"], w.want[name+"/0/2"], w.want[name+"/0/3"] = "listens "+name+"1", "quarantine malformed_json", "listens "+name+"2"
	}
	both = func(want ...bool) {
		t.Helper()
		for i, f := range []struct{ source, path string }{{"a", a}, {"b", b}} {
			if got := w.mustFiles(ingest.Options{Source: f.source}, f.path); got.Files[0].Already != want[i] {
				t.Fatalf("file %s: already %v, want %v", f.source, got.Files[0].Already, want[i])
			}
		}
		w.check()
	}
	both(false, false)
	both(true, true)
	return w, both
}

func TestFileOfARolledBackArchiveComesInAgain(t *testing.T) {
	w, both := fed(t)
	w.lake.Hand(t, catalog.Listens).Rollback(1)
	both(true, false)
	both(true, true)
}

func TestRollbackIsKnownAfterItsSnapshotsExpired(t *testing.T) {
	laketest.EachExpiry(t, func(t *testing.T, cuts bool) {
		w, both := fed(t)
		w.lake.CutsParents = cuts
		listens := w.lake.Hand(t, catalog.Listens)
		listens.Rollback(1)
		w.want["c/0/1"] = "listens c1"
		w.mustFiles(ingest.Options{Source: "c"}, w.write("c.jsonl", []byte(listenJSON("c1", "u", day(1), day(1))+"\n")))
		listens.Expire()
		both(true, false)
		both(true, true)
	})
}

// What says where the rows of a file are is found under whatever name another engine gave it.
func TestRollbackIsKnownAfterAnotherEngineRenamedTheColumnsOfSources(t *testing.T) {
	w, both := fed(t)
	w.lake.Alter(t, catalog.Sources, func(tx *icetable.Transaction) error {
		u := tx.UpdateSchema(true, false)
		u.RenameColumn([]string{"listens_sequence"}, "at").RenameColumn([]string{"listens_snapshot_id"}, "of").MoveFirst([]string{"listens_sequence"})
		return u.Commit()
	})
	for range 2 {
		w.lake.Hand(t, catalog.Listens).Rollback(1)
		both(true, false)
		both(true, true)
	}
}

func TestFileIsNotReadAgainBecauseSnapshotsExpired(t *testing.T) {
	laketest.EachExpiry(t, func(t *testing.T, cuts bool) {
		w, both := fed(t)
		w.lake.CutsParents = cuts
		w.lake.Hand(t, catalog.Listens).Expire()
		both(true, true)
		w.lake.Hand(t, catalog.Listens).Select("SELECT * EXCLUDE (_file, _pos) FROM rows WHERE false")
		both(true, true)
	})
}

// The archive obeys a request that a rollback took away; the next run would obey it no more, and nobody would know.
func TestRolledBackRequestsAreRefusedWithTheWayBack(t *testing.T) {
	for _, table := range []string{catalog.DeletionRequests, catalog.Quarantine} {
		t.Run(table, func(t *testing.T) {
			w := newWorld(t)
			put := func(name, text string) (ingest.Report, error) {
				return w.files(w.lake, ingest.Options{Source: name}, w.write(name, []byte(text+"\n")))
			}
			for i, text := range []string{
				deletionJSON("r0", "u8", day(1)) + "\n{\n" + listenJSON("a", "u", day(1), day(1)),
				deletionJSON("r1", "u9", day(1)) + "\n{\n" + listenJSON("b", "u", day(1), day(1)),
			} {
				if _, err := put(fmt.Sprint("s", i), text); err != nil {
					t.Fatal(err)
				}
			}
			lost := w.lake.Snapshot(t, table)
			w.lake.Hand(t, table).Rollback(1)
			before := w.lake.Snapshot(t, catalog.Listens).ID()
			_, err := put("more", listenJSON("c", "u9", day(1), day(1)))
			if !errors.Is(err, catalog.ErrRolledBack) || !strings.Contains(lake.Hint(err), fmt.Sprint(lost.ID())) {
				t.Fatalf("got %v, hint %q", err, lake.Hint(err))
			}
			if _, err := w.replay(w.lake, ingest.ReplayOptions{Reason: "malformed_json"}); !errors.Is(err, catalog.ErrRolledBack) {
				t.Errorf("quarantine replay: %v", err)
			}
			if w.lake.Snapshot(t, catalog.Listens).ID() != before {
				t.Error("something was written")
			}
			w.lake.Hand(t, table).MoveTo(lost)
			if _, err := put("more", listenJSON("c", "u9", day(1), day(1))); err != nil {
				t.Fatal(err)
			}
			w.lake.Hand(t, table).Rollback(1)
			w.lake.Hand(t, catalog.Listens).Rollback(2) // together
			if _, err := put("again", listenJSON("d", "u", day(1), day(1))); err != nil {
				t.Fatal(err)
			}
		})
	}
}
