package verbs

import (
	"errors"
	"os"
	"runtime/pprof"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
)

func cpuProfileFlag(to *string) cli.Flag {
	return &cli.StringFlag{Name: "cpuprofile", Usage: "write a CPU profile for 'go tool pprof' to `FILE`", Destination: to}
}

// profiled runs a verb, and writes a profile of it to path unless that is "".
func profiled(path string, run func() (any, error)) (_ any, err error) {
	if path == "" {
		return run()
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
	return run()
}
