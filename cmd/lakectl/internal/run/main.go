package run

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/config"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/jobs/serve"
	"github.com/lakectl/lakectl/jobs/topic"
	"github.com/lakectl/lakectl/lake"
)

// Edges are what a caller of Main may add. The zero value is what the verb does.
type Edges struct {
	// Ready is called once everything has begun.
	Ready func(at net.Addr, alone bool)
	// Env are variables of the children, besides this process's: how they find the lake where no file says it.
	Env []string
}

// Main runs everything as the configuration says, until the context ends.
func Main(ctx context.Context, c *frame.Call, e Edges) error {
	works, err := Jobs(c.Config.Schedule)
	if err != nil {
		return err
	}
	program, err := ThisProgram()
	if err != nil {
		return err
	}
	b := budgetOf(int64(c.Config.Run.MemoryLimit), int64(c.Config.DuckDB.MemoryLimit))
	debug.SetMemoryLimit(b.parent)
	program.Args, program.Env = c.HandOn(), append(b.environment(), e.Env...)
	allowed, err := c.Config.Serve.Access()
	if err != nil {
		return err
	}
	env, closeEnv, err := reach.Env(ctx, c)
	if err != nil {
		return err
	}
	defer closeEnv()
	env.Duck.MemoryLimit = fmt.Sprintf("%dB", b.parentDuck)
	env.Progress = func(string) {} // several would draw on one line
	o := Options{Jobs: works, Program: program, Ready: e.Ready}
	metrics := ingest.NewMetrics()
	o.IngestLag = metrics.Lag
	var r *Runner
	if c.Config.Schedule.Ingest != "off" {
		o.Ingest = func(ctx context.Context) error { return consume(ctx, c, env, metrics, r.Look) }
	}
	r = New(env, o)
	s, err := serve.NewServer(env, serve.Options{Access: allowed, Listening: c.Config.Serve.Listening(), Status: r})
	if err != nil {
		return err
	}
	r.o.Serve = s.Run
	if addr := c.Config.Ingest.MetricsAddr; addr != "" {
		at, stop, err := metrics.Serve(addr, c.Log, r)
		if err != nil {
			return lake.WithHint(fmt.Errorf("ingest.metrics_addr is %s: %w", addr, err), "give another address with --metrics-addr, or stop what listens there: 'ss -ltnp'")
		}
		defer stop()
		c.Log.Info("serving metrics", "addr", at)
	}
	return r.Run(ctx)
}

// consume reads the topic into the archive until the context ends, and calls committed after each commit.
func consume(ctx context.Context, c *frame.Call, env jobs.Env, metrics *ingest.Metrics, committed func()) (err error) {
	o, err := reach.TopicOptions(c)
	if err != nil {
		return err
	}
	t, err := topic.Open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	options := reach.IngestOptions(c)
	options.Committed = committed
	options.Metrics, options.Group, options.SessionTimeout = metrics, c.Config.Kafka.Group, c.Config.Kafka.SessionTimeout
	_, err = ingest.Kafka(ctx, env, t, options)
	return err
}

// Jobs are those of the product, on the schedules that are configured.
func Jobs(s config.Schedule) ([]Job, error) {
	list := []Job{
		{Name: "rollup", Args: []string{"job", "rollup"}, Works: []string{dashboard}},
		{Name: "deletions", Args: []string{"job", "deletions", "--only-open"}, Works: []string{dashboard, ledger}},
		{Name: "royalties", Args: []string{"job", "royalties"}, Works: []string{ledger}},
		{Name: "true_up", Args: []string{"job", "rollup", "--true-up"}, Works: []string{dashboard, ledger}},
		{Name: "maintain", Args: []string{"job", "maintain"}},
	}
	for i := range list {
		when, err := s.Of(list[i].Name)
		if err != nil {
			return nil, err
		}
		list[i].When = when
	}
	return list, nil
}

// budget is how the memory is shared out: a third is this process's, a third that of each of two children.
type budget struct{ parent, parentDuck, childDuck, childGo int64 }

// budgetOf gives a child's DuckDB half of the child's share, for what a query holds beyond DuckDB's limit and what Go
// holds come on top; never more than is configured for one job.
func budgetOf(all, duckdb int64) budget {
	share := all / (children + 1)
	return budget{parent: share, parentDuck: min(share/4, duckdb), childDuck: min(share/2, duckdb), childGo: share / 4}
}

func (b budget) environment() []string {
	return []string{fmt.Sprintf("LAKEHOUSE_DUCKDB_MEMORY_LIMIT=%dB", b.childDuck), fmt.Sprintf("GOMEMLIMIT=%d", b.childGo)}
}
