package frame

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/trino"
)

// Exit codes are part of the interface: scripts branch on them.
const (
	ExitDone    = 0
	ExitFailed  = 1
	ExitUsage   = 2
	ExitPartial = 3
	ExitFenced  = 4
	ExitProof   = 5
	ExitGone    = 6
)

// ExitMeanings are the codes in words.
var ExitMeanings = []string{
	ExitDone:    "done",
	ExitFailed:  "failed",
	ExitUsage:   "wrong usage or configuration; nothing was started",
	ExitPartial: "partly done; running it again resumes",
	ExitFenced:  "somebody else holds it or got there first",
	ExitProof:   "a proof did not hold",
	ExitGone:    "it can no longer be proved: inputs erased or expired",
}

// errShown ends a run that has already shown all there is to show, such as help.
var errShown = errors.New("shown")

// ExitCode maps classes of errors to codes. What is most specific about the
// outcome wins: a proof that failed in one of several periods is a failed proof.
func ExitCode(err error) int {
	switch {
	case err == nil:
		return ExitDone
	case usage.Is(err):
		return ExitUsage
	case errors.Is(err, jobs.ErrProof), errors.Is(err, open.ErrHeads), errors.Is(err, lake.ErrDamaged):
		return ExitProof
	case errors.Is(err, jobs.ErrInputsErased), errors.Is(err, lake.ErrExpired):
		return ExitGone
	case errors.Is(err, jobs.ErrPartial), errors.Is(err, trino.ErrLost):
		return ExitPartial
	case errors.Is(err, lake.ErrFenced):
		return ExitFenced
	default:
		return ExitFailed
	}
}

// interrupted gives the error of a run that a signal ended the advice for that: where it stopped, others think that
// what they asked did not answer. Who stopped in good order has said how to go on.
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
