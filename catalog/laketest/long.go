package laketest

import (
	"os"
	"testing"
)

// longKey is the environment variable with which CI runs what a newcomer does not wait for.
const longKey = "LAKECTL_LONG"

// InCI tells whether the longer form of a test is to run.
func InCI() bool { return os.Getenv(longKey) != "" }

// Long skips a test that takes long for what it says beyond the shorter ones.
func Long(t testing.TB, why string) {
	t.Helper()
	if !InCI() {
		t.Skipf("%s is not set: %s", longKey, why)
	}
}

// Costly skips a test that takes a second of a core or more. Shorter ones of its package stay in a plain run.
func Costly(t testing.TB) {
	t.Helper()
	Long(t, "the test takes a second or more")
}

// Stride is how far apart the cases lie that a test tries of many that are alike: all in CI, else one of n.
func Stride(n int) int {
	if seed, is := away(); is {
		return nextAway(seed, n) - n
	}
	if !InCI() {
		return n
	}
	return 1
}

// Times is how often a test does again what is alike: all in CI, else fewer times.
func Times(all, fewer int) int {
	if InCI() {
		return all
	}
	return fewer
}

// NextStep is the step at which a test kills its job after it has killed it at step nth: the next one in CI. Else the
// steps lie the further apart the later they are, and are odd and even in turn, so tests that do one thing at even
// steps and another at odd ones do both.
func NextStep(nth int) int {
	if seed, is := away(); is {
		return nextAway(seed, nth)
	}
	if !InCI() {
		return 3*nth + 35
	}
	return nth + 1
}

// Threads is how many threads a DuckDB has in tests: several in CI. With one, a job on a few rows takes an eighth less.
func Threads() int {
	if !InCI() {
		return 1
	}
	return 2
}
