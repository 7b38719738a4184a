package verbs

import (
	"context"
	"errors"
	"os"
	"runtime/pprof"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
)

func cpuProfileFlag() cli.Flag {
	return &cli.StringFlag{Name: "cpuprofile", Usage: "write a CPU profile for 'go tool pprof' to `FILE`"}
}

// profiled runs a verb under --cpuprofile.
func profiled(run func(context.Context, *frame.Call) (any, error)) func(context.Context, *frame.Call) (any, error) {
	return func(ctx context.Context, c *frame.Call) (_ any, err error) {
		path := c.String("cpuprofile")
		if path == "" {
			return run(ctx, c)
		}
		f, err := os.Create(path)
		if err != nil {
			return nil, usage.Errorf("name a file in a folder that exists", "--cpuprofile: %w", err)
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		if err := pprof.StartCPUProfile(f); err != nil {
			return nil, err
		}
		defer pprof.StopCPUProfile()
		return run(ctx, c)
	}
}
