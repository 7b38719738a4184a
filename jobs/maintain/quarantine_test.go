package maintain_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/maintain"
	"github.com/lakectl/lakectl/lake"
)

// refuse commits a refused record that was received on a day of March, in files that many days old.
func (w *world) refuse(offset, received int, old time.Duration) lake.Snapshot {
	w.Helper()
	at := time.Date(2026, 3, received, 10, 0, 0, 0, time.UTC)
	rows := []catalog.RefusedRow{{Raw: []byte("{}"), Reason: "malformed_json", ReceivedTime: at, Place: catalog.Place{Topic: "listens", Offset: int64(offset)}}}
	table := w.head(catalog.Quarantine).Table()
	files, err := lake.WriteRecords(w.Context(), table, "ingest", rows)
	w.check(err)
	_, err = w.Commit(w.Context(), catalog.Quarantine, lake.Commit{Job: "ingest", Add: files, Stage: func(lake.Snapshot) (map[string]string, error) {
		return map[string]string{lake.StateKey("x"): "kept"}, nil
	}})
	w.check(err)
	for _, f := range files {
		path, err := lake.LocalPath(f.FilePath())
		w.check(err)
		w.check(os.Chtimes(path, time.Time{}, w.now.Add(-old)))
	}
	return w.head(catalog.Quarantine)
}

func (w *world) maintain(o maintain.Options) maintain.Report {
	w.Helper()
	r, err := maintain.Run(w.Context(), w.env(w.Lake), o)
	w.check(err)
	return r
}

// quarantine counts the live files and those on disk.
func (w *world) quarantine() (live, onDisk int) {
	w.Helper()
	files, err := w.head(catalog.Quarantine).Files(w.Context())
	w.check(err)
	deletes, err := w.head(catalog.Quarantine).DeleteFiles(w.Context())
	w.check(err)
	found, err := filepath.Glob(w.folder(catalog.Quarantine) + "/data/*.parquet")
	w.check(err)
	return len(files) + len(deletes), len(found)
}

func TestDaysOfRefusedRecordsGoDownToTheBytes(t *testing.T) {
	w := newWorld(t)
	w.now = time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	w.refuse(1, 1, 32*day)
	w.refuse(2, 1, 31*day)
	w.refuse(3, 2, 31*day) // the day is not 30 days past
	w.refuse(4, 1, 30*day)
	w.Hand(t, catalog.Quarantine).DeleteRows("source_offset = 2", false)
	deletes, err := w.head(catalog.Quarantine).DeleteFiles(t.Context())
	w.check(err)
	path, err := lake.LocalPath(deletes[0].FilePath())
	w.check(err)
	w.check(os.Chtimes(path, time.Time{}, w.now.Add(-31*day)))

	w.equal("kept without a retention", w.maintain(maintain.Options{}).Quarantine, (*maintain.QuarantineReport)(nil))
	head := w.head(catalog.Quarantine).ID()
	plan := w.maintain(maintain.Options{Quarantine: 30 * day, DryRun: true}).Quarantine
	w.equal("planned", []any{plan.Days, plan.Files, plan.Rows, plan.Bytes > 0}, []any{[]string{"2026-03-01"}, 4, int64(3), true})
	w.equal("head after a dry run", w.head(catalog.Quarantine).ID(), head)
	w.equal("done", w.maintain(maintain.Options{Quarantine: 30 * day}).Quarantine, plan)
	live, onDisk := w.quarantine()
	w.equal("live and on disk", []int{live, onDisk}, []int{1, 5})
	state, err := w.head(catalog.Quarantine).State("x")
	w.equal("state", []any{state, err}, []any{"kept", nil})
	w.equal("the next run", w.maintain(maintain.Options{Quarantine: 30 * day}).Quarantine, (*maintain.QuarantineReport)(nil))

	w.now = time.Now().UTC().Add(8 * day) // of the snapshots, which are made by this machine's clock
	w.maintain(maintain.Options{})
	live, onDisk = w.quarantine()
	w.equal("live and on disk after the retention of snapshots", []int{live, onDisk}, []int{1, 1})
}

func TestRecordThatWasRefusedLatelyStaysHoweverOldItIs(t *testing.T) {
	w := newWorld(t)
	w.now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	w.refuse(1, 1, 90*day)
	w.refuse(2, 1, 2*day)
	w.refuse(3, 2, 90*day)
	r := w.maintain(maintain.Options{Quarantine: 30 * day}).Quarantine
	w.equal("dropped", r.Days, []string{"2026-03-02"})
	live, _ := w.quarantine()
	w.equal("live", live, 2)
}

func TestDaysAreChosenAgainWhereAnIngesterIsFaster(t *testing.T) {
	w := newWorld(t)
	w.now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	w.refuse(1, 1, 90*day)
	done := make(chan error, 1)
	stop := make(chan struct{})
	go func() {
		for n := 2; ; n++ {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			_, err := w.Commit(w.Context(), catalog.Quarantine, lake.Commit{Job: "ingest", Stage: func(lake.Snapshot) (map[string]string, error) {
				return map[string]string{lake.StateKey("x"): fmt.Sprint(n)}, nil
			}})
			if err != nil || n > 8 {
				done <- err
				return
			}
		}
	}()
	r := w.maintain(maintain.Options{Quarantine: 30 * day}).Quarantine
	close(stop)
	w.check(<-done)
	w.equal("dropped", r.Days, []string{"2026-03-01"})
	live, _ := w.quarantine()
	w.equal("live", live, 0)
}
