package frame

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs"
)

// try runs a command line against verbs made for the test.
func try(t *testing.T, verbs []Verb, line ...string) (stdout string, err error) {
	t.Helper()
	var out bytes.Buffer
	f := frame{groups: []Group{{Verbs: verbs}}, args: append([]string{"lakectl"}, line...), stdin: strings.NewReader(""), stdout: &out, stderr: io.Discard, progress: NewProgress(io.Discard)}
	err = newApp(f).RunContext(context.Background(), f.args)
	if errors.Is(err, errShown) {
		err = nil
	}
	return out.String(), err
}

// echoVerb prints what reached it.
func echoVerb(name, args string, flags ...cli.Flag) Verb {
	return Verb{
		Name: name, Args: args, Short: "Echo.", Examples: []string{"lakectl echo"}, Flags: flags, NoConfig: true,
		Run: func(_ context.Context, c *Call) (any, error) {
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
	group.Verbs = []Verb{echoVerb("file", "PATH...", dryRun())}
	verbs := []Verb{group, {Name: "job", Verbs: []Verb{echoVerb("purge", "[REQUEST]", dryRun())}}}
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
		if err != nil && !usage.Is(err) {
			t.Errorf("%s: %v is no usage error", c.line, err)
		}
	}
}

func TestArgumentsAreHeldAgainstTheUsageLine(t *testing.T) {
	parent := echoVerb("load", "")
	parent.Verbs = []Verb{echoVerb("file", "PATH...")}
	verbs := []Verb{echoVerb("none", ""), echoVerb("one", "TABLE"), echoVerb("maybe", "[REQUEST]"), echoVerb("mixed", "A B [C]"), parent}
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
	_, err := try(t, []Verb{{Name: "job", Verbs: []Verb{echoVerb("purge", "")}}}, "job")
	if ExitCode(err) != ExitUsage {
		t.Fatalf("got %v", err)
	}
}

func TestListValuesKeepTheirCommas(t *testing.T) {
	v := echoVerb("q", "", &cli.StringSliceFlag{Name: "where"})
	v.Run = func(_ context.Context, c *Call) (any, error) { return c.StringSlice("where"), nil }
	out, err := try(t, []Verb{v}, "--json", "q", "--where", "a in (1,2)", "--where", "b")
	if err != nil || out != "[\n  \"a in (1,2)\",\n  \"b\"\n]\n" {
		t.Fatalf("got %q, %v", out, err)
	}
}

func TestAFlagSetsItsConfigurationKey(t *testing.T) {
	t.Setenv("LAKEHOUSE_KAFKA_TOPIC", "from-variable")
	v := echoVerb("q", "")
	v.NoConfig, v.Keys = false, []string{"kafka.brokers", "kafka.topic"}
	v.Run = func(_ context.Context, c *Call) (any, error) {
		return append([]string{c.Config.Kafka.Topic}, c.Config.Kafka.Brokers...), nil
	}
	out, err := try(t, []Verb{v}, "q", "--brokers", "a:1, b:2")
	if err != nil || out != "from-variable, a:1, b:2\n" {
		t.Fatalf("got %q, %v", out, err)
	}
	out, err = try(t, []Verb{v}, "q", "--topic", "from-flag")
	if err != nil || out != "from-flag, 127.0.0.1:9092\n" {
		t.Fatalf("got %q, %v", out, err)
	}
	_, err = try(t, []Verb{v}, "q", "--brokers", "a")
	if want := `kafka.brokers (--brokers) is "a"; allowed: a list of values such as 127.0.0.1:9092`; fmt.Sprint(err) != want {
		t.Fatalf("got %v", err)
	}
}

func TestAPartlyDoneJobPrintsWhatItDid(t *testing.T) {
	v := echoVerb("job", "")
	v.Run = func(context.Context, *Call) (any, error) {
		return struct {
			Done int `json:"done"`
		}{7}, fmt.Errorf("period 2026-03: %w", jobs.ErrPartial)
	}
	out, err := try(t, []Verb{v}, "job")
	if out != "done  7\n" || ExitCode(err) != ExitPartial {
		t.Fatalf("got %q, %v", out, err)
	}
}

func TestNeededFlagsAreNamed(t *testing.T) {
	v := echoVerb("load", "", &cli.StringFlag{Name: "source"})
	v.Run = func(_ context.Context, c *Call) (any, error) { return nil, c.NeedFlags("source") }
	if _, err := try(t, []Verb{v}, "load"); fmt.Sprint(err) != "flag --source is missing" {
		t.Fatalf("got %v", err)
	}
	if _, err := try(t, []Verb{v}, "load", "--source", "x"); err != nil {
		t.Fatal(err)
	}
}

func TestDurationFlagsTakeDays(t *testing.T) {
	v := echoVerb("keep", "", &cli.StringFlag{Name: "max-age"})
	v.Run = func(_ context.Context, c *Call) (any, error) { return Result(Duration("max-age", c.String("max-age"))) }
	for age, want := range map[string]string{"7d": "168h0m0s\n", "": "0s\n"} {
		if out, err := try(t, []Verb{v}, "keep", "--max-age", age); err != nil || out != want {
			t.Errorf("%s: got %q, %v", age, out, err)
		}
	}
	if _, err := try(t, []Verb{v}, "keep", "--max-age", "7days"); ExitCode(err) != ExitUsage {
		t.Errorf("got %v", err)
	}
}
