package rollup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// Execute writes the plan as one commit and ends it; a plan with nothing to do commits nothing. ErrFenced when
// plays_by_hour moved since Prepare.
func (p *Plan) Execute(ctx context.Context) (report Report, err error) {
	if p.db == nil {
		return p.report, errors.New("execute rollup: the plan was executed or closed before")
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	if !p.pending() {
		return p.report, nil
	}
	c, err := p.commit(ctx)
	if err != nil {
		return p.report, fmt.Errorf("rollup: %w", err)
	}
	after, err := p.env.Lake.Commit(ctx, catalog.PlaysByHour, c)
	if err != nil {
		return p.report, err
	}
	p.report.SnapshotID = after.ID()
	p.env.Log.Info("committed rollup", "snapshot_id", after.ID(), "archive_snapshot_id", p.in.archive.ID(),
		"delta_rows", p.report.DeltaRows, "days_rewritten", len(p.changed), "days_marked", len(p.marked))
	return p.report, nil
}

// pending tells whether there is anything to commit: an archive that changed, days to rewrite, or marks to move.
func (p *Plan) pending() bool {
	waiting := len(p.marked) > 0 && p.judged() && p.in.compared != p.in.ledger.ID()
	return p.in.altered || !p.in.idle || len(p.changed) > 0 || len(p.logged) > 0 || waiting || !maps.Equal(p.marked, p.in.marked)
}

// commit writes the rows and describes the change: rewritten days lose all their files.
func (p *Plan) commit(ctx context.Context) (lake.Commit, error) {
	c := lake.Commit{Job: catalog.RollupJob, Mends: p.in.altered, Stage: lake.IfUnmoved(p.in.plays, p.state())}
	var err error
	if p.report.DeltaRows > 0 || len(p.changed) > 0 {
		if c.Add, err = p.db.Write(ctx, p.in.plays.Table(), catalog.RollupJob, "output"); err != nil {
			return c, err
		}
	}
	if len(p.changed) == 0 {
		return c, nil
	}
	files, err := p.in.plays.Files(ctx)
	if err != nil {
		return c, err
	}
	deletes, err := p.in.plays.DeleteFiles(ctx) // none of ours, but another engine may have deleted rows
	if err != nil {
		return c, err
	}
	files = append(files, deletes...)
	if err := p.in.plays.RefuseUnknown(files); err != nil {
		return c, err
	}
	c.Remove = lake.InPartitions(files, p.changed)
	return c, nil
}

// state is what the table says about the others once the plan is committed.
func (p *Plan) state() map[string]string {
	state := map[string]string{
		lake.StateKey(catalog.CoversListens):     strconv.FormatInt(p.in.archive.ID(), 10),
		lake.StateKey(catalog.CoversDeletionLog): strconv.FormatInt(p.in.log.ID(), 10),
		lake.StateKey(catalog.MarkedDays):        p.marked.String(),
	}
	if p.judged() {
		state[lake.StateKey(catalog.CoversLedger)] = strconv.FormatInt(p.in.ledger.ID(), 10)
	}
	return state
}
