package main

import (
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/verbs"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"lakectl": main})
}

var update = flag.Bool("update", false, "write what the program prints into the scripts that compare it")

// TestScripts runs testdata/*.txt against the real program.
func TestScripts(t *testing.T) {
	folder, w := "testdata", &within{ctx: t.Context()}
	run := runProcess
	sample, err := filepath.Abs("../../jobs/certificate/testdata/sample")
	if err != nil {
		t.Fatal(err)
	}
	nobody := httptest.NewServer(http.NotFoundHandler()) // answers, and knows no query
	t.Cleanup(nobody.Close)
	path := os.Getenv("PATH") // a script may begin while another one's variables are the process's, see within
	if !laketest.InCI() && !*update {
		folder, run = w.copyScripts(t, folder), w.run
	}
	testscript.Run(t, testscript.Params{
		Dir:                 folder,
		WorkdirRoot:         laketest.Folder(t),
		RequireExplicitExec: true,
		UpdateScripts:       *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", path)
			e.Setenv("GOGC", os.Getenv("GOGC")) // see laketest
			e.Setenv("CERTIFICATE", sample)
			e.Setenv("NO_TRINO", nobody.URL)
			nameVariables(e)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exit": exitCommand(run), "standins": standinsCommand, "within": w.command},
		Condition: func(name string) (bool, error) {
			if name != "long" { // what a newcomer does not wait for
				return false, fmt.Errorf("unknown condition %s", name)
			}
			return laketest.InCI(), nil
		},
	})
}

// runProcess returns the code with which a program ended.
func runProcess(ts *testscript.TestScript, args []string) int {
	err := ts.Exec(args[0], args[1:]...)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("run %s: %v", args[0], err)
	}
	if exit != nil {
		return exit.ExitCode()
	}
	return 0
}

// standIns replace what differs from run to run by as many letters, so that columns stay where they are.
var standIns = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`\b(\d{4}-\d{2})-[0-9a-f]{10}\b`), "$1-RRRRRRRRRR"},
	{regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`), "YYYY-MM-DDTHH:MM:SSZ"},
	{regexp.MustCompile(`\b(lk[tl]_)[A-Za-z0-9_-]{43}(\s|")`), "${1}SSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSS$2"},
	{regexp.MustCompile(`\b[0-9a-f]{16}\b`), "CCCCCCCCCCCCCCCC"},
	{regexp.MustCompile(`\b\d{17,19}\b`), "ID"},
	{regexp.MustCompile(`\d+\.\d s\b`), "N.N s"},
	{regexp.MustCompile(`\b\d,\d{3}  (deleted rows|small files)`), "B,BBB  $1"}, // times pack into more bytes or fewer
}

// standinsCommand is 'standins FILE': what the last program printed, with stand-ins, becomes FILE.
func standinsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: standins FILE")
	}
	text := ts.ReadFile("stdout")
	for _, s := range standIns {
		text = s.what.ReplaceAllString(text, s.with)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o644))
}

// exitCommand is 'exit CODE PROGRAM ARGS...': the program must end with that code.
func exitCommand(runLakectl func(*testscript.TestScript, []string) int) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) < 2 {
			ts.Fatalf("usage: exit CODE PROGRAM [ARGS...]")
		}
		want, err := strconv.Atoi(args[0])
		ts.Check(err)
		args = args[1:]
		run := runProcess
		if args[0] == "lakectl" {
			run = runLakectl
		}
		got := run(ts, args)
		if args[0] == "lakectl" && got > frame.ExitUsage && !slices.Contains(frame.Find(verbs.Groups(), args[1:]).Exits, got) {
			ts.Fatalf("%v ended with %d, which its help does not list", args, got)
		}
		if got != want {
			ts.Fatalf("%v ended with %d, want %d", args, got, want)
		}
	}
}

// What engine: trino means to a verb is tried, not just written down.
func TestTheEngineScriptRunsEveryVerb(t *testing.T) {
	text, err := os.ReadFile("testdata/engine.txt")
	if err != nil {
		t.Fatal(err)
	}
	var check func(path string, list []frame.Verb)
	check = func(path string, list []frame.Verb) {
		for _, v := range list {
			line := regexp.MustCompile(`(?m)^(exec|exit \d) (sh -c '.*)?` + path + v.Name + `\b`)
			if v.Run != nil && !v.NoConfig && !line.Match(text) {
				t.Errorf("testdata/engine.txt does not run %s%s", path, v.Name)
			}
			check(path+v.Name+" ", v.Verbs)
		}
	}
	for _, g := range verbs.Groups() {
		check("lakectl ", g.Verbs)
	}
}
