package page

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Point is one step of a chart.
type Point struct {
	At       time.Time
	Label    string // as the table says it, as in 17 March
	Plays    int64
	Previous int64  // of the step that it is compared with
	Partial  bool   // its time is not over
	Mark     string // what changed it after it was exact, "" for nothing
	MarkURL  string
}

// Chart is a line of plays, the line it is compared with, and the table behind both.
type Chart struct {
	Name         string // what it shows, in a sentence
	This, Before string // what the two lines are; Before is "" for one line
	Points       []Point
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
	{Class: "wide", Width: 1040, Height: 280, Left: 56, Right: 1028, Top: 16, Bottom: 254, labels: 5},
	{Class: "narrow", Width: 400, Height: 260, Left: 44, Right: 394, Top: 12, Bottom: 234, labels: 3},
}

// tick is a label on an axis.
type tick struct {
	X, Y   float64
	Text   string
	Anchor string
}

// mark is a point that leads to what changed it.
type mark struct {
	X, Y, TextX, TextY float64
	Text, URL, Anchor  string
}

// drawing is a chart worked out.
type drawing struct {
	sheet
	Line, Area, Dashes, Prev string // paths; Dashes leads to a point whose time is not over
	YTicks, XTicks           []tick
	Marks                    []mark
	First, Step              float64 // where points lie, for the cursor
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
	d.XTicks = s.xTicks(c.Points, x)
	d.Marks = marks(c.Points, x, y)
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

// xTicks are a few labels, the first and the last among them.
func (s sheet) xTicks(points []Point, x func(int) float64) []tick {
	last := len(points) - 1
	n := min(s.labels-1, last)
	var ticks []tick
	for k := 0; k <= n; k++ {
		i := 0
		if n > 0 {
			i = k * last / n
		}
		anchor := "middle"
		switch {
		case i == 0:
			anchor = "start"
		case i == last:
			anchor = "end"
		}
		ticks = append(ticks, tick{X: x(i), Y: s.Bottom + 20, Text: points[i].Label, Anchor: anchor})
	}
	return ticks
}

func marks(points []Point, x func(int) float64, y func(int64) float64) []mark {
	var list []mark
	largest := -1
	for i, p := range points {
		if p.Mark != "" && (largest < 0 || p.Plays > points[largest].Plays) {
			largest = i
		}
	}
	for i, p := range points {
		if p.Mark == "" {
			continue
		}
		m := mark{X: x(i), Y: y(p.Plays), URL: p.MarkURL, Anchor: "start"}
		m.TextX, m.TextY = m.X+12, m.Y+4
		if i > len(points)/2 {
			m.Anchor, m.TextX = "end", m.X-12
		}
		if i == largest {
			m.Text = p.Mark
		}
		list = append(list, m)
	}
	return list
}

// Spark is a line without axes.
type Spark []int64

// Path draws the line in 96 by 24 units.
func (s Spark) Path() string {
	if len(s) < 2 {
		return ""
	}
	most := int64(1)
	for _, n := range s {
		most = max(most, n)
	}
	var path strings.Builder
	for i, n := range s {
		step(&path, i, 96*float64(i)/float64(len(s)-1), 22-20*float64(n)/float64(most))
	}
	return path.String()
}

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

// bar is a minute worked out, in a drawing of 720 by 64 units.
type bar struct {
	X, Y, Height float64
	Now          bool
}

// Bars works out where the bars lie.
func (l Live) Bars() any {
	most := int64(1)
	for _, m := range l.Minutes {
		most = max(most, m.Plays)
	}
	bars := make([]bar, len(l.Minutes))
	for i, m := range l.Minutes {
		height := 64 * float64(m.Plays) / float64(most)
		bars[i] = bar{X: 12*float64(i) + 1, Y: 64 - height, Height: height, Now: i == len(l.Minutes)-1}
	}
	return bars
}
