package compact

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

var inQuarantine = Options{Table: catalog.Quarantine, Target: 64 << 10}

// refuse commits refused records as ingest does, of some days; of some nothing is known.
func (w *world) refuse(records, days int) lake.Snapshot {
	w.Helper()
	rows := make([]catalog.RefusedRow, records)
	for i := range rows {
		w.n++
		at := time.Date(2026, 3, 1+w.r.IntN(days), w.r.IntN(24), 0, 0, int(w.n)*1000, time.UTC)
		rows[i] = catalog.RefusedRow{
			Raw: []byte(fmt.Sprint("{", w.n, strings.Repeat("x", w.r.IntN(300)))), Reason: "malformed_json", ReceivedTime: at,
			UserID: []string{"", fmt.Sprint("user-", w.r.IntN(20))}[w.r.IntN(2)], Place: catalog.Place{Topic: "listens", Partition: int64(w.r.IntN(3)), Offset: w.n},
		}
	}
	files, err := lake.WriteRecords(w.Context(), w.Snapshot(w.T, catalog.Quarantine).Table(), catalog.IngestJob, rows)
	w.check(err)
	s, err := w.Commit(w.Context(), catalog.Quarantine, lake.Commit{Job: catalog.IngestJob, Add: files, Stage: func(lake.Snapshot) (map[string]string, error) { return nil, nil }})
	w.check(err)
	return s
}

func (w *world) refused() lake.Snapshot { return w.Snapshot(w.T, catalog.Quarantine) }

func (w *world) refusedFiles() int {
	w.Helper()
	files, err := w.refused().Files(w.Context())
	w.check(err)
	return len(files)
}

func TestCompactionOfRandomQuarantinesChangesNoRowAndSettles(t *testing.T) {
	laketest.Long(t, "random tables, TestCompactionOfRandomTablesChangesNoRowAndSettles is the short one")
	w := newWorld(t)
	for round := range 4 {
		for range 12 + w.r.IntN(6) {
			w.refuse(1+w.r.IntN(300)/(1+w.r.IntN(20)), 1+w.r.IntN(3))
			if w.r.IntN(5) == 0 {
				w.eraseFrom(catalog.Quarantine, fmt.Sprintf("user_id = 'user-%d'", w.r.IntN(20)))
			}
		}
		want, before := w.rowsOf(catalog.Quarantine), w.refusedFiles()
		r := w.compact(inQuarantine)
		w.equal(fmt.Sprint("rows after round ", round), w.rowsOf(catalog.Quarantine), want)
		if r.Files == 0 || r.Left != 0 || r.Lost != 0 || w.refusedFiles() >= before {
			t.Fatalf("%+v; %d files, before %d", r, w.refusedFiles(), before)
		}
		head := w.refused().ID()
		w.equal("files written by a second run", w.compact(inQuarantine).Written, 0)
		w.equal("snapshot after a second run", w.refused().ID(), head)
	}
}

func TestRefusedRecordsLieAsTheyCame(t *testing.T) {
	w := newWorld(t)
	for range 12 {
		w.refuse(50, 1)
	}
	w.compact(inQuarantine)
	w.equal("files", w.refusedFiles(), 1)
	var back int64
	w.check(w.Reading(t, "rows", catalog.Quarantine).OneText(t.Context(),
		"SELECT count(*) FROM (SELECT received_time < lag(received_time) OVER (ORDER BY _pos) AS back FROM rows) WHERE back", nil, []any{&back}))
	w.equal("records out of order", back, int64(0))
}

// Rows that are erased while they are written anew are erased in the new file, which is on record, wherever it dies.
func TestNoErasedRefusedRecordComesBack(t *testing.T) {
	laketest.Long(t, "TestNoErasedRowComesBack is the short one")
	taken, back := 0, int64(0)
	for nth := 1; ; nth += laketest.Stride(3) {
		w := newWorld(t)
		for range 12 {
			w.refuse(30, 1)
		}
		w.eraseFrom(catalog.Quarantine, "user_id = 'user-2'")
		ctx, cancel := context.WithCancel(t.Context())
		env := w.env()
		env.Lake = w.With(laketest.CrashOnce(nth, cancel)).Lake
		o, erased := inQuarantine, ""
		o.between = func() {
			if erased == "" {
				erased = ", 'user-1'"
				w.eraseFrom(catalog.Quarantine, "user_id = 'user-1'")
			}
		}
		_, err := Run(ctx, env, o)
		cancel()
		none := func(when string) {
			t.Helper()
			w.check(w.Reading(t, "rows", catalog.Quarantine).OneText(t.Context(), "SELECT count(*) FROM rows WHERE user_id IN ('user-2'"+erased+")", nil, []any{&back}))
			w.equal(fmt.Sprintf("rows that came back %s, crash at step %d", when, nth), back, int64(0))
		}
		none("at once")
		if w.refusedFiles() == 1 { // the new one is committed
			taken++
			if _, noted := w.holding("user-1"); len(noted) == 0 {
				t.Errorf("crash at step %d: the new file is not on record", nth)
			}
		}
		w.compact(inQuarantine)
		none("in the end")
		w.equal("files", w.refusedFiles(), 1)
		if err == nil {
			break
		}
	}
	if taken == 0 {
		t.Error("no rows were taken along")
	}
}

func TestARefusedRecordThatDiffersIsFound(t *testing.T) {
	w := newWorld(t)
	for range 12 {
		w.refuse(20, 1)
	}
	r := &run{env: w.env(), o: inQuarantine}
	base, groups, err := r.plan(t.Context())
	w.check(err)
	for name, spoil := range map[string]string{
		"a value":     "UPDATE merged SET detail = 'spoilt' WHERE place = 7",
		"a row":       "DELETE FROM merged WHERE place = 7",
		"two swapped": "UPDATE merged SET place = 15 - place WHERE place IN (7, 8)",
	} {
		s, err := r.sortGroup(t.Context(), base, groups[0], "compact/refused")
		w.check(err)
		w.check(s.prove(t.Context(), base, groups[0]))
		w.check(s.db.ExecText(t.Context(), spoil))
		if err := s.prove(t.Context(), base, groups[0]); !errors.Is(err, jobs.ErrProof) || !strings.Contains(err.Error(), s.files[0].FilePath()) || lake.Hint(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
		w.check(s.db.Close())
	}
	w.equal("snapshot", w.refused().ID(), base.ID())
}
