package laketest

import (
	_ "embed"
	"os/exec"
	"testing"
)

//go:embed foreign.py
var foreign string

// Foreign lets another engine act on the lake in a folder (with catalog.db and warehouse in it) and returns what it
// printed; foreign.py lists the acts. Needs PyIceberg: without READERS_PYTHON the test skips, see [Engine].
func Foreign(t testing.TB, lakehouse string, act ...string) string {
	t.Helper()
	python := Engine(t, "READERS_PYTHON")
	out, err := exec.CommandContext(t.Context(), python, append([]string{"-c", foreign, lakehouse}, act...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("foreign %q: %v\n%s", act, err, out)
	}
	return string(out)
}
