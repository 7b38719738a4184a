package lake_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

func mergeDeletes(t *testing.T, l *laketest.Lake, on *lake.Lake) int {
	t.Helper()
	gone, err := on.MergeDeletes(t.Context(), catalog.PlaysByHour, lake.Merge{Job: "test", Verify: l.Duck.Verify})
	if err != nil {
		t.Fatal(err)
	}
	return len(gone)
}

// named is how many delete files name the data file that most of them name.
func named(t *testing.T, l *laketest.Lake) (most int) {
	t.Helper()
	s, of := l.Snapshot(t, catalog.PlaysByHour), map[string]int{}
	files, err := s.DeleteFiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		rows, err := s.Table().ReadPositions(t.Context(), f.FilePath())
		if err != nil {
			t.Fatal(err)
		}
		for path := range rows {
			of[path]++
			most = max(most, of[path])
		}
	}
	return most
}

// Each engine's deletes, in any order, and one that comes while they are merged.
func TestMergedDeletesAreTheSameRows(t *testing.T) {
	for name, remove := range map[string]func(*testing.T, *laketest.Lake, string){
		"ours": func(t *testing.T, l *laketest.Lake, track string) {
			commit(t, l, deleteWhere(t, l, l.Snapshot(t, catalog.PlaysByHour), "track_id LIKE '%"+track+"'"))
		},
		"one file a partition": func(t *testing.T, l *laketest.Lake, track string) {
			l.Hand(t, catalog.PlaysByHour).DeleteScoped(iceberg.IsIn(iceberg.Reference("track_id"), "a"+track, "b"+track, "large"+track))
		},
		"one file a data file": func(t *testing.T, l *laketest.Lake, track string) {
			l.Hand(t, catalog.PlaysByHour).Delete(laketest.ByPosition, "track_id LIKE '%"+track+"'")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, _, _ := shelf(t)
			commit(t, l, deleteWhere(t, l, l.Snapshot(t, catalog.PlaysByHour), "track_id IN ('a0', 'large0')"))
			remove(t, l, "1")
			remove(t, l, "2")
			want := tracks(t, l)
			before := l.Snapshot(t, catalog.PlaysByHour)
			came := false
			during := l.With(&laketest.Faults{Strike: func(step laketest.Step, _ string) error {
				if step == laketest.BeforeCommit && !came {
					came = true
					remove(t, l, "3")
					for _, track := range []string{"a3", "b3", "large3", "large13"} {
						delete(want, "01"+track)
					}
				}
				return nil
			}})
			if mergeDeletes(t, l, during.Lake) == 0 || !came {
				t.Fatal("nothing was merged")
			}
			if name == "one file a partition" {
				want = tracks(t, l) // which does not take large13
			}
			expect(t, tracks(t, l), want)
			mergeDeletes(t, l, l.Lake) // what came meanwhile
			expect(t, named(t, l), 1)
			expect(t, tracks(t, l), want)
			expect(t, scanned(t, l), int64(len(want)))
			now := l.Snapshot(t, catalog.PlaysByHour)
			expect(t, []any{now.Operation(), now.Compacts()}, []any{"replace", true})
			expect(t, mergeDeletes(t, l, l.Lake), 0)
			expect(t, l.Snapshot(t, catalog.PlaysByHour).ID(), now.ID())
			changes, err := now.Changes(t.Context(), before.ID())
			if err != nil || changes.Broken || len(changes.Torn) > 0 && name == "ours" {
				t.Errorf("%+v, %v", changes, err)
			}
		})
	}
}

func TestDeletesAreMergedOnceWhereverTheCommitWasCutOff(t *testing.T) {
	for nth := 1; nth <= 4; nth++ {
		l, _, s := shelf(t)
		for i := range 3 {
			commit(t, l, deleteWhere(t, l, l.Snapshot(t, catalog.PlaysByHour), fmt.Sprintf("track_id = 'large%d'", i)))
		}
		want := tracks(t, l)
		broken := l.With(&laketest.Faults{Strike: once(nth)})
		if _, err := broken.MergeDeletes(t.Context(), catalog.PlaysByHour, lake.Merge{Job: "test", Verify: l.Duck.Verify}); err != nil && !errors.Is(err, laketest.ErrInjected) {
			t.Fatal(err)
		}
		mergeDeletes(t, l, l.Lake)
		expect(t, named(t, l), 1)
		expect(t, tracks(t, l), want)
		if since, told := l.Snapshot(t, catalog.PlaysByHour).Since(s.ID()); !told || len(since) != 4 {
			t.Errorf("cut off at %d: %d snapshots", nth, len(since))
		}
	}
}

// What comes between two attempts takes a data file away, or brings one back, or takes the new delete files.
func TestAMergeIsWorkedOutForTheTableThatItIsCommittedTo(t *testing.T) {
	for name, between := range map[string]func(t *testing.T, l *laketest.Lake, before lake.Snapshot, small []lake.File){
		"compaction": func(t *testing.T, l *laketest.Lake, before lake.Snapshot, small []lake.File) {
			compacted(t, l, before, small)
		},
		"rollback": func(t *testing.T, l *laketest.Lake, _ lake.Snapshot, _ []lake.File) {
			l.Hand(t, catalog.PlaysByHour).Rollback(1)
		},
		"sweep": func(t *testing.T, l *laketest.Lake, _ lake.Snapshot, _ []lake.File) { sleep(t, l) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, small, _ := shelf(t)
			for _, n := range []string{"1", "2"} {
				l.Hand(t, catalog.PlaysByHour).DeleteScoped(iceberg.IsIn(iceberg.Reference("track_id"), "a"+n, "b"+n, "large"+n))
			}
			want, before := tracks(t, l), l.Snapshot(t, catalog.PlaysByHour)
			if name == "rollback" { // the delete files stay, for they have rows of the large file
				compacted(t, l, before, small)
			}
			came := false
			during := l.With(&laketest.Faults{Strike: func(step laketest.Step, _ string) error {
				if step == laketest.BeforeCommit && !came {
					came = true
					between(t, l, before, small)
				}
				return nil
			}})
			if mergeDeletes(t, l, during.Lake) == 0 || !came {
				t.Fatal("nothing was merged")
			}
			expect(t, named(t, l), 1)
			expect(t, tracks(t, l), want)
			now := l.Snapshot(t, catalog.PlaysByHour)
			files, err := now.Files(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			live := map[string]bool{}
			for _, f := range files {
				live[f.FilePath()] = true
			}
			for _, f := range deleteFiles(t, now) {
				if of := f.ReferencedDataFile(); of == nil || !live[*of] {
					t.Errorf("a delete file is of %v, which is not live", of)
				}
			}
		})
	}
}

func TestDeletesOfFilesUnderSeveralSpecsAreMergedByOneCommit(t *testing.T) {
	l, _, _ := shelf(t)
	h := l.Hand(t, catalog.PlaysByHour)
	h.Respec(func(u *icetable.UpdateSpec) { u.AddIdentity("track_id") })
	h.Append(play(1, "n1", 1), play(1, "n1", 2), play(1, "n2", 3))
	for plays := range 2 {
		commit(t, l, deleteWhere(t, l, l.Snapshot(t, catalog.PlaysByHour), fmt.Sprintf("track_id = 'large%d' OR plays = %d AND track_id = 'n1'", plays, plays+1)))
	}
	want, rows := tracks(t, l), scanned(t, l)
	expect(t, mergeDeletes(t, l, l.Lake), 4)
	expect(t, tracks(t, l), want)
	expect(t, scanned(t, l), rows)
	expect(t, named(t, l), 1)
}
