package usage

import (
	"errors"
	"fmt"

	"github.com/lakectl/lakectl/lake"
)

// usageError is a mistake in what the caller typed or configured.
type usageError struct {
	err  error
	hint string
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }
func (e *usageError) Hint() string  { return e.hint }

// Errorf says what is wrong; hint, "" for none, says what to type instead.
func Errorf(hint, format string, args ...any) error {
	return &usageError{err: fmt.Errorf(format, args...), hint: hint}
}

// Of makes a mistake of the caller of an error that a package found in what it was asked. The error keeps its hint.
func Of(err error) error { return &usageError{err: err, hint: lake.Hint(err)} }

// Is tells whether an error is the caller's.
func Is(err error) bool {
	var wrong *usageError
	return errors.As(err, &wrong)
}

// UnsupportedIsUsage is for what was asked for in the configuration before anything was started: a catalog or a storage
// that this build cannot open, or a lake that lies elsewhere.
func UnsupportedIsUsage(err error) error {
	if errors.Is(err, lake.ErrUnsupported) || errors.Is(err, lake.ErrUnfit) {
		return Of(err)
	}
	return err
}
