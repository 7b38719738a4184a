package compact

import (
	"fmt"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// night commits a file of the ledger's month: rows of one day, and some of each day before it.
func (w *world) night(table string, day, rows, late int) {
	w.Helper()
	t := w.Snapshot(w.T, table).Table()
	var list [][]any
	for d := 1; d <= day; d++ {
		n := late
		if d == day {
			n = rows
		}
		for range n {
			w.n++
			row := make([]any, 0, len(t.Columns()))
			for _, c := range t.Columns() {
				v := w.value(c.Name, c.Field.Type)
				if c.Name == "event_time" {
					v = time.Date(2026, 1, d, w.r.IntN(24), 0, 0, int(w.n)*1000, time.UTC)
				}
				row = append(row, v)
			}
			list = append(list, row)
		}
	}
	files, err := t.WriteRows(w.Context(), "test", list)
	w.check(err)
	_, err = w.Commit(w.Context(), table, lake.Commit{Job: "test", Add: files, Stage: func(lake.Snapshot) (map[string]string, error) { return nil, nil }})
	w.check(err)
}

// A purge of few days rewrites the files that hold rows of them, so a month of the ledger is not one file.
func TestAMonthOfTheLedgerBecomesFilesOfFewDaysEach(t *testing.T) {
	for _, table := range catalog.Ledger[:laketest.Times(len(catalog.Ledger), 1)] {
		w := newWorld(t)
		const days = 24
		for day := 1; day <= days; day++ {
			w.night(table, day, 50+w.r.IntN(10), 1)
		}
		w.eraseFrom(table, "_pos % 9 = 1")
		want, o := w.rowsOf(table), Options{Table: table, spanRows: 100}
		w.compact(o)
		w.equal("rows", w.rowsOf(table), want)
		now, several := w.Snapshot(t, table).Table(), 0
		for _, f := range w.filesOf(table) {
			first, last, ok := now.DaysOf(f, "event_time")
			if !ok || catalog.LedgerSpanOf(first) != catalog.LedgerSpanOf(last) {
				several++
			}
		}
		if files := len(w.filesOf(table)); files > days/catalog.LedgerSpan+1+fewest || several >= fewest || files < days/catalog.LedgerSpan {
			t.Errorf("%s: %d files, %d of several spans", table, files, several)
		}
		head := w.Snapshot(t, table).ID()
		w.equal("files written by a second run", w.compact(o).Written, 0)
		w.equal("snapshot after a second run", w.Snapshot(t, table).ID(), head)
	}
}

// Three months of runs of the royalties job that come each night or each hour, with a maintenance after each: every run
// writes a file of the span it is about where that is worth one, and one of the rows that are late.
func TestFilesOfALedgerMonthAreBounded(t *testing.T) {
	for _, c := range []struct{ runs, rows int }{{1, 3_000}, {1, 12_000}, {1, 1_000_000}, {24, 100}, {24, 500}, {24, 20_000}} {
		t.Run(fmt.Sprint(c.runs, " runs a day with ", c.rows, " rows"), func(t *testing.T) {
			m := &month{T: t, rows: map[string][]int{}, s: State{Target: 256 << 20, Memory: mostMemory}}
			for day := range 31 {
				for range c.runs {
					late := make([]int, 31)
					for d := range day {
						late[d] = c.rows / 10 / day
					}
					late[day] = c.rows
					m.put(late)
					m.came += m.sum(late)
					m.settle()
				}
			}
			amplification := float64(m.came+m.written) / float64(m.came)
			t.Logf("%d files, %.2f rows written a row", len(m.s.Inputs), amplification)
			if len(m.s.Inputs) > 11*(1+2*(fewestApart-1))+2*fewest || amplification > 5 {
				t.Errorf("%d files, %.2f rows written for each", len(m.s.Inputs), amplification)
			}
		})
	}
}

const row = 45 // bytes

// month is a month of the ledger that a plan knows, with the rows of each file by day.
type month struct {
	*testing.T
	s             State
	n             int
	rows          map[string][]int
	came, written int
}

func (m *month) sum(days []int) (rows int) {
	for _, n := range days {
		rows += n
	}
	return rows
}

// put adds files of rows as they are written: of each span with many, and of all the others.
func (m *month) put(days []int) {
	rest := make([]int, len(days))
	for from := 0; from < len(days); from += catalog.LedgerSpan {
		own, to := make([]int, len(days)), min(from+catalog.LedgerSpan, len(days))
		copy(own[from:to], days[from:to])
		if m.sum(own) >= catalog.LedgerSpanRows {
			m.add(own, 1+from/catalog.LedgerSpan)
		} else {
			copy(rest[from:to], days[from:to])
		}
	}
	if m.sum(rest) > 0 {
		m.add(rest, 0)
	}
}

func (m *month) add(days []int, apart int) {
	m.n++
	in := sized(m.T, m.n, 1, int64(row*m.sum(days)))
	in.Apart, in.Sorted = apart, false
	m.rows[in.File.FilePath()] = days
	m.s.Inputs = append(m.s.Inputs, in)
}

func (m *month) settle() {
	for groups := PlanOf(m.s); len(groups) > 0; groups = PlanOf(m.s) {
		gone := map[string]bool{}
		for _, g := range groups {
			days := make([]int, 31)
			for _, in := range g.Inputs {
				gone[in.File.FilePath()] = true
				for d, n := range m.rows[in.File.FilePath()] {
					days[d] += n
				}
			}
			m.written += m.sum(days)
			m.put(days)
		}
		kept := m.s.Inputs[:0]
		for _, in := range m.s.Inputs {
			if !gone[in.File.FilePath()] {
				kept = append(kept, in)
			}
		}
		m.s.Inputs = kept
	}
}
