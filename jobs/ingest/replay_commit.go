package ingest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

func number(n int64) string { return strconv.FormatInt(n, 10) }

// commit brings in what has passed and marks it. Nothing passed, nothing written.
func (r *replay) commit(ctx context.Context, s replays, c *round) error {
	if len(c.marks) == 0 {
		return nil
	}
	done := map[string]int64{}
	if len(c.requests) > 0 {
		t, err := r.env.Lake.Table(ctx, catalog.DeletionRequests)
		if err != nil {
			return err
		}
		files, err := lake.WriteRecords(ctx, t, catalog.ReplayJob, c.requests)
		if err != nil {
			return err
		}
		if err := r.bring(ctx, s, catalog.DeletionRequests, files, nil); err != nil {
			return err
		}
		done[catalog.DeletionRequests] = s.next[catalog.DeletionRequests]
	}
	if len(c.listens) > 0 {
		if err := r.bring(ctx, s, catalog.Listens, c.listens, c.describe); err != nil {
			return err
		}
		done[catalog.Listens] = s.next[catalog.Listens]
	}
	if err := r.fill(ctx, c.marks); err != nil {
		return err
	}
	if _, err := r.mark(ctx, done); err != nil {
		return err
	}
	r.env.Log.Info("replayed refused records", "read", c.counts.Read, "archived", c.counts.Archived,
		"deletion_requests", c.counts.DeletionRequested, "suppressed", c.counts.Suppressed, "files", len(c.listens))
	return nil
}

// fillRows is how many rows are handed to DuckDB at once; on their way they take several times their size.
const fillRows = 10_000

// fill makes marks the relation of that name.
func (r *replay) fill(ctx context.Context, list []mark) error {
	db, err := r.engine.open(ctx)
	if err != nil {
		return err
	}
	if err := db.Run(ctx, "ingest/replay_marks"); err != nil {
		return err
	}
	at := r.env.Now().UTC()
	for part := range slices.Chunk(list, fillRows) {
		rows := make([][]any, len(part))
		for i, m := range part {
			rows[i] = []any{m.source, int32(m.partition), m.offset, string(m.outcome), at}
		}
		if err := db.Fill(ctx, "marks", rows); err != nil {
			return err
		}
	}
	return nil
}

// bring commits files to listens or deletion_requests, unless another replay was there since the round began.
func (r *replay) bring(ctx context.Context, s replays, table string, files []iceberg.DataFile, also func(lake.Snapshot, map[string]string) error) error {
	_, err := r.env.Lake.Commit(ctx, table, lake.Commit{Job: catalog.ReplayJob, Add: files, Stage: func(now lake.Snapshot) (map[string]string, error) {
		n, err := now.StateNumber(catalog.Replays)
		if err != nil {
			return nil, err
		}
		if n != s.held[table] {
			return nil, lake.WithHint(fmt.Errorf("another replay brought refused records into %s: %w", table, lake.ErrFenced),
				"wait until it has ended, then run the command again: it goes on with what is left")
		}
		summary := map[string]string{lake.StateKey(catalog.Replays): number(s.next[table])}
		if also != nil {
			err = also(now, summary)
		}
		return summary, err
	}})
	return err
}

// describe adds to the summary of a commit on listens what ingest says there, too.
func (c *round) describe(now lake.Snapshot, summary map[string]string) error {
	summary[catalog.RequestsThrough] = number(c.through)
	if len(c.over) > 0 {
		summary[catalog.RequestsPassed] = c.over.String()
	}
	newest, err := catalog.WatermarksOf(now)
	if err != nil {
		return err
	}
	for topic, latest := range c.latest {
		if newest.Raise(topic, latest) {
			summary[lake.StateKey(catalog.Watermarks)] = newest.String()
		}
	}
	return nil
}

// finish marks the records that tables hold of replays that were cut off.
func (r *replay) finish(ctx context.Context, s replays, behind []lake.Snapshot) (int64, error) {
	if err := r.fill(ctx, nil); err != nil {
		return 0, err
	}
	db, err := r.engine.open(ctx)
	if err != nil {
		return 0, err
	}
	if err := db.Bind(ctx, "quarantine", s.quarantine); err != nil {
		return 0, err
	}
	outcomes := map[string]Outcome{catalog.Listens: Archived, catalog.DeletionRequests: DeletionRequested}
	done := map[string]int64{}
	for _, table := range behind {
		name := table.Table().Name()
		if err := db.Bind(ctx, "placed", table, "source_topic", "source_partition", "source_offset"); err != nil {
			return 0, err
		}
		if err := db.Run(ctx, "ingest/replay_settle", string(outcomes[name]), r.env.Now().UTC()); err != nil {
			return 0, err
		}
		done[name] = s.held[name]
	}
	return r.mark(ctx, done)
}

// markAttempts bounds how often marks are computed again because rows of quarantine went or moved.
const markAttempts = 20

// mark gives the rows of quarantine their outcomes, as the relation marks has them. done are the replays, by
// table, whose records are all marked after it. It returns the number of rows.
func (r *replay) mark(ctx context.Context, done map[string]int64) (int64, error) {
	for attempt := 1; ; attempt++ {
		n, err := r.markOnce(ctx, done)
		if !errors.Is(err, lake.ErrFenced) || attempt == markAttempts {
			return n, err
		}
		if lake.Pause(ctx, time.Duration(attempt)*(5*time.Millisecond+rand.N(10*time.Millisecond))) != nil {
			return 0, errors.Join(ctx.Err(), err)
		}
	}
}

func (r *replay) markOnce(ctx context.Context, done map[string]int64) (rows int64, err error) {
	base, err := r.env.Snapshot(ctx, catalog.Quarantine)
	if err != nil {
		return 0, err
	}
	files, err := base.Files(ctx)
	if err != nil {
		return 0, err
	}
	db, err := r.engine.open(ctx)
	if err != nil {
		return 0, err
	}
	if err := db.BindFiles(ctx, "quarantine", base, files); err != nil {
		return 0, err
	}
	if err := db.Run(ctx, "ingest/replay_marked"); err != nil {
		return 0, err
	}
	var suppressed int64
	if err := db.One(ctx, "ingest/replay_counts", nil, []any{&rows, &suppressed}); err != nil {
		return 0, err
	}
	summary, err := markSummary(base, done, suppressed)
	if err != nil || rows == 0 && len(summary) == 0 {
		return rows, err
	}
	c := lake.Commit{Job: catalog.ReplayJob, Stage: unlessRowsWent(base, summary)}
	if rows > 0 {
		if c.Add, c.Deletes, err = replaced(ctx, db, base, files); err != nil {
			return 0, err
		}
	}
	_, err = r.env.Lake.Commit(ctx, catalog.Quarantine, c)
	return rows, err
}

// replaced writes the rows that get an outcome, and the deletes of what they were.
func replaced(ctx context.Context, db *jobs.Session, base lake.Snapshot, files []lake.File) (add, deletes []iceberg.DataFile, err error) {
	positions, err := db.Positions(ctx, files, "ingest/replay_positions")
	if err != nil {
		return nil, nil, err
	}
	if add, err = db.Write(ctx, base.Table(), catalog.ReplayJob, "marked"); err != nil {
		return nil, nil, err
	}
	deletes, err = base.WritePositionDeletes(ctx, catalog.ReplayJob, files, positions)
	return add, deletes, err
}

// markSummary is what changes in the state of quarantine.
func markSummary(base lake.Snapshot, done map[string]int64, suppressed int64) (map[string]string, error) {
	summary := map[string]string{}
	for table, n := range done {
		was, err := base.StateNumber(marks[table])
		if err != nil {
			return nil, err
		}
		if n > was {
			summary[lake.StateKey(marks[table])] = number(n)
		}
	}
	if suppressed == 0 {
		return summary, nil
	}
	was, err := base.StateNumber(catalog.ReplaysSuppressed)
	summary[lake.StateKey(catalog.ReplaysSuppressed)] = number(was + suppressed)
	return summary, err
}

// unlessRowsWent is the base on which marks hold: since then ingesters have appended rows, and nobody has taken
// any away or marked others.
func unlessRowsWent(base lake.Snapshot, summary map[string]string) func(lake.Snapshot) (map[string]string, error) {
	return func(now lake.Snapshot) (map[string]string, error) {
		since, ancestor := now.Since(base.ID())
		for _, s := range since {
			ancestor = ancestor && s.Operation() == "append" && s.Job() != catalog.ReplayJob
		}
		if !ancestor {
			return nil, lake.WithHint(fmt.Errorf("rows of quarantine were deleted or marked while a replay marked others: %w", lake.ErrFenced),
				"run the command again; it finds what is left to do")
		}
		return summary, nil
	}
}
