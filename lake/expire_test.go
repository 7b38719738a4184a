package lake_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

var playsID = icetable.Identifier{catalog.Namespace, catalog.PlaysByHour}

// history commits n snapshots, each of which replaces the day of the one before and adds one.
func history(t *testing.T, l *laketest.Lake, n int) []lake.Snapshot {
	t.Helper()
	var list []lake.Snapshot
	for i := range n {
		c := lake.Commit{Job: "test", Add: write(t, l, play(1, fmt.Sprint("t", i), i+1), play(2, "t", 1))}
		files, err := l.Snapshot(t, catalog.PlaysByHour).Files(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if lake.PartitionValue(f) == lake.Day(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)) {
				c.Remove = append(c.Remove, f)
			}
		}
		list = append(list, commit(t, l, c))
	}
	return list
}

// without is a choose that picks all snapshots but those listed.
func without(keep ...lake.Snapshot) func(*lake.Table) ([]lake.Snapshot, error) {
	return func(now *lake.Table) ([]lake.Snapshot, error) {
		return slices.DeleteFunc(now.Snapshots(), func(s lake.Snapshot) bool {
			return slices.ContainsFunc(keep, func(k lake.Snapshot) bool { return k.ID() == s.ID() })
		}), nil
	}
}

// onDisk lists the files of plays_by_hour, metadata.json files apart.
func onDisk(t *testing.T, l *laketest.Lake) (files, metadata []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(l.Dir, "warehouse"), func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || d.IsDir() || !strings.Contains(path, catalog.PlaysByHour):
		case strings.Contains(path, "metadata.json"):
			metadata = append(metadata, path)
		default:
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	return files, metadata
}

// referred lists the files that the snapshots of plays_by_hour need, found with iceberg-go alone.
func referred(t *testing.T, l *laketest.Lake) []string {
	t.Helper()
	tbl, err := l.Catalog.Ice.LoadTable(t.Context(), playsID)
	if err != nil {
		t.Fatal(err)
	}
	storage, err := tbl.FS(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	set := map[string]bool{}
	add := func(uri string) {
		path, err := lake.LocalPath(uri)
		if err != nil {
			t.Fatal(err)
		}
		set[path] = true
	}
	for _, s := range tbl.Metadata().Snapshots() {
		add(s.ManifestList)
		manifests, err := s.Manifests(storage)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range manifests {
			add(m.FilePath())
			for e, err := range m.Entries(storage, true) {
				if err != nil {
					t.Fatal(err)
				}
				add(e.DataFile().FilePath())
			}
		}
	}
	return slices.Sorted(maps.Keys(set))
}

func TestExpiryDeletesExactlyWhatNothingLeftRefersTo(t *testing.T) {
	laketest.Costly(t)
	l := laketest.New(t)
	list := history(t, l, 8)
	before, _ := onDisk(t, l)
	done, err := l.Expire(t.Context(), catalog.PlaysByHour, without(list[2], list[7]))
	if err != nil || done.Snapshots != 6 || done.Bytes == 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	after, _ := onDisk(t, l)
	expect(t, after, referred(t, l))
	expect(t, done.Files >= len(before)-len(after), true)
	expect(t, sums(t, l, l.Snapshot(t, catalog.PlaysByHour)), map[string]int64{"01t7": 8, "02t": 8})
	old, err := l.Snapshot(t, catalog.PlaysByHour).Table().ByID(list[2].ID())
	if err != nil {
		t.Fatal(err)
	}
	expect(t, sums(t, l, old), map[string]int64{"01t2": 3, "02t": 3})

	if done, err = l.Expire(t.Context(), catalog.PlaysByHour, without(list[2], list[7])); err != nil || done != (lake.Expired{}) {
		t.Fatalf("again: %+v, %v", done, err)
	}
	done, err = l.Expire(t.Context(), catalog.PlaysByHour, without(list[7]))
	if err != nil || done.Snapshots != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	after, _ = onDisk(t, l)
	expect(t, after, referred(t, l))
}

func TestOlderMetadataFilesDoNotPileUp(t *testing.T) {
	laketest.Costly(t)
	l := laketest.New(t)
	for range 12 {
		list := history(t, l, 2)
		if _, err := l.Expire(t.Context(), catalog.PlaysByHour, without(list[1])); err != nil {
			t.Fatal(err)
		}
	}
	if _, metadata := onDisk(t, l); len(metadata) > 21 {
		t.Errorf("%d metadata files, want the current one and 20 before it", len(metadata))
	}
}

func TestWhatMovesDuringAnExpiryIsChosenAgain(t *testing.T) {
	for name, move := range map[string]func(t *testing.T, l *laketest.Lake, to lake.Snapshot) error{
		"tag": func(t *testing.T, l *laketest.Lake, to lake.Snapshot) error {
			return l.Tag(t.Context(), "audit", to, 0)
		},
		"rollback": func(t *testing.T, l *laketest.Lake, to lake.Snapshot) error {
			update := icetable.NewSetSnapshotRefUpdate(icetable.MainBranch, to.ID(), icetable.BranchRef, 0, 0, 0)
			_, _, err := l.Catalog.Ice.CommitTable(t.Context(), playsID, nil, []icetable.Update{update})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := laketest.New(t)
			list := history(t, l, 5)
			calls := 0
			done, err := l.Expire(t.Context(), catalog.PlaysByHour, func(now *lake.Table) ([]lake.Snapshot, error) {
				keep := []lake.Snapshot{now.Current()}
				for _, id := range now.Refs() {
					s, err := now.ByID(id)
					if err != nil {
						return nil, err
					}
					keep = append(keep, s)
				}
				doomed, err := without(keep...)(now)
				if calls++; calls == 1 {
					err = errors.Join(err, move(t, l, list[1]))
				}
				return doomed, err
			})
			if err != nil || calls < 2 {
				t.Fatalf("%+v, %v, chosen %d times", done, err, calls)
			}
			kept, err := l.Snapshot(t, catalog.PlaysByHour).Table().ByID(list[1].ID())
			if err != nil {
				t.Fatal(err)
			}
			expect(t, sums(t, l, kept), map[string]int64{"01t1": 2, "02t": 2})
			after, _ := onDisk(t, l)
			expect(t, after, referred(t, l))
		})
	}
}

// Whoever commits all the time neither keeps an expiry from landing nor gives it more to do.
func TestCommitsDuringAnExpiryNeitherHinderNorProlongIt(t *testing.T) {
	l := laketest.New(t)
	list := history(t, l, 5)
	calls := 0
	done, err := l.Expire(t.Context(), catalog.PlaysByHour, func(now *lake.Table) ([]lake.Snapshot, error) {
		calls++
		history(t, l, 2)
		all := now.Snapshots()
		return all[:len(all)-1], nil
	})
	if err != nil || calls != 2 || done.Snapshots != 4 || done.Later == 0 {
		t.Fatalf("%+v, %v, chosen %d times", done, err, calls)
	}
	now := l.Snapshot(t, catalog.PlaysByHour).Table().Snapshots()
	if len(now) != 5 || now[0].ID() != list[4].ID() {
		t.Errorf("%d snapshots are left", len(now))
	}
	after, _ := onDisk(t, l)
	expect(t, after, referred(t, l))
}

func TestSnapshotsThatANameKeepsAreRefused(t *testing.T) {
	l := laketest.New(t)
	list := history(t, l, 3)
	if _, err := l.Expire(t.Context(), catalog.PlaysByHour, without(list[0])); err == nil {
		t.Fatal("the current snapshot was expired")
	}
	expect(t, len(l.Snapshot(t, catalog.PlaysByHour).Table().Snapshots()), 3)
}

// faultAt strikes once, at the nth step that writes or removes. With dead the world ends there.
func faultAt(nth int, dead func()) *laketest.Faults {
	n := 0
	return &laketest.Faults{Strike: func(step laketest.Step, _ string) error {
		if step == laketest.LoadTable {
			return nil
		}
		if n++; n == nth || dead != nil && n > nth {
			if dead != nil {
				dead()
			}
			return laketest.ErrInjected
		}
		return nil
	}}
}

func TestExpiryInterruptedAnywhereLosesNothing(t *testing.T) {
	for _, dies := range []bool{true, false} {
		t.Run(fmt.Sprint("dies ", dies), func(t *testing.T) {
			for nth := 1; ; nth++ {
				l := laketest.New(t)
				list := history(t, l, 3)
				choose := without(list[0], list[2])
				ctx, cancel := context.WithCancel(t.Context())
				f := faultAt(nth, nil)
				if dies {
					f = faultAt(nth, cancel)
				}
				_, broken := l.With(f).Expire(ctx, catalog.PlaysByHour, choose)
				cancel()
				if _, err := l.Expire(t.Context(), catalog.PlaysByHour, choose); err != nil {
					t.Fatalf("step %d: %v", nth, err)
				}
				now := l.Snapshot(t, catalog.PlaysByHour).Table()
				expect(t, len(now.Snapshots()), 2)
				left, _ := onDisk(t, l)
				for _, path := range referred(t, l) {
					if !slices.Contains(left, path) {
						t.Fatalf("step %d: %s is gone", nth, path)
					}
				}
				expect(t, sums(t, l, now.Current()), map[string]int64{"01t2": 3, "02t": 3})
				steps := 0
				for step, n := range f.Steps {
					if step != laketest.LoadTable {
						steps += n
					}
				}
				if steps < nth {
					if broken != nil || nth < 6 {
						t.Fatalf("only %d steps, %v", steps, broken)
					}
					return
				}
			}
		})
	}
}

func TestLostAnswerOfAnExpiryDeletesTheFilesAllTheSame(t *testing.T) {
	l := laketest.New(t)
	list := history(t, l, 4)
	struck := false
	f := &laketest.Faults{Strike: func(step laketest.Step, _ string) error {
		if step == laketest.AfterCommit && !struck {
			struck = true
			return laketest.ErrInjected
		}
		return nil
	}}
	done, err := l.With(f).Expire(t.Context(), catalog.PlaysByHour, without(list[3]))
	if err != nil || done.Snapshots != 3 || !struck {
		t.Fatalf("%+v, %v", done, err)
	}
	after, _ := onDisk(t, l)
	expect(t, after, referred(t, l))
}

func TestExpiriesAtOnceLeaveWhatBothKeep(t *testing.T) {
	l := laketest.New(t)
	list := history(t, l, 12)
	done := make(chan error, 3)
	for range cap(done) {
		go func() {
			_, err := l.Expire(context.Background(), catalog.PlaysByHour, without(list[4], list[11]))
			done <- err
		}()
	}
	for range cap(done) {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	after, _ := onDisk(t, l)
	expect(t, after, referred(t, l))
}

func TestTimeTravelAfterThinningFindsTheNewestKeptSnapshotBefore(t *testing.T) {
	l := laketest.New(t)
	var list []lake.Snapshot
	for range 6 {
		list = append(list, history(t, l, 1)...)
		for !time.Now().After(list[len(list)-1].Time().Add(time.Millisecond)) { // snapshots are told apart by the millisecond
		}
	}
	expire := func(keep ...lake.Snapshot) {
		t.Helper()
		if _, err := l.Expire(t.Context(), catalog.PlaysByHour, without(keep...)); err != nil {
			t.Fatal(err)
		}
	}
	asOf := func(at time.Time, want lake.Snapshot) {
		t.Helper()
		got, err := l.Snapshot(t, catalog.PlaysByHour).Table().AsOf(at)
		if err != nil || got.ID() != want.ID() {
			t.Errorf("as of %s: %d, %v; want %d", at, got.ID(), err, want.ID())
		}
	}
	expire(list[0], list[2], list[4], list[5])
	for i, want := range []int{0, 0, 2, 2, 4, 5} {
		asOf(list[i].Time(), list[want])
	}
	asOf(list[4].Time().Add(-time.Millisecond), list[2])
	asOf(list[5].Time().Add(time.Hour), list[5])
	asOf(list[0].Time().Add(-time.Millisecond), lake.Snapshot{}) // the root is there, so it was empty

	expire(list[2], list[5])
	asOf(list[4].Time(), list[2])
	_, err := l.Snapshot(t, catalog.PlaysByHour).Table().AsOf(list[1].Time())
	if !errors.Is(err, lake.ErrExpired) || !strings.Contains(lake.Hint(err), fmt.Sprint(list[2].ID())) {
		t.Errorf("before the oldest left: %v, hint %q", err, lake.Hint(err))
	}
	l.CutsParents = true
	l.Hand(t, catalog.PlaysByHour).Expire()
	if _, err := l.Snapshot(t, catalog.PlaysByHour).Table().AsOf(list[4].Time()); !errors.Is(err, lake.ErrExpired) {
		t.Errorf("before the oldest left, which says no more that it had a parent: %v", err)
	}
}

func TestDescentIsToldAcrossAGap(t *testing.T) {
	l := laketest.New(t)
	list := history(t, l, 6)
	if _, err := l.Expire(t.Context(), catalog.PlaysByHour, without(list[0], list[1], list[3], list[5])); err != nil {
		t.Fatal(err)
	}
	descends := func(base lake.Snapshot) bool { return l.Snapshot(t, catalog.PlaysByHour).DescendsFrom(base) }
	expect(t, []bool{descends(list[0]), descends(list[1]), descends(list[3]), descends(list[5])}, []bool{true, true, true, true})

	update := icetable.NewSetSnapshotRefUpdate(icetable.MainBranch, list[1].ID(), icetable.BranchRef, 0, 0, 0)
	if _, _, err := l.Catalog.Ice.CommitTable(t.Context(), playsID, nil, []icetable.Update{update}); err != nil {
		t.Fatal(err)
	}
	history(t, l, 1)
	expect(t, []bool{descends(list[0]), descends(list[1]), descends(list[3]), descends(list[5])}, []bool{true, true, false, false})
	expect(t, len(l.Snapshot(t, catalog.PlaysByHour).Ancestors()), 3)
}
