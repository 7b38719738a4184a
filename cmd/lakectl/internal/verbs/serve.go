package verbs

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime/debug"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/serve"
	"github.com/lakectl/lakectl/lake"
)

func serveVerb() frame.Verb {
	return frame.Verb{
		Name:  "serve",
		Short: "Serve the dashboard: pages and an API for artists.",
		Long: `Runs until stopped. It shows what 'lakectl job rollup' has made of the archive, and changes nothing but who is signed in.
As long as nobody was given access ('lakectl token'), it answers this machine alone, with everything.`,
		Examples: []string{"lakectl serve", "lakectl serve --addr 127.0.0.1:8080"},
		Keys:     []string{"serve.addr", "serve.public_url"},
		Run:      runServe,
	}
}

func runServe(ctx context.Context, c *frame.Call) (any, error) {
	allowed, err := c.Config.Serve.Access()
	if err != nil {
		return nil, err
	}
	boundMemory()
	return reach.WithEnv(ctx, c, func(env jobs.Env) (any, error) {
		s, err := serve.NewServer(env, serve.Options{Access: allowed, Listening: c.Config.Serve.Listening()})
		if err != nil {
			return nil, err
		}
		return nil, s.Run(ctx, func(_ net.Addr, alone bool) {
			sayServing(c, alone)
			if err := s.Figures(ctx); err != nil {
				fmt.Fprintf(c.Progress, "%v; %s\n", err, lake.Hint(err)) //nolint:errcheck // nobody may be there to read it
			}
		})
	})
}

// serveMemory is the soft limit of what Go holds, in bytes. Caches take 350 MiB at most; the rest is for answers that
// are being made, and leaves room below 1 GiB for what the process has besides.
const serveMemory = 768 << 20

// boundMemory sets the limit, unless whoever started the process has set one.
func boundMemory() {
	if _, set := os.LookupEnv("GOMEMLIMIT"); !set {
		debug.SetMemoryLimit(serveMemory)
	}
}

// sayServing tells where the dashboard is, in lines that stay.
func sayServing(c *frame.Call, alone bool) {
	fmt.Fprintln(c.Progress, "the dashboard is at "+c.Config.Serve.URL()) //nolint:errcheck // nobody may be there to read it
	if alone {
		fmt.Fprintln(c.Progress, "nobody was given access yet: it answers this machine alone, with everything; see 'lakectl token --help'") //nolint:errcheck // as above
	}
}
