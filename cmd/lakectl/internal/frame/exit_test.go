package frame

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/trino"
)

func TestEachClassOfErrorHasItsExitCode(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("disk full"), 1},
		{context.Canceled, 1},
		{usage.Errorf("", "no such flag"), 2},
		{jobs.ErrPartial, 3},
		{trino.ErrLost, 3},
		{lake.ErrFenced, 4},
		{jobs.ErrProof, 5},
		{fmt.Errorf("bind lines: %w", lake.ErrDamaged), 5},
		{jobs.ErrInputsErased, 6},
		{lake.ErrExpired, 6},
		{errors.Join(jobs.ErrPartial, jobs.ErrProof), 5},
		{errors.Join(jobs.ErrPartial, lake.ErrFenced), 3},
	} {
		for _, err := range []error{c.err, lake.WithHint(c.err, "do this")} {
			if err != nil {
				err = fmt.Errorf("period 2026-03: %w", err)
			}
			if got := ExitCode(err); got != c.want {
				t.Errorf("%v: got %d, want %d", err, got, c.want)
			}
		}
	}
}

func TestErrorsPrintWithTheirHint(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{usage.Errorf("type less", "too much"), "lakectl: too much\nlakectl: hint: type less\n"},
		{fmt.Errorf("commit: %w", lake.WithHint(errors.New("gone"), "run 'lakectl init'")), "lakectl: commit: gone\nlakectl: hint: run 'lakectl init'\n"},
		{errors.New("parser error\n\nLINE 1: SELEC\n        ^"), "lakectl: parser error\n  LINE 1: SELEC\n          ^\n"},
		{errors.New("track \x1b[2J"), "lakectl: track \\x1b[2J\n"},
	} {
		var b bytes.Buffer
		if printError(&b, c.err); b.String() != c.want {
			t.Errorf("got %q, want %q", b.String(), c.want)
		}
	}
}

// A panic would end the process with 2, the code for wrong usage.
func TestAPanicIsAFailureNotWrongUsage(t *testing.T) {
	var stderr bytes.Buffer
	code := Run(context.Background(), []Group{{Verbs: []Verb{VersionVerb()}}}, []string{"lakectl", "version"}, nil, panickingWriter{}, &stderr)
	if code != ExitFailed || !strings.HasPrefix(stderr.String(), "lakectl: internal error: write refused\n") {
		t.Fatalf("got %d, %s", code, stderr.String())
	}
}

type panickingWriter struct{}

func (panickingWriter) Write([]byte) (int, error) { panic("write refused") }

func TestAResultThatCannotBeWrittenIsAFailure(t *testing.T) {
	r, w := io.Pipe()
	r.Close() //nolint:errcheck // never fails
	var stderr bytes.Buffer
	code := Run(context.Background(), []Group{{Verbs: []Verb{VersionVerb()}}}, []string{"lakectl", "version"}, nil, w, &stderr)
	if code != ExitFailed || !strings.HasPrefix(stderr.String(), "lakectl: print the result: ") {
		t.Fatalf("got %d, %s", code, stderr.String())
	}
}
