package trino_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/trino"
)

// copiesOf makes rows of listens_duplicates of the sources, one in March and the others in February.
const copiesOf = `WITH s AS (SELECT * FROM sources)
SELECT 'l-' || source, 'u-' || source, finished_at, finished_at, NULL, NULL, NULL, finished_at, 'hash', false, ? FROM s`

// filled is a commit of what Trino makes of the sources.
func filled(c *trino.Client, base lake.Snapshot, also func(lake.Staging)) lake.Staged {
	return lake.Staged{
		Commit: lake.Commit{Job: "test", Stage: func(lake.Snapshot) (map[string]string, error) {
			return map[string]string{lake.StateKey("covers"): "yes"}, nil
		}},
		Fill: func(ctx context.Context, s lake.Staging) (int64, error) {
			if also != nil {
				defer also(s)
			}
			return c.Fill(ctx, s, trino.Query{Text: copiesOf, Pins: trino.PinsOf(base), Args: []any{true}})
		},
	}
}

func TestWhatTrinoComputesIsCommittedOnceWithoutPersonalBounds(t *testing.T) {
	s := serve(t)
	s.commit(t, "a", lastOf)
	base := s.commit(t, "b", lastOf.Add(time.Microsecond))
	s.commit(t, "later", lastOf) // not of the snapshot that is read
	c := laketest.TrinoClient(t, s.options)
	told := 0
	after, err := s.lake.CommitStaged(t.Context(), catalog.Duplicates, filled(c, base, func(staging lake.Staging) {
		beside := lake.New(s.Ice, staging.Namespace(), lake.Known{}, nil)
		table, err := beside.Table(t.Context(), staging.Name())
		if err != nil {
			t.Error(err)
			return
		}
		found, err := table.Current().FindBounds(t.Context(), []string{"user_id"})
		if err != nil {
			t.Error(err)
		}
		told = found.Entries
	}))
	if err != nil {
		t.Fatal(err)
	}
	if told != 2 {
		t.Errorf("Trino told bounds in %d entries of the staging table, want 2, or this test proves nothing", told)
	}
	if found, err := after.FindBounds(t.Context(), catalog.PersonalColumns(catalog.Duplicates)); err != nil || found.Entries != 0 {
		t.Errorf("bounds of personal columns in %d entries, %v", found.Entries, err)
	}
	if state, err := after.State("covers"); err != nil || state != "yes" {
		t.Errorf("state %q, %v", state, err)
	}
	got, err := rows(t, c, trino.Query{Text: "SELECT listen_id, user_id, event_time, payload, other_user FROM listens_duplicates ORDER BY 1", Pins: trino.PinsOf(after)})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]any{{"l-a", "u-a", lastOf, "hash", true}, {"l-b", "u-b", lastOf.Add(time.Microsecond), "hash", true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	s.sealed(t, after)
	s.nothingStaged(t)
}

// sealed holds all bytes of a snapshot against the hashes that were taken of them.
func (s served) sealed(t *testing.T, of lake.Snapshot) {
	t.Helper()
	files, err := of.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	verify, months := lake.NewVerifier(), map[any]bool{}
	if err := verify.Verify(t.Context(), of, files, of.Schema().Fields()); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		months[lake.PartitionValue(f)] = true
	}
	if report := verify.Report(); len(files) != 2 || len(months) != 2 || report.Unsealed != 0 || report.Bytes == 0 {
		t.Errorf("%d files in %d months, %+v", len(files), len(months), report)
	}
}

func (s served) nothingStaged(t *testing.T) {
	t.Helper()
	table, err := s.lake.Table(t.Context(), catalog.Duplicates)
	if err != nil {
		t.Fatal(err)
	}
	if list := table.Stagings(); len(list) != 0 {
		t.Errorf("on record: %v", list)
	}
	for id, err := range s.Ice.ListTables(t.Context(), icetable.Identifier{s.lake.Namespace() + "_staging"}) {
		t.Errorf("in the catalog: %v %v", id, err)
	}
	plan, err := s.lake.WithGrace(-time.Hour).PlanOrphans(t.Context(), catalog.Duplicates)
	if err != nil || len(plan.Files) != 0 {
		t.Errorf("left: %v, %v", plan.Files, err)
	}
}

// A column that another engine added between those of two versions of lakectl leaves a gap in their ids.
func TestTrinoFillsATableWhoseColumnsHaveOtherIDsThanANewOne(t *testing.T) {
	s := serve(t)
	base := s.commit(t, "a", lastOf)
	i := slices.IndexFunc(catalog.Specs(), func(spec lake.Spec) bool { return spec.Name == catalog.Duplicates })
	spec := catalog.Specs()[i]
	if err := s.Ice.DropTable(t.Context(), icetable.Identifier{s.lake.Namespace(), spec.Name}); err != nil {
		t.Fatal(err)
	}
	old := spec
	old.Schema = iceberg.NewSchema(0, spec.Schema.Fields()[:10]...)
	if _, err := s.lake.Create(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	s.execute("ALTER TABLE " + spec.Name + " ADD COLUMN theirs varchar")
	if _, err := s.lake.AddColumns(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	c := laketest.TrinoClient(t, s.options)
	after, err := s.lake.CommitStaged(t.Context(), catalog.Duplicates, filled(c, base, nil))
	if err != nil {
		t.Fatal(err)
	}
	if id := after.Table().Columns()[10].Field.ID; id != 12 {
		t.Fatalf("the last column has id %d; this test proves nothing", id)
	}
	got, err := rows(t, c, trino.Query{Text: "SELECT listen_id, event_time, theirs, other_user FROM listens_duplicates", Pins: trino.PinsOf(after)})
	if diff := cmp.Diff([][]any{{"l-a", lastOf, nil, true}}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestAQueryThatFailsLeavesNoStagingTable(t *testing.T) {
	s := serve(t)
	base := s.commit(t, "a", lastOf)
	c := filled(laketest.TrinoClient(t, s.options), base, nil)
	c.Fill = func(ctx context.Context, staging lake.Staging) (int64, error) {
		return laketest.TrinoClient(t, s.options).Fill(ctx, staging, trino.Query{Text: "SELECT 1", Pins: trino.PinsOf(base)})
	}
	if _, err := s.lake.CommitStaged(t.Context(), catalog.Duplicates, c); err == nil {
		t.Error("a query with other columns was committed")
	}
	s.nothingStaged(t)
}

func TestOnlyStagingTablesOnRecordAreWrittenTo(t *testing.T) {
	s := serve(t)
	base := s.commit(t, "a", lastOf)
	c := laketest.TrinoClient(t, s.options)
	q := trino.Query{Text: copiesOf, Pins: trino.PinsOf(base), Args: []any{true}}
	var ended lake.Staging
	if _, err := s.lake.CommitStaged(t.Context(), catalog.Duplicates, filled(c, base, func(s lake.Staging) { ended = s })); err != nil {
		t.Fatal(err)
	}
	for name, staging := range map[string]lake.Staging{"none": {}, "of a table": {Table: catalog.Duplicates}} {
		if _, err := c.Fill(t.Context(), staging, q); err == nil {
			t.Errorf("%s: it was written to", name)
		}
	}
	if _, err := c.Fill(t.Context(), ended, q); !errors.Is(err, lake.ErrFenced) {
		t.Errorf("one that was dropped: %v", err)
	}
	for _, text := range []string{"INSERT INTO sources SELECT * FROM sources", "DELETE FROM sources"} {
		if _, err := rows(t, c, trino.Query{Text: text, Pins: trino.PinsOf(base)}); err == nil {
			t.Errorf("%s was run", text)
		}
	}
}
