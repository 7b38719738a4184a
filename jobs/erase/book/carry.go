package book

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// LocatedKey is the summary property of every commit that deletes rows for requests, or fences others for them: when
// the rows it carries out were logged as located, in microseconds. It names the batch.
const LocatedKey = "lakectl.deletions.located"

// Carry commits that new files of a table hold rows which were deleted while they were written. It is the Carry of a
// [lake.Rewrite], called before the files are committed.
func Carry(ctx context.Context, env jobs.Env, table string, carried []lake.Carried) error {
	s, err := env.Snapshot(ctx, catalog.ErasedFiles)
	if errors.Is(err, lake.ErrNotFound) {
		s, err = makeTable(ctx, env)
	}
	if err != nil {
		return err
	}
	t, err := env.Lake.Table(ctx, table)
	if err != nil {
		return err
	}
	var rows []catalog.ErasedRow
	for _, c := range carried {
		path := strings.TrimPrefix(c.Output, t.Location()+"/")
		rows = append(rows, catalog.ErasedRow{Table: table, Path: path, Rows: c.Rows, SnapshotID: c.By, At: batchOf(t, c.By, env.Now())})
	}
	add, err := lake.WriteRecords(ctx, s.Table(), catalog.MaintainJob, rows)
	if err != nil {
		return err
	}
	always := func(lake.Snapshot) (map[string]string, error) { return nil, nil }
	_, err = env.Lake.Commit(ctx, catalog.ErasedFiles, lake.Commit{Job: catalog.MaintainJob, Add: add, Stage: always})
	return err
}

// batchOf is the time that names the batch of a delete; now where the delete is of no request, or its snapshot has
// expired.
func batchOf(t *lake.Table, id int64, now time.Time) time.Time {
	s, err := t.ByID(id)
	if err != nil {
		return now.UTC().Truncate(time.Microsecond)
	}
	at, err := strconv.ParseInt(s.Property(LocatedKey), 10, 64)
	if err != nil {
		return now.UTC().Truncate(time.Microsecond)
	}
	return time.UnixMicro(at).UTC()
}

// whileCarried is the base that a run's notes hold on: rewrites may have appended theirs.
func whileCarried(base lake.Snapshot) func(lake.Snapshot) (map[string]string, error) {
	return func(now lake.Snapshot) (map[string]string, error) {
		since, ancestor := now.Since(base.ID())
		for _, s := range since {
			ancestor = ancestor && (s.Compacts() || s.Job() == catalog.MaintainJob && s.Operation() == "append")
		}
		if !ancestor {
			return nil, lake.WithHint(fmt.Errorf("table %s moved from snapshot %d to %d: %w", catalog.ErasedFiles, base.ID(), now.ID(), lake.ErrFenced),
				"another run of the same job is at work; run the command again, it finds what is left to do")
		}
		return nil, nil
	}
}
