package duck_test

import (
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

func TestDeletedRowsAreThoseOfOneCommit(t *testing.T) {
	l := laketest.New(t)
	h := l.Hand(t, catalog.Sources)
	row := func(source string) []any {
		return []any{source, int64(1), time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), int64(0), int64(0)}
	}
	without := func(source string) lake.Snapshot {
		return h.DeleteScoped(iceberg.EqualTo(iceberg.Reference("source"), source)) // its delete files name no data file
	}
	put := func(rows ...[]any) lake.Snapshot { return l.Put(t, "test", catalog.Sources, nil, rows...) }
	states := []lake.Snapshot{put(row("a"), row("b"), row("c")), without("a"), without("b"), put(row("d"))}
	d := l.DB(t)
	for i, want := range [][]string{{"a"}, {"b"}, nil} {
		if err := d.BindDeleted(t.Context(), "deleted", states[i], states[i+1], "source"); err != nil {
			t.Fatal(err)
		}
		var got []string
		var source string
		err := d.EachText(t.Context(), "SELECT source FROM deleted ORDER BY source", nil, []any{&source}, func() error { got = append(got, source); return nil })
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("commit %d: (-want +got)\n%s", i+1, diff)
		}
	}
}
