package erase

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
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
	err = withLog(ctx, env, func(db *jobs.Session) error {
		all, err = listRequests(ctx, db, nil)
		return err
	})
	return all, err
}

// Show returns what is on record about a request id. [lake.ErrNotFound] when no request has it.
func Show(ctx context.Context, env jobs.Env, requestID string) (RequestDetail, error) {
	detail := RequestDetail{RequestID: requestID}
	err := withLog(ctx, env, func(db *jobs.Session) error {
		rows, err := listRequests(ctx, db, requestID)
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

// withLog opens a DuckDB with the views requests and log.
func withLog(ctx context.Context, env jobs.Env, read func(*jobs.Session) error) (err error) {
	db, err := env.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, t := range []struct{ view, table string }{{"requests", catalog.DeletionRequests}, {"log", catalog.DeletionLog}} {
		s, err := env.Snapshot(ctx, t.table)
		if err != nil {
			return err
		}
		if err := db.Bind(ctx, t.view, s); err != nil {
			return err
		}
	}
	return read(db)
}

func listRequests(ctx context.Context, db *jobs.Session, id any) ([]Request, error) {
	all, err := jobs.Records[Request](ctx, db, "erase/list", id)
	if err != nil {
		return nil, fmt.Errorf("list deletion requests: %w", err)
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
