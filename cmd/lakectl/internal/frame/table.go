package frame

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// mostCell is how much of a value the text form shows: the columns are as wide as their widest value in every line.
const mostCell = 10_000

// Table is a result whose columns are only known when it runs. Column names
// differ from one another; values are nil, bool, string, numbers, *big.Int,
// time.Time, or []any and map[string]any of these.
type Table struct {
	Columns []string
	Rows    [][]any
}

// write prints row by row: the text of a large result would be many times the result.
func (t Table) write(ctx context.Context, w io.Writer, asJSON bool) error {
	out := bufio.NewWriter(w)
	write := t.writeText
	if asJSON {
		write = t.writeJSON
	}
	if err := write(ctx, out); err != nil {
		return err
	}
	return out.Flush()
}

// writeJSON writes rows as objects whose keys keep the order of the columns.
func (t Table) writeJSON(ctx context.Context, w *bufio.Writer) error {
	columns, err := json.MarshalIndent(append([]string{}, t.Columns...), "  ", "  ")
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "{\n  \"columns\": %s,\n  \"rows\": [", columns) //nolint:errcheck // Flush tells
	var compact, indented bytes.Buffer
	for i, row := range t.Rows {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		compact.Reset()
		indented.Reset()
		if err := writeObject(&compact, t.Columns, row); err != nil {
			return err
		}
		if err := json.Indent(&indented, compact.Bytes(), "    ", "  "); err != nil {
			return err
		}
		if i > 0 {
			w.WriteByte(',') //nolint:errcheck // Flush tells
		}
		fmt.Fprintf(w, "\n    %s", indented.Bytes()) //nolint:errcheck // Flush tells
	}
	if len(t.Rows) > 0 {
		w.WriteString("\n  ") //nolint:errcheck // Flush tells
	}
	_, err = w.WriteString("]\n}\n")
	return err
}

func writeObject(b *bytes.Buffer, columns []string, row []any) error {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	b.WriteByte('{')
	for i, column := range columns {
		switch value := row[i].(type) {
		case time.Time:
			row[i] = value.UTC()
		case int64:
			if isSnapshotID(column) {
				row[i] = strconv.FormatInt(value, 10)
			}
		}
		if i > 0 {
			b.WriteByte(',')
		}
		if err := e.Encode(column); err != nil {
			return err
		}
		b.WriteByte(':')
		if err := e.Encode(row[i]); err != nil {
			return fmt.Errorf("column %s: %w", column, err)
		}
	}
	b.WriteByte('}')
	return nil
}

// isSnapshotID tells which columns are written as strings in JSON: readers that take numbers for doubles would round
// them.
func isSnapshotID(column string) bool {
	name := strings.ToLower(column)
	return name == "snapshot_id" || strings.HasSuffix(name, "_snapshot_id")
}

// writeText aligns the columns as a grid does. Each row is laid out twice, for the widths and to be written, so that
// only one at a time is held.
func (t Table) writeText(ctx context.Context, w *bufio.Writer) error {
	if len(t.Rows) == 0 {
		_, err := w.WriteString("none\n")
		return err
	}
	head := make([]Cell, len(t.Columns))
	width := make([]int, len(t.Columns))
	for i, column := range t.Columns {
		head[i].Text = clean(column)
		width[i] = utf8.RuneCountInString(head[i].Text)
	}
	for n, row := range t.Rows {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		line, err := tableLine(row)
		if err != nil {
			return err
		}
		for i, c := range line {
			width[i] = max(width[i], utf8.RuneCountInString(c.Text))
			head[i].Right = head[i].Right || n == 0 && c.Right
		}
	}
	writeLine(w, head, width)
	for _, row := range t.Rows {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		line, err := tableLine(row)
		if err != nil {
			return err
		}
		writeLine(w, line, width)
	}
	return nil
}

func tableLine(row []any) (line []Cell, err error) {
	line = make([]Cell, len(row))
	for i, value := range row {
		if line[i], err = tableCell(value); err != nil {
			return nil, err
		}
	}
	return line, nil
}

// tableCell shows lists and objects as the JSON they are in the other form.
func tableCell(value any) (Cell, error) {
	switch value := value.(type) {
	case nil:
		return Cell{Text: "NULL"}, nil
	case string:
		return Cell{Text: abridged(value)}, nil
	case *big.Int:
		return Cell{Text: value.String(), Right: true}, nil
	case []any, map[string]any:
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(value); err != nil {
			return Cell{}, err
		}
		return Cell{Text: abridged(strings.TrimSuffix(b.String(), "\n"))}, nil
	default:
		return scalar(reflect.ValueOf(value), true), nil
	}
}

// abridged is the start of a text that is too long for a line, and how long it is.
func abridged(s string) string {
	if len(s) <= mostCell {
		return clean(s)
	}
	end := mostCell
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return clean(s[:end]) + fmt.Sprintf("... (%s bytes; --json has all)", Thousands(int64(len(s))))
}
