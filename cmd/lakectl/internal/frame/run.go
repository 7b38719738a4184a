package frame

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/urfave/cli/v2"
)

// Main runs what was typed and returns the code to exit with. The first signal asks the running job to stop; the second
// one kills.
func Main(groups []Group) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return Run(ctx, groups, os.Args, os.Stdin, stdout(), os.Stderr)
}

// Run is the whole program with its verbs and its edges passed in. It is the only place that
// prints an error and the only one that knows exit codes.
func Run(ctx context.Context, groups []Group, args []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	p := NewProgress(stderr)
	// The Go runtime ends a panic with status 2, which here means that the caller
	// typed something wrong.
	defer func() {
		if r := recover(); r != nil {
			p.Clear()
			fmt.Fprintf(stderr, "lakectl: internal error: %v\n%s", r, debug.Stack()) //nolint:errcheck // there is no other place to say it
			code = ExitFailed
		}
	}()
	f := frame{groups: groups, args: args, stdin: stdin, stdout: stdout, stderr: stderr, progress: p}
	err := newApp(f).RunContext(ctx, args)
	p.Clear()
	if errors.Is(err, errShown) {
		return ExitDone
	}
	if ctx.Err() != nil {
		err = interrupted(err)
	}
	printError(stderr, err)
	return ExitCode(err)
}

// newApp is the command line with the library's unsafe defaults switched off:
// it would exit by itself, split list values at commas, answer an unknown
// command with status 3 and print usage errors on stdout.
func newApp(f frame) *cli.App {
	app := &cli.App{
		Name:                      "lakectl",
		Usage:                     "a lakehouse of listens: one archive, live dashboards, exact royalties, erasure with proof",
		HelpName:                  "lakectl",
		Flags:                     append(GlobalFlags(), &cli.BoolFlag{Name: "version", Usage: "the same as the command version"}),
		HideHelp:                  true,
		HideHelpCommand:           true,
		HideVersion:               true,
		EnableBashCompletion:      true,
		BashComplete:              f.complete,
		DisableSliceFlagSeparator: true,
		ExitErrHandler:            func(*cli.Context, error) {},
		OnUsageError:              onUsageError,
		Before:                    f.beforeRoot,
		Action:                    f.rootAction,
		Reader:                    f.stdin,
		Writer:                    f.stdout,
		ErrWriter:                 f.stderr,
	}
	for _, v := range f.verbs() {
		app.Commands = append(app.Commands, f.command(v, app.HelpName))
	}
	return app
}

// GlobalFlags work in front of any command and after it, so each command gets
// flags of its own of these names; globalString and globalBool find the one
// that was set.
func GlobalFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "config", Usage: "read the configuration from `FILE` [$LAKEHOUSE_CONFIG]"},
		&cli.BoolFlag{Name: "json", Usage: "print the result as one JSON document"},
		&cli.BoolFlag{Name: "wide", Usage: "print every column, row and digit of a text, however wide"},
		&cli.StringFlag{Name: "log-level", Usage: "write logs from `LEVEL` up to stderr: debug, info, warn, error (default: warn) [$LAKEHOUSE_LOG_LEVEL]"},
		&cli.BoolFlag{Name: "help", Aliases: []string{"h"}, Usage: "show this help"},
	}
}
