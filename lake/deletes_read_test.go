package lake_test

import (
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

func TestDeletedRowsAreThoseThatASnapshotTookFromTheFiles(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	h := l.Hand(t, catalog.Sources)
	ask := func(s lake.Snapshot, files []lake.File) map[string][]int64 {
		t.Helper()
		rows, err := s.DeletedRows(t.Context(), l.Duck.Verify, files)
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	for _, name := range []string{"a", "b"} {
		h.Insert([]any{name + "0", int64(0), nil, nil, nil}, []any{name + "1", int64(1), nil, nil, nil}, []any{name + "2", int64(2), nil, nil, nil})
	}
	whole := l.Snapshot(t, catalog.Sources)
	files, err := whole.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(files, func(a, b lake.File) int { return int(a.Sequence - b.Sequence) })
	a, b := files[0].FilePath(), files[1].FilePath()
	once := h.Delete(laketest.ByPosition, "next_line = 2")
	twice := h.Delete(laketest.ByPosition, "source IN ('a0', 'a1')")
	for _, c := range []struct {
		s     lake.Snapshot
		files []lake.File
		want  map[string][]int64
	}{
		{whole, files, nil},
		{once, files, map[string][]int64{a: {2}, b: {2}}},
		{twice, files, map[string][]int64{a: {0, 1, 2}, b: {2}}},
		{twice, files[1:], map[string][]int64{b: {2}}},
		{twice, nil, map[string][]int64{}},
	} {
		if diff := cmp.Diff(c.want, ask(c.s, c.files)); diff != "" {
			t.Errorf("snapshot %d, %d files\n%s", c.s.Sequence(), len(c.files), diff)
		}
	}
	deletes, err := twice.DeleteFiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	local, err := lake.LocalPath(deletes[0].FilePath())
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(local)
	if err != nil {
		t.Fatal(err)
	}
	text[6] ^= 1
	if err := os.WriteFile(local, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := twice.DeletedRows(t.Context(), lake.NewVerifier(), files); !errors.Is(err, lake.ErrDamaged) {
		t.Errorf("%v instead of a damaged file", err)
	}
}
