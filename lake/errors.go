package lake

import (
	"errors"
	"fmt"
)

var (
	// ErrFenced says that somebody else changed what this commit was computed from.
	// Nothing of the commit is in the table. Returned by [Lake.Commit] through Stage functions.
	ErrFenced = errors.New("somebody else committed first")
	// ErrNotFound is returned for a table, tag or snapshot that never was.
	ErrNotFound = errors.New("not found")
	// ErrExpired is returned where a snapshot was there once and has been expired.
	ErrExpired = errors.New("expired")
	// ErrUnsupported is returned for table contents that this version cannot read exactly.
	ErrUnsupported = errors.New("not supported")
	// ErrUnfit is returned for a table of lakectl's own that another engine, or a copy of the lake's folder, has made
	// unfit to work with. Nothing was written.
	ErrUnfit = errors.New("lakectl cannot work with it")
	// ErrOutside is returned where a table names files outside of its folder, so that the folder does not tell what is
	// in use.
	ErrOutside = errors.New("it lies outside of the table's folder")
	// ErrClock is returned where the clock of this machine is behind what is in a table.
	ErrClock = errors.New("clocks differ")
)

// hinted carries advice for the operator beside an error.
type hinted struct {
	err  error
	hint string
}

func (h *hinted) Error() string { return h.err.Error() }
func (h *hinted) Unwrap() error { return h.err }
func (h *hinted) Hint() string  { return h.hint }

// WithHint attaches what to do next: an imperative with a command. Attach it once, where the knowledge is.
func WithHint(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return &hinted{err: err, hint: fmt.Sprintf(format, args...)}
}

// Hint returns what to do about err, or "": about a full disk and other causes outside of lakectl what helps against
// these, else the advice attached to it. Any error of the chain with a Hint method counts.
func Hint(err error) string {
	if cause := causeHint(err); cause != "" {
		return cause
	}
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}
