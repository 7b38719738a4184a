package recount

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

type fixture struct {
	*laketest.Lake
	t testing.TB
}

func at(text string) time.Time {
	when, err := time.Parse("2006-01-02T15:04:05", text)
	if err != nil {
		panic(err)
	}
	return when
}

func (f *fixture) env() jobs.Env {
	return jobs.Env{
		Lake: f.Lake.Lake, Duck: f.Duck, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return at("2026-04-04T00:00:00") }, Progress: func(string) {},
	}
}

// commit appends rows, each of one file a partition; columns that a row has no value for are null.
func (f *fixture) commit(table string, state map[string]string, rows ...[]any) lake.Snapshot {
	f.t.Helper()
	t, err := f.Table(context.Background(), table)
	if err != nil {
		f.t.Fatal(err)
	}
	for i := range rows {
		for len(rows[i]) < len(t.Current().Schema().Fields()) {
			rows[i] = append(rows[i], nil)
		}
	}
	files, err := t.WriteRows(context.Background(), "test", rows)
	if err != nil {
		f.t.Fatal(err)
	}
	s, err := f.Commit(context.Background(), table, lake.Commit{Job: "test", Add: files, Stage: func(lake.Snapshot) (map[string]string, error) { return state, nil }})
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

func listenOf(n int, track, when string, ms int, long any) []any {
	return []any{"l" + strconv.Itoa(n), "user", track, "A", "phone", at(when), ms, long, "DE", "free", at(when), "listens", 0, n}
}

// published is a lake whose dashboard and lines say what its ledger comes to: two days of March and one of April.
func published(t testing.TB) *fixture {
	f := &fixture{laketest.New(t), t}
	ledger := f.commit(catalog.ListensCounted, nil,
		listenOf(1, "t1", "2026-03-05T10:00:00", 40_000, nil), listenOf(2, "t1", "2026-03-05T10:59:59", 20_000, nil), // too short
		listenOf(3, "t2", "2026-03-05T11:00:00", 15_000, 30_000), // half of it
		listenOf(4, "t1", "2026-03-06T00:00:00", 30_000, 90_000), listenOf(5, "t1", "2026-04-01T00:00:00", 50_000, nil),
	)
	of := map[string]string{
		lake.StateKey(catalog.CoversLedger): strconv.FormatInt(ledger.ID(), 10), lake.StateKey(catalog.FormKey): catalog.DashboardForm,
		lake.StateKey(catalog.ProvisionalDays): "2026-04-01",
	}
	f.commit(catalog.RoyaltyRules, nil, []any{1, at("2026-03-01T00:00:00"), 1, "half", nil, nil, nil, nil, nil, nil, nil, true, 30_000, 5_000})
	day := func(text string) time.Time { return at(text + "T00:00:00") }
	f.commit(catalog.PlaysByDay, of, []any{day("2026-03-05"), "A", "t1", 1, 40_000}, []any{day("2026-03-05"), "A", "t1", 1, 20_000}, // a key may have several rows
		[]any{day("2026-03-05"), "A", "t2", 1, 15_000}, []any{day("2026-03-06"), "A", "t1", 1, 30_000}, []any{day("2026-04-01"), "A", "t1", 3, 1})
	f.commit(catalog.PlaysByHour, of, []any{at("2026-03-06T00:00:00"), "A", "t1", "DE", "phone", 1, 30_000}) // the 5th is too old
	f.commit(catalog.AudienceByDay, of, []any{day("2026-03-05"), "A", "DE", "phone", 3, 75_000}, []any{day("2026-03-06"), "A", "DE", "phone", 1, 30_000})
	f.commit(catalog.RoyaltyLines, nil, []any{"2026-03", "A", "t1", "DE", "free", 3, 2}, []any{"2026-03", "A", "t2", "DE", "free", 1, 1})
	f.run(of, ledger)
	return f
}

// run says that March was published from a ledger.
func (f *fixture) run(of map[string]string, ledger lake.Snapshot) {
	f.t.Helper()
	t, err := f.Table(context.Background(), catalog.RoyaltyRuns)
	if err != nil {
		f.t.Fatal(err)
	}
	files, err := lake.WriteRecords(context.Background(), t, "test", []catalog.RunRow{{RunID: "1", Period: "2026-03", FinishedAt: at("2026-04-02T00:00:00"), LedgerSnapshotID: ledger.ID(), RulesVersion: 1}})
	if err != nil {
		f.t.Fatal(err)
	}
	if _, err := f.Commit(context.Background(), catalog.RoyaltyRuns, lake.Commit{Job: "test", Add: files, Stage: func(lake.Snapshot) (map[string]string, error) { return of, nil }}); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) count() (Report, error) {
	days, err := catalog.ParseDays("2026-03-05..2026-03-07,2026-04-01")
	if err != nil {
		f.t.Fatal(err)
	}
	return Run(context.Background(), f.env(), days, map[string]bool{"2026-03": true, "2026-04": true})
}

func TestRecountAgreesWithWhatTheLedgerComesTo(t *testing.T) {
	r, err := published(t).count()
	if err != nil {
		t.Fatal(err)
	}
	want := []Count{
		{Table: catalog.PlaysByDay, Part: "2026-03-05", Says: 3, Counted: 3, Same: true},
		{Table: catalog.PlaysByDay, Part: "2026-03-06", Says: 1, Counted: 1, Same: true},
		{Table: catalog.PlaysByDay, Part: "2026-03-07", Same: true},
		{Table: catalog.PlaysByDay, Part: "2026-04-01", Says: 3, Waits: true},
		{Table: catalog.PlaysByHour, Part: "2026-03-06", Says: 1, Counted: 1, Same: true},
		{Table: catalog.PlaysByHour, Part: "2026-03-07", Same: true},
		{Table: catalog.PlaysByHour, Part: "2026-04-01", Waits: true},
		{Table: catalog.AudienceByDay, Part: "2026-03-05", Says: 3, Counted: 3, Same: true},
		{Table: catalog.AudienceByDay, Part: "2026-03-06", Says: 1, Counted: 1, Same: true},
		{Table: catalog.AudienceByDay, Part: "2026-03-07", Same: true},
		{Table: catalog.AudienceByDay, Part: "2026-04-01", Waits: true},
		{Table: catalog.RoyaltyLines, Part: "2026-03", Says: 4, Counted: 4, Same: true},
	}
	if diff := cmp.Diff(want, r.Counts); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestRecountNamesTheDayOrMonthThatDiffers(t *testing.T) {
	day := at("2026-03-06T00:00:00")
	for name, c := range map[string]struct {
		table, part string
		row         []any
	}{
		"a play too many":         {catalog.PlaysByDay, "2026-03-06", []any{day, "A", "t1", 1, 0}},
		"milliseconds too many":   {catalog.PlaysByDay, "2026-03-06", []any{day, "A", "t1", 0, 1}},
		"a play in another track": {catalog.PlaysByDay, "2026-03-06", []any{day, "A", "t9", 1, 0}},
		"a day of nobody":         {catalog.PlaysByDay, "2026-03-07", []any{day.AddDate(0, 0, 1), "A", "t1", 1, 9}},
		"an hour too many":        {catalog.PlaysByHour, "2026-03-06", []any{day.Add(time.Hour), "A", "t1", "DE", "phone", 1, 0}},
		"another country":         {catalog.AudienceByDay, "2026-03-06", []any{day, "A", "SE", "phone", 1, 0}},
		"another tier":            {catalog.RoyaltyLines, "2026-03", []any{"2026-03", "A", "t1", "DE", "premium", 1, 0}},
		"one that qualifies":      {catalog.RoyaltyLines, "2026-03", []any{"2026-03", "A", "t1", "DE", "free", 0, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			f := published(t)
			f.commit(c.table, f.states(c.table), c.row)
			r, err := f.count()
			if !errors.Is(err, jobs.ErrProof) || lake.Hint(err) == "" {
				t.Fatalf("got %v, want ErrProof with a hint", err)
			}
			var differ []string
			for _, one := range r.Counts {
				if one.Differs() {
					differ = append(differ, one.Table+" "+one.Part)
				}
			}
			if diff := cmp.Diff([]string{c.table + " " + c.part}, differ); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// states are those of a table, which a commit carries on.
func (f *fixture) states(table string) map[string]string {
	f.t.Helper()
	s, err := f.Snapshot(f.t, table).StateForCommit()
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

// Two keys that swap their counts sum to the same in all, but not key by key.
func TestRecountSeesCountsThatSwappedTheirKeys(t *testing.T) {
	f := published(t)
	day := at("2026-03-05T00:00:00")
	f.commit(catalog.PlaysByDay, f.states(catalog.PlaysByDay), []any{day, "A", "t1", -1, -20_000}, []any{day, "A", "t2", 1, 20_000})
	r, err := f.count()
	if !errors.Is(err, jobs.ErrProof) || r.Counts[0].Says != 3 || r.Counts[0].Same {
		t.Errorf("got %v and %+v", err, r.Counts[0])
	}
}

func TestRecountLeavesOutRowsThatAreDeleted(t *testing.T) {
	f := published(t)
	s := f.Snapshot(t, catalog.ListensCounted)
	files, err := s.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if lake.PartitionValue(file) != int(lake.MonthOf(at("2026-03-01T00:00:00"))) {
			continue
		}
		deletes, err := s.WritePositionDeletes(t.Context(), "test", files, map[string][]int64{file.FilePath(): {0}})
		if err != nil {
			t.Fatal(err)
		}
		if s, err = f.Commit(t.Context(), catalog.ListensCounted, lake.Commit{Job: "test", Deletes: deletes, Stage: lake.IfUnmoved(s, nil)}); err != nil {
			t.Fatal(err)
		}
	}
	of := f.states(catalog.PlaysByDay)
	of[lake.StateKey(catalog.CoversLedger)] = strconv.FormatInt(s.ID(), 10)
	gone := []any{at("2026-03-05T00:00:00"), "A", "t1", -1, -40_000}
	f.commit(catalog.PlaysByDay, of, gone)
	r, err := f.count()
	if err != nil || r.Counts[0].Says != 2 || r.Counts[0].Counted != 2 {
		t.Errorf("got %v and %+v", err, r.Counts[0])
	}
}

func TestRecountNeedsTheLedgerThatFiguresWereMadeFrom(t *testing.T) {
	f := published(t)
	of := f.states(catalog.PlaysByDay)
	of[lake.StateKey(catalog.CoversLedger)] = "4711"
	f.commit(catalog.PlaysByDay, of, []any{at("2026-05-05T00:00:00"), "A", "t1", 1, 1})
	if _, err := f.count(); !errors.Is(err, jobs.ErrProof) || lake.Hint(err) == "" {
		t.Errorf("got %v, want ErrProof with a hint", err)
	}
}
