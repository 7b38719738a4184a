package rollup

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/lake"
)

// days is a set of UTC days, as values of Iceberg's day transform.
type days map[int]bool

// list gives the days in order, like 2026-03-01; never nil.
func (d days) list() []string {
	list := make([]string, 0, len(d))
	for _, day := range slices.Sorted(maps.Keys(d)) {
		list = append(list, lake.DayStart(day).Format(time.DateOnly))
	}
	return list
}

func (d days) String() string { return strings.Join(d.list(), ",") }

// rows gives the days as rows of a DuckDB table with one DATE column.
func (d days) rows() [][]any {
	rows := make([][]any, 0, len(d))
	for day := range d {
		rows = append(rows, []any{lake.DayStart(day)})
	}
	return rows
}

// months are the values of Iceberg's month transform that the days lie in.
func (d days) months() map[int]bool {
	months := map[int]bool{}
	for day := range d {
		months[int(lake.MonthOf(lake.DayStart(day)))] = true
	}
	return months
}

// pieces cuts the days, in order, so that each part has at most so many copies or is one day.
func (d days) pieces(copies map[int]int64, most int64) []days {
	var parts []days
	var n int64
	for _, day := range slices.Sorted(maps.Keys(d)) {
		if len(parts) == 0 || n+copies[day] > most {
			parts, n = append(parts, days{}), 0
		}
		parts[len(parts)-1][day] = true
		n += copies[day]
	}
	return parts
}

// meeting are the files of a table that may have rows of these days, as the bounds of their instants say.
func (d days) meeting(t *lake.Table, files []lake.File) (met []lake.File) {
	for _, f := range files {
		first, last, told := t.DaysOf(f, "event_time")
		has := !told || first > last
		for day := range d {
			has = has || first <= day && day <= last
		}
		if has {
			met = append(met, f)
		}
	}
	return met
}
