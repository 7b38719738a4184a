package frame

import (
	"bytes"
	"cmp"
	"context"
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Results are plain structs with json names: that is what programs get. People get what the verb's tellers make of
// them, see [page]; a result without one has its fields laid out. Tags that steer that layout only:
//
//	text:"-"      not in the text
//	text:"plain"  a number that is a name, without separators; fields named id,
//	              version, partition, offset, and those ending in _id, _ids or
//	              _version are plain anyway

// textWriter is a result that lays its text out itself, as a story does.
type textWriter interface{ WriteText(w io.Writer) error }

// Form is how a result is printed.
type Form struct {
	JSON bool
	Wide bool     // all of it, however wide
	Rows int      // of a table that can be long; 0: pageRows, less than 0: all
	Tell []Teller // of the verb
	Err  error    // that the verb ended with
}

// PrintResult writes v to w: one JSON document, or text. A nil v prints nothing. What a job did is printed whether ctx
// has ended or not; a table, which can be long, ends with it.
func PrintResult(ctx context.Context, w io.Writer, v any, as Form) error {
	if t, ok := v.(Table); ok {
		return t.write(ctx, w, as.JSON)
	}
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
	case as.JSON:
		e := json.NewEncoder(&out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(own.Interface()); err != nil {
			return err
		}
	case custom:
		if err := t.WriteText(&out); err != nil {
			return err
		}
	default:
		p := Page{width: widthOf(w), Wide: as.Wide, rows: cmp.Or(as.Rows, PageRows), failed: as.Err != nil}
		if slices.ContainsFunc(as.Tell, func(tell Teller) bool { return tell(&p, own.Interface()) }) {
			p.end()
			out = p.Buffer
		} else {
			writeValue(&out, own)
		}
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
// empty ones unless they may be left out, times become UTC, and a field without a json name is an error.
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
		if v.Field(i).IsZero() && strings.Contains(f.Tag.Get("json"), ",omit") {
			continue // left out, in the text too
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
