package lake_test

import (
	"testing"
	"time"

	"github.com/lakectl/lakectl/lake"
)

func TestMonthsAreThoseOfTheMonthTransform(t *testing.T) {
	for name, month := range map[string]lake.Month{"1969-12": -1, "1970-01": 0, "1970-12": 11, "2026-03": 674, "2024-02": 649} {
		parsed, err := lake.ParseMonth(name)
		if err != nil || parsed != month || month.String() != name {
			t.Errorf("%s: %d, %v; %s", name, parsed, err, month)
		}
		last := month.End().Add(-time.Nanosecond)
		if lake.MonthOf(month.Start()) != month || lake.MonthOf(last) != month || lake.MonthOf(month.End()) != month+1 {
			t.Errorf("%s does not begin or end where it should", name)
		}
	}
	for _, name := range []string{"", "2026", "2026-3", "2026-13", "2026-03-01", " 2026-03", "26-03"} {
		if _, err := lake.ParseMonth(name); err == nil {
			t.Errorf("%q is taken for a month", name)
		}
	}
}
