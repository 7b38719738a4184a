package maintain_test

import (
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/compact"
	"github.com/lakectl/lakectl/jobs/maintain"
	"github.com/lakectl/lakectl/lake"
)

// A hold may last for years and a delay for weeks: compaction waits for what the next deletions carry out, no more.
func TestCompactionWaitsForDeletionsThatAreDueAlone(t *testing.T) {
	w := newWorld(t)
	w.ingest(1, "u", 0)
	compacts := func(delay time.Duration) bool {
		t.Helper()
		env := w.env(w.Lake)
		env.Erasure.Delay = delay
		r, err := maintain.Run(t.Context(), env, maintain.Options{Files: &compact.Options{}})
		w.check(err)
		return r.Compaction != nil
	}
	none := lake.Snapshot{}
	w.equal("without a request", compacts(0), true)
	w.request(1)
	w.equal("one is due", compacts(0), false)
	w.now = w.now.Add(time.Hour)
	w.equal("it is young", compacts(2*time.Hour), true)
	w.equal("its delay is over", compacts(time.Hour), false)
	w.logged(1, "held", none, none)
	w.equal("it is held", compacts(0), true)
	w.now = w.now.Add(time.Minute)
	w.logged(1, "released", none, none)
	w.equal("it is released", compacts(0), false)
	w.now = w.now.Add(time.Minute)
	w.logged(1, "located", w.head(catalog.Listens), none)
	w.equal("its deletes are under way", compacts(30*day), false)
	w.now = w.now.Add(time.Minute)
	w.logged(1, "rows_deleted", w.head(catalog.Listens), none)
	w.equal("its rows are deleted", compacts(0), true)
}

// What is refused comes in as small files as the archive.
func TestFilesOfQuarantineAreCompactedWithWhatTheArchiveLeft(t *testing.T) {
	w := newWorld(t)
	w.refused(12)
	run := func(dry bool) maintain.Report {
		t.Helper()
		r, err := maintain.Run(t.Context(), w.env(w.Lake), maintain.Options{DryRun: dry, Files: &compact.Options{}})
		w.check(err)
		return r
	}
	head := w.head(catalog.Quarantine).ID()
	w.equal("files that a dry run would read", run(true).Refused.Files, 12)
	w.equal("head after a dry run", w.head(catalog.Quarantine).ID(), head)
	w.equal("files written", run(false).Refused.Written, 1)
	files, err := w.head(catalog.Quarantine).Files(t.Context())
	w.check(err)
	w.equal("files", len(files), 1)
	w.equal("files written by a second run", run(false).Refused.Written, 0)
}

// refused adds records to quarantine, a commit each.
func (w *world) refused(n int) {
	w.Helper()
	for range n {
		files, err := lake.WriteRecords(w.Context(), w.head(catalog.Quarantine).Table(), catalog.IngestJob, []catalog.RefusedRow{{Raw: []byte("?"), Reason: "malformed_json", ReceivedTime: w.now}})
		w.check(err)
		_, err = w.Commit(w.Context(), catalog.Quarantine, lake.Commit{Job: catalog.IngestJob, Add: files, Stage: func(lake.Snapshot) (map[string]string, error) { return nil, nil }})
		w.check(err)
	}
}

// noted adds steps of requests to the log, a commit each, as deletions that are worked on one by one do.
func (w *world) noted(from, n int) {
	w.Helper()
	for i := range n {
		files, err := lake.WriteRecords(w.Context(), w.head(catalog.DeletionLog).Table(), catalog.DeletionsJob,
			[]catalog.StepRow{{RequestID: "r", State: "verified", At: w.now.Add(time.Duration(i) * time.Second), Place: catalog.Place{Topic: "listens", Offset: int64(from + i)}}})
		w.check(err)
		_, err = w.Commit(w.Context(), catalog.DeletionLog, lake.Commit{Job: catalog.DeletionsJob, Add: files, Stage: func(lake.Snapshot) (map[string]string, error) { return nil, nil }})
		w.check(err)
	}
}

// Whoever walks on from a snapshot of a table gets no file with rows that it has read and rows that it has not.
func TestFilesOfOtherTablesAreCompactedAsTheirConsumersHaveReadThem(t *testing.T) {
	w := newWorld(t)
	run := func(dry bool) (list []compact.Report) {
		t.Helper()
		r, err := maintain.Run(t.Context(), w.env(w.Lake), maintain.Options{DryRun: dry, Files: &compact.Options{}})
		w.check(err)
		return r.Others
	}
	w.noted(1, 11)
	w.equal("tables with too few files", len(run(false)), 0)
	w.noted(12, 4)
	covered := w.head(catalog.DeletionLog)
	w.covers(catalog.PlaysByDay, catalog.CoversDeletionLog, covered)
	w.noted(16, 13)
	would := run(true)
	w.equal("tables of a dry run", len(would), 1)
	w.equal("files that a dry run would read", would[0].Files, 15)
	w.equal("head after a dry run", w.head(catalog.DeletionLog).Sequence(), int64(28))
	done := run(false)
	w.equal("table", done[0].Table, catalog.DeletionLog)
	w.equal("files read", done[0].Files, 15)
	changes, err := w.head(catalog.DeletionLog).Changes(t.Context(), covered.ID())
	w.check(err)
	w.equal("files that the rollup has not read", len(changes.Added), 13)
	w.equal("it starts over", changes.Broken, false)
	w.equal("tables of a second run", len(run(false)), 0)
}

// The compaction of the log is no deletion that goes first.
func TestACompactedLogKeepsNoOtherTableFromIt(t *testing.T) {
	w := newWorld(t)
	w.noted(1, 12)
	for i := range 12 {
		w.ingest(i, "u", 0)
	}
	r, err := maintain.Run(t.Context(), w.env(w.Lake), maintain.Options{Files: &compact.Options{}})
	w.check(err)
	w.equal("tables beside the archive", len(r.Others), 1)
	w.equal("files of the archive", r.Compaction.Files, 12)
	w.equal("why the archive's ended", r.Compaction.Ended, "")
}

// Whoever changes the files of one table all the time keeps no other from being compacted.
func TestATableWhoseRewritesAllLoseKeepsNoOther(t *testing.T) {
	laketest.Costly(t)
	w := newWorld(t)
	w.refused(12)
	for i := range 12 {
		w.ingest(i, "u", 0)
	}
	hand, n := w.Hand(t, catalog.Listens), 100
	busy := w.With(&laketest.Faults{Strike: func(step laketest.Step, table string) error {
		if step != laketest.BeforeCommit || table != catalog.Listens {
			return nil
		}
		files, err := w.head(catalog.Listens).Files(t.Context())
		w.check(err)
		n++
		added, err := w.head(catalog.Listens).Table().WriteRows(t.Context(), "foreign", [][]any{listen(n, "u")})
		w.check(err)
		hand.Replace(files[:1], added)
		return nil
	}})
	r, err := maintain.Run(t.Context(), w.env(busy), maintain.Options{Files: &compact.Options{}})
	w.check(err)
	w.equal("why the archive's ended", r.Compaction.Ended, compact.Raced)
	if r.Compaction.Left == 0 || r.Compaction.Written > 0 {
		t.Errorf("%+v", r.Compaction)
	}
	if r.Refused == nil || r.Refused.Files != 12 {
		t.Errorf("quarantine, which comes later: %+v", r.Refused)
	}
}
