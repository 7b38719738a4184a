package main

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"
)

// Results are plain structs with json names; both forms of output come from the
// same fields. Tags that steer the text form only:
//
//	text:"-"      not in the text
//	text:"plain"  a number that is a name, without separators; fields named id,
//	              version, partition, offset, and those ending in _id, _ids or
//	              _version are plain anyway

// textWriter is a result that lays its text out itself, as a story does.
type textWriter interface{ writeText(w io.Writer) error }

// printResult writes v to w: one JSON document, or text. A nil v prints nothing.
func printResult(w io.Writer, v any, asJSON bool) error {
	rv := reflect.ValueOf(v)
	if !rv.IsValid() || rv.Kind() == reflect.Pointer && rv.IsNil() {
		return nil
	}
	own := reflect.New(rv.Type()).Elem()
	own.Set(rv)
	if err := tidy(own); err != nil {
		return err
	}
	var out bytes.Buffer
	switch t, custom := own.Interface().(textWriter); {
	case asJSON:
		e := json.NewEncoder(&out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(own.Interface()); err != nil {
			return err
		}
	case custom:
		if err := t.writeText(&out); err != nil {
			return err
		}
	default:
		writeValue(&out, own)
	}
	_, err := w.Write(out.Bytes())
	return err
}

var (
	timeType  = reflect.TypeFor[time.Time]()
	marshaler = reflect.TypeFor[json.Marshaler]()
	texter    = reflect.TypeFor[encoding.TextMarshaler]()
)

// tidy makes what the encoder would leave to chance: lists that are nil become
// empty ones, times become UTC, and a field without a json name is an error.
func tidy(v reflect.Value) error {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if t, ok := v.Interface().(time.Time); ok && v.CanSet() {
			v.Set(reflect.ValueOf(t.UTC()))
			return nil
		}
		if v.IsNil() {
			return nil
		}
		return tidy(v.Elem())
	case reflect.Struct:
		if v.Type() == timeType && v.CanSet() {
			v.Set(reflect.ValueOf(v.Interface().(time.Time).UTC()))
		}
		if encodesItself(v.Type()) {
			return nil
		}
		return tidyFields(v)
	case reflect.Map:
		if v.IsNil() && v.CanSet() {
			v.Set(reflect.MakeMap(v.Type()))
		}
	case reflect.Slice:
		if v.IsNil() && v.CanSet() && v.Type().Elem().Kind() != reflect.Uint8 {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
		for i := range v.Len() {
			if err := tidy(v.Index(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

func tidyFields(v reflect.Value) error {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() || f.Tag.Get("json") == "-" {
			continue
		}
		name := jsonName(f)
		if name == "" && !f.Anonymous || name != strings.ToLower(name) {
			return fmt.Errorf("field %s of result %s has no json name in snake_case", f.Name, v.Type())
		}
		if err := tidy(v.Field(i)); err != nil {
			return err
		}
	}
	return nil
}

func encodesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(marshaler) || p.Implements(texter)
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// table is a result whose columns are only known when it runs. Column names
// differ from one another; values are nil, bool, string, numbers, *big.Int,
// time.Time, or []any and map[string]any of these.
type table struct {
	Columns []string
	Rows    [][]any
}

// MarshalJSON writes rows as objects whose keys keep the order of the columns.
func (t table) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	columns, err := json.Marshal(append([]string{}, t.Columns...))
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&b, `{"columns":%s,"rows":[`, columns)
	for i, row := range t.Rows {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := writeObject(&b, t.Columns, row); err != nil {
			return nil, err
		}
	}
	b.WriteString("]}")
	return b.Bytes(), nil
}

func writeObject(b *bytes.Buffer, columns []string, row []any) error {
	b.WriteByte('{')
	for i, column := range columns {
		if t, ok := row[i].(time.Time); ok {
			row[i] = t.UTC()
		}
		name, err := json.Marshal(column)
		if err != nil {
			return err
		}
		value, err := json.Marshal(row[i])
		if err != nil {
			return fmt.Errorf("column %s: %w", column, err)
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, "%s:%s", name, value)
	}
	b.WriteByte('}')
	return nil
}

func (t table) writeText(w io.Writer) error {
	g := grid{}
	for _, column := range t.Columns {
		g.head = append(g.head, clean(column))
	}
	for _, row := range t.Rows {
		var line []cell
		for _, value := range row {
			c, err := tableCell(value)
			if err != nil {
				return err
			}
			line = append(line, c)
		}
		g.rows = append(g.rows, line)
	}
	var b bytes.Buffer
	g.write(&b)
	_, err := w.Write(b.Bytes())
	return err
}

// tableCell shows lists and objects as the JSON they are in the other form.
func tableCell(value any) (cell, error) {
	switch value.(type) {
	case nil:
		return cell{text: "NULL"}, nil
	case []any, map[string]any:
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(value); err != nil {
			return cell{}, err
		}
		return cell{text: clean(strings.TrimSuffix(b.String(), "\n"))}, nil
	default:
		return scalar(reflect.ValueOf(value), true), nil
	}
}
