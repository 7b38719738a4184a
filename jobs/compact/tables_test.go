package compact

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// left are the tables that are not compacted, each with the reason that the package comment has at length.
var left = map[string]string{
	catalog.DeletionRequests: "the commit of a row is the request's sequence",
	catalog.RoyaltyRuns:      "the commit of a row publishes it",
	catalog.RoyaltyCloses:    "a row a month",
	catalog.RoyaltyRules:     "a version each time that somebody applies one",
	catalog.RoyaltyPools:     "a version each time that somebody applies one",
	catalog.RoyaltySplits:    "a version each time that somebody applies one",
	catalog.RoyaltyLines:     "a period is replaced whole",
	catalog.RoyaltyPayouts:   "a period is replaced whole",
	catalog.RoyaltyShares:    "a period is replaced whole",
	catalog.Tracks:           "it is replaced whole",
	catalog.PlaysByHour:      "the rollup merges its files",
	catalog.PlaysByDay:       "the rollup merges its files",
	catalog.AudienceByDay:    "the rollup merges its files",
	catalog.ListenersByDay:   "the rollup merges its files",
	catalog.PlaysChanges:     "the rollup merges its files",
	catalog.AccessTokens:     "whoever changes it merges its files",
	catalog.RunLease:         "it has no rows",
}

func TestEveryTableIsCompactedOrLeftForAReason(t *testing.T) {
	for _, spec := range catalog.Specs() {
		is, _ := left[spec.Name]
		if covered := slices.Contains(Tables, spec.Name); covered == (is != "") {
			t.Errorf("table %s: compacted %t, left because %q", spec.Name, covered, is)
		}
		if sorted := orders[spec.Name] != ""; sorted != (slices.Contains(Tables, spec.Name) && spec.Name != catalog.Listens) {
			t.Errorf("table %s: an order %t", spec.Name, sorted)
		}
	}
}

// bySorting are the tables that DuckDB sorts.
func bySorting() []string { return slices.Sorted(maps.Keys(orders)) }

// add commits rows of any table: of some months, listeners and periods, of some nothing is known.
func (w *world) add(table string, rows int) {
	w.Helper()
	t := w.Snapshot(w.T, table).Table()
	list := make([][]any, rows)
	for i := range list {
		w.n++
		for _, c := range t.Columns() {
			list[i] = append(list[i], w.value(c.Name, c.Field.Type))
		}
	}
	files, err := t.WriteRows(w.Context(), "test", list)
	w.check(err)
	_, err = w.Commit(w.Context(), table, lake.Commit{Job: "test", Add: files, Stage: func(lake.Snapshot) (map[string]string, error) { return nil, nil }})
	w.check(err)
}

func (w *world) value(column string, typ iceberg.Type) any {
	partitioned := column == "event_time" || column == "received_time" || column == "posted_period"
	if !partitioned && w.r.IntN(6) == 0 {
		return nil
	}
	switch typ.(type) {
	case iceberg.StringType:
		switch column {
		case "user_id":
			return fmt.Sprint("user-", w.r.IntN(20))
		case "posted_period":
			return fmt.Sprint("2026-0", 1+w.r.IntN(2))
		}
		return fmt.Sprint(column, "-", w.r.IntN(1000))
	case iceberg.TimestampTzType:
		return time.Date(2026, time.Month(1+w.r.IntN(2)), 1+w.r.IntN(2), w.r.IntN(24), 0, 0, int(w.n)*1000, time.UTC)
	case iceberg.BooleanType:
		return w.r.IntN(2) == 0
	case iceberg.BinaryType:
		return []byte(fmt.Sprint(w.n))
	case iceberg.Int32Type:
		return w.r.IntN(1000)
	default:
		return w.r.Int64N(1e15)
	}
}

func (w *world) filesOf(table string) (files []lake.File) {
	w.Helper()
	files, err := w.Snapshot(w.T, table).Files(w.Context())
	w.check(err)
	return files
}

func TestCompactionOfAnyTableChangesNoRowAndSettles(t *testing.T) {
	for _, table := range bySorting() {
		t.Run(table, func(t *testing.T) {
			if table != catalog.ListensCounted && table != catalog.PlaysByHour {
				laketest.Costly(t)
			}
			t.Parallel()
			w := newWorld(t)
			o := Options{Table: table, Target: 256 << 10, spanRows: 40}
			for round := range laketest.Times(4, 1) {
				for range 12 + w.r.IntN(6) {
					w.add(table, 1+w.r.IntN(200)/(1+w.r.IntN(20)))
					if w.r.IntN(5) == 0 {
						w.eraseFrom(table, fmt.Sprint("_pos % 5 = ", w.r.IntN(5)))
					}
				}
				want, before := w.rowsOf(table), len(w.filesOf(table))
				r := w.compact(o)
				w.equal(fmt.Sprint("rows after round ", round), w.rowsOf(table), want)
				if r.Table != table || r.Files == 0 || r.Left+r.Lost+len(r.Skipped) != 0 || len(w.filesOf(table)) >= before {
					t.Fatalf("%+v; %d files, before %d", r, len(w.filesOf(table)), before)
				}
				head := w.Snapshot(t, table).ID()
				w.equal("files written by a second run", w.compact(o).Written, 0)
				w.equal("snapshot after a second run", w.Snapshot(t, table).ID(), head)
			}
		})
	}
}

func TestATableWithFewSmallFilesIsLeftAlone(t *testing.T) {
	for _, table := range bySorting() {
		w := newWorld(t)
		for range fewest/2 - 1 { // rows lie in two partitions at most
			w.add(table, 3)
		}
		w.equal("files of "+table+" that are read", w.compact(Options{Table: table}).Files, 0)
	}
}

// What another engine keeps in a column of its own is not lost.
func TestFilesWithAColumnOfAnotherEngineStayAsTheyAre(t *testing.T) {
	laketest.Costly(t)
	for _, table := range bySorting() {
		w := newWorld(t)
		for range 2 * fewest { // rows lie in two partitions at most
			w.add(table, 3)
		}
		w.Alter(t, table, func(tx *icetable.Transaction) error {
			return tx.UpdateSchema(true, false).AddColumn([]string{"score"}, iceberg.PrimitiveTypes.Float64, "", false, nil).Commit()
		})
		known := map[string]bool{}
		for _, f := range w.filesOf(table) {
			known[f.FilePath()] = true
		}
		row := make([]any, len(w.Snapshot(t, table).Table().Columns()))
		for i, c := range w.Snapshot(t, table).Table().Columns() {
			switch v := w.value(c.Name, c.Field.Type).(type) {
			case int64:
				row[i] = int(v)
			case int, string, time.Time:
				row[i] = v
			}
		}
		w.Hand(t, table).Append(row)
		theirs := ""
		for _, f := range w.filesOf(table) {
			if !known[f.FilePath()] {
				theirs = f.FilePath()
			}
		}
		r := w.compact(Options{Table: table})
		kept := slices.ContainsFunc(w.filesOf(table), func(f lake.File) bool { return f.FilePath() == theirs })
		if !kept || r.Written == 0 && !slices.Contains(catalog.Judged(), table) {
			t.Errorf("%s: the file stays %t, %+v", table, kept, r)
		}
	}
}

// A purge rewrites files and deletes the old ones at once: who was about to read them plans again.
func TestCompactionPlansAgainWhereAPurgeDeletedItsFiles(t *testing.T) {
	laketest.Costly(t)
	for table, groups := range map[string]int{catalog.Listens: 3, catalog.Sources: 1} {
		w := newWorld(t)
		for range 2 * fewest {
			if table == catalog.Listens {
				w.ingest(200, groups)
			} else {
				w.add(table, 3)
			}
		}
		want, purged := w.rowsOf(table), 0
		r, err := Run(t.Context(), w.env(), Options{Table: table, Free: func(ctx context.Context) (bool, error) {
			if purged > 0 {
				return true, nil
			}
			first := w.filesOf(table)[0].FilePath()
			w.Merge(t, table, func(f lake.File) bool { return f.FilePath() == first })
			done, err := w.Expire(ctx, table, func(now *lake.Table) ([]lake.Snapshot, error) {
				return slices.DeleteFunc(now.Snapshots(), func(s lake.Snapshot) bool { return s.ID() == now.Current().ID() }), nil
			})
			purged = done.Files
			return true, err
		}})
		if err != nil || purged == 0 || r.Lost != 1 || r.Written != groups {
			t.Errorf("%s: %d files deleted, %+v, %v", table, purged, r, err)
		}
		w.equal("rows of "+table, w.rowsOf(table), want)
	}
}

// Personal columns get no bounds in manifests, whoever writes the file.
func TestNewFilesTellNoPersonalValues(t *testing.T) {
	laketest.Costly(t)
	for _, table := range bySorting() {
		w := newWorld(t)
		for range 12 {
			w.add(table, 3)
		}
		w.compact(Options{Table: table})
		found, err := w.Snapshot(t, table).FindBounds(t.Context(), catalog.PersonalColumns(table))
		w.check(err)
		w.equal("entries of "+table+" with bounds", found.Entries, 0)
	}
}

// A listener who is erased while files of the ledger are written anew stays erased, and the new file is on record.
func TestNoErasedRowOfTheLedgerComesBack(t *testing.T) {
	laketest.Costly(t)
	for _, table := range catalog.Ledger[:laketest.Times(len(catalog.Ledger), 1)] { // both are sorted and committed alike
		taken := 0
		for nth := 1; ; nth += laketest.Stride(9) {
			w := newWorld(t)
			for range 12 {
				w.add(table, 30)
			}
			ctx, cancel := context.WithCancel(t.Context())
			env := w.env()
			env.Lake = w.With(laketest.CrashOnce(nth, cancel)).Lake
			erased := false
			_, err := Run(ctx, env, Options{Table: table, spanRows: 50, between: func() {
				if !erased {
					w.eraseFrom(table, "user_id = 'user-1'")
				}
				erased = true
			}})
			cancel()
			w.notes(table, "user-1", &taken)
			w.compact(Options{Table: table})
			w.notes(table, "user-1", &taken)
			var back int64
			w.check(w.Reading(t, "rows", table).OneText(t.Context(), "SELECT count(*) FROM rows WHERE user_id = 'user-1'", nil, []any{&back}))
			if erased {
				w.equal(fmt.Sprintf("rows of %s that came back, crash at step %d", table, nth), back, int64(0))
			}
			if err == nil {
				break
			}
		}
		if taken == 0 {
			t.Error("no rows were taken along")
		}
	}
}

// notes checks that a compacted file with rows of a listener that are deleted is on record.
func (w *world) notes(table, user string, taken *int) {
	w.Helper()
	s := w.Snapshot(w.T, table)
	deletes, err := s.DeleteFiles(w.Context())
	w.check(err)
	_, noted := w.holding(user)
	for _, d := range deletes {
		rows, err := s.Table().ReadPositions(w.Context(), d.FilePath())
		w.check(err)
		for _, f := range w.filesOf(table) {
			by, err := s.Table().ByID(f.AddedBy)
			w.check(err)
			if by.Compacts() && len(rows[f.FilePath()]) > 0 {
				*taken++
				w.equal("rows on record", noted[f.FilePath()], int64(len(rows[f.FilePath()])))
			}
		}
	}
}
