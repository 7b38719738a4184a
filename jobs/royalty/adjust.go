package royalty

import (
	"context"
	"fmt"
	"time"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
	lakesql "github.com/lakectl/lakectl/sql"
)

// postedPending stands for the posted period of differences by deletions that are held back.
const postedPending = "pending"

// deletionBatch is how many people a batch of differences by deletions must be about before it is posted to a
// period. Fewer are held back, for the difference that one person's erasure makes shows what that person played.
const deletionBatch = 5

// Posting says what a run posted because a period was closed.
type Posting struct {
	PostedTo         string `json:"posted_to,omitempty"` // the open period
	PostedRows       int64  `json:"posted_rows"`
	HeldRows         int64  `json:"held_rows"`         // differences by deletions that wait for more of them
	DeletionSubjects int64  `json:"deletion_subjects"` // people the batch of differences by deletions is about
}

// adjustments are the differences of closed periods that one run posts.
type adjustments struct {
	p       *plan
	env     jobs.Env
	db      *duck.DB
	reports map[string]*Posting // by origin period
	remove  []lake.File
	add     []iceberg.DataFile
}

// newAdjustments compares what the closed periods of the plan come out as with what was published and posted, and
// prepares the rows that are missing. The relations lines, payouts and shares are computed.
func newAdjustments(ctx context.Context, env jobs.Env, db *duck.DB, p *plan) (*adjustments, error) {
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
	if err := a.db.Bind(ctx, "adjustments", a.p.adjustments); err != nil {
		return err
	}
	if err := a.bindErasures(ctx); err != nil {
		return err
	}
	for _, name := range []string{"differences", "closed_statements", "postings", "full_shares"} {
		if err := a.db.Exec(ctx, lakesql.Text("royalty/"+name)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// bindErasures binds what was erased twice: as of before the ledger was read, and as it is now. People whose listens are gone
// from the ledger are among those whom the later one names, and those whom the earlier one says to be erased are among them.
func (a *adjustments) bindErasures(ctx context.Context) error {
	log, err := a.env.Snapshot(ctx, catalog.DeletionLog)
	if err != nil {
		return err
	}
	requests, err := a.env.Snapshot(ctx, catalog.DeletionRequests)
	if err != nil {
		return err
	}
	for view, s := range map[string]lake.Snapshot{
		"erased_log": a.p.deletionLog, "erased_requests": a.p.requests, "located_log": log, "located_requests": requests,
	} {
		if err := a.db.Bind(ctx, view, s); err != nil {
			return err
		}
	}
	return nil
}

// restate adds the differences of one closed period to differences.
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
	if err := a.db.One(ctx, lakesql.Text("royalty/statement_differs"), nil, []any{&differs}); err != nil {
		return fmt.Errorf("compare with what was published: %w", err)
	}
	if differs {
		if err := a.explain(ctx, period, closing); err != nil {
			return err
		}
	}
	return a.post(ctx, period, closing)
}

// bindStatements makes the schemas was (what was published, with what was posted since) and now (what was computed),
// and keeps the published part for the check.
func (a *adjustments) bindStatements(ctx context.Context, published PublishedRun) error {
	relations := []string{"lines", "payouts", "shares"}
	if err := bindStatement(ctx, a.env, a.db, "published_", published); err != nil {
		return err
	}
	for _, relation := range relations {
		if err := a.db.Exec(ctx, lakesql.Text("royalty/closed_"+relation)); err != nil {
			return err
		}
	}
	for _, s := range []struct{ schema, statement string }{{schemaWas, "standing"}, {schemaNow, "computed"}} {
		if err := dropSchema(ctx, a.db, s.schema); err != nil {
			return err
		}
		err := inSchema(ctx, a.db, s.schema, func() error {
			for _, relation := range relations {
				if err := a.db.Exec(ctx, lakesql.Text("royalty/"+s.statement+"_"+relation), published.Period); err != nil {
					return fmt.Errorf("%s %s: %w", s.statement, relation, err)
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

// explain finds the causes, from the inputs of the last run that knew of the close to those of this one.
func (a *adjustments) explain(ctx context.Context, period string, closing Closing) error {
	var base string
	if err := a.db.One(ctx, lakesql.Text("royalty/restated_from"), []any{period, closing.RunID}, []any{&base}); err != nil {
		return fmt.Errorf("find the run that differences were posted through: %w", err)
	}
	run, err := findRun(ctx, a.db, base)
	if err != nil {
		return err
	}
	from, err := a.p.history.basisOf(ctx, run)
	if err != nil {
		return err
	}
	// Where a later run published without posting, the period was judged through its ledger, but not this one.
	if run.RunID == a.p.published[period].RunID {
		if from.ledger, err = a.p.judgedThrough(from.ledger); err != nil {
			return err
		}
	}
	merged, err := a.postedSince(ctx, run)
	if err != nil {
		return err
	}
	r := restatement{
		env: a.env, db: a.db, ledger: a.p.ledger.Table(), splits: a.p.splits.snapshot, period: period,
		from: from, to: a.p.basis(period), merged: merged, untold: CauseLate,
	}
	if _, perhaps, err := erasedSubjects(ctx, a.db, period, run.StartedAt); err != nil {
		return err
	} else if perhaps > 0 {
		r.untold = CauseDeletions
	}
	return r.explain(ctx)
}

// postedSince tells whether a run that was never published posted differences of a period after a published one.
func (a *adjustments) postedSince(ctx context.Context, run PublishedRun) (posted bool, err error) {
	if err := bindAt(ctx, a.env, a.db, "adjustments_then", catalog.Adjustments, run.AdjustmentsSnapshotID); err != nil {
		return false, err
	}
	err = a.db.One(ctx, lakesql.Text("royalty/posted_since"), []any{run.Period}, []any{&posted})
	if err != nil {
		err = fmt.Errorf("find what runs posted that ended early: %w", err)
	}
	return posted, err
}

// post decides where the differences of a period go.
func (a *adjustments) post(ctx context.Context, period string, closing Closing) error {
	open, err := openPeriodAfter(period, a.p.closed)
	if err != nil {
		return err
	}
	subjects, perhaps, err := erasedSubjects(ctx, a.db, period, closing.ClosedAt)
	if err != nil {
		return err
	}
	var through int64
	if err := a.db.One(ctx, lakesql.Text("royalty/subjects_posted"), []any{period, postedPending}, []any{&through}); err != nil {
		return err
	}
	batch := postedPending
	if subjects-through >= deletionBatch {
		batch = open
	}
	a.reports[period] = &Posting{PostedTo: open, DeletionSubjects: max(0, subjects-through)}
	return a.db.Fill(ctx, "postings", [][]any{{period, a.p.runID(a.env, period), open, batch, perhaps, a.env.Now().UTC()}})
}

// erasedSubjects counts the people of whom listens that counted were erased from a period since a time: those of whom
// none is left in the ledger, and all of whom any may be gone from it.
func erasedSubjects(ctx context.Context, db *duck.DB, period string, since time.Time) (n, perhaps int64, err error) {
	err = db.One(ctx, lakesql.Text("royalty/erased_subjects"), []any{period, since.UTC()}, []any{&n, &perhaps})
	if err != nil {
		err = fmt.Errorf("count erased people: %w", err)
	}
	return n, perhaps, err
}

// rows makes the relation adjustment_rows, checks that with it published and posted differences are what was computed,
// and writes the files.
func (a *adjustments) rows(ctx context.Context) error {
	for _, name := range []string{"moving", "adjustment_rows"} {
		if err := a.db.Exec(ctx, lakesql.Text("royalty/"+name), postedPending); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	var origin string
	var posted, held int64
	err := a.db.Each(ctx, lakesql.Text("royalty/adjustment_counts"), []any{postedPending}, []any{&origin, &posted, &held}, func() error {
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

// check holds published + posted against what was computed, key by key. A difference is jobs.ErrProof.
func (a *adjustments) check(ctx context.Context) error {
	var kind, period string
	var keys int64
	return a.db.Each(ctx, lakesql.Text("royalty/unreconciled"), []any{postedPending}, []any{&period, &kind, &keys}, func() error {
		return lake.WithHint(fmt.Errorf("%d keys of kind %s of closed period %s: published and adjustments are not what it comes to now: %w", keys, kind, period, jobs.ErrProof),
			"nothing was published; keep the lake as it is and compare royalty_adjustments with 'lakectl royalties diff'")
	})
}

func (a *adjustments) write(ctx context.Context) error {
	var replaced bool
	if err := a.db.One(ctx, "SELECT count(*) > 0 FROM moving", nil, []any{&replaced}); err != nil {
		return err
	}
	if replaced {
		files, err := a.p.adjustments.Files(ctx)
		if err != nil {
			return err
		}
		for _, f := range files {
			if lake.PartitionValue(f) == postedPending {
				a.remove = append(a.remove, f)
			}
		}
	}
	var err error
	a.add, err = a.db.Write(ctx, a.p.adjustments.Table(), catalog.RoyaltiesJob, "adjustment_rows")
	return err
}

// publish commits the rows; nothing to post, nothing committed.
func (a *adjustments) publish(ctx context.Context) (lake.Snapshot, error) {
	if len(a.add) == 0 && len(a.remove) == 0 {
		return a.p.adjustments, nil
	}
	return a.env.Lake.Commit(ctx, catalog.Adjustments, lake.Commit{
		Job: catalog.RoyaltiesJob, Add: a.add, Remove: a.remove, Stage: lake.IfUnmoved(a.p.adjustments, nil),
	})
}
