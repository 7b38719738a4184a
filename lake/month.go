package lake

import (
	"fmt"
	"time"
)

// Month is a UTC month, counted from January 1970 as Iceberg's month transform counts: a royalty period, and the
// partition of a table by month.
type Month int

const monthLayout = "2006-01"

// MonthOf is the month that an instant lies in.
func MonthOf(at time.Time) Month {
	at = at.UTC()
	return Month((at.Year()-1970)*12 + int(at.Month()) - 1)
}

// ParseMonth reads a period as people write it, as in 2026-03.
func ParseMonth(period string) (Month, error) {
	start, err := time.Parse(monthLayout, period)
	if err != nil {
		return 0, fmt.Errorf("period %q is not a month like 2026-03", period)
	}
	return MonthOf(start), nil
}

// String is the month as people write it.
func (m Month) String() string { return m.Start().Format(monthLayout) }

// Start is the first instant of the month.
func (m Month) Start() time.Time { return time.Date(1970, time.Month(1+m), 1, 0, 0, 0, 0, time.UTC) }

// End is the first instant after the month.
func (m Month) End() time.Time { return (m + 1).Start() }
