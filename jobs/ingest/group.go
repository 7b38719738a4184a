package ingest

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/topic"
	"github.com/lakectl/lakectl/lake"
)

// mostFences is how often in a row a member may find that somebody else has read its partitions. The group
// has one owner for a partition, so a late commit of the owner before explains one; more come from an
// ingester outside of the group.
const mostFences = 5

// share reads the partitions that the consumer group gives to this member, and again whenever the group is
// spread anew. Between two shares it commits what it has read, while the others wait; one that takes too
// long, or that was stopped and woke up, is fenced by the positions.
func (k *consumer) share(ctx, late context.Context) error {
	listens, err := k.env.Lake.Table(ctx, catalog.Listens)
	if err != nil {
		return err
	}
	m, err := k.topic.Join(topic.GroupOptions{Group: k.o.Group, Lake: listens.Property(catalog.LakeIDProperty), SessionTimeout: k.o.SessionTimeout, PartitionsEvery: k.o.PartitionsEvery})
	if err != nil {
		return err
	}
	defer m.Leave()
	fences := 0
	for {
		k.env.Progress("ingest: waiting for a share of the partitions in group " + k.o.Group)
		a, err := m.Next(ctx)
		if err != nil {
			return unlessEnded(ctx, err)
		}
		partitions := a.Partitions()
		k.env.Log.Info("got partitions", "topic", k.src.Topic, "group", k.o.Group, "partitions", partitions)
		k.g.committed = func(ctx context.Context) { k.told(a.Tell(ctx, k.g.mine())) }
		err = a.Run(ctx, func(ctx context.Context) error { return k.own(ctx, late, partitions, &fences) })
		if err != nil {
			return err
		}
	}
}

// own reads partitions until ctx ends. Whenever another ingester turns out to have read them, the batch is
// dropped and reading goes on where the archive is.
func (k *consumer) own(ctx, late context.Context, partitions []int, fences *int) error {
	for {
		before := k.report.Snapshots
		err := k.session(ctx, late, partitions)
		if !errors.Is(err, lake.ErrFenced) {
			return err
		}
		if k.report.Snapshots > before {
			*fences = 0
		}
		if *fences++; *fences > mostFences {
			return err
		}
		k.dropped(partitions, err)
		if lake.Pause(ctx, time.Duration(*fences)*(50*time.Millisecond+rand.N(100*time.Millisecond))) != nil {
			return nil //nolint:nilerr // a member that is told to end while it waits has not failed
		}
	}
}

// unlessStale is a session that begins again where its process was suspended for so long that it may not commit its
// files.
func (k *consumer) unlessStale(ctx, late context.Context, partitions []int) error {
	for again := 1; ; again++ {
		err := k.session(ctx, late, partitions)
		if !errors.Is(err, lake.ErrStale) || again > mostFences || ctx.Err() != nil {
			return err
		}
		k.dropped(partitions, err)
	}
}

// dropped says that a batch was dropped, and forgets the requests in it: they are bound to come again, and whoever
// commits them decides what they are.
func (k *consumer) dropped(partitions []int, err error) {
	k.o.Metrics.fenced()
	said := k.env.Log.With("topic", k.src.Topic, "partitions", partitions, "records_dropped", k.g.batch.counts.Records, "error", err)
	if errors.Is(err, lake.ErrStale) {
		said.Warn("suspended for too long between writing files and committing them, reading their records again")
	} else {
		said.Warn("fenced: another ingester has read these partitions, going on after it")
	}
	k.g.requests = newRequests(k.env, k.g.finished.engine)
}

// mine are the positions of the partitions that this ingester reads.
func (g *ingester) mine() map[int]int64 {
	next := map[int]int64{}
	for partition := range g.own {
		if n, ok := g.listens.held[partition]; ok {
			next[partition] = n
		}
	}
	return next
}
