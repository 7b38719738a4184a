package rollup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// groupRows bounds a row group of every file, so that who looks for one artist reads little.
const groupRows = 20_480

// Execute writes the plan, one commit a table, and ends it; where there is nothing to do it commits nothing. ErrFenced
// when a table moved since Prepare; what was committed before is of use to the next run.
func (p *Plan) Execute(ctx context.Context) (report Report, err error) {
	if p.db == nil {
		return p.report, errors.New("execute rollup: the plan was executed or closed before")
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	for _, s := range p.in.stands[:len(p.in.stands)-1] {
		if err := p.write(ctx, s, nil); err != nil {
			return p.report, err
		}
	}
	last := p.in.days()
	if !p.pending(last) {
		if stale, err := p.cutIsStale(ctx); err != nil || !stale {
			return p.report, err
		}
	}
	if err := p.writeChanges(ctx); err != nil {
		return p.report, err
	}
	if err := p.write(ctx, last, p.cut()); err != nil {
		return p.report, err
	}
	p.report.SnapshotID = last.snapshot.ID()
	p.env.Log.Info("committed rollup", "snapshot_id", last.snapshot.ID(), "archive_snapshot_id", p.in.archive.ID(),
		"delta_rows", p.report.DeltaRows, "days_rewritten", len(p.report.DaysRewritten), "days_marked", len(p.report.DaysMarked))
	p.copies.keep(ctx, p.env, p.in.archive.ID())
	return p.report, p.tidy(ctx, last.shape, &last.snapshot)
}

// others are the tables that plays_by_day publishes, as they are by then.
func (p *Plan) others() (list []lake.Snapshot) {
	for _, s := range p.in.stands[:len(p.in.stands)-1] {
		list = append(list, s.snapshot)
	}
	return append(list, p.in.changes)
}

func (p *Plan) cut() catalog.Cut {
	cut := catalog.Cut{}
	for _, s := range p.others() {
		cut[s.Table().Name()] = s.ID()
	}
	return cut
}

// cutIsStale tells whether plays_by_day publishes another cut than what the tables are: a run ended before its last
// commit, or a snapshot that it names is gone. A compaction by another engine changes no row.
func (p *Plan) cutIsStale(ctx context.Context) (bool, error) {
	published, err := catalog.CutOf(p.in.days().snapshot)
	if err != nil || published == nil {
		return p.in.archive.ID() != 0, err
	}
	for _, s := range p.others() {
		named := published[s.Table().Name()]
		_, err := s.Table().ByID(named)
		if errors.Is(err, lake.ErrExpired) {
			return true, nil
		}
		changes, err := s.Changes(ctx, named)
		if err != nil {
			return false, err
		}
		if !changes.Idle || changes.Broken {
			return true, nil
		}
	}
	return false, nil
}

// groupOf is the group of a table.
func (p *Plan) groupOf(s *stand) *group {
	return p.groups[slices.IndexFunc(p.groups, func(g *group) bool { return slices.Contains(g.stands, s) })]
}

// pending tells whether there is anything to commit to a table: an archive that changed, rows to write anew, marks to
// move, or only the snapshots that it accounts for. Those are needed until it says newer ones, and a purge waits for
// that.
func (p *Plan) pending(s *stand) bool {
	g := p.groupOf(s)
	settled := g.judged() && s.compared != g.in.ledger.ID()
	return s.altered || !g.idle || len(s.changed) > 0 || len(g.logged) > 0 || g.behind || settled || !maps.Equal(g.marked, s.marked) || !maps.Equal(g.provisional, s.provisional)
}

// write commits what a plan has for a table. A cut is written with plays_by_day only, which publishes it.
func (p *Plan) write(ctx context.Context, s *stand, cut catalog.Cut) error {
	if cut == nil && !p.pending(s) {
		return nil
	}
	state := p.groupOf(s).state()
	if cut != nil {
		state[lake.StateKey(catalog.CutKey)] = cut.String()
	}
	c := lake.Commit{Job: catalog.RollupJob, Mends: s.altered, Stage: lake.IfUnmoved(s.snapshot, state)}
	var err error
	if c.Add, err = p.writeRows(ctx, s); err != nil {
		return fmt.Errorf("rollup: %w", err)
	}
	if s.newest {
		c.Remove, err = p.replaced(ctx, s)
	} else {
		c.Deletes, err = p.goneRows(ctx, s)
	}
	if err != nil {
		return fmt.Errorf("rollup: %w", err)
	}
	if s.snapshot, err = p.env.Lake.Commit(ctx, s.table, c); err != nil || cut != nil {
		return err
	}
	return p.tidy(ctx, s.shape, &s.snapshot)
}

// writeRows writes the rows that a table gains, a sorted file a partition.
func (p *Plan) writeRows(ctx context.Context, s *stand) (added []iceberg.DataFile, err error) {
	err = p.db.InSchema(ctx, s.table, func() error {
		written, err := p.days(ctx, "rollup/output_days")
		if err != nil {
			return err
		}
		for _, part := range slices.Sorted(maps.Keys(s.partitions(written))) {
			files, err := p.db.WriteSorted(ctx, s.snapshot.Table(), catalog.RollupJob, "output", part, s.order, groupRows)
			if err != nil {
				return err
			}
			added = append(added, files...)
		}
		return nil
	})
	return added, err
}

// replaced are the files of plays_by_hour that go: those of days that are written anew, and of days that are too old.
func (p *Plan) replaced(ctx context.Context, s *stand) ([]lake.File, error) {
	files, err := s.snapshot.Files(ctx)
	if err != nil {
		return nil, err
	}
	deletes, err := s.snapshot.DeleteFiles(ctx) // none of ours, but another engine may have deleted rows
	if err != nil {
		return nil, err
	}
	files = append(files, deletes...)
	if len(s.changed) > 0 {
		if err := s.snapshot.RefuseUnknown(files); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(files, func(f lake.File) bool {
		day, known := lake.PartitionValue(f).(int)
		return !known || day >= p.kept && !s.changed[day]
	}), nil
}

// goneRows writes the position deletes of the rows that are written anew.
func (p *Plan) goneRows(ctx context.Context, s *stand) ([]iceberg.DataFile, error) {
	files, err := s.snapshot.Files(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := p.db.PositionsIn(ctx, files, s.table+".gone")
	if err != nil {
		return nil, err
	}
	return s.snapshot.WritePositionDeletes(ctx, catalog.RollupJob, files, rows)
}
