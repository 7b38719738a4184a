package trino_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/trino"
)

// deletes is a search for the copies of some sources.
func deletes(c *trino.Client, base lake.Snapshot, sources ...any) lake.Clone {
	return lake.Clone{Base: base, Job: "test", Delete: func(ctx context.Context, s lake.Staging) (int64, error) {
		rows := make([][]any, len(sources))
		for i, source := range sources {
			rows[i] = []any{fmt.Sprint("u-", source)}
		}
		who, err := trino.Values(rows, trino.MaxText)
		if err != nil {
			return 0, err
		}
		return c.Delete(ctx, s, trino.Query{Text: "SELECT 1 FROM who WHERE u = user_id", Pins: []trino.Pin{{As: "who", Columns: []string{"u"}, Of: &who[0]}}})
	}}
}

func TestTrinoSaysWhereTheRowsLieThatItDeletes(t *testing.T) {
	s := serve(t)
	s.commit(t, "a", lastOf)
	base := s.commit(t, "b", lastOf.Add(time.Microsecond))
	c := laketest.TrinoClient(t, s.options)
	copies, err := s.lake.CommitStaged(t.Context(), catalog.Duplicates, filled(c, base, nil))
	if err != nil {
		t.Fatal(err)
	}
	files, err := copies.Files(t.Context())
	if err != nil || len(files) != 2 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, sources := range [][]any{{"a"}, {"nobody"}, {"a", "b"}} {
		found, err := s.lake.DeleteInClone(t.Context(), deletes(c, copies, sources...))
		if err != nil {
			t.Fatal(err)
		}
		want := len(sources)
		if sources[0] == "nobody" {
			want = 0
		}
		if len(found) != want {
			t.Errorf("of %v: %v", sources, found)
		}
		for _, positions := range found {
			if diff := cmp.Diff([]int64{0}, positions); diff != "" {
				t.Error(diff)
			}
		}
		s.nothingStaged(t)
	}
	after, err := s.lake.Table(t.Context(), catalog.Duplicates)
	if err != nil || after.Current().ID() != copies.ID() {
		t.Errorf("the table is at %d, %v; want %d", after.Current().ID(), err, copies.ID())
	}
}

// Trino's DROP TABLE takes the files of a table along.
func TestATableOutlivesAClonesDropByTrino(t *testing.T) {
	s := serve(t)
	base := s.commit(t, "a", lastOf)
	c := laketest.TrinoClient(t, s.options)
	copies, err := s.lake.CommitStaged(t.Context(), catalog.Duplicates, filled(c, base, nil))
	if err != nil {
		t.Fatal(err)
	}
	search := deletes(c, copies, "a")
	search.Delete = func(_ context.Context, staging lake.Staging) (int64, error) {
		s.execute(fmt.Sprintf("DROP TABLE %s.%s", staging.Namespace(), staging.Name()))
		return 0, nil
	}
	if _, err := s.lake.DeleteInClone(t.Context(), search); err == nil {
		t.Error("rows were found in a clone that is gone")
	}
	got, err := rows(t, c, trino.Query{Text: "SELECT listen_id FROM listens_duplicates", Pins: trino.PinsOf(copies)})
	if diff := cmp.Diff([][]any{{"l-a"}}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	s.nothingStaged(t)
}

func TestRowsAreDeletedFromStagingTablesOnRecordAlone(t *testing.T) {
	s := serve(t)
	base := s.commit(t, "a", lastOf)
	c := laketest.TrinoClient(t, s.options)
	copies, err := s.lake.CommitStaged(t.Context(), catalog.Duplicates, filled(c, base, nil))
	if err != nil {
		t.Fatal(err)
	}
	var ended lake.Staging
	search := deletes(c, copies, "a")
	deleting := search.Delete
	search.Delete = func(ctx context.Context, s lake.Staging) (int64, error) {
		ended = s
		return deleting(ctx, s)
	}
	if _, err := s.lake.DeleteInClone(t.Context(), search); err != nil {
		t.Fatal(err)
	}
	q := trino.Query{Text: "SELECT 1"}
	for name, staging := range map[string]lake.Staging{"none": {}, "of a table": {Table: catalog.Duplicates}} {
		if _, err := c.Delete(t.Context(), staging, q); err == nil {
			t.Errorf("%s: rows were deleted", name)
		}
	}
	if _, err := c.Delete(t.Context(), ended, q); !errors.Is(err, lake.ErrFenced) {
		t.Errorf("one that was dropped: %v", err)
	}
}
