package maintain_test

import (
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
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
	for range 12 {
		files, err := lake.WriteRecords(t.Context(), w.head(catalog.Quarantine).Table(), catalog.IngestJob, []catalog.RefusedRow{{Raw: []byte("?"), Reason: "malformed_json", ReceivedTime: w.now}})
		w.check(err)
		_, err = w.Commit(t.Context(), catalog.Quarantine, lake.Commit{Job: catalog.IngestJob, Add: files, Stage: func(lake.Snapshot) (map[string]string, error) { return nil, nil }})
		w.check(err)
	}
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
