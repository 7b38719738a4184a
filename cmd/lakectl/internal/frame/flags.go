package frame

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"

	"github.com/urfave/cli/v2"
)

// Bind gives a verb its flags and its Run. declare says which flag fills which field of F, by the flag's Destination;
// run gets them filled. A field that no flag fills, and a flag that fills none, are mistakes in the program: no verb
// can ask for a flag that there is not.
func Bind[F any](v Verb, declare func(f *F) []cli.Flag, run func(ctx context.Context, c *Call, f F) (any, error)) Verb {
	f := new(F)
	v.Flags = declare(f)
	filled := map[uintptr]bool{}
	for _, flag := range v.Flags {
		at := reflect.ValueOf(flag).Elem().FieldByName("Destination")
		if at.Kind() == reflect.Interface {
			at = at.Elem()
		}
		if !at.IsValid() || at.IsNil() {
			panic(fmt.Sprintf("flag --%s of %s fills no field", flag.Names()[0], v.Name))
		}
		filled[at.Pointer()] = true
	}
	for fields, i := reflect.ValueOf(f).Elem(), 0; i < fields.NumField(); i++ {
		if !filled[fields.Field(i).Addr().Pointer()] {
			panic(fmt.Sprintf("no flag of %s fills %s", v.Name, fields.Type().Field(i).Name))
		}
	}
	v.Run = func(ctx context.Context, c *Call) (any, error) { return run(ctx, c, *f) }
	return v
}

// GivenText is the text of a flag, and whether it was typed at all.
type GivenText struct {
	Text  string
	Given bool
}

// Set takes what was typed.
func (g *GivenText) Set(text string) error {
	g.Text, g.Given = text, true
	return nil
}

// String is what was typed.
func (g *GivenText) String() string { return g.Text }

// GivenNumber is the number of a flag, and whether it was typed at all.
type GivenNumber struct {
	Number int64
	Given  bool
}

// Set takes what was typed.
func (g *GivenNumber) Set(text string) (err error) {
	g.Given = true
	g.Number, err = strconv.ParseInt(text, 0, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return errors.New("value out of range")
	case err != nil:
		return errors.New("parse error")
	}
	return nil
}

// String is the number as it is typed.
func (g *GivenNumber) String() string { return strconv.FormatInt(g.Number, 10) }
