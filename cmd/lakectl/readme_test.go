package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
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

// The first part of the README works on the demo's lake, the part with its own events on a new one.
func TestReadmesCommandsRun(t *testing.T) {
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ran := 0
	for _, line := range readmeCommands(t) {
		command := strings.Replace(line, "go run ./cmd/lakectl", "lakectl", 1)
		switch {
		case command == "go test ./...":
			continue // this test is part of it
		case command == "lakectl init":
			dir = t.TempDir()
		}
		c := exec.CommandContext(t.Context(), "sh", "-c", strings.ReplaceAll(command, "examples/", examples+"/"))
		c.Dir = dir
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		if strings.HasPrefix(command, "lakectl sql ") && strings.Count(string(out), "\n") < 2 { // the head and a row
			t.Errorf("%s: no row in\n%s", line, out)
		}
		ran++
	}
	if ran < 10 {
		t.Errorf("only %d commands found", ran)
	}
}

func TestDemoRefusesALakeItDidNotMakeAndRepeatsItself(t *testing.T) {
	demo := func(dir string, args ...string) (map[string]any, int) {
		var stdout, stderr bytes.Buffer
		args = append([]string{"lakectl", "--json", "demo", "--listens", "2000", "--dir", filepath.Join(dir, "lakehouse")}, args...)
		code := run(t.Context(), args, strings.NewReader(""), &stdout, &stderr)
		var result map[string]any
		if code == exitDone {
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
	if _, code := demo(foreign); code != exitUsage {
		t.Fatalf("a lake of somebody else: code %d, want %d", code, exitUsage)
	}
	dir := t.TempDir()
	first, code := demo(dir)
	if code != exitDone {
		t.Fatalf("first demo: code %d", code)
	}
	again, code := demo(dir) // in the folder that it made
	if code != exitDone || again["checksum"] != first["checksum"] {
		t.Fatalf("again: code %d, checksum %v, want %v", code, again["checksum"], first["checksum"])
	}
	other, code := demo(t.TempDir(), "--seed", "2")
	if code != exitDone || other["checksum"] == first["checksum"] {
		t.Fatalf("another seed: code %d, checksum %v", code, other["checksum"])
	}
}
