package demo

import (
	"testing"
	"time"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/simulate"
)

// TestTheMonthOfALiveStoryIsOverWithAllOfItsRecordsOnAnyDay asks every hour of four years.
func TestTheMonthOfALiveStoryIsOverWithAllOfItsRecordsOnAnyDay(t *testing.T) {
	first := time.Date(2027, 1, 1, 0, 30, 0, 0, time.UTC)
	for now := first; now.Before(first.AddDate(4, 0, 0)); now = now.Add(time.Hour) {
		s := &story{o: Options{Live: true}, env: jobs.Env{Now: func() time.Time { return now }}}
		month := s.before()
		end, next := month.AddDate(0, 1, 0), month.AddDate(0, 2, 0)
		if month.Day() != 1 || end.Add(simulate.Tail).After(now) || !next.Add(simulate.Tail).After(now) {
			t.Fatalf("on %s the story is of the month from %s", now, month)
		}
	}
}
