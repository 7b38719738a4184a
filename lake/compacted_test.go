package lake_test

import (
	"errors"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// compacted has the small files of a shelf become one, as package compact does.
func compacted(t *testing.T, l *laketest.Lake, base lake.Snapshot, small []lake.File) lake.Snapshot {
	t.Helper()
	r := rewrite(t, l, base, small)
	r.Compacts = true
	after, err := l.Rewrite(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return after
}

// withRows are the files of a snapshot that have so many rows.
func withRows(t *testing.T, s lake.Snapshot, rows int64) (list []lake.File) {
	t.Helper()
	files, err := s.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Count() == rows {
			list = append(list, f)
		}
	}
	return list
}

func TestACommitFromOneSnapshotHoldsAfterACompactionOfOtherFiles(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, l *laketest.Lake, base lake.Snapshot) lake.Commit{
		"rows added": func(t *testing.T, l *laketest.Lake, _ lake.Snapshot) lake.Commit {
			return lake.Commit{Add: write(t, l, play(1, "late", 5))}
		},
		"state alone": func(*testing.T, *laketest.Lake, lake.Snapshot) lake.Commit { return lake.Commit{} },
		"rows deleted from a file that stays": func(t *testing.T, l *laketest.Lake, base lake.Snapshot) lake.Commit {
			return deleteWhere(t, l, base, "track_id = 'large3'")
		},
		"a file removed that stays": func(t *testing.T, l *laketest.Lake, base lake.Snapshot) lake.Commit {
			return lake.Commit{Add: write(t, l, play(1, "late", 5)), Remove: withRows(t, base, 20)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, small, base := shelf(t)
			c := change(t, l, base)
			c.Stage = lake.IfUnmoved(base, map[string]string{lake.StateKey("k"): "v"})
			want := tracks(t, l)
			compacted(t, l, base, small)
			expect(t, tracks(t, l), want)
			after := commit(t, l, c)
			if len(c.Add) > 0 {
				want["01late"] = 5
			}
			if len(c.Deletes) > 0 {
				delete(want, "01large3")
			}
			if len(c.Remove) > 0 {
				for key := range want {
					if len(key) > 7 && key[:7] == "01large" {
						delete(want, key)
					}
				}
			}
			expect(t, tracks(t, l), want)
			state, err := after.State("k")
			if err != nil {
				t.Fatal(err)
			}
			expect(t, state, "v")
		})
	}
}

func TestACommitFromOneSnapshotLosesToWhateverTookItsFilesOrChangedRows(t *testing.T) {
	adds := func(t *testing.T, l *laketest.Lake, _ lake.Snapshot) lake.Commit {
		return lake.Commit{Add: write(t, l, play(1, "late", 5))}
	}
	compacts := func(t *testing.T, l *laketest.Lake, base lake.Snapshot, small []lake.File) {
		compacted(t, l, base, small)
	}
	for name, c := range map[string]struct {
		change func(t *testing.T, l *laketest.Lake, base lake.Snapshot) lake.Commit
		rival  func(t *testing.T, l *laketest.Lake, base lake.Snapshot, small []lake.File)
	}{
		"rows deleted from a file that is gone": {
			func(t *testing.T, l *laketest.Lake, base lake.Snapshot) lake.Commit {
				return deleteWhere(t, l, base, "track_id IN ('a3', 'large3')")
			}, compacts,
		},
		"a removed file that is gone": {
			func(t *testing.T, _ *laketest.Lake, base lake.Snapshot) lake.Commit {
				files, err := base.Files(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				return lake.Commit{Remove: files}
			}, compacts,
		},
		"rows came before the compaction": {adds, func(t *testing.T, l *laketest.Lake, base lake.Snapshot, small []lake.File) {
			commit(t, l, lake.Commit{Add: write(t, l, play(1, "other", 1))})
			compacted(t, l, base, small)
		}},
		"rows were rewritten as others": {adds, func(t *testing.T, l *laketest.Lake, base lake.Snapshot, small []lake.File) {
			if _, err := l.Rewrite(t.Context(), rewrite(t, l, base, small)); err != nil {
				t.Fatal(err)
			}
		}},
		"another engine compacted": {adds, func(t *testing.T, l *laketest.Lake, _ lake.Snapshot, _ []lake.File) {
			l.Compact(t, catalog.PlaysByHour)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, small, base := shelf(t)
			change := c.change(t, l, base)
			change.Stage = lake.IfUnmoved(base, nil)
			c.rival(t, l, base, small)
			before := l.Snapshot(t, catalog.PlaysByHour)
			want := tracks(t, l)
			_, err := l.Commit(t.Context(), catalog.PlaysByHour, change)
			if !errors.Is(err, lake.ErrFenced) || lake.Hint(err) == "" {
				t.Fatalf("got %v, want ErrFenced with a hint", err)
			}
			expect(t, l.Snapshot(t, catalog.PlaysByHour).ID(), before.ID())
			expect(t, tracks(t, l), want)
		})
	}
}
