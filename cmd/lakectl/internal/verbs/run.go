package verbs

import (
	"context"
	"net"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/run"
)

func runVerb() frame.Verb {
	return frame.Verb{
		Name:  "run",
		Short: "Run everything: ingest, every job on its schedule, and the dashboard.",
		Long: `Runs until stopped; a signal ends all of it within 10 seconds. Jobs are processes of their own, so one that is killed or
runs out of memory leaves ingest and dashboard up, and is tried again. The keys schedule.* say when they run
('lakectl config'), and run.memory_limit bounds all processes together. /status shows operators how each job is.
With engine: trino the jobs deletions, royalties and true_up have Trino compute as 'lakectl job' does; where it is lost the
others go on, and those are tried again.
Several may run on one lake: one of them ingests and runs the jobs, the others serve and take over when it is gone.
Kill it at any moment; run again, it goes on where the lake is.`,
		Examples: []string{"lakectl run", "lakectl run --brokers kafka-1:9092 --addr 0.0.0.0:8080", "LAKEHOUSE_SCHEDULE_ROYALTIES=02:30 lakectl run --log-level info"},
		Keys:     []string{"kafka.brokers", "kafka.topic", "kafka.group", "ingest.metrics_addr", "serve.addr", "serve.public_url"},
		Run:      runRun,
	}
}

func runRun(ctx context.Context, c *frame.Call) (any, error) {
	return nil, run.Main(ctx, c, run.Edges{Ready: func(_ net.Addr, alone bool) { sayServing(c, alone) }})
}
