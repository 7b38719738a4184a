package rollup

import (
	"context"
	"fmt"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// inputs are the tables of one run and what their states say about each other.
type inputs struct {
	plays, log, duplicates, ledger, archive lake.Snapshot

	covered      int64 // snapshot of listens that plays includes
	coveredLog   int64 // snapshot of deletion_log whose days were marked
	compared     int64 // snapshot of the ledger the marked days were compared with
	marked       days
	fresh        []lake.File      // archive files that plays does not include
	lost         bool             // fresh cannot be told
	idle         bool             // nothing but compaction happened to the archive since
	torn         days             // that must be compared row by row instead, see [lake.Changes]
	foreign      lake.SnapshotIDs // snapshots with which other engines took rows of the archive away
	altered      bool             // another engine changed the rows of plays
	ledgerCovers int64            // snapshot of listens that the ledger accounts for
	uncovered    []lake.File      // archive files that the ledger does not account for
	unsettled    string           // why the ledger cannot be used, "" when it can
}

// load reads the snapshots in the order that package rollup's invariants ask for.
func load(ctx context.Context, env jobs.Env) (*inputs, error) {
	in := &inputs{}
	for _, t := range []struct {
		name string
		into *lake.Snapshot
	}{
		{catalog.PlaysByHour, &in.plays},
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
	if err := in.readState(); err != nil {
		return nil, err
	}
	changes, err := in.archive.Changes(ctx, in.covered)
	if err != nil {
		return nil, fmt.Errorf("archive files since snapshot %d: %w", in.covered, err)
	}
	in.idle, in.torn, in.foreign = changes.Idle, changes.Torn, changes.Foreign
	in.altered = in.plays.Table().Altered() != nil
	in.lost = changes.Broken || in.altered
	if !in.lost {
		in.fresh = changes.Added
	}
	return in, in.judgeLedger(ctx, env)
}

func (in *inputs) readState() error {
	for _, s := range []struct {
		key  string
		into *int64
	}{{catalog.CoversListens, &in.covered}, {catalog.CoversDeletionLog, &in.coveredLog}, {catalog.CoversLedger, &in.compared}} {
		var err error
		if *s.into, err = in.plays.StateNumber(s.key); err != nil {
			return err
		}
	}
	text, err := in.plays.State(catalog.MarkedDays)
	if err != nil {
		return err
	}
	if in.marked, err = parseDays(text); err != nil {
		return fmt.Errorf("state %s of %s: %w", catalog.MarkedDays, catalog.PlaysByHour, err)
	}
	return nil
}

// judgeLedger finds out whether whole days can be rewritten from the ledger, and which archive files it leaves out.
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
	case in.ledger.LastChange().Job() != catalog.RoyaltiesJob:
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
func (in *inputs) loggedFiles(ctx context.Context) ([]lake.File, error) {
	changes, err := in.log.Changes(ctx, in.coveredLog)
	if err != nil {
		return nil, fmt.Errorf("files of %s since snapshot %d: %w", catalog.DeletionLog, in.coveredLog, err)
	}
	if changes.Broken {
		return in.log.Files(ctx)
	}
	return changes.Added, nil
}
