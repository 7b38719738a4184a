package ingest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/lake"
)

// decided adds a decision about the request at a line of a source to the log.
func (w *world) decided(source string, line int64, state string) {
	w.t.Helper()
	now := w.lake.Snapshot(w.t, catalog.DeletionLog)
	rows := []catalog.StepRow{{
		RequestID: "r1", State: state, At: day(15).Add(time.Duration(now.Sequence()) * time.Second), Place: catalog.Place{Topic: source, Offset: line},
	}}
	files, err := lake.WriteRecords(w.t.Context(), now.Table(), catalog.DeletionsJob, rows)
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = w.lake.Commit(w.t.Context(), catalog.DeletionLog, lake.Commit{Job: catalog.DeletionsJob, Add: files, Stage: lake.IfUnmoved(now, nil)})
	if err != nil {
		w.t.Fatal(err)
	}
}

// takes reads a listen that the request covers, from a file of its own, and tells what its commit left alone.
func (w *world) takes(id, outcome string) string {
	w.t.Helper()
	if outcome == "" {
		outcome = "listens " + id
	}
	w.mustFiles(ingest.Options{Source: id}, w.file(id, id, []sample{{"u", listenJSON(id, "u", day(2), day(3)), outcome}}))
	return w.lake.Snapshot(w.t, catalog.Listens).Property(catalog.RequestsPassed)
}

func TestRequestWithinItsDelayKeepsNothingOut(t *testing.T) {
	w := newWorld(t) // it is March 20, ten o'clock
	w.erasure.Delay = 10*24*time.Hour + time.Microsecond
	w.mustFiles(ingest.Options{Source: "a"}, w.file("a", "a", []sample{
		{"u", windowJSON("r1", "u", "", day(10)), "deletion_requests r1"},
		{"u", listenJSON("behind", "u", day(2), day(3)), "listens behind"},
	}))
	if passed := w.takes("young", ""); passed != "1" {
		t.Errorf("the commit says that it left %q alone", passed)
	}
	w.erasure.Delay = 10 * 24 * time.Hour
	if passed := w.takes("due", "suppressed"); passed != "" {
		t.Errorf("the commit says that it left %q alone", passed)
	}
	w.check()
}

func TestHeldAndWithdrawnRequestsKeepNothingOut(t *testing.T) {
	w := newWorld(t)
	request := []sample{{"u", windowJSON("r1", "u", "", day(10)), "deletion_requests r1"}}
	w.mustFiles(ingest.Options{Source: "a"}, w.file("a", "a", request))
	w.takes("before", "suppressed")
	w.decided("a", 1, "held")
	if passed := w.takes("held", ""); passed != "1" {
		t.Errorf("while it is held the commit leaves %q alone", passed)
	}
	w.decided("a", 1, "released")
	if passed := w.takes("released", "suppressed"); passed != "" {
		t.Errorf("once it is released the commit leaves %q alone", passed)
	}
	w.decided("a", 1, "withdrawn")
	if passed := w.takes("withdrawn", ""); passed != "" { // it is never carried out: nobody has to search for it
		t.Errorf("once it is withdrawn the commit leaves %q alone", passed)
	}
	retry := append(request, sample{"u", listenJSON("retried", "u", day(2), day(3)), "listens retried"})
	w.mustFiles(ingest.Options{Source: "b"}, w.file("b", "b", retry))
	w.takes("after", "")

	again := []sample{{"u", windowJSON("r1", "u", "", day(11)), "deletion_requests r1"}}
	w.mustFiles(ingest.Options{Source: "c"}, w.file("c", "c", again)) // another time: another request
	w.takes("binds", "suppressed")
	w.check()
}

// A run that goes on sees what was decided before its next batch.
func TestRunSeesADecisionBeforeItsNextBatch(t *testing.T) {
	w := newWorld(t)
	w.mustFiles(ingest.Options{Source: "a"}, w.file("a", "a", []sample{{"u", windowJSON("r1", "u", "", day(10)), "deletion_requests r1"}}))
	var list []sample
	for i := range 4 {
		id := fmt.Sprint("l", i)
		list = append(list, sample{"u", listenJSON(id, "u", day(2), day(3)), []string{"suppressed", "listens l1", "listens l2", "suppressed"}[i]})
	}
	commits := 0
	w.mustFiles(ingest.Options{Source: "long", FlushRows: 1, Committed: func() {
		switch commits++; commits {
		case 1:
			w.decided("a", 1, "held")
		case 3:
			w.decided("a", 1, "released")
		}
	}}, w.file("long", "long", list))
	w.check()
}
