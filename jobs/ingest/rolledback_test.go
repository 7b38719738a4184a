package ingest_test

import (
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/ingest"
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
	w, both := fed(t)
	listens := w.lake.Hand(t, catalog.Listens)
	listens.Rollback(1)
	w.want["c/0/1"] = "listens c1"
	w.mustFiles(ingest.Options{Source: "c"}, w.write("c.jsonl", []byte(listenJSON("c1", "u", day(1), day(1))+"\n")))
	listens.Expire()
	both(true, false)
	both(true, true)
}

func TestFileIsNotReadAgainBecauseSnapshotsExpired(t *testing.T) {
	w, both := fed(t)
	w.lake.Hand(t, catalog.Listens).Expire()
	both(true, true)
	w.lake.Hand(t, catalog.Listens).Select("SELECT * EXCLUDE (_file, _pos) FROM rows WHERE false")
	both(true, true)
}
