package page

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Point is one step of a chart.
type Point struct {
	At       time.Time
	Label    string // as the table says it, as in 17 March
	Plays    int64
	Previous int64     // of the step that it is compared with
	Partial  bool      // its time is not over
	Last     time.Time // its last day, where it has days
	Mark     string    // what changed in it after it had ended, "" for nothing
}

// Chart is a line of plays, the line it is compared with, and the table behind both.
type Chart struct {
	Name         string // what it shows, in a sentence
	This, Before string // what the two lines are; Before is "" for one line
	Points       []Point
	Changes      string // address of the page that explains marks
	Track        string // whose changes alone these are, "" for all
}

// Unfinished tells whether the time of the last point is not over.
func (c Chart) Unfinished() bool { return len(c.Points) > 1 && c.Points[len(c.Points)-1].Partial }

// Changed leads to all that changed in the points, nil where nothing did.
func (c Chart) Changed() *Link {
	n := 0
	var first, last Point
	for _, p := range c.Points {
		if p.Mark == "" {
			continue
		}
		if last, n = p, n+1; n == 1 {
			first = p
		}
	}
	switch n {
	case 0:
		return nil
	case 1:
		return &Link{first.Mark, c.changesURL(first.At, last.Last)}
	}
	return &Link{fmt.Sprintf("%d changed after they had ended: see why", n), c.changesURL(first.At, last.Last)}
}

// sheet is where a chart's lines lie in its drawing, in units of the drawing.
type sheet struct {
	Class                    string
	Width, Height            float64
	Left, Right, Top, Bottom float64
	labels                   int // on the axis of time
}

// sheets are the drawings of one chart: style shows the one that fits the screen.
var sheets = []sheet{
	{Class: "wide", Width: 1040, Height: 300, Left: 52, Right: 1032, Top: 14, Bottom: 272, labels: 9},
	{Class: "narrow", Width: 340, Height: 230, Left: 38, Right: 334, Top: 10, Bottom: 204, labels: 4},
}

// tick is a label on an axis.
type tick struct {
	X, Y   float64
	Text   string
	Anchor string
}

// mark leads to what changed a point, or points that lie close together.
type mark struct {
	X, Y, TextX, TextY float64
	To                 float64 // of several points: where the bar below them ends; 0 for one
	Text, URL, Anchor  string
	Why                string // what it is about, for those who cannot see where it lies
}

// drawing is a chart worked out.
type drawing struct {
	sheet
	Line, Area, Dashes, Prev string // paths; Dashes leads to a point whose time is not over
	YTicks, XTicks           []tick
	Lines                    []float64 // upright ones, where a week, a month or half a day begins
	Marks                    []mark
	End                      struct{ X, Y float64 } // of the line, the newest point whose time is over
	First, Step              float64                // where points lie, for the cursor
	Most                     int64                  // at the top of the axis
}

// Drawings works out where everything of a chart lies, once for each kind of screen.
func (c Chart) Drawings() any {
	var list []drawing
	for _, s := range sheets {
		if len(c.Points) > 0 {
			list = append(list, c.draw(s))
		}
	}
	return list
}

func (c Chart) draw(s sheet) drawing {
	d := drawing{sheet: s, First: s.Left}
	most := int64(0)
	for _, p := range c.Points {
		most = max(most, p.Plays, p.Previous)
	}
	top, every := scale(most)
	d.Most = top
	x := func(i int) float64 { return s.Left + d.Step*float64(i) }
	y := func(n int64) float64 { return s.Bottom - (s.Bottom-s.Top)*float64(n)/float64(top) }
	if len(c.Points) > 1 {
		d.Step = (s.Right - s.Left) / float64(len(c.Points)-1)
	}
	var line, prev strings.Builder
	whole := len(c.Points)
	if c.Points[whole-1].Partial && whole > 1 {
		whole--
	}
	for i, p := range c.Points[:whole] {
		step(&line, i, x(i), y(p.Plays))
	}
	d.Line = line.String()
	d.End.X, d.End.Y = x(whole-1), y(c.Points[whole-1].Plays)
	d.Area = fmt.Sprintf("%s L%.1f %.1f L%.1f %.1f Z", d.Line, x(whole-1), s.Bottom, x(0), s.Bottom)
	if whole < len(c.Points) {
		d.Dashes = fmt.Sprintf("M%.1f %.1f L%.1f %.1f", x(whole-1), y(c.Points[whole-1].Plays), x(whole), y(c.Points[whole].Plays))
	}
	if c.Before != "" {
		for i, p := range c.Points {
			step(&prev, i, x(i), y(p.Previous))
		}
		d.Prev = prev.String()
	}
	for n := int64(0); n <= top; n += every {
		d.YTicks = append(d.YTicks, tick{X: s.Left - 8, Y: y(n), Text: Count(n), Anchor: "end"})
	}
	d.XTicks, d.Lines = s.xTicks(c.Points, x)
	d.Marks = c.marks(s, x, y)
	return d
}

func step(path *strings.Builder, i int, x, y float64) {
	command := " L"
	if i == 0 {
		command = "M"
	}
	fmt.Fprintf(path, "%s%.1f %.1f", command, x, y)
}

// scale finds the top of an axis and the distance of its lines: 1, 2 or 5 times a power of ten, at most six lines.
func scale(most int64) (top, every int64) {
	every = 1
	for n := 0; most > 5*every; n++ {
		every = []int64{2, 5, 10}[n%3] * int64(math.Pow10(n/3))
	}
	return max(1, (most+every-1)/every) * every, every
}

// begins tells whether something begins with a point that people count by: a week among days, a month among weeks and
// longer steps, a quarter of a day among hours.
func begins(points []Point, i int) bool {
	at := points[i].At
	switch step := points[1].At.Sub(points[0].At); {
	case step < 24*time.Hour:
		return at.Hour()%6 == 0
	case step == 24*time.Hour && len(points) <= 100:
		return at.Weekday() == time.Monday
	case i == 0:
		return false
	}
	return at.Month() != points[i-1].At.Month()
}

// xTicks are labels where something begins, as many as there is room for, and the last one. lines are all beginnings.
func (s sheet) xTicks(points []Point, x func(int) float64) (ticks []tick, lines []float64) {
	last := len(points) - 1
	label := func(i int, anchor string) {
		ticks = append(ticks, tick{X: x(i), Y: s.Bottom + 20, Text: points[i].Label, Anchor: anchor})
	}
	if last == 0 {
		label(0, "start")
		return ticks, nil
	}
	room := (s.Right - s.Left) / float64(s.labels)
	free := s.Left // to the left of it there is a label already
	for i := range points {
		if !begins(points, i) {
			continue
		}
		lines = append(lines, x(i))
		if x(i) >= free && x(i)+room/2 <= s.Right-room/2 {
			anchor := "middle"
			if x(i)-s.Left < room/2 {
				anchor = "start"
			}
			label(i, anchor)
			free = x(i) + room
		}
	}
	label(last, "end")
	return ticks, lines
}

// apart is how far two marks must lie from each other, so that a finger finds each.
const apart = 40

// marks are the points that changed. Those that lie close together share a bar below the line, which leads to all of
// them.
func (c Chart) marks(s sheet, x func(int) float64, y func(int64) float64) []mark {
	var list []mark
	for from := 0; from < len(c.Points); from++ {
		if c.Points[from].Mark == "" {
			continue
		}
		to, n := from, 1
		for next := from + 1; next < len(c.Points) && x(next)-x(to) < apart; next++ {
			if c.Points[next].Mark != "" {
				to, n = next, n+1
			}
		}
		first, last := c.Points[from], c.Points[to]
		m := mark{X: x(from), Y: y(first.Plays), URL: c.changesURL(first.At, last.Last), Why: first.Mark, Anchor: "start"}
		m.TextX, m.TextY = m.X+12, m.Y+4
		if n > 1 {
			m.To, m.Y = x(to), s.Bottom-4
			m.Why = fmt.Sprintf("%d changed between %s and %s", n, first.Label, last.Label)
			m.TextX, m.TextY = m.X, s.Bottom-14
		} else {
			m.Text = first.Mark
		}
		if m.X > (s.Left+s.Right)/2 {
			m.Anchor = "end"
			m.TextX = m.X - 12
			if n > 1 {
				m.TextX = m.To
			}
		}
		list = append(list, m)
		from = to
	}
	return alone(list)
}

// alone leaves a text where it is the only one: several would lie over each other and over the line.
func alone(list []mark) []mark {
	if len(list) > 1 {
		for i := range list {
			list[i].Text = ""
		}
	}
	return list
}

// changesURL is the page with what changed from a day to a day.
func (c Chart) changesURL(from, to time.Time) string {
	q := url.Values{"from": {from.Format(time.DateOnly)}, "to": {to.Format(time.DateOnly)}}
	if c.Track != "" {
		q.Set("track", c.Track)
	}
	return c.Changes + "?" + q.Encode()
}

// Spark is a line without axes.
type Spark []int64

// Path draws the line in 96 by 24 units.
func (s Spark) Path() string {
	var path strings.Builder
	for i := range s {
		step(&path, i, s.x(i), s.y(i))
	}
	return path.String()
}

// Area is what lies below the line.
func (s Spark) Area() string { return fmt.Sprintf("%s L96 24 L0 24 Z", s.Path()) }

// End is the height of the newest point, which lies at 96.
func (s Spark) End() float64 { return s.y(len(s) - 1) }

// Drawn tells whether there is a course to draw.
func (s Spark) Drawn() bool { return len(s) > 1 }

func (s Spark) x(i int) float64 { return 96 * float64(i) / float64(len(s)-1) }

func (s Spark) y(i int) float64 { return 22 - 20*float64(s[i])/float64(max(1, slices.Max(s))) }

// Live are plays a minute of the last hour, the newest last.
type Live struct {
	Minutes    []Minute
	LastMinute int64
	LastHour   int64
	AsOf       time.Time
}

// Minute is a bar of the live strip.
type Minute struct {
	At    time.Time
	Plays int64
}

// bar is a minute worked out, in a drawing of 720 by 64 units. A minute without plays is a line, so that one sees that
// it was looked at.
type bar struct {
	X, Y, Height float64
	Class        string
}

// Flows tells whether somebody listened in the newest minutes.
func (l Live) Flows() bool {
	n := int64(0)
	for _, m := range l.Minutes[max(0, len(l.Minutes)-3):] {
		n += m.Plays
	}
	return n > 0
}

// Bars works out where the bars lie.
func (l Live) Bars() any {
	most := int64(1)
	for _, m := range l.Minutes {
		most = max(most, m.Plays)
	}
	bars := make([]bar, len(l.Minutes))
	for i, m := range l.Minutes {
		height := max(1, 64*float64(m.Plays)/float64(most))
		bars[i] = bar{X: 12*float64(i) + 1, Y: 64 - height, Height: height}
		switch {
		case m.Plays == 0:
			bars[i].Class = "none"
		case i == len(l.Minutes)-1:
			bars[i].Class = "now"
		}
	}
	return bars
}
