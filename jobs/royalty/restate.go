package royalty

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake"
)

// Why a line, payout or share of a statement differs from the one before.
const (
	CauseLate      = "late listens"
	CauseDeletions = "deletions"
	CauseNewRules  = "rules"
	CauseNewPools  = "pools"
	CauseNewSplits = "splits"
	// CauseListens is late listens and deletions together, where the ledger's snapshots that tell them apart are
	// expired.
	CauseListens = "listens"
	// CauseRecomputed is a difference although no input differs: another version of the code, or a run that ended
	// early.
	CauseRecomputed = "recomputed"
)

// basis is what a statement of one period was computed from.
type basis struct {
	ledger int64 // snapshot of listens_counted
	rules  []terms.Rule
	pools  []terms.Pool // of the period
	splits int64        // version
}

// restatement explains the way from one statement of a period to a later one, step by step. In each step one input
// changes: late listens, erased listens, rules, pools, splits. The statements at both ends are in the schemas was and
// now, as lines, payouts and full_shares; those in between are computed, in schemas of their own. Differences between
// neighbours go to main.differences with the step's cause, so they add up to the whole difference.
type restatement struct {
	env      jobs.Env
	db       *jobs.Session
	ledger   *lake.Table
	splits   lake.Snapshot // of royalty_splits
	period   string
	from, to basis
	// merged says that some of the way is accounted for already, so that its steps cannot be told apart any more.
	merged bool
	// untold is the cause of changed listens when it cannot be told whether they came late or were erased.
	untold string
}

// causeWaits marks differences that are posted nowhere yet.
const causeWaits = "waits"

// step is a change of one input.
type step struct {
	cause string
	basis
	unerased bool // with the listens of main.kept_in still in
	waiting  bool // with main.waiting_lines, which waited before the start
}

// statementRelations are what a schema has of a statement. Shares are in full, so that a track that is split later
// takes from its artist what it gives to the parties.
var statementRelations = []struct{ name, before, after, difference string }{
	{"lines", "before_lines", "after_lines", "royalty/difference_lines"},
	{"payouts", "before_payouts", "after_payouts", "royalty/difference_payouts"},
	{"full_shares", "before_full_shares", "after_full_shares", "royalty/difference_full_shares"},
}

const (
	schemaWas = "was"
	schemaNow = "now"
)

// explain computes the steps from was to now and adds their differences to main.differences.
func (r *restatement) explain(ctx context.Context) error {
	steps, err := r.steps(ctx)
	if err != nil {
		return err
	}
	last, err := r.walk(ctx, steps[:len(steps)-1])
	if err != nil {
		return err
	}
	return r.arrive(ctx, last, schemaNow, steps[len(steps)-1].cause)
}

// walk computes the statements of steps one after the other, adds their differences, and returns the schema of the
// last.
func (r *restatement) walk(ctx context.Context, steps []step) (string, error) {
	at := schemaWas
	for i, s := range steps {
		next := fmt.Sprintf("step_%d", i+1)
		if err := r.compute(ctx, next, s); err != nil {
			return at, fmt.Errorf("%s as of %s: %w", r.period, s.cause, err)
		}
		if err := r.arrive(ctx, at, next, s.cause); err != nil {
			return at, err
		}
		at = next
	}
	return at, nil
}

// arrive adds the differences between two statements, and drops the earlier one where it was computed on the way.
func (r *restatement) arrive(ctx context.Context, before, after, cause string) error {
	if err := r.difference(ctx, before, after, cause); err != nil || before == schemaWas {
		return err
	}
	return r.db.DropSchema(ctx, before)
}

// steps lists what changed, in order. There is at least one: the caller found a difference.
func (r *restatement) steps(ctx context.Context) ([]step, error) {
	if r.merged {
		return []step{{cause: r.untold, basis: r.to}}, nil
	}
	steps, err := r.listenSteps(ctx)
	if err != nil {
		return nil, err
	}
	at := r.from
	at.ledger = r.to.ledger
	terms, err := r.termSteps(ctx, at, true)
	if err != nil {
		return nil, err
	}
	if steps = append(steps, terms...); len(steps) == 0 {
		steps = append(steps, step{cause: CauseRecomputed, basis: r.to})
	}
	return steps, nil
}

// rulesChanged tells whether the rules of the two ends judge the period alike.
func (r *restatement) rulesChanged() bool {
	return !slices.Equal(terms.InPeriod(r.from.rules, r.period), terms.InPeriod(r.to.rules, r.period))
}

// termSteps are the steps in which rules, unless they are left as they were, pools and splits change.
func (r *restatement) termSteps(ctx context.Context, at basis, rules bool) (steps []step, err error) {
	if rules {
		at.rules = r.to.rules
		if r.rulesChanged() {
			steps = append(steps, step{cause: CauseNewRules, basis: at})
		}
	}
	if at.pools = r.to.pools; !slices.Equal(r.from.pools, r.to.pools) {
		steps = append(steps, step{cause: CauseNewPools, basis: at})
	}
	changed, err := splitsChanged(ctx, r.db, r.from.splits, r.to.splits, r.period)
	if err != nil {
		return nil, err
	}
	if at.splits = r.to.splits; changed {
		steps = append(steps, step{cause: CauseNewSplits, basis: at})
	}
	return steps, nil
}

// listenSteps are the steps in which listens come and go; what counts is judged by the rules of before.
func (r *restatement) listenSteps(ctx context.Context) ([]step, error) {
	at := r.from
	at.ledger = r.to.ledger
	if err := r.nobodyErased(ctx); err != nil || r.from.ledger == r.to.ledger {
		return nil, err
	}
	was, err := r.ledger.ByID(r.from.ledger)
	now, err2 := r.ledger.ByID(r.to.ledger)
	if err := errors.Join(err, err2); errors.Is(err, lake.ErrExpired) {
		return []step{{cause: r.untold, basis: at}}, nil
	} else if err != nil {
		return nil, err
	}
	changes, err := now.Changes(ctx, was.ID())
	if err != nil {
		return nil, err
	}
	if !changes.Broken && !touches(changes, r.period) {
		return nil, nil
	}
	erased, told, err := r.bindErased(ctx, "erased", was, now)
	if err == nil && told {
		err = r.db.Run(ctx, "royalty/kept_in")
	}
	switch {
	case err != nil:
		return nil, err
	case !told:
		return []step{{cause: r.untold, basis: at}}, nil
	case erased == 0:
		return []step{{cause: CauseLate, basis: at}}, nil
	}
	return []step{{cause: CauseLate, basis: at, unerased: true}, {cause: CauseDeletions, basis: at}}, nil
}

func touches(c lake.Changes, period string) bool {
	for month := range c.Partitions {
		if n, ok := month.(int); ok && lake.Month(n).String() == period {
			return true
		}
	}
	return false
}

// compute makes the statement of a step in a schema.
func (r *restatement) compute(ctx context.Context, schema string, s step) error {
	return r.db.InSchema(ctx, schema, func() error {
		now, err := r.ledger.ByID(s.ledger)
		if err != nil {
			return err
		}
		if err := r.bindListens(ctx, now, s.unerased); err != nil {
			return err
		}
		periods := []string{r.period}
		if err := computeLines(ctx, r.db, "listens_of_step", s.rules, periods); err != nil {
			return err
		}
		if s.waiting {
			if err := r.db.Run(ctx, "royalty/lines_waiting"); err != nil {
				return fmt.Errorf("add the lines that wait: %w", err)
			}
		}
		if _, err := computePayouts(ctx, r.db, s.pools, periods); err != nil {
			return err
		}
		if err := shareOut(ctx, r.db, r.splits, s.splits); err != nil {
			return err
		}
		return r.db.Run(ctx, "royalty/full_shares")
	})
}

// bindListens makes the relation listens_of_step of what counts in the period at a ledger snapshot; unerased, with the
// rows of main.kept_in, as they were at the start of the way, in place of those that took over from them.
func (r *restatement) bindListens(ctx context.Context, now lake.Snapshot, unerased bool) error {
	view := "listens_of_step"
	if unerased {
		view = "listens_now"
		was, err := r.ledger.ByID(r.from.ledger)
		if err != nil {
			return err
		}
		if err := bindPeriods(ctx, r.db, "listens_was", was, []string{r.period}); err != nil {
			return err
		}
	}
	if err := bindPeriods(ctx, r.db, view, now, []string{r.period}); err != nil || !unerased {
		return err
	}
	return r.db.Run(ctx, "royalty/unerased")
}

// difference adds what differs between the statements of two schemas to main.differences.
func (r *restatement) difference(ctx context.Context, before, after, cause string) error {
	for _, relation := range statementRelations {
		for view, schema := range map[string]string{relation.before: before, relation.after: after} {
			if err := r.db.AliasAnywhere(ctx, view, schema+"."+relation.name); err != nil {
				return err
			}
		}
		if err := r.db.Run(ctx, relation.difference, r.period, cause); err != nil {
			return fmt.Errorf("differences of %s by %s: %w", relation.name, cause, err)
		}
	}
	return nil
}
