package frame

/*
#include <fcntl.h>

static int given;

// A constructor runs before the Go runtime, which puts /dev/null where a standard stream is closed.
__attribute__((constructor)) static void lookAtStdout(void) { given = fcntl(1, F_GETFD) != -1; }

static int stdoutGiven(void) { return given; }
*/
import "C"

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/lakectl/lakectl/lake"
)

// stdout is where results go. Where the caller closed it every write fails: what went to /dev/null instead would be
// lost without a word. A pipe that nobody reads is an error too, and does not end the program on the spot.
func stdout() io.Writer {
	signal.Ignore(syscall.SIGPIPE)
	if C.stdoutGiven() == 0 {
		return closedWriter{}
	}
	return os.Stdout
}

type closedWriter struct{}

func (closedWriter) Write([]byte) (int, error) {
	return 0, &os.PathError{Op: "write", Path: "/dev/stdout", Err: os.ErrClosed}
}

// notPrinted is the error of a result that was not taken. What was done before stays done.
func notPrinted(err error) error {
	wrapped := fmt.Errorf("print the result: %w", err)
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, os.ErrClosed) {
		return lake.WithHint(wrapped, "nobody took it: give stdout a reader that reads to the end, or a file")
	}
	return wrapped
}
