package recount

import (
	"context"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// counted is what a snapshot of the ledger comes to.
type counted struct {
	days  map[int]bool
	rules map[string][]rule // by month; only these are counted
	by    map[string]sums   // by table
}

func newCounted(days map[int]bool) *counted {
	c := &counted{days: days, rules: map[string][]rule{}, by: map[string]sums{}}
	for _, table := range []string{catalog.PlaysByDay, catalog.PlaysByHour, catalog.AudienceByDay, catalog.RoyaltyLines} {
		c.by[table] = sums{}
	}
	return c
}

var ledgerColumns = []string{"track_id", "artist_id", "country", "tier", "device", "event_time", "ms_played", "track_ms"}

// read counts the rows of the days and months.
func (c *counted) read(ctx context.Context, s lake.Snapshot) error {
	months := map[int]bool{}
	for day := range c.days {
		months[int(lake.MonthOf(lake.DayStart(day)))] = true
	}
	for month := range c.rules {
		if at, err := time.Parse("2006-01", month); err == nil {
			months[int(lake.MonthOf(at))] = true
		}
	}
	return eachRow(ctx, s, ledgerColumns, func(partition any) bool { month, is := partition.(int); return !is || months[month] }, c.visit())
}

// visit takes rows with [ledgerColumns].
func (c *counted) visit() func(b *rows, i int) {
	names := map[int64]string{} // of months, by day
	return func(b *rows, i int) {
		v := func(column int) uint64 { return b.values[column][i] }
		l := listened{v(0), v(1), v(2), v(3), v(4), int64(v(5)), int64(v(6)), int64(v(7))}
		day := floor(l.event, usDay)
		name, known := names[day]
		if !known {
			name = lake.DayStart(int(day)).Format("2006-01")
			names[day] = name
		}
		c.take(l, day, name)
	}
}

// take counts one listen.
func (c *counted) take(l listened, day int64, month string) {
	if c.days[int(day)] {
		hour := uint64(floor(l.event, usHour) * usHour)
		c.by[catalog.PlaysByDay].at(day).add(keyOf(l.artist, l.track), 1, l.ms)
		c.by[catalog.PlaysByHour].at(day).add(keyOf(hour, l.artist, l.track, l.country, l.device), 1, l.ms)
		c.by[catalog.AudienceByDay].at(day).add(keyOf(l.artist, l.country, l.device), 1, l.ms)
	}
	if rules, is := c.rules[month]; is {
		pays := int64(0)
		if qualifies(rules, l) {
			pays = 1
		}
		c.by[catalog.RoyaltyLines].at(int64(textHash(month))).add(keyOf(l.artist, l.track, l.country, l.tier), 1, pays)
	}
}
