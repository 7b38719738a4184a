package verbs

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs/capacity"
)

func sayPlan(p *frame.Page, r planResult) {
	sayVerdict(p, r.Plan)
	rows := make([][]frame.Cell, 0, len(r.Limits))
	for _, l := range r.Limits {
		rows = append(rows, []frame.Cell{frame.Word(l.Stage), right(significant(l.Need)), right(significant(l.Takes)), frame.Word(l.Unit), right(portion(l.Used)), right(significant(l.Fits)), frame.Word(mark(r.Plan, l.Past))})
	}
	p.Table("stages that every listen passes, of one process or one table each",
		[]frame.Column{{Name: "stage"}, {Name: "needed"}, {Name: "takes"}, {Name: "of"}, {Name: "used"}, {Name: "full at load", Goes: 1}, {Name: "measured up to"}}, rows)
	for _, l := range r.Limits {
		if l.Used > 1 {
			p.Say("%s: %s", l.Stage, l.Help)
		}
	}
	sayRooms(p, r.Plan)
	sayFigures(p, r)
	sayAssumptions(p, r.Plan)
	if r.explain {
		sayConstants(p, r.Plan)
		return
	}
	p.Say("--explain says what each figure came from, and by which command each constant was measured; --json has all of it")
}

// sayVerdict is the answer as a sentence.
func sayVerdict(p *frame.Page, plan capacity.Plan) {
	first, load := plan.Binding(), significant(plan.Load.ListensPerSecond)
	switch over := plan.Over(); {
	case over == 0:
		p.Say("%s listens a second fit: the first limit is %s, at some %s listens a second", load, first.Stage, significant(first.Fits))
	default:
		p.Say("%s is the limit: it takes some %s of the %s listens a second; of %d stages %d fall behind", first.Stage, significant(first.Fits), load, len(plan.Limits), over)
	}
}

// sayRooms is a line a flush.
func sayRooms(p *frame.Page, plan capacity.Plan) {
	columns, rows := []frame.Column{{Name: "flush every"}}, [][]frame.Cell{}
	marked := false
	for i, r := range plan.Rooms {
		if i%len(capacity.Catalogs) == 0 {
			rows = append(rows, []frame.Cell{right(quantity(r.Seconds, "s"))})
		}
		if len(rows) == 1 {
			columns = append(columns, frame.Column{Name: r.Catalog})
		}
		text := significant(r.Ingesters)
		if len(r.Past) > 0 {
			marked, text = true, text+" *"
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], right(text))
	}
	p.Table("ingesters whose commits one table takes, by catalog", columns, rows)
	if marked {
		p.Say("* more committers than were measured")
	}
}

func sayFigures(p *frame.Page, r planResult) {
	columns := []frame.Column{{Name: "part", Goes: 1}, {Name: "what"}, {Name: "value"}, {Name: "measured up to"}}
	rows := make([][]frame.Cell, 0, len(r.Figures))
	part := ""
	for _, f := range r.Figures {
		name := f.Part
		if name == part {
			name = " "
		}
		part = f.Part
		rows = append(rows, []frame.Cell{{Text: name}, frame.Word(f.What), right(quantity(f.Value, f.Unit)), frame.Word(mark(r.Plan, f.Past))})
	}
	p.Table("", columns, rows)
	p.Say("a figure with a size behind it is extrapolated: a constant in it was measured up to there (+1: and another one); money is in the currency of the prices")
	p.Say("not modelled: %s", strings.Join(r.NotModelled, "; "))
}

// mark names the sizes beyond which something is extrapolated, the first of them where there is no room for all.
func mark(plan capacity.Plan, past []string) string {
	if len(past) == 0 {
		return ""
	}
	for _, c := range plan.Constants {
		if c.Name == past[0] {
			more := ""
			if len(past) > 1 {
				more = fmt.Sprintf(", +%d", len(past)-1)
			}
			return significant(c.Measured.UpTo) + " " + c.Measured.Of + more
		}
	}
	return ""
}

func sayAssumptions(p *frame.Page, plan capacity.Plan) {
	var rows [][]frame.Cell
	for _, c := range plan.Constants {
		if c.Measured == nil {
			means := c.Means
			if c.Set {
				means = "as --set says"
			}
			rows = append(rows, []frame.Cell{frame.Word(c.Name), right(significant(c.Value)), frame.Word(means)})
		}
	}
	p.Table("assumptions, which nobody measured (--set NAME=VALUE)", []frame.Column{{Name: "name"}, {Name: "value"}, {Name: "is"}}, rows)
}

// sayConstants says what figures came from, and who measured it.
func sayConstants(p *frame.Page, plan capacity.Plan) {
	p.WriteString("\n")
	for _, l := range plan.Limits {
		p.Say("%s: from %s", l.Stage, origin(l.From))
	}
	for _, f := range plan.Figures {
		p.Say("%s, %s: from %s", f.Part, f.What, origin(f.From))
	}
	p.WriteString("\n")
	for _, c := range plan.Constants {
		if m := c.Measured; m != nil {
			upTo := ""
			if m.UpTo > 0 {
				upTo = fmt.Sprintf(", measured up to %s %s", significant(m.UpTo), m.Of)
			}
			p.Say("%s = %s %s%s: %s; %s of '%s', %s, %s", c.Name, significant(c.Value), c.Unit, upTo, c.Means, m.Field, m.Command, m.Machine, m.Date)
		}
	}
}

// origin lists what something came from, parts of the load last.
func origin(from []string) string {
	var constants, load []string
	for _, name := range from {
		if part, is := strings.CutPrefix(name, "load: "); is {
			load = append(load, part)
		} else {
			constants = append(constants, name)
		}
	}
	text := strings.Join(constants, ", ")
	if len(load) > 0 {
		text = strings.TrimPrefix(text+"; the load's "+strings.Join(load, ", "), "; ")
	}
	return text
}

func right(text string) frame.Cell { return frame.Cell{Text: text, Right: true} }

// portion is a share in percent, and above ten times that many times.
func portion(share float64) string {
	if share > 10 {
		return significant(share) + " times"
	}
	return significant(100*share) + " %"
}

// quantity is a value in the unit that people would say it in.
func quantity(value float64, unit string) string {
	switch unit {
	case "s":
		const day = 86_400
		switch {
		case value >= 2*day:
			return significant(value/day) + " days"
		case value >= 120:
			return frame.Span(time.Duration(math.Round(value)) * time.Second)
		}
	case "bytes", "bytes/s":
		for _, prefix := range []string{"", "k", "M", "G", "T", "P"} {
			if value < 1000 || prefix == "P" {
				return significant(value) + " " + prefix + strings.Replace(unit, "bytes", "B", 1)
			}
			value /= 1000
		}
	}
	return strings.TrimSpace(significant(value) + " " + unit)
}

// significant has three digits that say something, and more where they are those of a whole number.
func significant(value float64) string {
	if value == math.Trunc(value) && value < mostWhole {
		return frame.Thousands(int64(value))
	}
	text := strconv.FormatFloat(value, 'g', 3, 64)
	if rounded, err := strconv.ParseFloat(text, 64); err == nil && rounded >= 1000 && rounded < mostWhole {
		return frame.Thousands(int64(rounded))
	}
	return text
}

// mostWhole is where a number has more digits than anyone counts.
const mostWhole = 1e15
