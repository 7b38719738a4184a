package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal asks the running job to stop; the second one kills.
	context.AfterFunc(ctx, stop)
	os.Exit(frame.Run(ctx, verbGroups(), os.Args, os.Stdin, frame.Stdout(), os.Stderr))
}
