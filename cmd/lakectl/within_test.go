package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/verbs"
)

// within runs the scripts' lakectl in this process. A process of its own spends more on the libraries' start than most
// verbs spend on their work, so only CI has one for each line. What a script leaves to a shell or feeds through stdin
// is a process everywhere.
type within struct {
	sync.Mutex // the folder and the variables of the process are those of one script at a time
	ctx        context.Context
	variables  []string // names that some script sets
}

var (
	execLine = regexp.MustCompile(`^((?:\[[^\]]*\] )?(?:! )?)exec (lakectl .*[^&])$`)
	envLine  = regexp.MustCompile(`^env .*`)
	envName  = regexp.MustCompile(`\b([A-Z][A-Z0-9_]*)=`)
)

// copyScripts writes the scripts of a folder with "within lakectl" for "exec lakectl", and returns the copies' folder.
func (w *within) copyScripts(t *testing.T, folder string) string {
	t.Helper()
	scripts, err := filepath.Glob(filepath.Join(folder, "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	to := t.TempDir()
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(script)), []byte(w.replaceExec(string(text))), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

func (w *within) replaceExec(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "-- ") { // the script's files
			break
		}
		if i == 0 || !strings.HasPrefix(lines[i-1], "stdin ") {
			lines[i] = execLine.ReplaceAllString(line, "${1}within $2")
		}
		for _, name := range envName.FindAllStringSubmatch(envLine.FindString(line), -1) {
			w.variables = append(w.variables, name[1])
		}
	}
	return strings.Join(lines, "\n")
}

// command is 'within lakectl ARGS...': what 'exec lakectl ARGS...' does.
func (w *within) command(ts *testscript.TestScript, neg bool, args []string) {
	code := w.run(ts, args)
	if code == frame.ExitDone && neg {
		ts.Fatalf("unexpected command success")
	}
	if code != frame.ExitDone && !neg {
		ts.Fatalf("unexpected exit status %d", code)
	}
}

// run returns the code with which lakectl would have exited.
func (w *within) run(ts *testscript.TestScript, args []string) int {
	w.Lock()
	defer w.Unlock()
	defer restore(os.Environ())
	os.Clearenv()
	for _, name := range slices.Concat(ts.Value(firstVariables{}).([]string), w.variables) {
		if value := ts.Getenv(name); value != "" { // nothing counts as not set
			ts.Check(os.Setenv(name, value))
		}
	}
	back, err := os.Getwd()
	ts.Check(err)
	ts.Check(os.Chdir(ts.MkAbs(".")))
	defer os.Chdir(back) //nolint:errcheck // the tests' own folder
	return frame.Run(laketest.Spared(w.ctx), verbs.Groups(), args, strings.NewReader(""), ts.Stdout(), ts.Stderr())
}

// firstVariables is the key of the names of what every script's environment has.
type firstVariables struct{}

func nameVariables(e *testscript.Env) {
	var names []string
	for _, v := range e.Vars {
		if name, _, _ := strings.Cut(v, "="); name != "" {
			names = append(names, name)
		}
	}
	e.Values[firstVariables{}] = names
}

func restore(environ []string) {
	os.Clearenv()
	for _, v := range environ {
		name, value, _ := strings.Cut(v, "=")
		os.Setenv(name, value) //nolint:errcheck // it was there before
	}
}
