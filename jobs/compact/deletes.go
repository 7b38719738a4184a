package compact

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// mergeDeletes gives each data file one delete file at most. It comes last: a file that was written anew has none. What
// one commit takes is merged however little time is left to this table.
func (r *run) mergeDeletes(ctx context.Context) error {
	for first := true; ; first = false {
		base, err := r.env.Snapshot(ctx, r.o.Table)
		if err != nil {
			return err
		}
		due, err := r.toMerge(ctx, base)
		if err != nil || len(due) == 0 {
			return err
		}
		free, err := r.free(ctx)
		if err != nil {
			return err
		}
		switch {
		case !free:
			r.report.Ended = goesFirst
			return nil
		case !first && time.Now().After(r.until):
			r.report.Ended = spent
			return nil
		}
		gone, err := r.env.Lake.MergeDeletes(ctx, r.o.Table, lake.Merge{Job: maintainJob, Verify: r.env.Duck.Verify, Waits: r.waits})
		if err != nil {
			return fmt.Errorf("merge row deletes: %w", err)
		}
		r.report.Merged += len(gone)
		r.env.Log.Info("merged row deletes", "table", r.o.Table, "delete_files", len(gone))
	}
}

// toMerge are the delete files that the next commit would merge.
func (r *run) toMerge(ctx context.Context, base lake.Snapshot) ([]lake.File, error) {
	if r.waits(base) {
		return nil, nil
	}
	return base.DeletesToMerge(ctx, r.env.Duck.Verify)
}

// wouldMerge counts the delete files that a run would merge first, once it has rewritten some groups.
func (r *run) wouldMerge(ctx context.Context, base lake.Snapshot, groups []Group) error {
	due, err := r.toMerge(ctx, base)
	if err != nil {
		return err
	}
	anew := map[string]bool{}
	for _, g := range groups {
		for _, in := range g.Inputs {
			anew[in.File.FilePath()] = true
		}
	}
	for _, f := range due {
		if one := f.ReferencedDataFile(); one == nil || !anew[*one] {
			r.report.Merged++
		}
	}
	return nil
}

// waits tells whether the royalties job puts back first what another engine changed, or counts it anew.
func (r *run) waits(base lake.Snapshot) bool {
	return slices.Contains(catalog.Judged(), r.o.Table) && base.Table().Altered() != nil
}
