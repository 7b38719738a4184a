package lake_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"

	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/lake"
)

// Others set the properties for the retry of commits as they need them. The library obeys them too: it would replay a
// commit without asking its caller, or refuse to commit at all.
func TestTableIsCommittedOnceWhateverItsRetryProperties(t *testing.T) {
	for name, props := range map[string]map[string]string{
		"four retries": {"num-retries": "4"},
		"no wait":      {"num-retries": "100", "min-wait-ms": "1", "max-wait-ms": "1"},
		"no time":      {"num-retries": "4", "total-timeout-ms": "1"},
		"nonsense":     {"num-retries": "99999999999", "min-wait-ms": "5000", "max-wait-ms": "1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := laketest.New(t)
			for key, value := range props {
				l.Update(t, catalog.PlaysByHour, icetable.NewSetPropertiesUpdate(map[string]string{"commit.retry." + key: value}))
			}
			f := &laketest.Faults{}
			asked := 0
			f.Strike = func(at laketest.Step, _ string) error {
				switch {
				case at == laketest.BeforeCommit && f.Steps[at] == 1: // somebody else swapped the metadata between
					return fmt.Errorf("%w: somebody was faster", icetable.ErrCommitFailed)
				case at == laketest.BeforeCommit && f.Steps[at] == 2: // a rival
					commit(t, l, lake.Commit{Job: "rival", Add: write(t, l, play(2, "rival", 1))})
				case at == laketest.AfterCommit: // lost, and called a conflict
					return fmt.Errorf("%w: somebody was faster", icetable.ErrCommitFailed)
				}
				return nil
			}
			s, err := l.With(f).Commit(t.Context(), catalog.PlaysByHour, lake.Commit{
				Job: "test", Add: write(t, l, play(1, "t", 1)),
				Stage: func(lake.Snapshot) (map[string]string, error) { asked++; return nil, nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			expect(t, sums(t, l, s), map[string]int64{"01t": 1, "02rival": 1})
			if asked != 3 || f.Steps[laketest.BeforeCommit] != asked {
				t.Errorf("asked %d times, %d commits", asked, f.Steps[laketest.BeforeCommit])
			}
			for key, value := range props {
				if got := l.Snapshot(t, catalog.PlaysByHour).Table().Property("commit.retry." + key); got != value {
					t.Errorf("%s is %q", key, got)
				}
			}
		})
	}
}

// Earlier versions told every engine not to try again.
func TestInitTakesBackThatNobodyMayRetry(t *testing.T) {
	l := laketest.New(t)
	const key = "commit.retry.num-retries"
	for table, value := range map[string]string{catalog.Listens: "0", catalog.Sources: "0", catalog.Tracks: "4"} {
		l.Hand(t, table).Property(key, value)
	}
	want := map[string]string{catalog.Listens: "", catalog.Sources: "", catalog.Tracks: "4", catalog.Quarantine: ""}
	var versions map[string]string
	for range 2 {
		if made, err := open.Init(t.Context(), l.Options); err != nil || len(made) > 0 {
			t.Fatalf("made %v, %v", made, err)
		}
		got, at := map[string]string{}, map[string]string{}
		for table := range want {
			now := l.Snapshot(t, table).Table()
			got[table], at[table] = now.Property(key), now.MetadataURI()
		}
		expect(t, got, want)
		if versions != nil && !maps.Equal(at, versions) {
			t.Error("a second init wrote to tables")
		}
		versions = at
	}
}

func TestFileThatTheTableHasIsRefused(t *testing.T) {
	l := laketest.New(t)
	files := write(t, l, play(1, "t", 1))
	s := commit(t, l, lake.Commit{Job: "test", Add: files})
	deletes := deleteWhere(t, l, s, "plays = 7")
	for name, c := range map[string]lake.Commit{
		"alone":           {Add: files},
		"beside another":  {Add: append(write(t, l, play(2, "t", 1)), files...)},
		"in replacement":  {Add: files, Remove: nil, Mends: true},
		"twice at once":   {Add: append(write(t, l, play(2, "t", 1)), write(t, l, play(3, "t", 1))[0], files[0], files[0])},
		"with its delete": {Add: files, Deletes: deletes.Deletes},
	} {
		for door, through := range map[string]*laketest.Lake{"the same": l, "another process": l.With(&laketest.Faults{})} {
			c.Job, c.Stage = "test", anyBase(nil)
			_, err := through.Commit(t.Context(), catalog.PlaysByHour, c)
			if name == "twice at once" {
				if !errors.Is(err, lake.ErrUnsupported) {
					t.Errorf("%s, %s: %v", name, door, err)
				}
				continue
			}
			if !errors.Is(err, lake.ErrFenced) || lake.Hint(err) == "" {
				t.Errorf("%s, %s: %v", name, door, err)
			}
		}
	}
	expect(t, sums(t, l, l.Snapshot(t, catalog.PlaysByHour)), map[string]int64{"01t": 1})
}

func TestDeleteFileThatTheTableHasIsRefused(t *testing.T) {
	l := laketest.New(t)
	s := commit(t, l, lake.Commit{Job: "test", Add: write(t, l, play(1, "t", 1), play(1, "u", 2))})
	c := deleteWhere(t, l, s, "track_id = 't'")
	commit(t, l, c)
	if _, err := l.Commit(t.Context(), catalog.PlaysByHour, c); !errors.Is(err, lake.ErrFenced) {
		t.Error(err)
	}
	expect(t, sums(t, l, l.Snapshot(t, catalog.PlaysByHour)), map[string]int64{"01u": 2})
}

// The answer is lost, and by the time of the next look another commit of ours and another engine's expiry have taken
// away whatever says that the commit landed.
func TestCommitThatLandedIsNotRepeatedWhenItsTracesAreGone(t *testing.T) {
	l := laketest.New(t)
	commit(t, l, lake.Commit{Job: "test", Add: write(t, l, play(3, "old", 1))})
	f := &laketest.Faults{}
	f.Strike = func(at laketest.Step, _ string) error {
		if at != laketest.AfterCommit || f.Steps[at] > 1 {
			return nil
		}
		commit(t, l, lake.Commit{Job: "rival", Add: write(t, l, play(2, "rival", 1))})
		l.Hand(t, catalog.PlaysByHour).Expire()
		forgetMetadata(t, l)
		return laketest.ErrInjected
	}
	_, err := l.With(f).Commit(t.Context(), catalog.PlaysByHour, lake.Commit{Job: "test", Add: write(t, l, play(1, "t", 1)), Stage: anyBase(nil)})
	if !errors.Is(err, lake.ErrFenced) {
		t.Error(err)
	}
	expect(t, sums(t, l, l.Snapshot(t, catalog.PlaysByHour)), map[string]int64{"01t": 1, "02rival": 1, "03old": 1})
}

// A commit of new files reads no manifest, nor does it after a rival was faster: how many there are makes no
// difference.
func TestNewFilesAreNotLookedForInTheTable(t *testing.T) {
	l := laketest.New(t)
	live := write(t, l, play(1, "t", 1))
	commit(t, l, lake.Commit{Job: "test", Add: live})
	manifests, err := filepath.Glob(filepath.Join(l.Options.Warehouse, "*", catalog.PlaysByHour, "metadata", "*-m*.avro"))
	if err != nil || len(manifests) == 0 {
		t.Fatalf("manifests %v, %v", manifests, err)
	}
	for _, m := range manifests {
		if err := os.Remove(m); err != nil {
			t.Fatal(err)
		}
	}
	f := &laketest.Faults{}
	f.Strike = func(at laketest.Step, _ string) error {
		if at == laketest.BeforeCommit && f.Steps[at] == 1 {
			commit(t, l, lake.Commit{Job: "rival", Add: write(t, l, play(2, "rival", 1))})
		}
		return nil
	}
	through := l.With(f)
	if _, err := through.Commit(t.Context(), catalog.PlaysByHour, lake.Commit{Job: "test", Add: write(t, through, play(2, "t", 1)), Stage: anyBase(nil)}); err != nil {
		t.Error(err)
	}
	if _, err := l.Commit(t.Context(), catalog.PlaysByHour, lake.Commit{Job: "test", Add: live, Stage: anyBase(nil)}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not new was not looked for: %v", err)
	}
}
