package compact

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/trino"
)

// filler is an engine in the place of Trino: it inserts the rows of a statement over inputs into a staging table, by a
// lake that may have faults.
func (w *world) filler(by *laketest.Lake, text string) func(context.Context, lake.Snapshot, Group, lake.Staging) (int64, error) {
	return func(ctx context.Context, base lake.Snapshot, g Group, into lake.Staging) (int64, error) {
		d := w.DB(w.T)
		if err := d.BindFiles(ctx, "inputs", base, g.files()); err != nil {
			return 0, err
		}
		var rows [][]any
		var row, dest []any
		err := d.EachNamedText(ctx, text, nil, func(columns []string) ([]any, error) {
			row, dest = make([]any, len(columns)), make([]any, len(columns))
			for i := range row {
				dest[i] = &row[i]
			}
			return dest, nil
		}, func() error {
			one := slices.Clone(row)
			for i, v := range one {
				switch v := v.(type) {
				case int32:
					one[i] = int(v)
				case time.Time:
					one[i] = v.UTC()
				}
			}
			rows = append(rows, one)
			return nil
		})
		if err != nil {
			return 0, err
		}
		return by.FillStaging(ctx, into, rows...)
	}
}

const inOrder = "SELECT * EXCLUDE (_file, _pos) FROM inputs ORDER BY user_id, event_time, _file, _pos"

// byEngine are options by which an engine writes each group.
func (w *world) byEngine() Options { return Options{Target: 64 << 10, fill: w.filler(w.Lake, inOrder)} }

// nothingStaged fails where a staging table is left on record, or in the catalog.
func (w *world) nothingStaged() {
	w.Helper()
	if list := w.archive().Table().Stagings(); len(list) != 0 {
		w.Errorf("on record: %+v", list)
	}
	for id, err := range w.Catalog.Ice.ListTables(w.Context(), icetable.Identifier{w.Namespace() + "_staging"}) {
		if err == nil {
			w.Errorf("in the catalog: %v", id)
		}
	}
}

// counts are the rows of some users in the archive.
func (w *world) counts(users ...int) (list []int64) {
	w.Helper()
	d := w.Reading(w.T, "rows", catalog.Listens)
	for _, u := range users {
		var n int64
		w.check(d.OneText(w.Context(), "SELECT count(*) FROM rows WHERE user_id = $1", []any{fmt.Sprint("user-", u)}, []any{&n}))
		list = append(list, n)
	}
	return list
}

func TestWhatAnEngineWritesIsCommittedAsOurs(t *testing.T) {
	w := newWorld(t)
	for range 12 {
		w.ingest(200, 1)
	}
	w.erase("user_id = 'user-3'")
	want := w.rows()
	before, err := w.archive().Files(t.Context())
	w.check(err)
	r := w.compact(w.byEngine())
	if r.OnTrino != 1 || r.Written != 1 || len(r.Skipped)+r.Lost+r.Left != 0 {
		t.Fatalf("%+v", r)
	}
	w.equal("rows", w.rows(), want)
	files, err := w.archive().Files(t.Context())
	w.check(err)
	w.equal("files", len(files), 1)
	w.equal("sequence", files[0].Sequence, int64(12))
	w.equal("sort order", *files[0].SortOrderID(), *before[0].SortOrderID())
	w.equal("compacts", w.archive().Compacts(), true)
	told, err := w.archive().FindBounds(t.Context(), catalog.PersonalColumns(catalog.Listens))
	w.check(err)
	w.equal("entries with personal bounds", told.Entries, 0)
	verify := lake.NewVerifier()
	w.check(verify.Verify(t.Context(), w.archive(), files, w.archive().Schema().Fields()))
	w.equal("files without hashes", verify.Report().Unsealed, 0)
	w.nothingStaged()
	w.settled(w.byEngine())
}

// Rows that are the same in all columns are told apart by their number alone.
func TestRowsDeletedWhileAnEngineWritesThemStayDeleted(t *testing.T) {
	laketest.Costly(t)
	w := newWorld(t)
	for range 12 {
		w.ingest(300, 2)
	}
	w.Hand(t, catalog.Listens).Select("SELECT * EXCLUDE (_file, _pos) FROM rows WHERE user_id IN ('user-1', 'user-2', 'user-7')")
	w.erase("user_id = 'user-1'")
	left, during := w.counts(7), 0
	o := w.byEngine()
	o.between = func() {
		if during++; during == 1 {
			w.erase("user_id = 'user-2'")
			w.erase("user_id = 'user-4' OR (user_id = 'user-7' AND _file IN (SELECT min(_file) FROM rows))")
			left = w.counts(7)
		}
	}
	r := w.compact(o)
	w.erase("user_id = 'user-5'")
	if r.OnTrino != 2 || r.Lost != 0 || left[0] == 0 {
		t.Fatalf("%+v, %d rows are left", r, left)
	}
	w.equal("rows that came back", w.counts(1, 2, 4, 5), []int64{0, 0, 0, 0})
	w.equal("rows of another", w.counts(7), left)
	files, noted := w.holding("user-2")
	for _, f := range files {
		if noted[f] == 0 {
			t.Errorf("a new file holds rows that are deleted and is not on record")
		}
	}
	w.nothingStaged()
}

func TestWhatAnEngineWritesWronglyIsNotCommitted(t *testing.T) {
	for name, text := range map[string]string{
		"a row less":     inOrder + " OFFSET 1",
		"a row twice":    "SELECT * FROM (SELECT * EXCLUDE (_file, _pos) FROM inputs UNION ALL (SELECT * EXCLUDE (_file, _pos) FROM inputs LIMIT 1)) ORDER BY user_id, event_time",
		"another value":  "SELECT * EXCLUDE (_file, _pos) REPLACE (CASE WHEN listen_id = (SELECT min(listen_id) FROM inputs) THEN ms_played + 1 ELSE ms_played END AS ms_played) FROM inputs ORDER BY user_id, event_time",
		"another's time": "SELECT * EXCLUDE (_file, _pos) REPLACE (event_time + INTERVAL 1 DAY AS event_time) FROM inputs ORDER BY user_id, event_time",
	} {
		w := newWorld(t)
		for range 12 {
			w.ingest(200, 1)
		}
		before := w.archive().ID()
		_, err := Run(t.Context(), w.env(), Options{Target: 64 << 10, fill: w.filler(w.Lake, text)})
		if !errors.Is(err, jobs.ErrProof) || lake.Hint(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
		w.equal("snapshot", w.archive().ID(), before)
		w.nothingStaged()
	}
}

func TestAnEngineThatStandsStillIsAskedOnceAndCostsNoGroupItsTime(t *testing.T) {
	w := newWorld(t)
	for range 12 {
		w.ingest(200, 2)
	}
	want, budget, asked := w.rows(), time.Second, 0
	r := w.compact(Options{Target: 64 << 10, Minutes: budget, fill: func(ctx context.Context, _ lake.Snapshot, _ Group, _ lake.Staging) (int64, error) {
		asked++
		still, stop := context.WithTimeout(ctx, 3*budget)
		defer stop()
		<-still.Done()
		return 0, errors.Join(trino.ErrLost, trino.ErrStill)
	}})
	if asked != 1 || r.Written != 2 || r.OnTrino != 0 || r.Left != 0 {
		t.Errorf("asked %d times: %+v", asked, r)
	}
	w.equal("rows", w.rows(), want)
	w.nothingStaged()
}

func TestWhatAnEngineCannotDoIsDoneHere(t *testing.T) {
	w := newWorld(t)
	for range 12 {
		w.ingest(200, 1)
	}
	rewind := w.Rewinder(t)
	want, write := w.rows(), w.filler(w.Lake, inOrder)
	for name, fill := range map[string]func(context.Context, lake.Snapshot, Group, lake.Staging) (int64, error){
		"it has too little memory": func(context.Context, lake.Snapshot, Group, lake.Staging) (int64, error) { return 0, trino.ErrMemory },
		"it fails the query":       func(context.Context, lake.Snapshot, Group, lake.Staging) (int64, error) { return 0, trino.ErrQuery },
		"rows are out of order":    w.filler(w.Lake, "SELECT * EXCLUDE (_file, _pos) FROM inputs ORDER BY event_time"),
		"it counts other rows": func(ctx context.Context, s lake.Snapshot, g Group, into lake.Staging) (int64, error) {
			n, err := write(ctx, s, g, into)
			return n + 1, err
		},
	} {
		rewind()
		r := w.compact(Options{Target: 64 << 10, fill: fill})
		if r.OnTrino != 0 || r.Written != 1 {
			t.Errorf("%s: %+v", name, r)
		}
		w.equal(name, w.rows(), want)
		w.nothingStaged()
	}
	rewind()
	_, err := Run(t.Context(), w.env(), Options{Target: 64 << 10, fill: func(context.Context, lake.Snapshot, Group, lake.Staging) (int64, error) { return 0, trino.ErrLost }})
	if !errors.Is(err, trino.ErrLost) {
		t.Errorf("the engine is lost: %v", err)
	}
	w.nothingStaged()
}

// Another rewrite takes the files while the engine writes them: the day is merged here.
func TestADayThatAnEngineLostIsMergedHere(t *testing.T) {
	w := newWorld(t)
	for range 12 {
		w.ingest(200, 1)
	}
	want, o, wins := w.rows(), w.byEngine(), 0
	o.Target = 128 << 10
	o.between = func() {
		if wins++; wins == 1 {
			w.rewritesOneFileOfEachDay()
		}
	}
	if r := w.compact(o); r.Lost != 1 || r.OnTrino != 0 || r.Written == 0 {
		t.Errorf("%+v", r)
	}
	w.equal("rows", w.rows(), want)
	w.nothingStaged()
}

// A staging table that a dead run leaves blocks no other, and goes with its grace.
func TestKilledAnywhereWhatAnEngineWritesIsInTheTableOnce(t *testing.T) {
	laketest.Costly(t)
	left, taken, done := 0, 0, false
	for nth := 1; !done; nth += crashStride {
		t.Run(fmt.Sprint("step ", nth), func(t *testing.T) {
			w := newWorld(t)
			for range 12 {
				w.ingest(40, 1)
			}
			w.erase("user_id = 'user-3'")
			erased, err := w.crash(nth)
			if err == nil {
				done = true
				w.nothingStaged()
				return
			}
			want := w.rows()
			for _, s := range w.archive().Table().Stagings() {
				left++
				w.AgeStaging(t, s, 400*time.Hour)
			}
			o := w.byEngine()
			o.Target = 8 << 10
			w.compact(o)
			w.equal("rows in the end", w.rows(), want)
			if erased {
				w.equal("rows that came back", w.counts(1, 3), []int64{0, 0})
			}
			w.notes(catalog.Listens, "user-1", &taken)
			_, _, err = w.ClearStagings(t.Context(), catalog.Listens)
			w.check(err)
			w.nothingStaged()
		})
		if t.Failed() {
			return
		}
	}
	if left == 0 || taken == 0 {
		t.Errorf("%d runs left a staging table, %d a file with erased rows; this test proves nothing", left, taken)
	}
}

// crashStride leaves out steps that are alike: those of one file or commit lie together.
const crashStride = 11

// crash has an engine write a group until the nth step of lakectl or the engine. Rows are erased meanwhile.
func (w *world) crash(nth int) (erased bool, err error) {
	ctx, cancel := context.WithCancel(w.Context())
	defer cancel()
	env, broken := w.env(), w.With(laketest.CrashOnce(nth, cancel))
	env.Lake = broken.Lake
	_, err = Run(ctx, env, Options{Target: 8 << 10, fill: w.filler(broken, inOrder), between: func() {
		if !erased {
			w.erase("user_id = 'user-1'")
		}
		erased = true
	}})
	return erased, err
}
