package erase

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/erase/book"
	"github.com/lakectl/lakectl/lake"
)

// Request is one request row and how far it is. It names no user.
type Request struct {
	RequestID string `json:"request_id" col:"request_id"`
	Position
	RequestedAt  time.Time  `json:"requested_at" col:"requested_at"`
	ReceivedTime time.Time  `json:"received_time" col:"received_time"`
	From         *time.Time `json:"from" col:"from"` // as asked: nil is since ever
	To           *time.Time `json:"to" col:"to"`     // as asked: nil is up to the request
	State        State      `json:"state" col:"state"`
	At           time.Time  `json:"at" col:"at"` // when it reached the state
	Counts                  // deleted so far

	DeletedAt *time.Time `json:"rows_deleted_at,omitempty" col:"deleted_at"` // when rows of it last went from the tables
	HeldSince *time.Time `json:"held_since,omitempty" col:"held_since"`
	Why       string     `json:"why,omitempty" col:"why"` // it is held or was withdrawn, in an operator's words
	// DelayedUntil is when the delay is over within which the request may be withdrawn.
	DelayedUntil *time.Time `json:"delayed_until,omitempty"`
	// PurgeFrom is when the files may go that held the rows of a recomputed request, and Kept what the last purge found
	// to keep them.
	PurgeFrom *time.Time  `json:"purge_from,omitempty"`
	Kept      []book.Kept `json:"kept_by,omitempty"`
	Deadline  time.Time   `json:"deadline"`
	// Misses says why a request that is not carried out and purged misses its deadline, if nothing changes: held,
	// delayed, retention (its files may go later), orphans (what dead runs left may go later), blocked (what is derived
	// from its rows is not recomputed, or somebody has to let go of its files) or late.
	Misses string `json:"misses_deadline,omitempty"`
}

// Open tells whether the deletions job has something to do for the request now.
func (r Request) Open() bool {
	return r.State.Open() && (r.State != Requested || r.HeldSince == nil && r.DelayedUntil == nil)
}

// judge fills what depends on the time, and on what the last purge found.
func (r *Request) judge(e jobs.Erasure, now time.Time, kept []book.Kept) {
	due := r.ReceivedTime.Add(e.Delay)
	if r.State == Requested && now.Before(due) {
		r.DelayedUntil = &due
	}
	r.Deadline = r.ReceivedTime.Add(e.Deadline)
	switch late := now.After(r.Deadline); {
	case r.State == Recomputed:
		r.judgePurge(e, late, kept)
	case !r.State.Open():
	case r.HeldSince != nil && r.State == Requested:
		r.Misses = string(held)
	case r.DelayedUntil != nil && due.After(r.Deadline):
		r.Misses = "delayed"
	case late && r.State == RowsDeleted:
		r.Misses = "blocked"
	case late:
		r.Misses = "late"
	}
}

// judgePurge is what is still to come when everything is recomputed.
func (r *Request) judgePurge(e jobs.Erasure, late bool, kept []book.Kept) {
	from := r.At
	if r.DeletedAt != nil {
		from = *r.DeletedAt
	}
	from = from.Add(e.Retention)
	r.PurgeFrom = &from
	blocked, orphans := false, false
	for _, k := range kept {
		if !k.Keeps(r.Position.String()) {
			continue
		}
		k.Of = ""
		r.Kept = append(r.Kept, k)
		blocked = blocked || k.Until == nil && !k.Waits
		orphans = orphans || k.Until != nil && k.Until.After(r.Deadline)
	}
	switch {
	case r.HeldSince != nil:
		r.Misses = string(held)
	case blocked:
		r.Misses = "blocked"
	case from.After(r.Deadline):
		r.Misses = "retention"
	case orphans:
		r.Misses = "orphans"
	case late:
		r.Misses = "late"
	}
}

// Step is one entry of the log.
type Step struct {
	State State     `json:"state" col:"state"`
	At    time.Time `json:"at" col:"at"`
	Counts
	ListensSnapshotID int64    `json:"listens_snapshot_id,omitempty,string" col:"listens_snapshot_id"`
	LedgerSnapshotID  int64    `json:"ledger_snapshot_id,omitempty,string" col:"ledger_snapshot_id"`
	Days              []string `json:"days,omitempty"`
	Periods           []string `json:"periods,omitempty"`
}

// RequestDetail is everything on record about one request id. A retried request has several rows.
type RequestDetail struct {
	RequestID string         `json:"request_id"`
	Rows      []RequestSteps `json:"rows"`
}

// RequestSteps is a request row with its log, oldest step first.
type RequestSteps struct {
	Request
	Steps []Step `json:"steps"`
}

// List returns every request, oldest first.
func List(ctx context.Context, env jobs.Env) (all []Request, err error) {
	err = withLog(ctx, env, func(db *jobs.Session, log lake.Snapshot) error {
		all, err = listRequests(ctx, env, db, log, nil)
		return err
	})
	return all, err
}

// Show returns what is on record about a request id. [lake.ErrNotFound] when no request has it.
func Show(ctx context.Context, env jobs.Env, requestID string) (RequestDetail, error) {
	detail := RequestDetail{RequestID: requestID}
	err := withLog(ctx, env, func(db *jobs.Session, log lake.Snapshot) error {
		rows, err := listRequests(ctx, env, db, log, requestID)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return unknownRequest(requestID)
		}
		steps, err := listSteps(ctx, db, requestID)
		for _, r := range rows {
			detail.Rows = append(detail.Rows, RequestSteps{Request: r, Steps: steps[r.Position]})
		}
		return err
	})
	return detail, err
}

func unknownRequest(id string) error {
	return lake.WithHint(fmt.Errorf("deletion request %q: %w", id, lake.ErrNotFound), "run 'lakectl deletions list' to see all requests")
}

// withLog opens a DuckDB with the views requests, log and decided.
func withLog(ctx context.Context, env jobs.Env, read func(*jobs.Session, lake.Snapshot) error) (err error) {
	db, err := env.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var s lake.Snapshot
	for _, t := range []struct{ view, table string }{{"requests", catalog.DeletionRequests}, {"log", catalog.DeletionLog}} {
		if s, err = env.Snapshot(ctx, t.table); err != nil {
			return err
		}
		if err := db.Bind(ctx, t.view, s); err != nil {
			return err
		}
	}
	if err := book.Decisions(ctx, db, s); err != nil {
		return err
	}
	return read(db, s)
}

func listRequests(ctx context.Context, env jobs.Env, db *jobs.Session, log lake.Snapshot, id any) ([]Request, error) {
	all, err := jobs.Records[Request](ctx, db, "erase/list", id)
	if err != nil {
		return nil, fmt.Errorf("list deletion requests: %w", err)
	}
	kept, err := book.ReadKept(log)
	if err != nil {
		return nil, err
	}
	now := env.Now()
	for i := range all {
		all[i].judge(env.Erasure, now, kept)
	}
	return all, nil
}

func listSteps(ctx context.Context, db *jobs.Session, id string) (map[Position][]Step, error) {
	type record struct {
		Position
		Step
		Days    string `col:"days"`
		Periods string `col:"periods"`
	}
	steps := map[Position][]Step{}
	err := jobs.EachRecord(ctx, db, "erase/steps", []any{id}, func(r record) error {
		r.Step.Days, r.Step.Periods = unlist(r.Days), unlist(r.Periods)
		steps[r.Position] = append(steps[r.Position], r.Step)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list steps of deletion request: %w", err)
	}
	return steps, nil
}
