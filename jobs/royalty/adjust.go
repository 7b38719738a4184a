package royalty

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// postedPending is the posted period of differences by deletions that an earlier version held back in the table. The
// next run takes them out and works out anew what waits.
const postedPending = "pending"

// Posting says what a run posted because a period was closed.
type Posting struct {
	PostedTo         string `json:"posted_to,omitempty"` // the open period
	PostedRows       int64  `json:"posted_rows"`
	HeldRows         int64  `json:"held_rows"`         // differences that wait; they are written nowhere
	DeletionSubjects int64  `json:"deletion_subjects"` // people whose erasure the differences of this run are about, posted or not

	through through
}

// through tells how far the differences of a closed period are posted. posted is the run whose inputs they account for.
// settled is the newest run whose differences are all posted. The two are the same run unless differences by deletions
// wait.
type through struct{ posted, settled string }

// adjustments are the differences of closed periods that one run posts.
type adjustments struct {
	p       *plan
	env     jobs.Env
	db      *jobs.Session
	reports map[string]*Posting // by origin period
	remove  []lake.File
	add     []iceberg.DataFile
}

// newAdjustments compares what the closed periods of the plan come out as with what was published and posted, and
// prepares the rows that are missing. The relations lines, payouts and shares are computed.
func newAdjustments(ctx context.Context, env jobs.Env, db *jobs.Session, p *plan) (*adjustments, error) {
	a := &adjustments{p: p, env: env, db: db, reports: map[string]*Posting{}}
	var closed []string
	for _, name := range p.names() {
		if _, is := p.closed[name]; is {
			closed = append(closed, name)
		}
	}
	if len(closed) == 0 {
		return a, nil
	}
	env.Progress(fmt.Sprintf("royalties: restating %d closed periods", len(closed)))
	if err := a.prepare(ctx); err != nil {
		return nil, err
	}
	for _, period := range closed {
		if err := a.restate(ctx, period); err != nil {
			return nil, fmt.Errorf("restate %s: %w", period, err)
		}
	}
	return a, a.rows(ctx)
}

func (a *adjustments) prepare(ctx context.Context) error {
	if err := a.db.Bind(ctx, "adjustments_read", a.p.adjustments); err != nil {
		return err
	}
	if err := a.db.Run(ctx, "royalty/adjustments"); err != nil {
		return err
	}
	if err := a.bindRequests(ctx); err != nil {
		return err
	}
	return a.db.RunAll(ctx, "royalty/differences", "royalty/closed_statements", "royalty/postings", "royalty/full_shares")
}

// bindRequests binds the deletion requests and their log as they are by now: whose listens are gone from the ledger is
// on record.
func (a *adjustments) bindRequests(ctx context.Context) error {
	log, err := a.env.Snapshot(ctx, catalog.DeletionLog)
	if err != nil {
		return err
	}
	requests, err := a.env.Snapshot(ctx, catalog.DeletionRequests)
	if err != nil {
		return err
	}
	if err := errors.Join(a.db.Bind(ctx, "located_log_read", log), a.db.Bind(ctx, "located_requests", requests)); err != nil {
		return err
	}
	if log.NeedColumns("ledger_rows") != nil {
		return a.db.Run(ctx, "royalty/located_log_old")
	}
	return a.db.Alias(ctx, "located_log", "located_log_read")
}

// restate adds the differences of one closed period to differences, those that wait too.
func (a *adjustments) restate(ctx context.Context, period string) error {
	closing := a.p.closed[period]
	published, err := findRun(ctx, a.db, closing.RunID)
	if err != nil {
		return err
	}
	if err := a.bindStatements(ctx, published); err != nil {
		return err
	}
	var differs bool
	if err := a.db.One(ctx, "royalty/statement_differs", nil, []any{&differs}); err != nil {
		return fmt.Errorf("compare with what was published: %w", err)
	}
	now := a.p.runID(a.env, period)
	report := &Posting{through: through{now, now}}
	if differs {
		if err := a.explain(ctx, period, closing, report); err != nil {
			return err
		}
	}
	if report.PostedTo, err = openPeriodAfter(period, a.p.closed); err != nil {
		return err
	}
	a.reports[period] = report
	return a.db.Fill(ctx, "postings", [][]any{{period, now, report.PostedTo, report.DeletionSubjects, a.env.Now().UTC()}})
}

// bindStatements makes the schemas was (what was published, with what was posted since) and now (what was computed),
// and keeps the published part for the check.
func (a *adjustments) bindStatements(ctx context.Context, published PublishedRun) error {
	if err := bindStatement(ctx, a.env, a.db, "published_", published); err != nil {
		return err
	}
	if err := a.db.RunAll(ctx, "royalty/closed_lines", "royalty/closed_payouts", "royalty/closed_shares"); err != nil {
		return err
	}
	for _, s := range []struct {
		schema     string
		statements []string
	}{
		{schemaWas, []string{"royalty/standing_lines", "royalty/standing_payouts", "royalty/standing_shares"}},
		{schemaNow, []string{"royalty/computed_lines", "royalty/computed_payouts", "royalty/computed_shares"}},
	} {
		if err := a.db.DropSchema(ctx, s.schema); err != nil {
			return err
		}
		err := a.db.InSchema(ctx, s.schema, func() error {
			for _, statement := range s.statements {
				if err := a.db.Run(ctx, statement, published.Period); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// postedSince tells whether a run that was never published posted differences of a period after a published one.
func (a *adjustments) postedSince(ctx context.Context, run PublishedRun) (posted bool, err error) {
	if err := bindAt(ctx, a.env, a.db, "adjustments_then", catalog.Adjustments, run.AdjustmentsSnapshotID); err != nil {
		return false, err
	}
	err = a.db.One(ctx, "royalty/posted_since", []any{run.Period}, []any{&posted})
	if err != nil {
		err = fmt.Errorf("find what runs posted that ended early: %w", err)
	}
	return posted, err
}

// rows makes the relation adjustment_rows, checks that with it published and posted differences, and those that wait,
// are what was computed, and writes the files.
func (a *adjustments) rows(ctx context.Context) error {
	if err := a.db.Run(ctx, "royalty/adjustment_rows", causeWaits); err != nil {
		return fmt.Errorf("adjustment_rows: %w", err)
	}
	var origin string
	var posted, held int64
	err := a.db.Each(ctx, "royalty/adjustment_counts", []any{causeWaits}, []any{&origin, &posted, &held}, func() error {
		if r := a.reports[origin]; r != nil {
			r.PostedRows, r.HeldRows = posted, held
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := a.check(ctx); err != nil {
		return err
	}
	return a.write(ctx)
}

// check holds published + posted + waiting against what was computed, key by key. A difference is jobs.ErrProof.
func (a *adjustments) check(ctx context.Context) error {
	var kind, period string
	var keys int64
	return a.db.Each(ctx, "royalty/unreconciled", []any{postedPending, causeWaits}, []any{&period, &kind, &keys}, func() error {
		return lake.WithHint(fmt.Errorf("%d keys of kind %s of closed period %s: published and adjustments are not what it comes to now: %w", keys, kind, period, jobs.ErrProof),
			"nothing was published; keep the lake as it is and compare royalty_adjustments with 'lakectl royalties diff'")
	})
}

func (a *adjustments) write(ctx context.Context) error {
	files, err := a.p.adjustments.Files(ctx)
	if err != nil {
		return err
	}
	if err := a.p.adjustments.RefuseUnknown(files); err != nil {
		return err
	}
	for _, f := range files {
		if lake.PartitionValue(f) == postedPending {
			a.remove = append(a.remove, f)
		}
	}
	a.add, err = a.db.Write(ctx, a.p.adjustments.Table(), catalog.RoyaltiesJob, "adjustment_rows")
	return err
}

// publish commits the rows; nothing to post, nothing committed.
func (a *adjustments) publish(ctx context.Context) (lake.Snapshot, error) {
	mends := a.p.anew[catalog.Adjustments]
	if len(a.add) == 0 && len(a.remove) == 0 && !mends {
		return a.p.adjustments, nil
	}
	return a.env.Lake.Commit(ctx, catalog.Adjustments, lake.Commit{
		Job: catalog.RoyaltiesJob, Add: a.add, Remove: a.remove, Mends: mends, Stage: lake.IfUnmoved(a.p.adjustments, nil),
	})
}
