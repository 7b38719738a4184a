package rollup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// inputs are the tables of one run and what their states say about each other.
type inputs struct {
	stands []*stand
	// changes is plays_changes.
	changes lake.Snapshot

	log, duplicates, ledger, archive lake.Snapshot

	archived     []lake.File // files of the archive
	newestEvent  time.Time   // that the topics' partitions had come to; zero where nothing says
	ledgerCovers int64       // snapshot of listens that the ledger accounts for
	uncovered    []lake.File // archive files that the ledger does not account for
	unsettled    string      // why the ledger cannot be used, "" when it can
}

// load reads the snapshots in the order that package rollup's invariants ask for.
func load(ctx context.Context, env jobs.Env) (*inputs, error) {
	in := &inputs{stands: make([]*stand, len(shapes))}
	if err := in.loadDashboard(ctx, env); err != nil {
		return nil, err
	}
	for _, t := range []struct {
		name string
		into *lake.Snapshot
	}{
		{catalog.PlaysChanges, &in.changes},
		{catalog.DeletionLog, &in.log},
		{catalog.Duplicates, &in.duplicates},
		{catalog.ListensCounted, &in.ledger},
		{catalog.Listens, &in.archive},
	} {
		var err error
		if *t.into, err = env.Snapshot(ctx, t.name); err != nil {
			return nil, err
		}
	}
	err := errors.Join(in.hours().snapshot.NeedColumns("listeners"), in.log.NeedColumns("plays_erased"))
	if err != nil {
		return nil, err
	}
	marks, err := catalog.WatermarksOf(in.archive)
	if err != nil {
		return nil, err
	}
	in.newestEvent = marks.Newest()
	if in.archived, err = in.archive.Files(ctx); err != nil {
		return nil, err
	}
	return in, in.judgeLedger(ctx, env)
}

// loadDashboard loads the tables of the dashboard side by side. They have the most snapshots, hundreds each, and to
// parse what says so is much of what a run takes that has little to do.
func (in *inputs) loadDashboard(ctx context.Context, env jobs.Env) error {
	var each errgroup.Group
	for i, shape := range shapes {
		each.Go(lake.Safely(func() (err error) {
			s := &stand{shape: shape, changed: days{}}
			if s.snapshot, err = env.Snapshot(ctx, shape.table); err != nil {
				return err
			}
			in.stands[i] = s
			return s.readState()
		}))
	}
	return each.Wait()
}

// hours is plays_by_hour, the first that is committed, and days is plays_by_day, the last.
func (in *inputs) hours() *stand { return in.stands[0] }
func (in *inputs) days() *stand  { return in.stands[len(in.stands)-1] }

// sinceThen finds out what came to the archive since the state of a group.
func (g *group) sinceThen(ctx context.Context) error {
	s := g.first()
	changes, err := g.in.archive.Changes(ctx, s.covered)
	if err != nil {
		return fmt.Errorf("archive files since snapshot %d: %w", s.covered, err)
	}
	g.idle, g.torn, g.foreign = changes.Idle, changes.Torn, changes.Foreign
	g.lost = changes.Broken || s.altered
	if !g.lost {
		g.fresh = changes.Added
	}
	return g.followLedger()
}

// judgeLedger finds out whether days can be rewritten from the ledger, and which archive files it leaves out.
func (in *inputs) judgeLedger(ctx context.Context, env jobs.Env) error {
	var err error
	if in.ledgerCovers, err = in.ledger.StateNumber(catalog.CoversListens); err != nil {
		return err
	}
	complete, err := in.ledgerComplete(ctx, env)
	if err != nil {
		return err
	}
	switch {
	case in.ledger.ID() == 0 && in.archive.ID() == 0: // an empty lake: there is nothing to count
	case in.ledger.ID() == 0:
		in.unsettled = "it was never built"
	case in.ledger.LastChangeBy() != catalog.RoyaltiesJob:
		in.unsettled = "rows of it were erased, and copies that may take their place are not counted yet"
	case !complete:
		in.unsettled = "the last update of it did not come to its end"
	}
	if in.unsettled != "" {
		return nil
	}
	changes, err := in.archive.Changes(ctx, in.ledgerCovers)
	if err != nil {
		return fmt.Errorf("archive files since snapshot %d: %w", in.ledgerCovers, err)
	}
	if changes.Broken {
		in.unsettled = fmt.Sprintf("what came after the archive snapshot %d that it covers cannot be told", in.ledgerCovers)
		return nil
	}
	if len(changes.Torn) > 0 {
		in.unsettled = "it does not know yet which rows of the archive another engine took away or rewrote"
		return nil
	}
	in.uncovered = changes.Added
	return nil
}

// ledgerComplete tells whether the last update of the ledger came to its end: it commits listens_duplicates first,
// so both cover the same then. An update that ended between the two loads shows in duplicates loaded again.
func (in *inputs) ledgerComplete(ctx context.Context, env jobs.Env) (bool, error) {
	others, err := in.duplicates.StateNumber(catalog.CoversListens)
	if err != nil || others == in.ledgerCovers {
		return err == nil, err
	}
	if in.duplicates, err = env.Snapshot(ctx, catalog.Duplicates); err != nil {
		return false, err
	}
	others, err = in.duplicates.StateNumber(catalog.CoversListens)
	return others == in.ledgerCovers, err
}

// loggedFiles are the files of deletion_log that the marks do not include, or all of them when that cannot be
// told: marking a day once more costs a comparison.
func (g *group) loggedFiles(ctx context.Context) ([]lake.File, error) {
	changes, err := g.in.log.Changes(ctx, g.first().coveredLog)
	if err != nil {
		return nil, fmt.Errorf("files of %s since snapshot %d: %w", catalog.DeletionLog, g.first().coveredLog, err)
	}
	if changes.Broken {
		return g.in.log.Files(ctx)
	}
	return changes.Added, nil
}

// copiesByDay are the copies that the archive has of each day, deleted ones among them. Files of another partition spec
// do not say; they count for none.
func (in *inputs) copiesByDay() map[int]int64 {
	copies := map[int]int64{}
	for _, f := range in.archived {
		if day, ok := lake.PartitionValue(f).(int); ok {
			copies[day] += f.Count()
		}
	}
	return copies
}
