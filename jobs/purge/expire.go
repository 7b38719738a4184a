package purge

import (
	"context"
	"fmt"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/maintain"
	"github.com/lakectl/lakectl/lake"
)

// clear takes away from a table all that still leads to the files that main has no more.
func (r *run) clear(ctx context.Context, table string) error {
	if err := r.dropBounds(ctx, table); err != nil {
		return err
	}
	now, err := r.env.Snapshot(ctx, table)
	if err != nil {
		return err
	}
	reach, err := r.work.reachOf(ctx, now, r.left)
	if err != nil {
		return err
	}
	if len(reach.old) > 0 {
		if _, err = r.env.Lake.DropRemoved(ctx, table, catalog.DeletionsJob, reach.removedWith); err != nil {
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
	return r.sweep(ctx, table)
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
		doomed, hold, err := reach.doomed(ctx, now, r.needs)
		if err == nil && hold != "" {
			err = r.stayFor(ctx, now, reach, hold)
		}
		return doomed, err
	})
	if err != nil {
		return false, err
	}
	r.work.blocked = append(r.work.blocked, blocked...)
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
