package lake_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

func paths(files []lake.File) []string {
	var list []string
	for _, f := range files {
		list = append(list, f.FilePath())
	}
	slices.Sort(list)
	return list
}

func origins(t *testing.T, l *laketest.Lake) []string {
	t.Helper()
	s := l.Snapshot(t, catalog.PlaysByHour)
	files, err := s.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	list, err := s.Origins(t.Context(), files)
	if err != nil {
		t.Fatal(err)
	}
	return paths(list)
}

func TestOriginsAreTheFilesThatRewritesTookUp(t *testing.T) {
	l, small, s := shelf(t)
	if got := origins(t, l); got != nil {
		t.Errorf("files that were appended come from %v", got)
	}
	first, err := l.Rewrite(t.Context(), rewrite(t, l, s, small[:3]))
	if err != nil {
		t.Fatal(err)
	}
	var merged []lake.File
	files, err := first.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.AddedBy == first.ID() {
			merged = append(merged, f)
		}
	}
	if diff := cmp.Diff(paths(small[:3]), origins(t, l)); diff != "" {
		t.Error(diff)
	}
	commit(t, l, lake.Commit{Add: write(t, l, play(2, "another day", 1))})
	if _, err := l.Rewrite(t.Context(), rewrite(t, l, first, slices.Concat(merged, small[3:5]))); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(paths(slices.Concat(small[:5], merged)), origins(t, l)); diff != "" {
		t.Error(diff)
	}
}

// The snapshots of both rewrites are gone, that of an older file is not.
func TestOriginsAreFoundWhereTheirRewriteHasExpired(t *testing.T) {
	l, small, s := shelf(t)
	if _, err := l.Rewrite(t.Context(), rewrite(t, l, s, small)); err != nil {
		t.Fatal(err)
	}
	commit(t, l, lake.Commit{Add: write(t, l, play(1, "late", 1))})
	if _, err := l.Expire(t.Context(), catalog.PlaysByHour, func(now *lake.Table) ([]lake.Snapshot, error) {
		return slices.DeleteFunc(now.Snapshots(), func(at lake.Snapshot) bool { return at.ID() == s.ID() || at.ID() == now.Current().ID() }), nil
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(paths(small), origins(t, l)); diff != "" {
		t.Error(diff)
	}
}
