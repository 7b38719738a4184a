package lake_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/lakectl/lakectl/lake"
)

func TestAPanicOfAGoroutineIsItsError(t *testing.T) {
	t.Parallel()
	var g errgroup.Group
	var nothing []int
	g.Go(lake.Safely(func() error { nothing[3]++; return nil }))
	var internal *lake.PanicError
	if err := g.Wait(); !errors.As(err, &internal) || !strings.Contains(err.Error(), "internal error: runtime error: index out of range") ||
		!strings.Contains(string(internal.Stack), "safely_test.go") {
		t.Errorf("got %v", err)
	}
	other := errors.New("other")
	if err := lake.Safely(func() error { return other })(); !errors.Is(err, other) {
		t.Errorf("got %v", err)
	}
}
