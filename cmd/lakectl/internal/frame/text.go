package frame

import (
	"bytes"
	"encoding"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// TimeLayout is RFC 3339 to the microsecond, zeros at the end left out.
const TimeLayout = "2006-01-02T15:04:05.999999Z07:00"

// Cell is one value of a table; numbers stand at the right of their column.
type Cell struct {
	Text  string
	Right bool
}

// grid is a table of aligned columns.
type grid struct {
	head []string
	rows [][]Cell
}

// write prints the columns two spaces apart, without spaces at the end of a line.
func (g grid) write(b *bytes.Buffer) {
	if len(g.rows) == 0 {
		b.WriteString("none\n")
		return
	}
	lines := g.rows
	if g.head != nil {
		head := make([]Cell, len(g.head))
		for i, name := range g.head {
			head[i] = Cell{Text: name, Right: g.rows[0][i].Right}
		}
		lines = append([][]Cell{head}, g.rows...)
	}
	width := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, c := range line {
			width[i] = max(width[i], utf8.RuneCountInString(c.Text))
		}
	}
	for _, line := range lines {
		writeLine(b, line, width)
	}
}

func writeLine(w io.StringWriter, line []Cell, width []int) {
	var text strings.Builder
	for i, c := range line {
		pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(c.Text))
		if c.Right {
			text.WriteString(pad + c.Text + "  ")
		} else {
			text.WriteString(c.Text + pad + "  ")
		}
	}
	w.WriteString(strings.TrimRight(text.String(), " ") + "\n") //nolint:errcheck // into memory, or into a writer whose Flush tells
}

// field is a field of a result in the text form.
type field struct {
	name  string
	value reflect.Value
	plain bool
}

// fields lists what the text shows of a struct, embedded structs in place.
func fields(v reflect.Value, all bool) []field {
	var list []field
	for i := range v.NumField() {
		f, value := v.Type().Field(i), v.Field(i)
		tag := f.Tag.Get("json")
		name := jsonName(f)
		switch {
		case !f.IsExported() || tag == "-" || f.Tag.Get("text") == "-":
		case f.Anonymous && name == "" && value.Kind() == reflect.Struct:
			list = append(list, fields(value, all)...)
		case !all && value.IsZero() && strings.Contains(tag, ",omit"):
		default:
			list = append(list, field{name, value, f.Tag.Get("text") == "plain" || isName(name)})
		}
	}
	return list
}

// isName tells whether numbers of this name are identifiers.
func isName(name string) bool {
	for _, word := range []string{"id", "ids", "version", "partition", "offset"} {
		if name == word || strings.HasSuffix(name, "_"+word) {
			return true
		}
	}
	return false
}

// writeValue prints a struct as a block of its scalar fields, then everything
// that is a table or a block of its own; a slice of structs as a table.
func writeValue(b *bytes.Buffer, v reflect.Value) {
	v = reflect.Indirect(v)
	switch {
	case isRows(v):
		writeRows(b, v)
	case v.Kind() == reflect.Map:
		writeMap(b, v)
	case v.Kind() == reflect.Struct && !encodesItself(v.Type()):
		writeBlock(b, v)
	default:
		fmt.Fprintln(b, scalar(v, false).Text)
	}
}

func writeBlock(b *bytes.Buffer, v reflect.Value) {
	var block grid
	var parts []field
	for _, f := range fields(v, false) {
		in := reflect.Indirect(f.value)
		if in.IsValid() && (isRows(in) || in.Kind() == reflect.Map || in.Kind() == reflect.Struct && !encodesItself(in.Type())) {
			parts = append(parts, f)
			continue
		}
		block.rows = append(block.rows, []Cell{{Text: label(f.name)}, {Text: shown(f).Text}})
	}
	if len(block.rows) > 0 {
		block.write(b)
	}
	for i, f := range parts {
		if i > 0 || len(block.rows) > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(label(f.name) + ":\n")
		writeValue(b, f.value)
	}
}

func isRows(v reflect.Value) bool {
	if v.Kind() != reflect.Slice {
		return false
	}
	of := v.Type().Elem()
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	return of.Kind() == reflect.Struct && !encodesItself(of)
}

func writeRows(b *bytes.Buffer, v reflect.Value) {
	var g grid
	for i := range v.Len() {
		var row []Cell
		list := fields(reflect.Indirect(v.Index(i)), true)
		for _, f := range list {
			row = append(row, shown(f))
		}
		if i == 0 {
			for _, f := range list {
				g.head = append(g.head, f.name)
			}
		}
		g.rows = append(g.rows, row)
	}
	g.write(b)
}

func writeMap(b *bytes.Buffer, v reflect.Value) {
	var g grid
	for _, key := range v.MapKeys() {
		g.rows = append(g.rows, []Cell{scalar(key, true), scalar(v.MapIndex(key), false)})
	}
	slices.SortFunc(g.rows, func(x, y []Cell) int { return strings.Compare(x[0].Text, y[0].Text) })
	g.write(b)
}

// shown is a field's cell, a dash where there is nothing.
func shown(f field) Cell {
	c := scalar(f.value, f.plain)
	if c.Text == "" {
		c.Text = "-"
	}
	return c
}

// scalar formats one value; plain numbers get no separators.
func scalar(v reflect.Value, plain bool) Cell {
	if v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return Cell{Text: "-"}
		}
		if _, ok := v.Interface().(encoding.TextMarshaler); !ok {
			return scalar(v.Elem(), plain)
		}
	}
	switch x := v.Interface().(type) {
	case time.Time:
		if x.IsZero() {
			return Cell{Text: "-"}
		}
		return Cell{Text: x.UTC().Format(TimeLayout)}
	case time.Duration:
		return Cell{Text: x.String(), Right: true}
	case encoding.TextMarshaler:
		text, err := x.MarshalText()
		if err != nil {
			text = []byte(err.Error())
		}
		return Cell{Text: clean(string(text))}
	}
	switch v.Kind() {
	case reflect.String:
		return Cell{Text: clean(v.String())}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if plain {
			return Cell{Text: strconv.FormatInt(v.Int(), 10), Right: true}
		}
		return Cell{Text: Thousands(v.Int()), Right: true}
	case reflect.Float32, reflect.Float64:
		return Cell{Text: strconv.FormatFloat(v.Float(), 'g', 6, 64), Right: true}
	case reflect.Slice:
		var items []string
		for i := range v.Len() {
			items = append(items, scalar(v.Index(i), plain).Text)
		}
		return Cell{Text: strings.Join(items, ", ")}
	default:
		return Cell{Text: clean(fmt.Sprint(v.Interface()))}
	}
}

func label(name string) string { return strings.ReplaceAll(name, "_", " ") }

// Thousands writes n with a comma between groups of three digits.
func Thousands(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// clean makes text safe for a terminal: what came with an event could otherwise
// move the cursor or hide what follows.
func clean(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		_, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}
