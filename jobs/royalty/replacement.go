package royalty

import (
	"context"
	"maps"
	"slices"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// replacement is the part of a table partitioned by period that a run replaces.
type replacement struct {
	mends   bool // the table as a whole, after another engine changed it
	periods map[string]bool
	remove  []lake.File
	add     []iceberg.DataFile
}

// computation is a table that a run computes, with the view of what is published of it and the statement that finds the
// periods in which the two differ.
type computation struct{ table, published, changed string }

var (
	computedLines   = computation{"lines", "published_lines", "royalty/changed_lines"}
	computedPayouts = computation{"payouts", "published_payouts", "royalty/changed_payouts"}
	computedShares  = computation{"shares", "published_shares", "royalty/changed_shares"}
)

// compareTable finds the periods in which a computed table differs from the published one and prepares their
// replacement as whole partitions. A period that comes out the same keeps its files.
func compareTable(ctx context.Context, db *jobs.Session, base lake.Snapshot, computed computation, periods []string) (replacement, error) {
	r := replacement{periods: map[string]bool{}}
	files, err := base.Files(ctx)
	if err != nil {
		return r, err
	}
	var candidates []lake.File
	for _, f := range files {
		if period, ok := lake.PartitionValue(f).(string); ok && slices.Contains(periods, period) {
			candidates = append(candidates, f)
		}
	}
	if err := db.BindFiles(ctx, computed.published, base, candidates); err != nil {
		return r, err
	}
	var period string
	err = db.Each(ctx, computed.changed, nil, []any{&period}, func() error { r.periods[period] = true; return nil })
	if err != nil || len(r.periods) == 0 {
		return r, err
	}
	for _, f := range candidates {
		if period, ok := lake.PartitionValue(f).(string); ok && r.periods[period] {
			r.remove = append(r.remove, f)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(r.periods)) {
		files, err := db.WritePartition(ctx, base.Table(), catalog.RoyaltiesJob, computed.table, p)
		if err != nil {
			return r, err
		}
		r.add = append(r.add, files...)
	}
	return r, nil
}

// mendAll makes the replacement one that ends what another engine did to the table: periods that nobody published go,
// and it is committed even if all others came out the same.
func (r *replacement) mendAll(ctx context.Context, base lake.Snapshot, published []string) error {
	files, err := base.Files(ctx)
	for _, f := range files {
		if period, ok := lake.PartitionValue(f).(string); !ok || !slices.Contains(published, period) {
			r.remove = append(r.remove, f)
		}
	}
	r.mends = true
	return err
}

// publish commits the replacement; nothing changed, nothing committed.
func (r replacement) publish(ctx context.Context, env jobs.Env, base lake.Snapshot) (lake.Snapshot, error) {
	if len(r.periods) == 0 && !r.mends {
		return base, nil
	}
	if !r.mends { // mending takes such files away
		files, err := base.Files(ctx)
		if err == nil {
			err = base.RefuseUnknown(files)
		}
		if err != nil {
			return base, err
		}
	}
	return env.Lake.Commit(ctx, base.Table().Name(), lake.Commit{
		Job: catalog.RoyaltiesJob, Add: r.add, Remove: r.remove, Mends: r.mends, Stage: lake.IfUnmoved(base, nil),
	})
}
