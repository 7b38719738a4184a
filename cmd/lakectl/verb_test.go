package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/jobs"
)

// try runs a command line against verbs made for the test.
func try(t *testing.T, verbs []verb, line ...string) (stdout string, err error) {
	t.Helper()
	var out bytes.Buffer
	f := frame{args: append([]string{"lakectl"}, line...), stdin: strings.NewReader(""), stdout: &out, stderr: io.Discard, progress: newProgress(io.Discard)}
	err = newApp(f, verbs).RunContext(context.Background(), f.args)
	if errors.Is(err, errShown) {
		err = nil
	}
	return out.String(), err
}

// echoVerb prints what reached it.
func echoVerb(name, args string, flags ...cli.Flag) verb {
	return verb{
		Name: name, Args: args, Short: "Echo.", Examples: []string{"lakectl echo"}, Flags: flags, NoConfig: true,
		Run: func(_ context.Context, c *call) (any, error) {
			return struct {
				Name string   `json:"name"`
				Args []string `json:"args"`
				Dry  bool     `json:"dry"`
			}{name, c.Args().Slice(), c.Bool("dry-run")}, nil
		},
	}
}

func dryRun() cli.Flag { return &cli.BoolFlag{Name: "dry-run", Usage: "only say what would be done"} }

func TestNoFlagIsEverIgnored(t *testing.T) {
	group := echoVerb("load", "", dryRun())
	group.Verbs = []verb{echoVerb("file", "PATH...", dryRun())}
	verbs := []verb{group, {Name: "job", Verbs: []verb{echoVerb("purge", "[REQUEST]", dryRun())}}}
	for _, c := range []struct{ line, want string }{
		{"job purge --dry-run r1", `"dry": true`},
		{"job purge r1 --dry-run", "flag --dry-run comes after an argument"},
		{"job purge r1 -dry-run", "flag -dry-run comes after an argument"},
		{"job --dry-run purge r1", "unknown flag --dry-run"},
		{"load --dry-run file a", "flag --dry-run in front of lakectl load file has no effect"},
		{"load file --dry-run a b", `"dry": true`},
		{"load file a --dry-run", "flag --dry-run comes after an argument"},
		{"load --dry-run", `"dry": true`},
		{"job purge -- --dry-run", `"dry": false`},
		{"job purge r1 -- --dry-run", "flag -- comes after an argument"},
		{"load file -", `"dry": false`}, // a lone dash is standard input
	} {
		out, err := try(t, verbs, strings.Fields("--json "+c.line)...)
		if got := out + fmt.Sprint(err); !strings.Contains(got, c.want) {
			t.Errorf("%s: got %s, want %q", c.line, got, c.want)
		}
		var usage *usageError
		if err != nil && !errors.As(err, &usage) {
			t.Errorf("%s: %v is no usage error", c.line, err)
		}
	}
}

func TestArgumentsAreHeldAgainstTheUsageLine(t *testing.T) {
	parent := echoVerb("load", "")
	parent.Verbs = []verb{echoVerb("file", "PATH...")}
	verbs := []verb{echoVerb("none", ""), echoVerb("one", "TABLE"), echoVerb("maybe", "[REQUEST]"), echoVerb("mixed", "A B [C]"), parent}
	for _, c := range []struct{ line, want string }{
		{"none", ""},
		{"none a", `unexpected argument "a"`},
		{"one", "TABLE is missing"},
		{"one a", ""},
		{"one a b", `unexpected argument "b"`},
		{"maybe", ""},
		{"maybe a", ""},
		{"maybe a b", `unexpected argument "b"`},
		{"mixed a", "B is missing"},
		{"mixed a b c", ""},
		{"load file", "PATH... is missing"},
		{"load file a b c", ""},
		{"load fiel", `unknown command "load fiel"`},
	} {
		_, err := try(t, verbs, strings.Fields(c.line)...)
		if got := fmt.Sprint(err); c.want == "" && err != nil || c.want != "" && got != c.want {
			t.Errorf("%s: got %v, want %q", c.line, got, c.want)
		}
	}
}

func TestAGroupAloneIsAUsageError(t *testing.T) {
	_, err := try(t, []verb{{Name: "job", Verbs: []verb{echoVerb("purge", "")}}}, "job")
	if exitCode(err) != exitUsage {
		t.Fatalf("got %v", err)
	}
}

func TestListValuesKeepTheirCommas(t *testing.T) {
	v := echoVerb("q", "", &cli.StringSliceFlag{Name: "where"})
	v.Run = func(_ context.Context, c *call) (any, error) { return c.StringSlice("where"), nil }
	out, err := try(t, []verb{v}, "--json", "q", "--where", "a in (1,2)", "--where", "b")
	if err != nil || out != "[\n  \"a in (1,2)\",\n  \"b\"\n]\n" {
		t.Fatalf("got %q, %v", out, err)
	}
}

func TestAFlagSetsItsConfigurationKey(t *testing.T) {
	t.Setenv("LAKEHOUSE_KAFKA_TOPIC", "from-variable")
	v := echoVerb("q", "")
	v.NoConfig, v.Keys = false, []string{"kafka.brokers", "kafka.topic"}
	v.Run = func(_ context.Context, c *call) (any, error) {
		return append([]string{c.Config.Kafka.Topic}, c.Config.Kafka.Brokers...), nil
	}
	out, err := try(t, []verb{v}, "q", "--brokers", "a:1, b:2")
	if err != nil || out != "from-variable, a:1, b:2\n" {
		t.Fatalf("got %q, %v", out, err)
	}
	out, err = try(t, []verb{v}, "q", "--topic", "from-flag")
	if err != nil || out != "from-flag, 127.0.0.1:9092\n" {
		t.Fatalf("got %q, %v", out, err)
	}
	_, err = try(t, []verb{v}, "q", "--brokers", "a")
	if want := `kafka.brokers (--brokers) is "a"; allowed: a list of values such as 127.0.0.1:9092`; fmt.Sprint(err) != want {
		t.Fatalf("got %v", err)
	}
}

func TestAPartlyDoneJobPrintsWhatItDid(t *testing.T) {
	v := echoVerb("job", "")
	v.Run = func(context.Context, *call) (any, error) {
		return struct {
			Done int `json:"done"`
		}{7}, fmt.Errorf("period 2026-03: %w", jobs.ErrPartial)
	}
	out, err := try(t, []verb{v}, "job")
	if out != "done  7\n" || exitCode(err) != exitPartial {
		t.Fatalf("got %q, %v", out, err)
	}
}

func TestNeededFlagsAreNamed(t *testing.T) {
	v := echoVerb("load", "", &cli.StringFlag{Name: "source"})
	v.Run = func(_ context.Context, c *call) (any, error) { return nil, c.needFlags("source") }
	if _, err := try(t, []verb{v}, "load"); fmt.Sprint(err) != "flag --source is missing" {
		t.Fatalf("got %v", err)
	}
	if _, err := try(t, []verb{v}, "load", "--source", "x"); err != nil {
		t.Fatal(err)
	}
}

func TestDurationFlagsTakeDays(t *testing.T) {
	v := echoVerb("keep", "", &cli.StringFlag{Name: "max-age"})
	v.Run = func(_ context.Context, c *call) (any, error) { return result(c.duration("max-age")) }
	for age, want := range map[string]string{"7d": "168h0m0s\n", "": "0s\n"} {
		if out, err := try(t, []verb{v}, "keep", "--max-age", age); err != nil || out != want {
			t.Errorf("%s: got %q, %v", age, out, err)
		}
	}
	if _, err := try(t, []verb{v}, "keep", "--max-age", "7days"); exitCode(err) != exitUsage {
		t.Errorf("got %v", err)
	}
}

// TestEveryVerbTeaches holds the declarations of all verbs to what help and the
// frame rely on.
func TestEveryVerbTeaches(t *testing.T) {
	var check func(above string, v verb)
	check = func(above string, v verb) {
		path := strings.TrimSpace(above + " " + v.Name)
		if !strings.HasSuffix(v.Short, ".") || strings.Contains(v.Short, "\n") {
			t.Errorf("%s: Short is not one sentence: %q", path, v.Short)
		}
		if !slices.ContainsFunc(v.Examples, func(e string) bool { return strings.Contains(e, "lakectl") && strings.Contains(e, path) }) {
			t.Errorf("%s: no example shows it", path)
		}
		if v.Run == nil && len(v.Verbs) == 0 {
			t.Errorf("%s: neither runs nor holds commands", path)
		}
		for _, code := range v.Exits {
			if code <= exitUsage || code >= len(exitMeanings) {
				t.Errorf("%s: exit code %d is not one of those to list", path, code)
			}
		}
		checkFlags(t, path, v)
		for _, sub := range v.Verbs {
			check(path, sub)
		}
	}
	for _, v := range commands() {
		check("", v)
	}
}

func checkFlags(t *testing.T, path string, v verb) {
	for _, name := range v.Keys {
		if keyByName(name).flag == "" {
			t.Errorf("%s: key %s has no flag", path, name)
		}
	}
	seen := map[string]bool{}
	for _, fl := range append(v.flags(), globalFlags()...) {
		for _, name := range fl.Names() {
			if seen[name] {
				t.Errorf("%s: flag %s twice", path, name)
			}
			seen[name] = true
		}
		if r, ok := fl.(cli.RequiredFlag); ok && r.IsRequired() {
			t.Errorf("%s: flag %s is Required, which prints help on stdout; use needFlags", path, fl.Names()[0])
		}
		d, ok := fl.(cli.DocGenerationFlag)
		if !ok || d.GetUsage() == "" {
			t.Errorf("%s: flag %s has no usage", path, fl.Names()[0])
		} else if len(d.GetEnvVars()) > 0 {
			t.Errorf("%s: flag %s has variables of its own; put it into the table of keys", path, fl.Names()[0])
		}
	}
}
