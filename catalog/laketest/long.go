package laketest

import (
	"os"
	"testing"
)

// longKey is the environment variable with which CI runs what a newcomer does not wait for.
const longKey = "LAKECTL_LONG"

// Long skips a test that takes long for what it says beyond the shorter ones.
func Long(t testing.TB, why string) {
	t.Helper()
	if os.Getenv(longKey) == "" {
		t.Skipf("%s is not set: %s", longKey, why)
	}
}

// NextStep is the step at which a test kills its job after it has killed it at step nth: each step in CI, else one of many. The
// stride is odd, so tests that do one thing at even steps and another at odd ones do both.
func NextStep(nth int) int {
	if os.Getenv(longKey) == "" {
		return nth + 17
	}
	return nth + 1
}
