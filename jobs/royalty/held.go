package royalty

import (
	"context"
	"errors"
	"fmt"

	"github.com/lakectl/lakectl/lake"
)

// deletionBatch is how many people a batch of differences by deletions must be about before it is posted, for everyone
// who gets to see it. Fewer wait, for the difference that one person's erasure makes shows what that person played.
const deletionBatch = 5

// Statements of a step: with the erased listens still in, and without.
const (
	schemaLate   = "late"
	schemaErased = "erased"
)

// wait is a closed period whose differences by deletions wait, or may wait.
type wait struct {
	*restatement
	a       *adjustments
	closing Closing
	through PublishedRun // the run whose inputs the posted differences account for
	settled PublishedRun // the newest run whose differences were all posted
	before  bool         // something waited at through
	report  *Posting
}

// explain finds the causes of the differences of a closed period and decides which are posted. Those that wait get the
// cause causeWaits. While some wait, all others are those of a statement in which the erased listens are still in: what
// a pool or a late listen gives to the rest would show them otherwise.
func (a *adjustments) explain(ctx context.Context, period string, closing Closing, report *Posting) error {
	w := &wait{a: a, closing: closing, report: report}
	if err := w.find(ctx, period); err != nil {
		return err
	}
	if w.merged {
		return w.together(ctx)
	}
	steps, err := w.listenSteps(ctx)
	if err != nil {
		return err
	}
	switch erased := len(steps) > 0 && steps[0].unerased; {
	case len(steps) > 0 && steps[0].cause == w.untold && !erased && w.untold != CauseLate:
		return w.together(ctx)
	case !erased && !w.before:
		return w.restatement.explain(ctx)
	}
	return w.apart(ctx)
}

// find reads the runs that the differences are posted through and settled by, and what they were computed from.
func (w *wait) find(ctx context.Context, period string) error {
	a := w.a
	var base string
	if err := a.db.One(ctx, "royalty/restated_from", []any{period, w.closing.RunID}, []any{&base}); err != nil {
		return fmt.Errorf("find the run that differences were posted through: %w", err)
	}
	newest, err := findRun(ctx, a.db, base)
	if err != nil {
		return err
	}
	w.through, w.settled = newest, newest
	for id, run := range map[string]*PublishedRun{newest.PostedRunID: &w.through, newest.SettledRunID: &w.settled} {
		if id == "" { // an earlier version ran: perhaps its differences wait since the close
			id = w.closing.RunID
			if run == &w.through {
				continue
			}
		}
		if *run, err = findRun(ctx, a.db, id); err != nil {
			return err
		}
	}
	w.before = w.through.RunID != w.settled.RunID
	from, err := a.p.history.basisOf(ctx, w.through)
	if err != nil {
		return err
	}
	// Where a later run published without posting, the period was judged through its ledger, but not this one.
	if w.through.RunID == a.p.published[period].RunID {
		if from.ledger, err = a.p.judgedThrough(from.ledger); err != nil {
			return err
		}
	}
	merged, err := a.postedSince(ctx, w.through)
	if err != nil {
		return err
	}
	w.restatement = &restatement{
		env: a.env, db: a.db, ledger: a.p.ledger.Table(), splits: a.p.splits.snapshot, period: period,
		from: from, to: a.p.basis(period), merged: merged, untold: CauseLate,
	}
	perhaps, err := w.perhapsErased(ctx)
	if err != nil {
		return err
	}
	if merged && !perhaps { // others may have deleted listens without a request
		if _, err = w.listenSteps(ctx); err != nil {
			return err
		}
		perhaps, err = w.db.HasRows(ctx, "main.erased")
	}
	if perhaps || w.before {
		w.untold = CauseDeletions
	}
	return err
}

// perhapsErased tells whether listens of the period may have been erased since the settled run.
func (w *wait) perhapsErased(ctx context.Context) (perhaps bool, err error) {
	err = w.db.One(ctx, "royalty/perhaps_erased", []any{w.period, w.settled.StartedAt.UTC()}, []any{&perhaps})
	if err != nil {
		err = fmt.Errorf("look for erased listens of %s: %w", w.period, err)
	}
	return perhaps, err
}

// together posts or holds back all differences at once, where late and erased listens cannot be told apart.
func (w *wait) together(ctx context.Context) error {
	if w.untold == CauseLate {
		return w.arrive(ctx, schemaWas, schemaNow, CauseLate)
	}
	if err := w.db.Run(ctx, "royalty/held_nobody"); err != nil {
		return err
	}
	out, err := w.decide(ctx, schemaWas, schemaNow)
	if err != nil {
		return err
	}
	if out.waiting == 0 {
		return w.arrive(ctx, schemaWas, schemaNow, CauseDeletions)
	}
	w.report.through.settled = w.settled.RunID
	return w.arrive(ctx, schemaWas, schemaNow, causeWaits)
}

// apart walks from what is posted to what is computed. The first step is the statement with all erased listens still
// in.
func (w *wait) apart(ctx context.Context) error {
	dated, err := w.prepare(ctx)
	if errors.Is(err, lake.ErrExpired) {
		return w.together(ctx)
	}
	if err != nil {
		return err
	}
	if dated && w.before { // of listens that are gone nobody knows the days, and so not the shares
		return w.whole(ctx)
	}
	at := w.from
	at.ledger = w.to.ledger
	if err := w.compute(ctx, schemaLate, step{basis: at, unerased: true, waiting: true}); err != nil {
		return fmt.Errorf("%s with erased listens still in: %w", w.period, err)
	}
	if err := w.compute(ctx, schemaErased, step{basis: at}); err != nil {
		return fmt.Errorf("%s without erased listens: %w", w.period, err)
	}
	out, err := w.decide(ctx, schemaLate, schemaErased)
	if err := errors.Join(err, w.db.DropSchema(ctx, schemaErased)); err != nil {
		return err
	}
	waits := out.waiting > 0
	if waits && w.rulesChanged() {
		return errors.Join(w.db.DropSchema(ctx, schemaLate), w.nothing(ctx))
	}
	var steps []step
	if out.posted > 0 {
		steps = append(steps, step{cause: CauseDeletions, basis: at})
	}
	terms, err := w.termSteps(ctx, at, !waits)
	if err != nil {
		return err
	}
	steps = append(steps, terms...)
	for i := range steps {
		steps[i].unerased, steps[i].waiting = waits, waits
	}
	return w.post(ctx, steps, waits)
}

// post walks on from the statement with all erased listens in. While something waits, the way ends before what is
// computed, and what is left of it waits.
func (w *wait) post(ctx context.Context, steps []step, waits bool) error {
	if !waits && len(steps) == 0 {
		return errors.Join(w.db.DropSchema(ctx, schemaLate), w.arrive(ctx, schemaWas, schemaNow, CauseLate))
	}
	if err := w.arrive(ctx, schemaWas, schemaLate, CauseLate); err != nil {
		return err
	}
	if err := w.db.Run(ctx, "royalty/held_kept"); err != nil {
		return fmt.Errorf("keep in what waits: %w", err)
	}
	last := schemaLate
	for i, s := range steps {
		next := fmt.Sprintf("step_%d", i+1)
		if !waits && i == len(steps)-1 {
			next = schemaNow
		} else if err := w.compute(ctx, next, s); err != nil {
			return fmt.Errorf("%s as of %s: %w", w.period, s.cause, err)
		}
		if err := w.arrive(ctx, last, next, s.cause); err != nil {
			return err
		}
		last = next
	}
	if !waits {
		return nil
	}
	w.report.through.settled = w.settled.RunID
	return w.arrive(ctx, last, schemaNow, causeWaits)
}

// whole posts or holds back all differences of a period at once.
func (w *wait) whole(ctx context.Context) error {
	out, err := w.decide(ctx, schemaWas, schemaNow)
	if err != nil {
		return err
	}
	if out.waiting > 0 || w.rulesChanged() {
		return w.nothing(ctx)
	}
	return w.arrive(ctx, schemaWas, schemaNow, CauseDeletions)
}

// nothing posts nothing: the way is walked again, from where it started, by the next run.
func (w *wait) nothing(ctx context.Context) error {
	w.report.through = through{w.through.RunID, w.settled.RunID}
	return w.arrive(ctx, schemaWas, schemaNow, causeWaits)
}
