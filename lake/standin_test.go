package lake_test

import (
	"os"
	"strings"
	"testing"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

func anyFile(iceberg.DataFile) bool { return true }

// removed counts the entries of removed files in the manifests of a snapshot.
func removed(t *testing.T, s lake.Snapshot) (n int) {
	t.Helper()
	err := s.EachManifest(t.Context(), func(_ string, entries []iceberg.ManifestEntry) error {
		for _, e := range entries {
			if e.Status() == iceberg.EntryStatusDELETED {
				n++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func drop(t *testing.T, l *laketest.Lake, wanted func(iceberg.DataFile) bool) lake.Snapshot {
	t.Helper()
	s, err := l.DropRemoved(t.Context(), catalog.PlaysByHour, "purge", wanted)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSnapshotWithoutRemovedEntriesStandsInForThoseBefore(t *testing.T) {
	l := laketest.New(t)
	list := history(t, l, 3)
	base := list[2]
	if removed(t, base) == 0 {
		t.Fatal("no entry of a removed file to begin with")
	}
	want := sums(t, l, base)
	if s := drop(t, l, func(iceberg.DataFile) bool { return false }); s.ID() != base.ID() {
		t.Error("a snapshot was written although no entry was wanted")
	}
	after := drop(t, l, anyFile)
	expect(t, removed(t, after), 0)
	expect(t, sums(t, l, after), want)
	expect(t, after.LastChangeBy(), "test")
	expect(t, after.StandsIn(), true)
	if again := drop(t, l, anyFile); again.ID() != after.ID() {
		t.Error("a second run wrote a snapshot")
	}
	next := commit(t, l, lake.Commit{Job: "test", Add: write(t, l, play(5, "t", 9))})
	if _, err := l.Expire(t.Context(), catalog.PlaysByHour, without(after, next)); err != nil {
		t.Fatal(err)
	}
	now := l.Snapshot(t, catalog.PlaysByHour)
	since, unbroken := now.Since(base.ID())
	if !unbroken || len(since) != 2 {
		t.Errorf("%d snapshots after the one that is gone, unbroken: %t", len(since), unbroken)
	}
	if _, unbroken := now.Since(list[1].ID()); unbroken {
		t.Error("rows changed after that one, and nobody can tell how")
	}
	changes, err := now.Changes(t.Context(), base.ID())
	if err != nil || changes.Broken || len(changes.Added) != 1 || len(changes.Torn)+len(changes.Foreign) > 0 {
		t.Errorf("%+v, %v", changes, err)
	}
	expect(t, steps(t, now, base.ID()), []int64{after.ID(), next.ID()})
	expect(t, steps(t, now, list[1].ID()), untold)
}

// A rewrite and another snapshot that stands in for it: whoever covers the one before them goes on all the same.
func TestSnapshotStandsInThroughCompactionsAndOthersLikeIt(t *testing.T) {
	l := laketest.New(t)
	base := history(t, l, 2)[1]
	drop(t, l, anyFile)
	l.Compact(t, catalog.PlaysByHour)
	last := drop(t, l, anyFile)
	if last.LastChangeBy() != "test" {
		t.Errorf("last changed by %q", last.LastChangeBy())
	}
	if _, err := l.Expire(t.Context(), catalog.PlaysByHour, without(last)); err != nil {
		t.Fatal(err)
	}
	c, err := l.Snapshot(t, catalog.PlaysByHour).Changes(t.Context(), base.ID())
	if err != nil || !c.Idle {
		t.Errorf("%+v, %v", c, err)
	}
	expect(t, steps(t, l.Snapshot(t, catalog.PlaysByHour), base.ID()), []int64{})
}

// untold is what steps are where the history does not tell them.
var untold []int64

// steps are the commits that changed rows after base, each after the one that it was made on.
func steps(t *testing.T, s lake.Snapshot, base int64) (ids []int64) {
	t.Helper()
	list, told, err := s.StepsSince(base)
	if err != nil {
		t.Fatal(err)
	}
	if !told {
		return untold
	}
	ids = []int64{}
	for _, step := range list {
		ids = append(ids, step.Before.ID(), step.After.ID())
	}
	return ids
}

// A compaction has the rows of the snapshot before it, which may be gone; a commit that changed rows has not.
func TestStepsGoOnFromACompactionOfWhatExpired(t *testing.T) {
	l := laketest.New(t)
	base := history(t, l, 2)[1]
	compacted := l.Compact(t, catalog.PlaysByHour)
	first := commit(t, l, lake.Commit{Job: "test", Add: write(t, l, play(5, "t", 9))})
	drop(t, l, anyFile)
	second := commit(t, l, lake.Commit{Job: "test", Add: write(t, l, play(6, "t", 9))})
	before := second.Ancestors()[1].ID()
	all := []int64{compacted.ID(), first.ID(), before, second.ID()}
	if before == first.ID() {
		t.Fatal("nothing stands in for the first commit")
	}
	now := func() lake.Snapshot { return l.Snapshot(t, catalog.PlaysByHour) }
	expect(t, steps(t, now(), base.ID()), all)
	expire := func(keep ...lake.Snapshot) {
		t.Helper()
		if _, err := l.Expire(t.Context(), catalog.PlaysByHour, without(keep...)); err != nil {
			t.Fatal(err)
		}
	}
	expire(second.Ancestors()[:4]...)
	expect(t, steps(t, now(), base.ID()), all)
	expect(t, steps(t, now(), compacted.ID()), all)
	expire(second.Ancestors()[:3]...)
	expect(t, steps(t, now(), compacted.ID()), untold)
	expect(t, steps(t, now(), first.ID()), all[2:])
	expire(second)
	expect(t, steps(t, now(), first.ID()), untold)
}

func TestDroppedEntriesAreGoneWhereverTheCommitWasCutOff(t *testing.T) {
	for nth := 1; ; nth++ {
		l := laketest.New(t)
		history(t, l, 2)
		want := sums(t, l, l.Snapshot(t, catalog.PlaysByHour))
		broken := l.With(&laketest.Faults{Strike: once(nth)})
		s, err := broken.DropRemoved(t.Context(), catalog.PlaysByHour, "purge", anyFile)
		if err != nil {
			t.Fatal(err)
		}
		now := l.Snapshot(t, catalog.PlaysByHour)
		expect(t, s.ID(), now.ID())
		expect(t, removed(t, now), 0)
		expect(t, sums(t, l, now), want)
		if nth > 3 {
			return
		}
	}
}

// once strikes at one commit: before it, after it, or at the next.
func once(nth int) func(laketest.Step, string) error {
	n := 0
	return func(step laketest.Step, _ string) error {
		if step != laketest.BeforeCommit && step != laketest.AfterCommit {
			return nil
		}
		if n++; n == nth {
			return laketest.ErrInjected
		}
		return nil
	}
}

func TestOlderMetadataFilesThatNameExpiredSnapshotsGo(t *testing.T) {
	l := laketest.New(t)
	list := history(t, l, 3)
	forget := func() int {
		t.Helper()
		n, err := l.ForgetMetadata(t.Context(), catalog.PlaysByHour)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	expect(t, forget(), 0)
	if _, err := l.Expire(t.Context(), catalog.PlaysByHour, without(list[2])); err != nil {
		t.Fatal(err)
	}
	if forget() == 0 {
		t.Error("nothing was deleted")
	}
	uri := l.Snapshot(t, catalog.PlaysByHour).Table().MetadataURI()
	expect(t, forget(), 0)
	expect(t, l.Snapshot(t, catalog.PlaysByHour).Table().MetadataURI(), uri)
	folder, err := os.ReadDir(folderOf(t, l) + "/metadata")
	if err != nil {
		t.Fatal(err)
	}
	var metadata []string
	for _, f := range folder {
		if strings.Contains(f.Name(), ".metadata.json") {
			metadata = append(metadata, f.Name())
		}
	}
	if len(metadata) != 2 { // the newest and the one before
		t.Errorf("metadata files left: %v", metadata)
	}
	expect(t, sums(t, l, l.Snapshot(t, catalog.PlaysByHour)), map[string]int64{"01t2": 3, "02t": 3})
}
