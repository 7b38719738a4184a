package recent

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

func TestLaterCopiesAreLeftOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.archive("a", "b", "a", "c")
	equal(w, w.added(), []int64{1, 2, 4})
	w.archiveFiles([]string{"d", "b"}, []string{"d", "e"})
	added := w.added()
	equal(w, len(added), 2)
	equal(w, w.counting(), w.first())
	w.kill()
	w.archive("e", "f")
	equal(w, w.added(), []int64{10})
	equal(w, w.m.Size().IDs, int64(6))
	equal(w, w.counting(), w.first())
}

func TestClientThatSendsEverythingTwiceIsCountedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.batch = readRows
	list := make([]string, 7_000)
	for i := range list {
		list[i] = fmt.Sprint("listen ", i)
	}
	w.archiveFiles(list[:5_000], list[:6_000])
	equal(w, len(w.added()), 6_000)
	w.archive(list...)
	equal(w, len(w.added()), 1_000)
	w.archive(list...)
	equal(w, w.added(), []int64{})
	equal(w, w.counting(), w.first())
}

func TestRunThatDiedIsMadeUpFor(t *testing.T) {
	t.Parallel()
	for step := range 4 {
		w := newWorld(t)
		w.archive("a", "b")
		w.run()
		w.archive("b", "c", "a", "d")
		m := w.open()
		_, err := m.Follow(w.Context(), w.archived(), w.covered)
		w.check(err)
		var want []int64
		if step > 0 {
			sifted, err := m.Sift(w.Context(), w.archived(), w.news())
			w.check(err)
			equal(w, w.without(w.news(), sifted), []int64{4, 6})
		}
		switch step {
		case 0, 1: // before the table's commit
			want = []int64{4, 6, 8}
		case 2: // after it
			w.covered, want = w.archived().ID(), []int64{8}
		case 3: // after the memory
			w.covered, want = w.archived().ID(), []int64{8}
			w.check(m.Keep(w.Context(), w.covered))
		}
		w.kill()
		w.archive("d", "e")
		added, did := w.run()
		equal(w, added, want)
		rows := map[int]int64{2: 4}[step]
		equal(w, did, Followed{Rows: rows})
		equal(w, w.counting(), w.first())
		left, err := filepath.Glob(filepath.Join(w.folder, segmentPrefix+"*"))
		w.check(err)
		equal(w, len(left), w.m.Size().Segments)
	}
}

func TestStateAheadOfTheTableIsThrownAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.archive("a")
	w.run()
	behind := w.covered
	w.archive("b", "a")
	w.run()
	w.covered = behind // the table was rolled back
	w.archive("b", "c")
	added, did := w.run()
	equal(w, added, []int64{2, 5})
	if did.Refilled == "" || did.Rows != 1 {
		t.Errorf("%+v: of the archive one row was covered", did)
	}
	equal(w, w.counting(), w.first())
}

func TestFilesThatTheMemoryHasSeenKnowTheirOwnRows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.archive("a", "b")
	w.run()
	w.archive("b", "c", "c")
	m := w.open()
	_, err := m.Follow(w.Context(), w.archived(), w.archived().ID())
	w.check(err)
	sifted, err := m.Sift(w.Context(), w.archived(), w.news())
	w.check(err)
	equal(w, w.without(w.news(), sifted), []int64{4})
}

func TestStateOfAnotherLakeIsThrownAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.archive("a", "b")
	w.run()
	w.kill()
	other := newWorld(t)
	other.folder = w.folder
	other.archive("a", "b", "c")
	added, did := other.run()
	equal(other, added, []int64{1, 2, 3})
	if did.Refilled != "it is of another lake" {
		t.Errorf("%+v", did)
	}
}

func TestMemoryThatIsGoneIsFilledFromTheArchive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 6 {
		w.archive("a", fmt.Sprint(w.offset))
		w.run()
	}
	want := w.m.Size().IDs
	w.kill()
	w.check(os.RemoveAll(w.folder))
	w.archive("a", "new", "0")
	added, did := w.run()
	equal(w, added, []int64{14})
	equal(w, did.Rows, int64(12))
	equal(w, w.m.Size().IDs, want+1)
}

func TestIDsAreForgottenWhenTheyAreTooOld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := w.archive("a")
	w.run()
	next := w.archive("b")
	w.run()
	newest := w.archive("c")
	w.kill()
	for _, c := range []struct {
		window time.Duration
		want   []int64
	}{
		{newest.Time().Sub(old.Time()), []int64{}},
		{newest.Time().Sub(old.Time()) - time.Millisecond, []int64{4}},
		{newest.Time().Sub(next.Time()) - time.Millisecond, []int64{4, 5}},
	} {
		for _, filled := range []bool{false, true} {
			folder, covered := w.folder, w.covered
			w.folder, w.o.Window = filepath.Join(t.TempDir(), "recent"), c.window
			if !filled {
				w.check(os.CopyFS(w.folder, os.DirFS(folder)))
			}
			m := w.open()
			_, err := m.Follow(w.Context(), newest, newest.ID())
			w.check(err)
			if w.offset == 3 {
				w.archive("a", "b", "c")
			}
			w.covered = newest.ID()
			sifted, err := m.Sift(w.Context(), w.archived(), w.news())
			w.check(err)
			equal(w, w.without(w.news(), sifted), c.want)
			w.kill()
			w.folder, w.covered = folder, covered
		}
	}
}

func TestOldestIDsGoWhereThereAreTooMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.o.MostIDs = 9
	for i := range 8 {
		w.archive(fmt.Sprint("x", i), fmt.Sprint("y", i))
		w.run()
	}
	if ids := w.m.Size().IDs; ids != 8 {
		t.Errorf("%d ids", ids)
	}
	w.archive("x0", "x7")
	equal(w, w.added(), []int64{17})
}

func TestRowsThatWereErasedNeitherCountNorAreCopies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.archive("a", "b")
	w.run()
	s := w.archive("c", "d", "c", "b", "a")
	files := w.news()
	deletes, err := s.WritePositionDeletes(w.Context(), "deletions", files, map[string][]int64{files[0].FilePath(): {0, 3}})
	w.check(err)
	_, err = w.Commit(w.Context(), catalog.Listens, lake.Commit{
		Job: "deletions", Deletes: deletes, Stage: func(lake.Snapshot) (map[string]string, error) { return nil, nil },
	})
	w.check(err)
	equal(w, w.added(), []int64{4, 5})
	w.archive("c", "d")
	added, did := w.run()
	equal(w, added, []int64{})
	equal(w, did, Followed{})
}

func TestRowsThatAnotherEngineTookAreForgotten(t *testing.T) {
	t.Parallel()
	for _, way := range []laketest.Way{laketest.ByPosition, laketest.WholeFiles} {
		w := newWorld(t)
		w.archive("a", "b", "a", "c")
		w.run()
		w.Hand(t, catalog.Listens).Delete(way, "source_offset = 1")
		w.covered = w.archived().ID() // the job has compared the day
		w.archive("a", "b", "d")
		added, did := w.run()
		equal(w, added, []int64{7}) // the copy with offset 3 is there
		if did.Refilled == "" {
			t.Error("the memory still holds the row that went")
		}
		equal(w, w.counting(), w.first())
	}
}

func TestCompactionAndColumnsOfOthersAreNoHindrance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.archive("a", "b")
	w.run()
	w.Compact(t, catalog.Listens)
	w.covered = w.archived().ID()
	w.renamed("listen_id", "which")
	w.archive("b", "c")
	added, did := w.run()
	equal(w, added, []int64{4})
	equal(w, did, Followed{})
	equal(w, w.counting(), w.first())
}

func TestExpiredSnapshotIsFollowedAsFarAsItGoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.archive("a")
	w.run()
	w.archive("b", "a")
	w.covered = w.archived().ID() // by another machine
	w.archive("b", "c")
	w.Hand(t, catalog.Listens).Expire()
	added, _ := w.run()
	equal(w, added, []int64{5})
}
