package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/verbs"
)

// readmeCommands are the lines of README's ```sh blocks, in order.
func readmeCommands(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(text), "\n"); lines > 250 {
		t.Errorf("README.md has %d lines, at most 250 are read", lines)
	}
	var commands []string
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		commands = append(commands, strings.Split(strings.TrimSpace(block[1]), "\n")...)
	}
	return commands
}

// A reader types README's lines into one shell, in a checkout, with no lakectl on the PATH.
func TestReadmesCommandsRunAsTyped(t *testing.T) {
	laketest.Long(t, "compiles lakectl in another folder")
	var script strings.Builder
	for i, line := range readmeCommands(t) {
		if line != "go test ./..." { // this test is part of it
			fmt.Fprintf(&script, "echo '== %d'\n%s\n", i, line)
		}
	}
	c := exec.CommandContext(t.Context(), "sh", "-e", "-c", script.String())
	c.Dir = checkout(t)
	c.Env = append(os.Environ(), "PATH="+pathWithoutLakectl(), "PWD="+c.Dir)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	printed := strings.Split(string(out), "== ")[1:]
	if len(printed) < 20 {
		t.Errorf("only %d commands found", len(printed))
	}
	for _, text := range printed {
		number, text, _ := strings.Cut(text, "\n")
		i, err := strconv.Atoi(number)
		if err != nil {
			t.Fatalf("%v in\n%s", err, out)
		}
		line := readmeCommands(t)[i]
		if strings.HasPrefix(line, "./lakectl sql ") && strings.Count(text, "\n") < 2 { // the head and a row
			t.Errorf("%s: no row in\n%s", line, text)
		}
	}
}

// checkout is a folder that holds the repository, and what is made in it stays out of the repository.
func checkout(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	dir, made := t.TempDir(), map[string]bool{"lakectl": true, "lakehouse": true, "mine": true, "march": true, "statements": true, ".git": true}
	for _, e := range entries {
		if made[e.Name()] {
			continue
		}
		if err := os.Symlink(filepath.Join(root, e.Name()), filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// pathWithoutLakectl is the PATH less the folders that have a lakectl.
func pathWithoutLakectl() string {
	return strings.Join(slices.DeleteFunc(filepath.SplitList(os.Getenv("PATH")), func(folder string) bool {
		_, err := os.Stat(filepath.Join(folder, "lakectl"))
		return err == nil
	}), string(os.PathListSeparator))
}

func TestDemoRefusesALakeItDidNotMakeAndRepeatsItself(t *testing.T) {
	laketest.Long(t, "the demo three times")
	demo := func(dir string, args ...string) (map[string]any, int) {
		var stdout, stderr bytes.Buffer
		args = append([]string{"lakectl", "--json", "demo", "--listens", "2000", "--dir", filepath.Join(dir, "lakehouse")}, args...)
		code := frame.Run(t.Context(), verbs.Groups(), args, strings.NewReader(""), &stdout, &stderr)
		var result map[string]any
		if code == frame.ExitDone {
			if err := json.Unmarshal(stdout.Bytes(), &result); err != nil {
				t.Fatal(err)
			}
		} else {
			t.Log(stderr.String())
		}
		return result, code
	}
	foreign := t.TempDir()
	if err := os.MkdirAll(filepath.Join(foreign, "lakehouse", "warehouse"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, code := demo(foreign); code != frame.ExitUsage {
		t.Fatalf("a lake of somebody else: code %d, want %d", code, frame.ExitUsage)
	}
	dir := t.TempDir()
	first, code := demo(dir)
	if code != frame.ExitDone {
		t.Fatalf("first demo: code %d", code)
	}
	file := first["proof"].(map[string]any)["certificate"].(string)
	if code := frame.Run(t.Context(), verbs.Groups(), []string{"lakectl", "certificate", "verify", file}, strings.NewReader(""), io.Discard, io.Discard); code != frame.ExitDone {
		t.Errorf("the demo's certificate: code %d", code)
	}
	again, code := demo(dir) // in the folder that it made
	if code != frame.ExitDone || again["checksum"] != first["checksum"] {
		t.Fatalf("again: code %d, checksum %v, want %v", code, again["checksum"], first["checksum"])
	}
	if !laketest.InCI() {
		return
	}
	other, code := demo(t.TempDir(), "--seed", "2")
	if code != frame.ExitDone || other["checksum"] == first["checksum"] {
		t.Fatalf("another seed: code %d, checksum %v", code, other["checksum"])
	}
}
