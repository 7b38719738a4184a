package rollup

import (
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// shape is how one table of the dashboard is made and kept.
type shape struct {
	table string
	rows  string // statement that adds its rows, made of what was heard, to a relation of the table's name
	// newest says that the table has the newest days only and a partition a day, which is replaced as a whole. Else it
	// has a partition a month, and rows of it are replaced one by one.
	newest bool
	order  []string // of the rows in a file
}

// shapes are the tables that are compared with what counts, in the order in which they are committed; plays_by_day
// publishes.
var shapes = []shape{
	{catalog.PlaysByHour, "rollup/plays_by_hour", true, []string{"artist_id", "track_id", "hour"}},
	{catalog.AudienceByDay, "rollup/audience_by_day", false, []string{"artist_id", "day", "country", "device"}},
	{catalog.ListenersByDay, "rollup/listeners_by_day", false, []string{"artist_id", "track_id", "day"}},
	{catalog.PlaysByDay, "rollup/plays_by_day", false, []string{"artist_id", "track_id", "day"}},
}

// changesOrder is the order of the rows in a file of plays_changes.
var changesOrder = []string{"artist_id", "track_id", "day"}

// parameters are those of the statement rows. kept is the first day of plays_by_hour.
func (s shape) parameters(kept time.Time) []any {
	switch s.table {
	case catalog.PlaysByHour:
		return []any{kept, catalog.SketchSize(s.table)}
	case catalog.PlaysByDay:
		return nil
	}
	return []any{catalog.SketchSize(s.table)}
}

// partition is the value of the partition that a day lies in.
func (s shape) partition(day int) int {
	if s.newest {
		return day
	}
	return int(lake.MonthOf(lake.DayStart(day)))
}

// end is the first day after a partition.
func (s shape) end(partition int) int {
	if s.newest {
		return partition + 1
	}
	return lake.Day(lake.Month(partition).End())
}

// partitions are the values of the partitions that the days lie in.
func (s shape) partitions(d days) map[int]bool {
	parts := map[int]bool{}
	for day := range d {
		parts[s.partition(day)] = true
	}
	return parts
}
