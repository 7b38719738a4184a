package frame

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

type boundFlags struct {
	Full   bool
	Label  GivenText
	Number GivenNumber
}

func (f *boundFlags) declare() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "full", Destination: &f.Full}, &cli.GenericFlag{Name: "label", Destination: &f.Label},
		&cli.GenericFlag{Name: "number", Destination: &f.Number},
	}
}

func TestFlagsFillTheStructOfTheirVerb(t *testing.T) {
	for line, want := range map[string]string{
		"q":                     "{false { false} {0 false}}",
		"q --full --label x":    "{true {x true} {0 false}}",
		"q --label= --number 0": "{false { true} {0 true}}",
		"q --number 12":         "{false { false} {12 true}}",
		"q --number x":          `invalid value "x" for flag --number: parse error`,
		"q --label":             "flag needs an argument: --label",
	} {
		v := Bind(Verb{Name: "q", NoConfig: true}, (*boundFlags).declare, func(_ context.Context, _ *Call, f boundFlags) (any, error) { return fmt.Sprint(f), nil })
		out, err := try(t, []Verb{v}, strings.Fields(line)...)
		if err != nil {
			out = err.Error()
		}
		if strings.TrimSpace(out) != want {
			t.Errorf("%s: got %s, want %s", line, out, want)
		}
	}
}

// A verb that asks for a flag that nobody declared would get nothing, without a word.
func TestAFieldWithoutAFlagAndAFlagWithoutAFieldAreRefused(t *testing.T) {
	for name, flags := range map[string]func(f *boundFlags) []cli.Flag{
		"no flag of q fills Number": func(f *boundFlags) []cli.Flag { return f.declare()[:2] },
		"flag --more of q fills no field": func(f *boundFlags) []cli.Flag {
			return append(f.declare(), &cli.StringFlag{Name: "more"})
		},
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); got != name {
					t.Errorf("got %s, want %s", got, name)
				}
			}()
			Bind(Verb{Name: "q"}, flags, func(context.Context, *Call, boundFlags) (any, error) { return nil, nil })
		}()
	}
}
