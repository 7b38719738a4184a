package ingest

import (
	"context"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// mostSnapshots is how many snapshots listens may have before flushes become rarer. Maintenance leaves some 200; every
// one above that makes each commit slower, and each flush adds one.
const mostSnapshots = 1000

// lengthened is how many times as long a record may wait once maintenance has fallen behind.
const lengthened = 4

// pace is how often a batch is due: as configured, or less often while maintenance is behind.
type pace struct {
	behind bool
}

// due is the age at which the next batch is flushed. That it changes is said once.
func (g *ingester) due() time.Duration {
	snapshots, age := 0, g.o.FlushAge
	if t := g.listens.at.Table(); t != nil {
		snapshots = t.Retained()
	}
	behind := snapshots > g.o.MostSnapshots
	if behind {
		age *= lengthened
	}
	if behind != g.pace.behind {
		said := g.env.Log.With("table", catalog.Listens, "snapshots", snapshots, "limit", g.o.MostSnapshots, "flush_age_seconds", age.Seconds())
		if behind {
			said.Warn("maintenance is behind, so flushes are rarer until 'lakectl job maintain' has thinned the snapshots")
		} else {
			said.Info("maintenance has caught up, flushes are as often as configured")
		}
	}
	g.pace.behind = behind
	g.o.Metrics.paced(snapshots, age)
	return age
}

// debts are those of the tables that ingest writes.
func debts(ctx context.Context, env jobs.Env) (list []lake.Debt, err error) {
	for _, table := range catalog.Positioned {
		s, err := env.Snapshot(ctx, table)
		if err != nil {
			return nil, err
		}
		d, err := s.Debt(ctx)
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, nil
}
