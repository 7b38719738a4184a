package lake_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

func TestRecordsComeBackAsTheyWereWrittenWhateverEnginesDid(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	from, day := time.Date(2026, 3, 1, 10, 30, 0, 123_000, time.UTC), time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	rules := []catalog.RuleRow{
		{Version: 1, AppliedAt: from, Position: 1, ID: "a", TrackID: "t", EffectiveFrom: &day, Counts: true, MinMsPlayed: 30_000},
		{Version: 1, AppliedAt: from, Position: 2, ID: "b"},
		{Version: 2, AppliedAt: from, Position: 1, ID: "c", MinFractionE4: 5_000},
	}
	read := func() []catalog.RuleRow {
		t.Helper()
		rows, err := lake.ReadRecords[catalog.RuleRow](t.Context(), l.Snapshot(t, catalog.RoyaltyRules), l.Duck.Verify)
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(rows, func(a, b catalog.RuleRow) int { return strings.Compare(a.ID, b.ID) })
		return rows
	}
	if rows := read(); len(rows) != 0 {
		t.Fatalf("an empty table has %v", rows)
	}
	s := l.Snapshot(t, catalog.RoyaltyRules)
	for _, part := range [][]catalog.RuleRow{rules[:2], rules[2:]} {
		files, err := lake.WriteRecords(t.Context(), s.Table(), "rules", part)
		if err != nil {
			t.Fatal(err)
		}
		if s, err = l.Commit(t.Context(), catalog.RoyaltyRules, lake.Commit{Job: "rules", Add: files, Stage: lake.IfUnmoved(s, nil)}); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(rules, read()); diff != "" {
		t.Fatal(diff)
	}
	l.Alter(t, catalog.RoyaltyRules, func(tx *icetable.Transaction) error {
		return tx.UpdateSchema(true, false).RenameColumn([]string{"min_ms_played"}, "least").Commit()
	})
	if diff := cmp.Diff(rules, read()); diff != "" {
		t.Fatal(diff)
	}
	l.Hand(t, catalog.RoyaltyRules).Delete(laketest.ByPosition, "id = 'b'")
	if diff := cmp.Diff([]catalog.RuleRow{rules[0], rules[2]}, read()); diff != "" {
		t.Fatal(diff)
	}
	table := l.Snapshot(t, catalog.RoyaltyRules).Table()
	if rows, err := lake.ReadRecords[catalog.RuleRow](t.Context(), table.Snapshots()[0], l.Duck.Verify); err != nil || !cmp.Equal(rows, rules[:2]) {
		t.Fatalf("the first snapshot has %v, %v", rows, err)
	}
	type wrong struct {
		ID int64 `col:"id"`
	}
	if _, err := lake.ReadRecords[wrong](t.Context(), l.Snapshot(t, catalog.RoyaltyRules), nil); !errors.Is(err, lake.ErrUnsupported) {
		t.Errorf("a text in a number: %v", err)
	}
	type strange struct {
		ID string `col:"no_such_column"`
	}
	if _, err := lake.ReadRecords[strange](t.Context(), l.Snapshot(t, catalog.RoyaltyRules), nil); !errors.Is(err, lake.ErrUnsupported) {
		t.Errorf("a column that is not there: %v", err)
	}
}
