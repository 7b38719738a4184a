package ledger

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// takeOutRemoved deletes from the ledger tables the rows of torn days whose copy is not in the archive any more, in
// commits of their own, as an erasure does. What another engine changed goes too; the changed copy is a new one.
// Copies that take the place of what went are found as after an erasure, in this run or, if it ends here, the next.
func (u *update) takeOutRemoved(ctx context.Context) error {
	if len(u.torn) == 0 {
		return nil
	}
	u.env.Progress(fmt.Sprintf("ledger: comparing %d days that another engine changed", len(u.torn)))
	if err := u.bindTorn(ctx); err != nil {
		return err
	}
	if err := u.db.RunAll(ctx, "ledger/removed_duplicates", "ledger/removed_counted"); err != nil {
		return err
	}
	removed, err := u.db.Count(ctx, "removed_counted")
	if err != nil {
		return err
	}
	u.report.Removed = removed
	for _, t := range []struct {
		base *lake.Snapshot
		from string
	}{{&u.duplicates, "removed_duplicates"}, {&u.ledger, "removed_counted"}} {
		if err := u.takeOut(ctx, t.base, t.from); err != nil {
			return err
		}
	}
	u.settled = settledBy(u.ledger) && settledBy(u.duplicates)
	return nil
}

// takeOut deletes the rows that a relation names from a table; none, no commit.
func (u *update) takeOut(ctx context.Context, base *lake.Snapshot, relation string) error {
	files, err := base.Files(ctx)
	if err != nil {
		return err
	}
	rows, err := u.db.PositionsIn(ctx, files, relation)
	if err != nil || len(rows) == 0 {
		return err
	}
	deletes, err := base.WritePositionDeletes(ctx, catalog.RemovalsJob, files, rows)
	if err != nil {
		return err
	}
	*base, err = u.env.Lake.Commit(ctx, base.Table().Name(), lake.Commit{Job: catalog.RemovalsJob, Deletes: deletes, Stage: lake.IfUnmoved(*base, nil)})
	if err == nil {
		u.report.Committed = true
		u.env.Log.Info("took out rows that another engine deleted or changed", "table", base.Table().Name(), "snapshot_id", base.ID(), "files", len(deletes))
	}
	return err
}

// bindTorn makes the views of the torn days: archive_torn, counted_torn and duplicates_torn.
func (u *update) bindTorn(ctx context.Context) error {
	if err := u.db.Run(ctx, "ledger/torn_table"); err != nil {
		return err
	}
	var days [][]any
	months := map[int]bool{}
	for _, day := range slices.Sorted(maps.Keys(u.torn)) {
		days = append(days, []any{int64(day)})
		months[int(lake.MonthOf(lake.DayStart(day)))] = true
	}
	if err := u.db.Fill(ctx, "torn", days); err != nil {
		return err
	}
	for _, t := range []struct {
		view  string
		of    lake.Snapshot
		parts map[int]bool
		only  []string
	}{{"archive_torn_files", u.archive, u.torn, copyColumns}, {"counted_torn_files", u.ledger, months, nil}, {"duplicates_torn_files", u.duplicates, months, nil}} {
		files, err := t.of.Files(ctx)
		if err != nil {
			return err
		}
		if err := u.db.BindFiles(ctx, t.view, t.of, lake.InPartitions(files, t.parts), t.only...); err != nil {
			return err
		}
	}
	return u.db.Run(ctx, "ledger/torn")
}
