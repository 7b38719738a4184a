package verbs

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs/capacity"
)

func planVerb() frame.Verb {
	return frame.Bind(frame.Verb{
		Name: "plan", Short: "Say what a load needs, and which stage is the first that does not take it.",
		Long: `Computes from a load: ingesters and partitions, commits, files and manifests, how long jobs and the planning of queries take, bytes,
requests to an object store, and money. It opens no lake and measures nothing: each constant in it was measured before,
by a command that --explain names, on one machine of 2 cores. Prices and some settings are assumptions, which are
printed as such.

A constant is measured up to some size. Figures that use it past that are extrapolated and say so. Measure on machines
of your own and give what you find with --set. The flush and the catalog are those of the configuration where no flag
says otherwise.`,
		Examples: []string{
			"lakectl plan --listens-per-second 20000 --days 365",
			"lakectl plan --listens-per-second 1500000 --days 730 --catalog postgres --explain",
			"lakectl plan --listens-per-second 20000 --days 365 --set utilisation=0.5 --set price_core_hour=0.04",
		},
		Keys: []string{"ingest.flush_rows"},
		Text: []frame.Teller{frame.Text(sayPlan)},
	}, (*planFlags).declare, runPlan)
}

type planFlags struct {
	Listens float64
	Days    int
	Flush   time.Duration
	Share   int
	Catalog string
	Set     cli.StringSlice
	Explain bool
}

func (f *planFlags) declare() []cli.Flag {
	return []cli.Flag{
		&cli.Float64Flag{Name: "listens-per-second", Usage: "the load; where it varies, the most that lasts", Destination: &f.Listens},
		&cli.IntFlag{Name: "days", Usage: "how long the archive and the ledger are kept", Destination: &f.Days},
		&cli.DurationFlag{Name: "flush", Usage: "time between two flushes of an ingester (default: ingest.flush_age)", Destination: &f.Flush},
		&cli.IntFlag{Name: "share", Usage: "ingesters whose files travel in one commit", Value: 1, Destination: &f.Share},
		&cli.StringFlag{Name: "catalog", Usage: "`TYPE` of the catalog: " + strings.Join(capacity.Catalogs, ", ") + " (default: catalog.type)", Destination: &f.Catalog},
		&cli.StringSliceFlag{Name: "set", Usage: "another value for a constant or an assumption, as `NAME=VALUE`; may be repeated", Destination: &f.Set},
		&cli.BoolFlag{Name: "explain", Usage: "say for each figure what it came from, and for each constant who measured it", Destination: &f.Explain},
	}
}

// setHint says what to do about a value that the book does not take.
func setHint(name string, book capacity.Book) string {
	const all = "'lakectl plan --explain' lists them"
	if slices.Contains(book.Names(), name) {
		return "give it as NAME=VALUE, a number without commas; " + all
	}
	return usage.DidYouMean(name, book.Names(), all)
}

// planResult is a plan and how much of it is asked for. As JSON it is the plan, with everything.
type planResult struct {
	capacity.Plan
	explain bool
}

func runPlan(_ context.Context, c *frame.Call, f planFlags) (any, error) {
	if err := c.NeedFlags("listens-per-second", "days"); err != nil {
		return nil, err
	}
	book, err := capacity.Default()
	if err != nil {
		return nil, err
	}
	for _, set := range f.Set.Value() {
		name, value, _ := strings.Cut(set, "=")
		changed, err := book.Set(name, value)
		if err != nil {
			return nil, usage.Errorf(setHint(name, book), "--set %s: %w", set, err)
		}
		book = changed
	}
	k := c.Config
	load := capacity.Load{
		ListensPerSecond: f.Listens, Days: f.Days, Flush: k.Ingest.FlushAge, FlushRows: k.Ingest.FlushRows, FlushBytes: int64(k.Ingest.FlushBytes),
		Share: f.Share, Catalog: k.Catalog.Type,
	}
	if f.Flush != 0 {
		load.Flush = f.Flush
	}
	if f.Catalog != "" {
		load.Catalog = f.Catalog
	}
	plan, err := capacity.New(load, book)
	if err != nil {
		return nil, usage.Errorf("see "+c.Command.HelpName+" --help", "%w", err)
	}
	return planResult{plan, f.Explain}, nil
}
