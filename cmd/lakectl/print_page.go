package main

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
	pageRows  = 20  // rows of a table that can be long
)

// teller writes results of one type for people, and says whether this is one. Programs get the result itself.
type teller func(p *page, result any) bool

// text is the teller of results of type T.
func text[T any](say func(p *page, result T)) teller {
	return func(p *page, result any) bool {
		r, is := result.(T)
		if is {
			say(p, r)
		}
		return is
	}
}

// page is a result as people read it: the answer as a sentence, then tables, the most wanted first.
type page struct {
	bytes.Buffer
	width  int
	wide   bool // every column, every row, every digit
	rows   int  // of a table that can be long; less than 0: all
	failed bool // the verb ended with an error
	hidden []string
}

// say writes a sentence; it goes on in the next line where the page ends.
func (p *page) say(format string, args ...any) {
	at := 0
	for i, word := range strings.Split(clean(fmt.Sprintf(format, args...)), " ") {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case !p.wide && at+1+n > p.width:
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

// idle says why there is nothing to do, unless the verb failed: then nobody knows that.
func (p *page) idle(format string, args ...any) {
	if p.failed {
		p.say("nothing was done")
		return
	}
	p.say("nothing to do: "+format, args...)
}

// column is one column of a table. Where the page is too narrow those with the largest goes are left out first, those
// with 0 never.
type column struct {
	name string
	goes int
}

// table writes a table below its title. Without rows there is nothing.
func (p *page) table(title string, columns []column, rows [][]cell) {
	if len(rows) == 0 {
		return
	}
	kept := p.fitting(columns, rows)
	var g grid
	for _, i := range kept {
		g.head = append(g.head, columns[i].name)
	}
	for _, row := range rows {
		var line []cell
		for _, i := range kept {
			line = append(line, row[i])
		}
		g.rows = append(g.rows, line)
	}
	p.WriteByte('\n')
	if title != "" {
		p.say("%s", title)
	}
	g.write(&p.Buffer)
}

// longTable is table for what can be long: the first rows, unless more are asked for.
func (p *page) longTable(title string, columns []column, rows [][]cell) {
	if all := len(rows); !p.wide && p.rows >= 0 && all > p.rows {
		rows = rows[:p.rows]
		title += fmt.Sprintf(" (the first %d of %s)", p.rows, thousands(int64(all)))
		p.hide("all rows")
	}
	p.table(title, columns, rows)
}

// fitting are the columns for which there is room, in order. A column without a value anywhere needs none.
func (p *page) fitting(columns []column, rows [][]cell) []int {
	var kept []int
	width := map[int]int{}
	total := -2
	for i, c := range columns {
		filled := false
		width[i] = utf8.RuneCountInString(c.name) + 2
		for _, row := range rows {
			width[i] = max(width[i], utf8.RuneCountInString(row[i].text)+2)
			filled = filled || row[i].text != "-"
		}
		if filled || c.goes == 0 {
			kept = append(kept, i)
			total += width[i]
		}
	}
	for !p.wide && total > p.width {
		at := slices.MaxFunc(kept, func(i, j int) int { return cmp.Compare(columns[i].goes, columns[j].goes) })
		if columns[at].goes == 0 {
			break
		}
		total -= width[at]
		p.hide(columns[at].name)
		kept = slices.DeleteFunc(kept, func(i int) bool { return i == at })
	}
	return kept
}

// hide notes what --wide would show.
func (p *page) hide(what string) {
	if !slices.Contains(p.hidden, what) {
		p.hidden = append(p.hidden, what)
	}
}

// rest lays out all fields of a struct below a title, where all is asked for.
func (p *page) rest(title string, v any) {
	if !p.wide {
		return
	}
	p.WriteString("\n" + title + ":\n")
	writeValue(&p.Buffer, reflect.ValueOf(v))
}

// end says what was left out.
func (p *page) end() {
	if len(p.hidden) > 0 {
		p.WriteByte('\n')
		p.say("--wide shows more: %s", strings.Join(p.hidden, ", "))
	}
}

// sum is a checksum, enough of it to compare by eye.
func (p *page) sum(checksum string) string {
	if p.wide {
		return checksum
	}
	return short(checksum)
}

// at is a time to the second.
func (p *page) at(t time.Time) string {
	switch {
	case t.IsZero():
		return "-"
	case p.wide:
		return t.UTC().Format(timeLayout)
	}
	return t.UTC().Format(time.RFC3339)
}

// atOr is at for a time that may be missing.
func (p *page) atOr(t *time.Time, missing string) string {
	if t == nil {
		return missing
	}
	return p.at(*t)
}

// word is the cell of a text, a dash where there is none.
func word(s string) cell {
	if s == "" {
		return cell{text: "-"}
	}
	return cell{text: clean(s)}
}

// number is the cell of a count or an amount.
func number(n int64) cell { return cell{text: thousands(n), right: true} }

// name is the cell of a number that is a name.
func name(n int64) cell { return cell{text: strconv.FormatInt(n, 10), right: true} }

// marked is the cell of what is so or not.
func marked(is bool) cell {
	if is {
		return cell{text: "yes"}
	}
	return cell{text: "no"}
}

// countOf is a number with its noun, which takes an s.
func countOf(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if stem, y := strings.CutSuffix(noun, "y"); y && !strings.ContainsAny(stem[len(stem)-1:], "aeiou") {
		return thousands(n) + " " + stem + "ies"
	}
	return thousands(n) + " " + noun + "s"
}

// span is a duration in the unit that people would say it in.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day && d%day == 0:
		return countOf(int64(d/day), "day")
	case d >= 2*day:
		return fmt.Sprintf("%.1f days", d.Hours()/24)
	case d >= time.Hour && d%time.Hour == 0:
		return countOf(int64(d/time.Hour), "hour")
	case d >= 2*time.Minute && d%time.Minute == 0:
		return countOf(int64(d/time.Minute), "minute")
	case d >= 2*time.Minute:
		return d.Round(time.Second).String()
	}
	return fmt.Sprintf("%.3g s", d.Seconds())
}

// some are the first of a list that can be long.
func (p *page) some(list []string) string {
	const most = 6
	if p.wide || len(list) <= most {
		return strings.Join(list, ", ")
	}
	p.hide("all of each list")
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}
