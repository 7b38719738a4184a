package figures

import (
	"fmt"
	"time"
)

// Step is the length of one point of a series, in UTC.
type Step string

// The steps of a series. A week begins on Monday (ISO 8601).
const (
	Hour  Step = "hour"
	Day   Step = "day"
	Week  Step = "week"
	Month Step = "month"
)

// ParseStep reads a step; the error lists what there is.
func ParseStep(text string) (Step, error) {
	switch s := Step(text); s {
	case Hour, Day, Week, Month:
		return s, nil
	}
	return "", fmt.Errorf("step %q is not one of hour, day, week, month", text)
}

// Start is the begin of the step that an instant lies in.
func (s Step) Start(at time.Time) time.Time {
	at = at.UTC()
	day := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
	switch s {
	case Hour:
		return at.Truncate(time.Hour)
	case Week:
		return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
	case Month:
		return day.AddDate(0, 0, 1-day.Day())
	default:
		return day
	}
}

// Next is the begin of the step after the one that begins at start.
func (s Step) Next(start time.Time) time.Time {
	switch s {
	case Hour:
		return start.Add(time.Hour)
	case Week:
		return start.AddDate(0, 0, 7)
	case Month:
		return start.AddDate(0, 1, 0)
	default:
		return start.AddDate(0, 0, 1)
	}
}

// Range is the time from From, inclusive, to To, exclusive, in UTC.
type Range struct{ From, To time.Time }

// Sum is what was played from an instant on, for the hour or the day that begins there.
type Sum struct {
	At     time.Time
	Plays  int64
	Millis int64 // milliseconds heard
}

// Point is one step of a series.
type Point struct {
	Range
	Plays  int64
	Millis int64 // milliseconds heard
	// Whole: the step lies in the range from begin to end, and its time is over.
	Whole bool
}

// Series puts sums into steps of a range, one point each, also where nothing was played. Sums outside of the range are
// left out. until is the instant up to which the tables are filled. Every sum must lie within one step, so sums of days
// cannot make hours.
func Series(step Step, r Range, until time.Time, sums []Sum) []Point {
	var points []Point
	index := map[time.Time]int{}
	for at := step.Start(r.From); at.Before(r.To); at = step.Next(at) {
		p := Point{Range: Range{From: at, To: step.Next(at)}}
		p.Whole = !p.From.Before(r.From) && !p.To.After(r.To) && !p.To.After(until)
		if p.From.Before(r.From) {
			p.From = r.From
		}
		if p.To.After(r.To) {
			p.To = r.To
		}
		index[at] = len(points)
		points = append(points, p)
	}
	for _, s := range sums {
		if s.At.Before(r.From) || !s.At.Before(r.To) {
			continue
		}
		p := &points[index[step.Start(s.At)]]
		p.Plays += s.Plays
		p.Millis += s.Millis
	}
	return points
}
