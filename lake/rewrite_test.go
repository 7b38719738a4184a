package lake_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// rewrite writes the rows that files of a snapshot have anew, in another order, for a commit that replaces them.
func rewrite(t *testing.T, l *laketest.Lake, base lake.Snapshot, inputs []lake.File) lake.Rewrite {
	t.Helper()
	d := l.DB(t)
	if err := d.BindFiles(t.Context(), "plays", base, inputs); err != nil {
		t.Fatal(err)
	}
	type at struct {
		path string
		row  int64
	}
	var rows [][]any
	moved := map[at]int64{}
	var from at
	var track string
	var plays, day int
	if err := d.EachText(t.Context(), "SELECT _file, _pos, track_id, plays, day(hour) FROM plays ORDER BY track_id DESC", nil,
		[]any{&from.path, &from.row, &track, &plays, &day}, func() error {
			moved[from] = int64(len(rows))
			rows = append(rows, play(day, track, plays))
			return nil
		}); err != nil {
		t.Fatal(err)
	}
	r := lake.Rewrite{Job: "test", Base: base, Inputs: inputs, Verify: l.Duck.Verify}
	if len(rows) > 0 {
		r.Outputs = write(t, l, rows...)
	}
	r.Moved = func(input string, rows []int64) (map[string][]int64, error) {
		path, err := lake.LocalPath(input)
		if err != nil {
			return nil, err
		}
		to := map[string][]int64{}
		for _, row := range rows {
			n, ok := moved[at{path, row}]
			if !ok {
				return nil, fmt.Errorf("row %d of %s was deleted before", row, input)
			}
			to[r.Outputs[0].FilePath()] = append(to[r.Outputs[0].FilePath()], n)
		}
		return to, nil
	}
	return r
}

// shelf is a table with small files of one day, a track in each, and a large one.
func shelf(t *testing.T) (l *laketest.Lake, small []lake.File, s lake.Snapshot) {
	t.Helper()
	l = laketest.New(t)
	for i := range 6 {
		commit(t, l, lake.Commit{Add: write(t, l, play(1, fmt.Sprint("a", i), i+1), play(1, fmt.Sprint("b", i), 100))})
	}
	var large [][]any
	for i := range 20 {
		large = append(large, play(1, fmt.Sprint("large", i), 1))
	}
	s = commit(t, l, lake.Commit{Add: write(t, l, large...)})
	files, err := s.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Count() == 2 {
			small = append(small, f)
		}
	}
	return l, small, s
}

func tracks(t *testing.T, l *laketest.Lake) map[string]int64 {
	t.Helper()
	return sums(t, l, l.Snapshot(t, catalog.PlaysByHour))
}

// Each engine's deletes, at each moment, of rows in the files that are rewritten and in one that is not.
func TestARewriteNeverBringsDeletedRowsBack(t *testing.T) {
	doomed := []string{"a0", "b3", "large7"}
	ours := func(t *testing.T, l *laketest.Lake) {
		commit(t, l, deleteWhere(t, l, l.Snapshot(t, catalog.PlaysByHour), "track_id IN ('a0', 'b3', 'large7')"))
	}
	scoped := func(t *testing.T, l *laketest.Lake) {
		l.Hand(t, catalog.PlaysByHour).DeleteScoped(iceberg.IsIn(iceberg.Reference("track_id"), doomed...))
	}
	whole := func(t *testing.T, l *laketest.Lake) {
		l.Hand(t, catalog.PlaysByHour).Delete(laketest.ByPosition, "track_id IN ('a0', 'b3', 'large7')")
	}
	for name, remove := range map[string]func(*testing.T, *laketest.Lake){"ours": ours, "one file a partition": scoped, "one file a data file": whole} {
		for _, when := range []string{"before", "during", "after", "before and during"} {
			t.Run(name+" "+when, func(t *testing.T) {
				t.Parallel()
				l, small, s := shelf(t)
				want := tracks(t, l)
				if when == "before and during" {
					commit(t, l, deleteWhere(t, l, s, "track_id IN ('a1', 'large1')"))
					delete(want, "01a1")
					delete(want, "01large1")
				}
				if when == "before" {
					remove(t, l)
				}
				r := rewrite(t, l, l.Snapshot(t, catalog.PlaysByHour), small)
				if when == "during" || when == "before and during" {
					remove(t, l)
				}
				commit(t, l, lake.Commit{Add: write(t, l, play(1, "late", 5))})
				want["01late"] = 5
				after, err := l.Rewrite(t.Context(), r)
				if err != nil {
					t.Fatal(err)
				}
				if when == "after" {
					remove(t, l)
				}
				for _, track := range doomed {
					delete(want, "01"+track)
				}
				expect(t, after.Operation(), "replace")
				expect(t, tracks(t, l), want)
				expect(t, scanned(t, l), int64(len(want)))
			})
		}
	}
}

func TestARewriteTakesOnlyTheDeleteFilesThatNothingNeeds(t *testing.T) {
	l, small, _ := shelf(t)
	l.Hand(t, catalog.PlaysByHour).DeleteScoped(iceberg.IsIn(iceberg.Reference("track_id"), "a0", "large7"))
	s := commit(t, l, deleteWhere(t, l, l.Snapshot(t, catalog.PlaysByHour), "track_id = 'a1'"))
	after, err := l.Rewrite(t.Context(), rewrite(t, l, s, small))
	if err != nil {
		t.Fatal(err)
	}
	deletes, err := after.DeleteFiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	files, err := after.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(deletes) != 1 || len(files) != 2 {
		t.Errorf("%d delete files, %d data files", len(deletes), len(files))
	}
	if after.Table().Altered() == nil { // by the other engine's delete, which a rewrite does not mend
		t.Error("a rewrite hides what another engine did")
	}
}

func TestARewriteIsFencedWhereItsFilesAreNotWhatTheyWere(t *testing.T) {
	for name, spoil := range map[string]func(*testing.T, *laketest.Lake){
		"compacted by another engine": func(t *testing.T, l *laketest.Lake) { l.Compact(t, catalog.PlaysByHour) },
		"overwritten": func(t *testing.T, l *laketest.Lake) {
			l.Hand(t, catalog.PlaysByHour).Delete(laketest.WholeFiles, "track_id = 'b2'")
		},
		"rolled back": func(t *testing.T, l *laketest.Lake) { l.Hand(t, catalog.PlaysByHour).Rollback(1) },
		"rows back": func(t *testing.T, l *laketest.Lake) {
			deletes, err := l.Snapshot(t, catalog.PlaysByHour).DeleteFiles(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			commit(t, l, lake.Commit{Remove: deletes})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, small, s := shelf(t)
			s = commit(t, l, deleteWhere(t, l, s, "track_id = 'a0'"))
			r := rewrite(t, l, s, small)
			spoil(t, l)
			want := tracks(t, l)
			before := l.Snapshot(t, catalog.PlaysByHour)
			if _, err := l.Rewrite(t.Context(), r); !errors.Is(err, lake.ErrFenced) || lake.Hint(err) == "" {
				t.Fatalf("got %v", err)
			}
			expect(t, l.Snapshot(t, catalog.PlaysByHour).ID(), before.ID())
			expect(t, tracks(t, l), want)
		})
	}
}

func TestARewriteThatIsCutOffHappensOnceOrNotAtAll(t *testing.T) {
	laketest.Costly(t)
	for nth := 1; ; nth += laketest.Stride(1) {
		l, small, s := shelf(t)
		r := rewrite(t, l, s, small)
		commit(t, l, deleteWhere(t, l, s, "track_id IN ('a0', 'b3')"))
		want := tracks(t, l)
		ctx, cancel := context.WithCancel(t.Context())
		faults := laketest.CrashOnce(nth, cancel)
		_, err := l.With(faults).Rewrite(ctx, r)
		cancel()
		expect(t, tracks(t, l), want)
		expect(t, scanned(t, l), int64(len(want)))
		if err == nil {
			if nth < 5 {
				t.Errorf("it took %d steps", nth)
			}
			return
		}
		_, err = l.Rewrite(t.Context(), r) // nothing of it: then it is done now; all of it: its files are gone
		if err != nil && !errors.Is(err, lake.ErrFenced) {
			t.Fatalf("after step %d: %v", nth, err)
		}
		expect(t, tracks(t, l), want)
		files, err := l.Snapshot(t, catalog.PlaysByHour).Files(t.Context())
		if err != nil || len(files) != 2 {
			t.Fatalf("after step %d: %d files, %v", nth, len(files), err)
		}
	}
}

func TestARewriteWhoseAnswerIsLostIsFound(t *testing.T) {
	l, small, s := shelf(t)
	r := rewrite(t, l, s, small)
	lost := false
	faults := &laketest.Faults{Strike: func(step laketest.Step, _ string) error {
		if step == laketest.AfterCommit && !lost {
			lost = true
			return laketest.ErrInjected
		}
		return nil
	}}
	after, err := l.With(faults).Rewrite(t.Context(), r)
	if err != nil || !lost {
		t.Fatal(lost, err)
	}
	expect(t, after.Sequence(), s.Sequence()+1)
	expect(t, after.Table().Property("schema.name-mapping.default"), "") // the library would set it
}

// A reader that lags behind a rewrite reads the rows that are news to it, and no others.
func TestChangesFollowRowsThroughRewrites(t *testing.T) {
	l := laketest.New(t)
	bases := []lake.Snapshot{}
	put := func(i int) {
		bases = append(bases, commit(t, l, lake.Commit{Add: write(t, l, play(1, fmt.Sprint("t", i), 1))}))
	}
	compact := func(want func(lake.File) bool) lake.Snapshot {
		t.Helper()
		s := l.Snapshot(t, catalog.PlaysByHour)
		files, err := s.Files(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var inputs []lake.File
		for _, f := range files {
			if want(f) {
				inputs = append(inputs, f)
			}
		}
		after, err := l.Rewrite(t.Context(), rewrite(t, l, s, inputs))
		if err != nil {
			t.Fatal(err)
		}
		return after
	}
	for i := range 6 {
		put(i)
	}
	first := bases[2].Sequence()
	compact(func(f lake.File) bool { return f.Sequence <= first })
	put(6)
	compact(func(f lake.File) bool { return f.Sequence > first && f.Sequence < bases[6].Sequence() })
	compact(func(f lake.File) bool { return f.Sequence > first }) // a rewrite of a rewrite, and what came between
	put(7)
	now := l.Snapshot(t, catalog.PlaysByHour)
	for i, c := range []struct {
		read int // rows of the added files
		torn bool
	}{{1, true}, {1, true}, {5, false}, {1, true}, {1, true}, {1, true}, {1, false}} {
		if c.torn {
			c.read = 0
		}
		changes, err := now.Changes(t.Context(), bases[i].ID())
		if err != nil || changes.Broken {
			t.Fatalf("since %d: broken %t, %v", i, changes.Broken, err)
		}
		var rows int64
		for _, f := range changes.Added {
			rows += f.Count()
		}
		if int(rows) != c.read || (len(changes.Torn) > 0) != c.torn {
			t.Errorf("since %d: %d rows, torn %v, want %+v", i, rows, changes.Torn, c)
		}
	}
	idle, err := now.Changes(t.Context(), now.ID())
	if err != nil || !idle.Idle {
		t.Errorf("idle %t, %v", idle.Idle, err)
	}
}

func TestARewriteOfRowsThatAreAllDeletedLeavesNothing(t *testing.T) {
	l, small, s := shelf(t)
	s = commit(t, l, deleteWhere(t, l, s, "track_id NOT LIKE 'large%'"))
	after, err := l.Rewrite(t.Context(), rewrite(t, l, s, small))
	if err != nil {
		t.Fatal(err)
	}
	deletes, err := after.DeleteFiles(t.Context())
	if err != nil || len(deletes) != 0 {
		t.Errorf("%d delete files, %v", len(deletes), err)
	}
	expect(t, scanned(t, l), int64(20))
}

// Ten commits a second, as of many ingesters: none waits, and the rewrite finds its place.
func TestARewriteLandsAmongCommits(t *testing.T) {
	l, small, s := shelf(t)
	r := rewrite(t, l, s, small)
	ctx, stop := context.WithCancel(t.Context())
	first, done := make(chan struct{}), make(chan int, 1)
	go func() {
		n := 0
		for ; n < 3 || ctx.Err() == nil; n++ {
			files, err := s.Table().WriteRows(t.Context(), "test", [][]any{play(2, strconv.Itoa(n), 1)})
			if err == nil {
				_, err = l.Commit(t.Context(), catalog.PlaysByHour, lake.Commit{Job: "test", Add: files, Stage: anyBase(nil)})
			}
			if err != nil {
				t.Error(err)
			}
			if n == 0 {
				close(first)
			}
			lake.Pause(ctx, 100*time.Millisecond) //nolint:errcheck // it ends the loop
		}
		done <- n
	}()
	<-first
	_, err := l.Rewrite(t.Context(), r)
	stop()
	n := <-done
	if err != nil {
		t.Fatal(err)
	}
	expect(t, scanned(t, l), int64(32+n))
}

// The row deletes of another engine are of several files. One of these is gone in the first attempt, and back in the
// second.
func TestARewriteIsWorkedOutForTheTableThatItIsCommittedTo(t *testing.T) {
	l, small, _ := shelf(t)
	base := l.Hand(t, catalog.PlaysByHour).DeleteScoped(iceberg.IsIn(iceberg.Reference("track_id"), "a1", "large1"))
	want, r := tracks(t, l), rewrite(t, l, base, small)
	compacted(t, l, base, withRows(t, base, 20))
	back := false
	during := l.With(&laketest.Faults{Strike: func(step laketest.Step, _ string) error {
		if step == laketest.BeforeCommit && !back {
			back = true
			l.Hand(t, catalog.PlaysByHour).Rollback(1)
		}
		return nil
	}})
	if _, err := during.Rewrite(t.Context(), r); err != nil || !back {
		t.Fatal(err)
	}
	expect(t, tracks(t, l), want)
}
