package ingest_test

import (
	"errors"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/lake"
)

// rollBackAndBury is a rollback of listens that nothing shows any more: others expire the history and commit until no
// older metadata file is left. The property names what was rolled back.
func (w *world) rollBackAndBury() {
	w.t.Helper()
	h := w.lake.Hand(w.t, catalog.Listens)
	h.Rollback(1)
	h.Append()
	h.Expire()
	for range 21 { // write.metadata.previous-versions-max
		h.Append()
	}
	if _, err := w.lake.Snapshot(w.t, catalog.Listens).Positions(); !errors.Is(err, lake.ErrExpired) {
		w.t.Fatalf("positions are not lost: %v", err)
	}
}

// What group and royalty runs know may be what was rolled back: its records must come in again.
func TestLostPositionsOfARolledBackTopicLoseNoRecord(t *testing.T) {
	for name, group := range map[string]string{"a group was told": "g", "a royalty run counted": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKafka(t, 1)
			for range 2 {
				k.produce(k.samples(20))
				k.mustIngest(ingest.Options{Group: group})
			}
			if group == "" {
				k.noteRun()
			}
			k.rollBackAndBury()
			r, err := k.ingest(t.Context(), k.lake, ingest.Options{Group: group})
			k.recovers(r, err, catalog.Listens)
		})
	}
}

// The positions of a recovery are exact from the first commit after it on, whatever was told to the group since.
func TestRollbackToARecoveryLosesNoRecord(t *testing.T) {
	k := newKafka(t, 1)
	k.produce(k.samples(20))
	k.mustIngest(ingest.Options{Group: "g"})
	k.forget(catalog.Listens)
	r, err := k.ingest(t.Context(), k.lake, ingest.Options{Group: "g"})
	k.recovers(r, err, catalog.Listens)
	k.produce(k.samples(20))
	k.mustIngest(ingest.Options{Group: "g"})
	k.lake.Hand(t, catalog.Listens).Rollback(1)
	k.mustIngest(ingest.Options{Group: "g"})
	k.check()
}

// A topic that has no rows yet is sure of its positions as soon as it has some.
func TestPositionsAreSureOnceRowsCameIn(t *testing.T) {
	k := newKafka(t, 1)
	k.produce([]sample{{"u", "{", "quarantine malformed_json"}})
	k.mustIngest(ingest.Options{})
	k.forget(catalog.Listens)
	r, err := k.ingest(t.Context(), k.lake, ingest.Options{})
	k.recovers(r, err, catalog.Listens)
	k.produce(k.samples(2))
	k.mustIngest(ingest.Options{})
	if p, err := k.lake.Snapshot(t, catalog.Listens).Positions(); err != nil || len(p.Rows) != 0 {
		t.Errorf("positions %s, %v", p, err)
	}
}

// Nobody knows any more whether the rows of a finished file were rolled back: where they are not there, it is neither
// called read nor read again in silence.
func TestAFinishedFileWithoutItsRowsIsRefusedWhereTheStateIsLost(t *testing.T) {
	w, _ := fed(t)
	w.rollBackAndBury()
	file := func(name string) string {
		row := func(id string) string { return listenJSON(id, "u", day(1), day(1)) + "\n" }
		return w.write(name+"2.jsonl", []byte(row(name+"1")+"{\n"+row(name+"2")))
	}
	a, b := file("a"), file("b")
	for again := range 2 {
		r, err := w.files(w.lake, ingest.Options{Source: "a"}, a)
		if len(r.Files) != 1 || !r.Files[0].Already || again == 1 && err != nil {
			t.Errorf("the file whose rows are there: %+v, %v", r.Files, err)
		}
		if _, err := w.files(w.lake, ingest.Options{Source: "b"}, b); !errors.Is(err, lake.ErrExpired) || lake.Hint(err) == "" {
			t.Errorf("the file whose rows are gone: %v, hint %q", err, lake.Hint(err))
		}
	}
}

// An engine that never rests does not keep a run from ending.
func TestRecoveryBesideABusyWriterEnds(t *testing.T) {
	w := newWorld(t)
	a := w.write("a", []byte(listenJSON("a", "u", day(1), day(1))+"\n"))
	w.want["a/0/1"] = "listens a"
	w.mustFiles(ingest.Options{Source: "a"}, a)
	w.forget(catalog.Listens)
	h := w.lake.Hand(t, catalog.Listens)
	busy := &laketest.Faults{Strike: func(step laketest.Step, name string) error {
		if step == laketest.BeforeCommit && name == catalog.Listens {
			h.Append()
		}
		return nil
	}}
	if _, err := w.files(w.lake.With(busy), ingest.Options{Source: "a"}, a); !errors.Is(err, lake.ErrFenced) || errors.Is(err, jobs.ErrPartial) {
		t.Errorf("got %v", err)
	}
	r, err := w.files(w.lake, ingest.Options{Source: "a"}, a)
	w.recovers(r, err, catalog.Listens)
}
