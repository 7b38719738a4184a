package ledger

import (
	"context"
	"fmt"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/trino"
)

// byTrino tells whether both tables are made of the whole archive, by Trino.
func (u *update) byTrino() bool {
	return u.db.OnTrino() && (u.rebuild || u.first) && len(u.added) > 0
}

// build makes both tables anew, in the same order of commits as any update. What a run that ended early left of
// listens_duplicates goes: it is computed once more.
func (u *update) build(ctx context.Context) (err error) {
	u.handsOver = false
	state := u.covers() // the days in which other copies count are not told, as by a rebuild: what was is not looked at
	if u.duplicates, u.report.Duplicates, err = u.replace(ctx, u.duplicates, "ledger/build_duplicates.trino", u.coversHandingOver(false)); err != nil {
		return err
	}
	if u.ledger, u.report.Counted, err = u.replace(ctx, u.ledger, "ledger/build.trino", state); err != nil {
		return err
	}
	u.report.LedgerSnapshotID, u.report.Committed = u.ledger.ID(), true
	return nil
}

// replace commits what a statement makes of all copies of the archive as the rows of a table.
func (u *update) replace(ctx context.Context, base lake.Snapshot, statement string, state map[string]string) (after lake.Snapshot, rows int64, err error) {
	u.env.Progress(fmt.Sprintf("ledger: %s of %d archive files", base.Table().Name(), len(u.added)))
	c := lake.Staged{Commit: lake.Commit{Job: catalog.RoyaltiesJob, Mends: u.rebuild, Stage: lake.IfUnmoved(base, state)}}
	if c.Remove, err = base.Files(ctx); err != nil {
		return base, 0, err
	}
	dead, err := base.DeleteFiles(ctx)
	if err != nil {
		return base, 0, err
	}
	c.Remove = append(c.Remove, dead...)
	c.Fill = func(ctx context.Context, s lake.Staging) (int64, error) {
		rows, err = InSlices(func(slices, number int64) (int64, error) {
			return u.db.Stage(ctx, s, statement, []trino.Pin{trino.PinOf("copies", u.archive, copyColumns...)}, slices-1, number)
		})
		return rows, err
	}
	after, err = u.env.Lake.CommitStaged(ctx, base.Table().Name(), c)
	if err != nil {
		return base, 0, fmt.Errorf("build %s: %w", base.Table().Name(), err)
	}
	return after, rows, nil
}
