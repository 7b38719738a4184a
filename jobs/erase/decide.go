package erase

import (
	"context"
	"errors"
	"fmt"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/erase/book"
	"github.com/lakectl/lakectl/lake"
)

// Decided is what became of a decision about a request.
type Decided struct {
	RequestID string    `json:"request_id"`
	Changed   bool      `json:"changed"` // by this decision; false where it was so before
	Rows      []Request `json:"rows"`
}

// ErrTooLate says that a request has gone too far for what was decided.
var ErrTooLate = errors.New("too late")

// decision is a step that an operator adds to the log.
type decision struct {
	step    State
	why     string
	applies func(Request) (bool, error) // whether a row of the request lacks it, or why it cannot have it
}

// Hold keeps a request from being carried out until it is released, whatever its deadline. Where its rows are gone
// from the tables it keeps the files that held them. why is an operator's own words. [ErrTooLate] while its rows are
// being deleted, and once nothing is left to hold.
func Hold(ctx context.Context, env jobs.Env, requestID, why string) (Decided, error) {
	return decide(ctx, env, requestID, decision{held, why, func(r Request) (bool, error) {
		switch r.State {
		case Located:
			return false, tooLate(r, "run 'lakectl job deletions', which ends what is under way, then hold what is left of it")
		case Purged, Verified:
			return false, tooLate(r, "nothing is left of its rows")
		case Withdrawn:
			return false, tooLate(r, "it is never carried out, so there is nothing to hold")
		}
		return r.HeldSince == nil, nil
	}})
}

// Release ends a hold. What came meanwhile is searched for as if the request were new.
func Release(ctx context.Context, env jobs.Env, requestID string) (Decided, error) {
	return decide(ctx, env, requestID, decision{released, "", func(r Request) (bool, error) { return r.HeldSince != nil, nil }})
}

// Withdraw takes a request back for good. [ErrTooLate] once anything was done for it.
func Withdraw(ctx context.Context, env jobs.Env, requestID, why string) (Decided, error) {
	return decide(ctx, env, requestID, decision{Withdrawn, why, func(r Request) (bool, error) {
		switch r.State {
		case Requested, Withdrawn:
			return r.State == Requested, nil
		}
		return false, tooLate(r, "what was deleted is gone; 'lakectl deletions show "+r.RequestID+"' says what was done")
	}})
}

func tooLate(r Request, hint string) error {
	return lake.WithHint(fmt.Errorf("deletion request %q is %s: %w", r.RequestID, r.State, ErrTooLate), "%s", hint)
}

// decide commits a decision about all rows of a request id. Whoever logs at the same time fences it, or is fenced by
// it: so no run deletes rows of a request after it was held or withdrawn.
func decide(ctx context.Context, env jobs.Env, requestID string, d decision) (Decided, error) {
	for attempt := 1; ; attempt++ {
		done, err := decideOnce(ctx, env, requestID, d)
		if !errors.Is(err, lake.ErrFenced) || attempt == passes {
			return done, err
		}
	}
}

func decideOnce(ctx context.Context, env jobs.Env, requestID string, d decision) (done Decided, err error) {
	db, err := env.Open(ctx)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	log, err := openLog(ctx, env, db)
	if err != nil {
		return done, err
	}
	if err := log.snapshot.NeedColumns("why"); err != nil {
		return done, err
	}
	all, err := requestsBeside(ctx, env, db, log.snapshot, requestID)
	if err != nil {
		return done, err
	}
	if len(all) == 0 {
		return done, unknownRequest(requestID)
	}
	at := log.next(env)
	var rows []catalog.StepRow
	for _, r := range all {
		needed, err := d.applies(r)
		if err != nil {
			return done, err
		}
		if needed {
			row := logRow(r.RequestID, r.Position, d.step, at, Counts{}, 0, 0, nil, nil)
			row.Why = d.why
			rows = append(rows, row)
		}
	}
	if err := log.write(ctx, env, rows); err != nil {
		return done, err
	}
	if err := db.Bind(ctx, "log", log.snapshot); err != nil {
		return done, err
	}
	done = Decided{RequestID: requestID, Changed: len(rows) > 0}
	done.Rows, err = requestsBeside(ctx, env, db, log.snapshot, requestID)
	return done, err
}

// requestsBeside lists the requests of an id, or with nil all, beside a log that is bound.
func requestsBeside(ctx context.Context, env jobs.Env, db *jobs.Session, log lake.Snapshot, id any) ([]Request, error) {
	s, err := env.Snapshot(ctx, catalog.DeletionRequests)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(db.Bind(ctx, "requests", s), book.Decisions(ctx, db, log)); err != nil {
		return nil, err
	}
	return listRequests(ctx, env, db, log, id)
}
