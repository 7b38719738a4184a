package compact

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/ingest/dayfile"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

func TestCompactionOfRandomTablesChangesNoRowAndSettles(t *testing.T) {
	laketest.Costly(t)
	w := newWorld(t)
	for round := range 6 {
		for range 3 + w.r.IntN(12) {
			if w.r.IntN(6) == 0 && w.n > 0 {
				w.erase(fmt.Sprintf("user_id = 'user-%d'", w.r.IntN(50)))
			}
			w.ingest(1+w.r.IntN(6000)/(1+w.r.IntN(40)), 1+w.r.IntN(3))
		}
		want, before := w.rows(), w.files()
		r := w.compact(Options{})
		w.equal(fmt.Sprint("rows after round ", round), w.rows(), want)
		if r.Left != 0 || len(r.Skipped) != 0 || r.Lost != 0 || w.files() > before {
			t.Fatalf("%+v; %d files, before %d", r, w.files(), before)
		}
		w.settled(Options{})
	}
	if n := w.files(); n > 3*tiers*(fewest-1) {
		t.Errorf("%d files of three days are left", n)
	}
	rows, err := w.archive().DeleteFiles(t.Context())
	w.check(err)
	t.Logf("%d files, %d delete files, %d rows", w.files(), len(rows), w.n)
}

func TestFilesAreAsIngestWritesThem(t *testing.T) {
	w := newWorld(t)
	for range 12 {
		w.ingest(500, 1)
	}
	before, err := w.archive().Files(t.Context())
	w.check(err)
	w.compact(Options{})
	files, err := w.archive().Files(t.Context())
	w.check(err)
	w.equal("files", len(files), 1)
	f := files[0]
	w.equal("sort order", *f.SortOrderID(), *before[0].SortOrderID())
	w.equal("data sequence number", f.Sequence, int64(12))
	w.equal("columns with bounds", len(f.LowerBoundValues()), len(before[0].LowerBoundValues()))
	w.equal("columns with sizes", len(f.ColumnSizes()), len(before[0].ColumnSizes()))
	c, err := lake.OpenChunks(t.Context(), f.FilePath())
	w.check(err)
	w.check(c.Close())
	d := w.Reading(t, "rows", catalog.Listens)
	var unsorted int64
	w.check(d.OneText(t.Context(), `SELECT count(*) FROM (SELECT (user_id, event_time) < lag((user_id, event_time)) OVER (ORDER BY _pos) AS back FROM rows) WHERE back`, nil, []any{&unsorted}))
	w.equal("rows out of order", unsorted, int64(0))
}

// At each moment, by each engine, of rows in files that are merged and in others.
func TestNoErasedRowComesBack(t *testing.T) {
	ways := map[string]func(w *world, where, user string){
		"ours": func(w *world, where, _ string) { w.erase(where) },
		"one file a partition": func(w *world, _, user string) {
			w.Hand(w.T, catalog.Listens).DeleteScoped(iceberg.EqualTo(iceberg.Reference("user_id"), user))
		},
		"one file a data file": func(w *world, where, _ string) {
			w.Hand(w.T, catalog.Listens).Delete(laketest.ByPosition, where)
		},
	}
	for name, erase := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.ingest(9000, 1) // larger than what is merged
			for range 12 {
				w.ingest(120, 2)
			}
			erase(w, "user_id = 'user-1'", "user-1")
			during := 0
			r := w.compact(Options{between: func() {
				during++
				erase(w, fmt.Sprintf("user_id = 'user-%d'", 1+during), fmt.Sprint("user-", 1+during))
			}})
			erase(w, "user_id = 'user-20'", "user-20")
			if r.Files == 0 || r.Lost != 0 || during == 0 {
				t.Fatalf("%+v, %d deletes meanwhile", r, during)
			}
			d := w.Reading(t, "rows", catalog.Listens)
			var back, left int64
			w.check(d.OneText(t.Context(), "SELECT count(*) FILTER (user_id IN ('user-1', 'user-2', 'user-20')), count(*) FILTER (user_id = 'user-30') FROM rows", nil, []any{&back, &left}))
			if back != 0 || left == 0 {
				t.Errorf("%d rows came back, %d of another user", back, left)
			}
		})
	}
}

// crashed is a run that is killed at a step; nil where it has fewer.
func (w *world) crashed(step int) error {
	ctx, cancel := context.WithCancel(w.Context())
	defer cancel()
	env := w.env()
	env.Lake = w.With(laketest.CrashOnce(step, cancel)).Lake
	_, err := Run(ctx, env, Options{Target: 256 << 10})
	return err
}

func TestKilledAnywhereARunIsFinishedByTheNext(t *testing.T) {
	laketest.Costly(t)
	for nth := 1; ; nth += laketest.Stride(1) {
		w := newWorld(t)
		for range 12 {
			w.ingest(40, 1)
		}
		w.erase("user_id = 'user-3'")
		want := w.rows()
		err := w.crashed(nth)
		w.equal(fmt.Sprint("rows after a crash at step ", nth), w.rows(), want)
		w.compact(Options{})
		w.equal(fmt.Sprint("rows in the end, crash at step ", nth), w.rows(), want)
		w.equal("files", w.files(), 1)
		if err == nil {
			if nth < 4 {
				t.Errorf("a run takes %d steps", nth)
			}
			return
		}
	}
}

func TestWhoeverTakesTheFilesWinsAndGroupsGetSmaller(t *testing.T) {
	w := newWorld(t)
	for range 16 {
		w.ingest(100, 1)
	}
	want, wins := w.rows(), 0
	r := w.compact(Options{between: func() {
		if wins < 4 {
			wins++
			w.rewritesOneFileOfEachDay()
		}
	}})
	if r.Lost != 4 || r.Written == 0 {
		t.Errorf("%+v", r)
	}
	w.equal("rows", w.rows(), want)
	w.settled(Options{})
}

// rewritesOneFileOfEachDay is another engine that writes files anew.
func (w *world) rewritesOneFileOfEachDay() {
	w.Helper()
	s := w.archive()
	files, err := s.Files(w.Context())
	w.check(err)
	days := map[any]bool{}
	files = slices.DeleteFunc(files, func(f lake.File) bool {
		day := lake.PartitionValue(f)
		had := days[day]
		days[day] = true
		return had
	})
	d := w.DB(w.T)
	w.check(d.BindFiles(w.Context(), "one", s, files))
	w.check(d.ExecText(w.Context(), "CREATE OR REPLACE TABLE anew AS SELECT * EXCLUDE (_file, _pos) FROM one"))
	added, err := d.Write(w.Context(), s.Table(), "foreign", "anew")
	w.check(err)
	w.Hand(w.T, catalog.Listens).Replace(files, added)
}

// A loss says nothing of the groups that come after it, nor that the next plan loses too.
func TestGroupsThatLostAreRewrittenByTheSameRun(t *testing.T) {
	laketest.Costly(t)
	w := newWorld(t)
	const days = mostLosses + 1
	for range 16 {
		w.ingest(20*days, days)
	}
	want, once := w.rows(), sync.OnceFunc(w.rewritesOneFileOfEachDay)
	r := w.compact(Options{between: once})
	if r.Lost != days || r.Written != days || r.Left != 0 || r.Ended != "" {
		t.Errorf("%+v", r)
	}
	w.equal("rows", w.rows(), want)
	w.settled(Options{})
}

func TestARunEndsWhereOthersChangeTheSameFilesAllTheTime(t *testing.T) {
	laketest.Costly(t)
	w := newWorld(t)
	for range 12 {
		w.ingest(20, 2)
	}
	r := w.compact(Options{between: w.rewritesOneFileOfEachDay})
	if r.Lost != mostLosses || r.Written != 0 || r.Left == 0 || r.Ended != Raced {
		t.Errorf("%+v", r)
	}
}

func TestWhoeverGoesFirstEndsARun(t *testing.T) {
	w := newWorld(t)
	for range 20 {
		w.ingest(60, 3)
	}
	asked := 0
	r := w.compact(Options{Free: func(context.Context) (bool, error) { asked++; return asked == 1, nil }})
	if r.Written != 1 || r.Left == 0 || r.Ended == "" {
		t.Errorf("%+v", r)
	}
}

func TestFilesOfConsumersThatDifferAreNotMerged(t *testing.T) {
	w := newWorld(t)
	var at []lake.Snapshot
	for range 40 {
		at = append(at, w.ingest(50, 1))
	}
	r := w.compact(Options{Bases: []int64{at[14].ID(), at[29].ID(), 12345}})
	w.equal("files read", r.Files, 30)
	w.equal("files left", w.files(), 12)
	for i, want := range map[int]int64{14: 25 * 50, 29: 10 * 50, 39: 0} {
		changes, err := w.archive().Changes(t.Context(), at[i].ID())
		w.check(err)
		rows := int64(0)
		for _, f := range changes.Added {
			rows += f.Count()
		}
		if rows != want || len(changes.Torn) > 0 || changes.Broken {
			t.Errorf("after %d: %d rows, torn %v, broken %t", i, rows, changes.Torn, changes.Broken)
		}
	}
	w.settled(Options{Bases: []int64{at[14].ID(), at[29].ID()}})
}

func TestAMismatchNamesTheFilesAndCommitsNothing(t *testing.T) {
	w := newWorld(t)
	for range 12 {
		w.ingest(40, 1)
	}
	r := &run{env: w.env(), o: Options{Table: catalog.Listens, Target: 256 << 10}}
	base, groups, err := r.plan(t.Context())
	w.check(err)
	for name, spoil := range map[string]func(*merged){
		"a value": func(m *merged) { m.sum.lo++ },
		"a row":   func(m *merged) { m.want++ },
	} {
		m, err := merge(t.Context(), w.env(), base, groups[0])
		w.check(err)
		w.check(m.prove(t.Context(), base.Table(), groups[0]))
		spoil(m)
		err = m.prove(t.Context(), base.Table(), groups[0])
		if !errors.Is(err, jobs.ErrProof) || !strings.Contains(err.Error(), m.file.FilePath()) || !strings.Contains(err.Error(), groups[0].Inputs[3].File.FilePath()) || lake.Hint(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
		w.check(m.moved.close())
	}
	w.equal("snapshot", w.archive().ID(), base.ID())
}

// DuckDB lets every column be absent, and another engine may have written texts that lakectl has none of.
func TestRowsOfOtherEnginesAreMergedOrLeftAsTheyAre(t *testing.T) {
	w := newWorld(t)
	for range 12 {
		w.ingest(40, 1)
	}
	w.Hand(t, catalog.Listens).Select("SELECT * EXCLUDE (_file, _pos) REPLACE (listen_id || '-again' AS listen_id) FROM rows ORDER BY listen_id LIMIT 30")
	want := w.rows()
	r := w.compact(Options{})
	w.equal("rows", w.rows(), want)
	w.equal("files", w.files(), 1)
	w.equal("skipped", len(r.Skipped), 0)
	for range 12 {
		w.ingest(40, 1)
	}
	w.Hand(t, catalog.Listens).Select("SELECT * EXCLUDE (_file, _pos) REPLACE (listen_id || '-odd' AS listen_id, '' AS client) FROM rows LIMIT 1")
	want = w.rows()
	r = w.compact(Options{})
	w.equal("rows with an empty text", w.rows(), want)
	if len(r.Skipped) != 1 || w.files() != 14 {
		t.Errorf("%+v; %d files", r, w.files())
	}
}

// PyIceberg reads what is left, deletes that came while files were merged among it.
func TestAnotherEngineReadsTheSameRows(t *testing.T) {
	laketest.Engine(t, "READERS_PYTHON")
	w := newWorld(t)
	for range 12 {
		w.ingest(120, 2)
	}
	w.erase("user_id = 'user-1'")
	r := w.compact(Options{between: func() { w.erase("user_id = 'user-2' OR user_id = 'user-3'") }})
	if r.Files < 24 {
		t.Fatalf("%+v", r)
	}
	d := w.Reading(t, "rows", catalog.Listens)
	conditions, want := []string{"listen_id != ''", "user_id == 'user-2'", "user_id == 'user-7'", "country == 'DE'"}, ""
	for _, c := range conditions {
		var n int64
		w.check(d.OneText(t.Context(), "SELECT count(*) FROM rows WHERE "+strings.ReplaceAll(c, "==", "="), nil, []any{&n}))
		want += fmt.Sprintln(n)
	}
	w.equal("rows by PyIceberg", laketest.Foreign(t, w.Dir, append([]string{"count", catalog.Listens}, conditions...)...), want)
}

// Texts are numbered again in the midst of files, once those of a row group were too large to be kept.
func TestLargeTextsLeaveRowsAsTheyAre(t *testing.T) {
	laketest.Long(t, "writes more rows than a row group has")
	w := newWorld(t)
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	const files, rows = 12, 22_000
	for f := range files {
		batch := &dayfile.Rows{}
		for i := range rows {
			n := int64(i*files + f)
			extra := ""
			if i%4 == 0 {
				extra = fmt.Sprint(n, strings.Repeat("-", 2000))
			}
			*batch.Add() = dayfile.Row{Listen: listen.Listen{
				ListenID: fmt.Sprint("listen-", n), UserID: fmt.Sprintf("user-%06d", n/5), TrackID: fmt.Sprint("track-", n*7919%3001), ArtistID: fmt.Sprint("artist-", n%7),
				Device: "phone", EventTime: start + n, ReceivedTime: start + n, Country: "DE", Tier: "free", Extra: extra,
			}, Offset: n}
		}
		added, err := dayfile.Write(t.Context(), w.archive().Table(), batch, "topic", "ingest")
		w.check(err)
		_, err = w.Commit(t.Context(), catalog.Listens, lake.Commit{Job: "ingest", Add: added, Stage: func(lake.Snapshot) (map[string]string, error) { return nil, nil }})
		w.check(err)
	}
	hashed := func() (n int64, hash string) {
		w.check(w.Reading(t, "rows", catalog.Listens).OneText(t.Context(), "SELECT count(*), bit_xor(hash(r))::VARCHAR FROM (SELECT * EXCLUDE (_file, _pos) FROM rows) r", nil, []any{&n, &hash}))
		return n, hash
	}
	n, want := hashed()
	w.equal("rows", n, int64(files*rows))
	w.compact(Options{Target: 64 << 20})
	w.equal("files", w.files(), 1)
	n, hash := hashed()
	w.equal("rows", n, int64(files*rows))
	w.equal("their hash", hash, want)
}
