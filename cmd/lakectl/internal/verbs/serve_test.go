package verbs

import (
	"math"
	"os"
	"runtime/debug"
	"testing"
)

func TestServeBoundsItsMemoryUnlessToldOtherwise(t *testing.T) {
	before := debug.SetMemoryLimit(math.MaxInt64)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	t.Setenv("GOMEMLIMIT", "off")
	boundMemory()
	if got := debug.SetMemoryLimit(-1); got != math.MaxInt64 {
		t.Errorf("with GOMEMLIMIT=off the limit is %d bytes", got)
	}
	os.Unsetenv("GOMEMLIMIT") //nolint:errcheck // t.Setenv brings it back
	boundMemory()
	if got := debug.SetMemoryLimit(-1); got != serveMemory {
		t.Errorf("the limit is %d bytes, want %d", got, serveMemory)
	}
}
