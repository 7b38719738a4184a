package frame

import (
	"bytes"
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	pageWidth = 100 // columns, where stdout is no terminal
	// PageRows is how many rows of a table that can be long are shown.
	PageRows = 20
)

// Teller writes results of one type for people, and says whether this is one. Programs get the result itself.
type Teller func(p *Page, result any) bool

// Text is the teller of results of type T.
func Text[T any](say func(p *Page, result T)) Teller {
	return func(p *Page, result any) bool {
		r, is := result.(T)
		if is {
			say(p, r)
		}
		return is
	}
}

// Page is a result as people read it: the answer as a sentence, then tables, the most wanted first.
type Page struct {
	bytes.Buffer
	width  int
	Wide   bool // every column, every row, every digit
	rows   int  // of a table that can be long; less than 0: all
	failed bool // the verb ended with an error
	hidden []string
}

// Say writes a sentence; it goes on in the next line where the page ends.
func (p *Page) Say(format string, args ...any) {
	at := 0
	for i, word := range strings.Split(clean(fmt.Sprintf(format, args...)), " ") {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case !p.Wide && at+1+n > p.width:
			p.WriteString("\n  ")
			at = 2
		default:
			p.WriteByte(' ')
			at++
		}
		p.WriteString(word)
		at += n
	}
	p.WriteByte('\n')
}

// Idle says why there is nothing to do, unless the verb failed: then nobody knows that.
func (p *Page) Idle(format string, args ...any) {
	if p.failed {
		p.Say("nothing was done")
		return
	}
	p.Say("nothing to do: "+format, args...)
}

// Column is one column of a table. Where the page is too narrow those with the largest goes are left out first, those
// with 0 never.
type Column struct {
	Name string
	Goes int
}

// Table writes a table below its title. Without rows there is nothing.
func (p *Page) Table(title string, columns []Column, rows [][]Cell) {
	if len(rows) == 0 {
		return
	}
	kept := p.fitting(columns, rows)
	var g grid
	for _, i := range kept {
		g.head = append(g.head, columns[i].Name)
	}
	for _, row := range rows {
		var line []Cell
		for _, i := range kept {
			line = append(line, row[i])
		}
		g.rows = append(g.rows, line)
	}
	p.WriteByte('\n')
	if title != "" {
		p.Say("%s", title)
	}
	g.write(&p.Buffer)
}

// LongTable is table for what can be long: the first rows, unless more are asked for.
func (p *Page) LongTable(title string, columns []Column, rows [][]Cell) {
	if all := len(rows); !p.Wide && p.rows >= 0 && all > p.rows {
		rows = rows[:p.rows]
		title += fmt.Sprintf(" (the first %d of %s)", p.rows, Thousands(int64(all)))
		p.hide("all rows")
	}
	p.Table(title, columns, rows)
}

// fitting are the columns for which there is room, in order. A column without a value anywhere needs none.
func (p *Page) fitting(columns []Column, rows [][]Cell) []int {
	var kept []int
	width := map[int]int{}
	total := -2
	for i, c := range columns {
		filled := false
		width[i] = utf8.RuneCountInString(c.Name) + 2
		for _, row := range rows {
			width[i] = max(width[i], utf8.RuneCountInString(row[i].Text)+2)
			filled = filled || row[i].Text != "-"
		}
		if filled || c.Goes == 0 {
			kept = append(kept, i)
			total += width[i]
		}
	}
	for !p.Wide && total > p.width {
		at := slices.MaxFunc(kept, func(i, j int) int { return cmp.Compare(columns[i].Goes, columns[j].Goes) })
		if columns[at].Goes == 0 {
			break
		}
		total -= width[at]
		p.hide(columns[at].Name)
		kept = slices.DeleteFunc(kept, func(i int) bool { return i == at })
	}
	return kept
}

// hide notes what --wide would show.
func (p *Page) hide(what string) {
	if !slices.Contains(p.hidden, what) {
		p.hidden = append(p.hidden, what)
	}
}

// Rest lays out all fields of a struct below a title, where all is asked for.
func (p *Page) Rest(title string, v any) {
	if !p.Wide {
		return
	}
	p.WriteString("\n" + title + ":\n")
	writeValue(&p.Buffer, reflect.ValueOf(v))
}

// end says what was left out.
func (p *Page) end() {
	if len(p.hidden) > 0 {
		p.WriteByte('\n')
		p.Say("--wide shows more: %s", strings.Join(p.hidden, ", "))
	}
}

// Short is the start of a checksum, enough to compare by eye.
func Short(checksum string) string { return checksum[:min(16, len(checksum))] }

// Sum is a checksum, enough of it to compare by eye.
func (p *Page) Sum(checksum string) string {
	if p.Wide {
		return checksum
	}
	return Short(checksum)
}

// At is a time to the second.
func (p *Page) At(t time.Time) string {
	switch {
	case t.IsZero():
		return "-"
	case p.Wide:
		return t.UTC().Format(TimeLayout)
	}
	return t.UTC().Format(time.RFC3339)
}

// AtOr is at for a time that may be missing.
func (p *Page) AtOr(t *time.Time, missing string) string {
	if t == nil {
		return missing
	}
	return p.At(*t)
}

// Word is the cell of a text, a dash where there is none.
func Word(s string) Cell {
	if s == "" {
		return Cell{Text: "-"}
	}
	return Cell{Text: clean(s)}
}

// Number is the cell of a count or an amount.
func Number(n int64) Cell { return Cell{Text: Thousands(n), Right: true} }

// Name is the cell of a number that is a name.
func Name(n int64) Cell { return Cell{Text: strconv.FormatInt(n, 10), Right: true} }

// Marked is the cell of what is so or not.
func Marked(is bool) Cell {
	if is {
		return Cell{Text: "yes"}
	}
	return Cell{Text: "no"}
}

// CountOf is a number with its noun, which takes an s.
func CountOf(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if stem, y := strings.CutSuffix(noun, "y"); y && !strings.ContainsAny(stem[len(stem)-1:], "aeiou") {
		return Thousands(n) + " " + stem + "ies"
	}
	return Thousands(n) + " " + noun + "s"
}

// Span is a duration in the unit that people would say it in.
func Span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day && d%day == 0:
		return CountOf(int64(d/day), "day")
	case d >= 2*day:
		return fmt.Sprintf("%.1f days", d.Hours()/24)
	case d >= time.Hour && d%time.Hour == 0:
		return CountOf(int64(d/time.Hour), "hour")
	case d >= 2*time.Minute && d%time.Minute == 0:
		return CountOf(int64(d/time.Minute), "minute")
	case d >= 2*time.Minute:
		return d.Round(time.Second).String()
	}
	return fmt.Sprintf("%.3g s", d.Seconds())
}

// Some are the first of a list that can be long.
func (p *Page) Some(list []string) string {
	const most = 6
	if p.Wide || len(list) <= most {
		return strings.Join(list, ", ")
	}
	p.hide("all of each list")
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}
