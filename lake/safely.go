package lake

import (
	"fmt"
	"runtime/debug"
)

// PanicError is a panic of a goroutine, as an error. It is a mistake in the program.
type PanicError struct {
	Value any
	Stack []byte // where it happened
}

func (p *PanicError) Error() string { return fmt.Sprintf("internal error: %v", p.Value) }

// Safely makes a panic of what a goroutine does its error. A panic that leaves a goroutine would end the process on
// the spot, with the exit code of wrong usage, whoever waits for it.
func Safely(work func() error) func() error {
	return func() (err error) {
		defer func() {
			if r := recover(); r != nil {
				err = &PanicError{Value: r, Stack: debug.Stack()}
			}
		}()
		return work()
	}
}
