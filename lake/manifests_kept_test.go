package lake_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// A job asks for the files of the same table several times, and a month of small commits leaves a hundred manifests.
func TestAManifestIsReadOnce(t *testing.T) {
	l := laketest.New(t)
	for i := range 5 {
		commit(t, l, lake.Commit{Add: write(t, l, play(1+i%3, "t0", 1), play(1+i%3, "t1", 1))})
	}
	read := map[string]int{}
	counting := l.With(&laketest.Faults{Opened: func(path string) {
		if !strings.Contains(path, "/snap-") { // the list of them, which each snapshot has
			read[path]++
		}
	}})
	same := func() {
		t.Helper()
		got, want := filesOf(t, counting), filesOf(t, l.With(&laketest.Faults{}))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("files are not those of a lake that has read nothing (-want +got):\n%s", diff)
		}
	}
	same()
	l.Hand(t, catalog.PlaysByHour).Delete(laketest.ByPosition, "track_id = 't1'")
	same()
	same()
	l.Merge(t, catalog.PlaysByHour, func(f lake.File) bool { return f.Sequence > 2 })
	same()
	same()
	if len(read) < 5 {
		t.Errorf("read %d manifests, the test is not of what it says", len(read))
	}
	for path, times := range read {
		if times > 1 && strings.HasSuffix(path, ".avro") {
			t.Errorf("read %s %d times", path, times)
		}
	}
}

// filesOf tells the live data files and delete files of plays_by_hour, by what a commit or a reader goes by.
func filesOf(t *testing.T, l *laketest.Lake) (told [][]any) {
	t.Helper()
	s := l.Snapshot(t, catalog.PlaysByHour)
	data, err := s.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	deletes, err := s.DeleteFiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(data, deletes...) {
		told = append(told, []any{
			f.FilePath(), f.AddedBy, f.Sequence, f.Count(), f.FileSizeBytes(), f.SpecID(), f.ContentType().String(),
			lake.PartitionValue(f), f.LowerBoundValues(), f.UpperBoundValues(), lake.ReferencedDataFile(f.DataFile),
		})
	}
	return told
}
