package verbs

import (
	"context"
	"fmt"
	"net"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/serve/restcatalog"
)

func catalogServeVerb() frame.Verb {
	return frame.Verb{
		Name: "serve", Short: "Serve a read-only Iceberg REST catalog, to which other engines attach with one address.",
		Long: `Runs until stopped and changes nothing. PyIceberg, DuckDB, Spark, Trino and whatever else speaks Iceberg REST find all tables
through it, whichever kind the lake's own catalog is; they read the files themselves and need the right to. Snippets to copy
are in examples/engines. As long as nobody was given access ('lakectl token'), it answers this machine alone, without a
token; then tokens of operators and of analysts open it. Of tables with columns of single listeners the newest snapshot alone is
named: older ones have rows that were erased until these are purged ('lakectl sql --as-of' leaves them out).`,
		Examples: []string{"lakectl catalog serve", "lakectl token create --analyst --name trino && lakectl catalog serve --addr 0.0.0.0:8181"},
		Keys:     []string{"serve.catalog_addr"},
		Run:      runCatalogServe,
	}
}

func runCatalogServe(ctx context.Context, c *frame.Call) (any, error) {
	allowed, err := c.Config.Serve.Access()
	if err != nil {
		return nil, err
	}
	boundMemory()
	return reach.With(ctx, c, reach.Follower, func(env jobs.Env) (any, error) {
		s, err := restcatalog.New(env, restcatalog.Options{Access: allowed, Listening: c.Config.Serve.CatalogListening()})
		if err != nil {
			return nil, err
		}
		return nil, s.Run(ctx, func(_ net.Addr, alone bool) {
			fmt.Fprintln(c.Progress, "the catalog is at "+c.Config.Serve.CatalogURL()) //nolint:errcheck // nobody may be there to read it
			if alone {
				fmt.Fprintln(c.Progress, "nobody was given access yet: it answers this machine alone; see 'lakectl token create --analyst'") //nolint:errcheck // as above
			}
		})
	})
}
