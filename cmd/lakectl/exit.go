package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// Exit codes are part of the interface: scripts branch on them.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitPartial = 3
	exitFenced  = 4
	exitProof   = 5
	exitGone    = 6
)

var exitMeanings = []string{
	exitDone:    "done",
	exitFailed:  "failed",
	exitUsage:   "wrong usage or configuration; nothing was started",
	exitPartial: "partly done; running it again resumes",
	exitFenced:  "somebody else holds it or got there first",
	exitProof:   "a proof did not hold",
	exitGone:    "it can no longer be proved: inputs erased or expired",
}

// errShown ends a run that has already shown all there is to show, such as help.
var errShown = errors.New("shown")

// exitCode maps classes of errors to codes. What is most specific about the
// outcome wins: a proof that failed in one of several periods is a failed proof.
func exitCode(err error) int {
	var usage *usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &usage):
		return exitUsage
	case errors.Is(err, jobs.ErrProof), errors.Is(err, open.ErrHeads), errors.Is(err, lake.ErrDamaged):
		return exitProof
	case errors.Is(err, jobs.ErrInputsErased), errors.Is(err, lake.ErrExpired):
		return exitGone
	case errors.Is(err, jobs.ErrPartial):
		return exitPartial
	case errors.Is(err, lake.ErrFenced):
		return exitFenced
	default:
		return exitFailed
	}
}

// usageError is a mistake in what the caller typed or configured.
type usageError struct {
	err  error
	hint string
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }
func (e *usageError) Hint() string  { return e.hint }

// usagef says what is wrong; hint, "" for none, says what to type instead.
func usagef(hint, format string, args ...any) error {
	return &usageError{err: fmt.Errorf(format, args...), hint: hint}
}

// unsupportedIsUsage: a catalog or a storage that this build cannot open, or a
// lake that lies elsewhere, was asked for in the configuration, before anything
// was started.
func unsupportedIsUsage(err error) error {
	if errors.Is(err, lake.ErrUnsupported) || errors.Is(err, lake.ErrUnfit) {
		return &usageError{err: err, hint: lake.Hint(err)}
	}
	return err
}

// interrupted gives the error of a run that a signal ended the advice for that: where it stopped, others think that what
// they asked did not answer. Who stopped in good order has said how to go on.
func interrupted(err error) error {
	if !errors.Is(err, context.Canceled) || errors.Is(err, jobs.ErrPartial) && lake.Hint(err) != "" {
		return err
	}
	return lake.WithHint(err, "it was interrupted; run the same command again, no job counts anything twice")
}

func printError(w io.Writer, err error) {
	if err == nil {
		return
	}
	hint := lake.Hint(err)
	var b strings.Builder
	first, more, _ := strings.Cut(strings.TrimSpace(err.Error()), "\n")
	fmt.Fprintf(&b, "lakectl: %s\n", clean(first))
	// The SQL engine points into the statement on lines of its own.
	for line := range strings.SplitSeq(more, "\n") {
		if strings.TrimSpace(line) != "" {
			fmt.Fprintf(&b, "  %s\n", clean(line))
		}
	}
	var internal *lake.PanicError
	if errors.As(err, &internal) {
		b.Write(internal.Stack)
	}
	if hint != "" {
		fmt.Fprintf(&b, "lakectl: hint: %s\n", clean(hint))
	}
	io.WriteString(w, b.String()) //nolint:errcheck // there is no other place to say it
}
