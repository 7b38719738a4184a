package purge

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/maintain"
	"github.com/lakectl/lakectl/lake"
)

// margin is how much longer than to a table's last rewrite files count that nobody refers to: the clocks of the store
// and of this machine may differ.
const margin = time.Minute

// clear takes away from a table all that still leads to the files that main has no more.
func (r *run) clear(ctx context.Context, table string) error {
	if err := r.dropBounds(ctx, table); err != nil {
		return err
	}
	now, err := r.env.Snapshot(ctx, table)
	if err != nil {
		return err
	}
	reach, err := r.work.reachOf(ctx, now)
	if err != nil {
		return err
	}
	if len(reach.old) > 0 {
		if now, err = r.env.Lake.DropRemoved(ctx, table, catalog.DeletionsJob, reach.removedWith); err != nil {
			return err
		}
	}
	if gone, err := r.expire(ctx, table, reach); err != nil || !gone || len(r.work.paths[table]) == 0 {
		return err
	}
	n, err := r.env.Lake.ForgetMetadata(ctx, table)
	r.report.table(table).Objects += n
	if err != nil {
		return err
	}
	return r.sweep(ctx, now)
}

// dropBounds takes bounds of personal columns out of the manifests of main: other engines write some, whatever the
// table says. Snapshots that have them expire with the others.
func (r *run) dropBounds(ctx context.Context, table string) error {
	found, err := r.env.Lake.DropBounds(ctx, table, catalog.DeletionsJob, catalog.PersonalColumns(table))
	if err != nil {
		return fmt.Errorf("bounds of personal columns: %w", err)
	}
	if found.Manifests > 0 {
		r.env.Log.Info("wrote manifests without bounds of personal columns", "table", table, "manifests", found.Manifests, "entries", found.Entries)
	}
	return nil
}

// expire takes the snapshots that reach the files out of the table's history, unless somebody needs one of them: then
// nothing is gone. Where a rollback or a branch brought others that reach them meanwhile, these go too.
func (r *run) expire(ctx context.Context, table string, reach *reach) (gone bool, err error) {
	var blocked []Blocked
	var waiting []maintain.Held
	done, err := r.env.Lake.Expire(ctx, table, func(now *lake.Table) ([]lake.Snapshot, error) {
		blocked, waiting = nil, nil
		lagging, others, err := reach.needed(ctx, now, r.needs)
		if err != nil {
			return nil, err
		}
		waiting = lagging
		for _, h := range others {
			blocked = append(blocked, Blocked{Table: table, By: h.For, SnapshotID: h.SnapshotID, Hint: h.Hint})
		}
		if len(blocked)+len(waiting) > 0 {
			return nil, nil
		}
		doomed, hold, err := reach.doomed(ctx, now)
		if hold != "" {
			b := heldBy(hold)
			b.Table = table
			blocked = append(blocked, b)
		}
		return doomed, err
	})
	if err != nil {
		return false, err
	}
	r.report.Blocked = append(r.report.Blocked, blocked...)
	r.wait(table, waiting)
	t := r.report.table(table)
	t.Snapshots, t.Objects, t.BytesRemoved = t.Snapshots+done.Snapshots, t.Objects+done.Files, t.BytesRemoved+done.Bytes
	if done.Snapshots > 0 {
		r.env.Log.Info("expired snapshots that reached erased rows", "table", table, "snapshots", done.Snapshots, "files", done.Files, "bytes", done.Bytes)
	}
	if done.Later > 0 {
		return r.expire(ctx, table, reach)
	}
	return len(blocked)+len(waiting) == 0, nil
}

// sweep deletes the orphans of a table that are old enough, and notes until when younger ones may hold erased rows:
// those that were there when the table was last rewritten for this.
func (r *run) sweep(ctx context.Context, now lake.Snapshot) error {
	table := now.Table().Name()
	plan, err := r.env.Lake.PlanOrphans(ctx, table)
	if err != nil {
		return err
	}
	done, err := r.env.Lake.SweepOrphans(ctx, plan)
	t := r.report.table(table)
	t.Objects, t.BytesRemoved = t.Objects+done.Files, t.BytesRemoved+done.Bytes
	if err != nil {
		return err
	}
	young, err := r.env.Lake.YoungOrphans(ctx, table)
	if err != nil {
		return err
	}
	cut := r.cut(now).Add(margin)
	left, personal := Residual{Table: table}, catalog.PersonalColumns(table)
	for _, f := range young {
		if isChecksum(f.Path) || now.Table().SaysNothing(ctx, f, personal) {
			continue
		}
		if until := f.Modified.Add(r.env.Lake.Grace()); !f.Modified.After(cut) {
			left.Files, left.Bytes = left.Files+1, left.Bytes+f.Bytes
			if until.After(left.Until) {
				left.Until = until
			}
		}
	}
	if left.Files > 0 {
		left.What = fmt.Sprintf("orphans until %s", left.Until.Format(time.RFC3339))
		r.report.Residuals = append(r.report.Residuals, left)
	}
	return nil
}

// isChecksum tells the files that Hadoop keeps beside others on a local file system: sums of their bytes, and no rows.
func isChecksum(path string) bool {
	name := filepath.Base(path)
	return strings.HasPrefix(name, ".") && strings.HasSuffix(name, ".crc")
}

// cut is when files with erased rows were last written by whoever went by the table as it is: when its files were
// rewritten, or when the newest request was recomputed.
func (r *run) cut(now lake.Snapshot) time.Time {
	at := r.work.newest()
	for _, s := range now.Table().Snapshots() {
		if s.StandsIn() && s.Job() == catalog.DeletionsJob && s.Time().After(at) {
			at = s.Time()
		}
	}
	return at
}
