package compact

import (
	"context"
	"fmt"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/erase/book"
	"github.com/lakectl/lakectl/lake"
)

// holding lists the live files that hold rows of a user, deleted or not, and what is on record.
func (w *world) holding(user string) (files []string, noted map[string]int64) {
	w.Helper()
	s := w.archive()
	live, err := s.Files(w.Context())
	w.check(err)
	d := w.DB(w.T)
	for _, f := range live {
		path, err := lake.LocalPath(f.FilePath())
		w.check(err)
		var n int64
		w.check(d.OneText(w.Context(), "SELECT count(*) FROM read_parquet($1) WHERE user_id = $2", []any{path, user}, []any{&n}))
		if n > 0 {
			files = append(files, f.FilePath())
		}
	}
	list, err := book.ReadFiles(w.Context(), w.env())
	w.check(err)
	noted = map[string]int64{}
	for _, n := range list {
		noted[n.URI] += n.Rows
	}
	return files, noted
}

func TestAFileThatTakesDeletedRowsAlongIsOnRecord(t *testing.T) {
	w := newWorld(t)
	for range 12 {
		w.ingest(60, 1)
	}
	w.erase("user_id = 'user-3'")
	r := w.compact(Options{between: func() { w.erase("user_id = 'user-1'") }})
	w.equal("files written", r.Written, 1)
	files, noted := w.holding("user-1")
	w.equal("files with the user", len(files), 1)
	deletes, err := w.archive().DeleteFiles(t.Context())
	w.check(err)
	w.equal("rows on record", noted, map[string]int64{files[0]: deletes[0].Count()})
	files, _ = w.holding("user-3") // whose rows went before
	w.equal("files with the other user", len(files), 0)
}

func TestARewriteThatTakesNothingAlongNotesNothing(t *testing.T) {
	w := newWorld(t)
	for range 12 {
		w.ingest(60, 1)
	}
	w.erase("user_id = 'user-3'")
	before := w.Snapshot(t, catalog.ErasedFiles).ID()
	w.compact(Options{between: func() { w.ingest(60, 1) }})
	w.equal("snapshot of erased_files", w.Snapshot(t, catalog.ErasedFiles).ID(), before)
}

// Wherever a run dies, no live file holds deleted rows that is not on record.
func TestKilledAnywhereAFileThatTakesRowsAlongIsOnRecord(t *testing.T) {
	laketest.Long(t, "killed at many steps, TestKilledAnywhereARunIsFinishedByTheNext is the short one")
	taken := 0
	for nth := 1; ; nth += laketest.Stride(3) {
		w := newWorld(t)
		for range 12 {
			w.ingest(40, 1)
		}
		old, _ := w.holding("user-1")
		ctx, cancel := context.WithCancel(t.Context())
		env := w.env()
		env.Lake = w.With(laketest.CrashOnce(nth, cancel)).Lake
		erased := false
		_, err := Run(ctx, env, Options{Target: 256 << 10, between: func() {
			if !erased {
				w.erase("user_id = 'user-1'")
			}
			erased = true
		}})
		cancel()
		before := map[string]bool{}
		for _, f := range old {
			before[f] = true // which an erasure has put on record
		}
		files, noted := w.holding("user-1")
		for _, f := range files {
			if !before[f] {
				taken++
			}
			if !before[f] && noted[f] == 0 {
				t.Errorf("crash at step %d: a new file holds the rows and is not on record", nth)
			}
		}
		w.compact(Options{})
		d := w.Reading(t, "rows", catalog.Listens)
		var back int64
		w.check(d.OneText(t.Context(), "SELECT count(*) FROM rows WHERE user_id = 'user-1'", nil, []any{&back}))
		if erased {
			w.equal(fmt.Sprint("rows that came back, crash at step ", nth), back, int64(0))
		}
		if err == nil {
			break
		}
	}
	if taken == 0 {
		t.Error("no rows were taken along")
	}
}
