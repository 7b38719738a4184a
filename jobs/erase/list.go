package erase

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// Request is one request row and how far it is. It names no user.
type Request struct {
	RequestID string `json:"request_id"`
	Position
	RequestedAt  time.Time  `json:"requested_at"`
	ReceivedTime time.Time  `json:"received_time"`
	From         *time.Time `json:"from"` // as asked: nil is since ever
	To           *time.Time `json:"to"`   // as asked: nil is up to the request
	State        State      `json:"state"`
	At           time.Time  `json:"at"` // when it reached the state
	Counts                  // deleted so far
}

// Step is one entry of the log.
type Step struct {
	State State     `json:"state"`
	At    time.Time `json:"at"`
	Counts
	ListensSnapshotID int64    `json:"listens_snapshot_id,omitempty,string"`
	LedgerSnapshotID  int64    `json:"ledger_snapshot_id,omitempty,string"`
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
			return lake.WithHint(fmt.Errorf("deletion request %q: %w", requestID, lake.ErrNotFound), "run 'lakectl deletions list' to see all requests")
		}
		steps, err := listSteps(ctx, db, requestID)
		for _, r := range rows {
			detail.Rows = append(detail.Rows, RequestSteps{Request: r, Steps: steps[r.Position]})
		}
		return err
	})
	return detail, err
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
	var all []Request
	var r Request
	var requested, received, at int64
	var from, to sql.NullInt64
	dest := []any{
		&r.Topic, &r.Partition, &r.Offset, &r.RequestID, &requested, &received, &from, &to, &r.State, &at,
		&r.Listens, &r.Quarantine, &r.Counted, &r.Duplicates,
	}
	err := db.Each(ctx, "erase/list", []any{id}, dest, func() error {
		next := r
		next.RequestedAt, next.ReceivedTime, next.At = instant(requested), instant(received), instant(at)
		next.From, next.To = timeOrNil(from), timeOrNil(to)
		all = append(all, next)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list deletion requests: %w", err)
	}
	return all, nil
}

func listSteps(ctx context.Context, db *jobs.Session, id string) (map[Position][]Step, error) {
	steps := map[Position][]Step{}
	var p Position
	var s Step
	var at int64
	var days, periods string
	dest := []any{
		&p.Topic, &p.Partition, &p.Offset, &s.State, &at, &s.Listens, &s.Quarantine, &s.Counted, &s.Duplicates,
		&s.ListensSnapshotID, &s.LedgerSnapshotID, &days, &periods,
	}
	err := db.Each(ctx, "erase/steps", []any{id}, dest, func() error {
		next := s
		next.At, next.Days, next.Periods = instant(at), unlist(days), unlist(periods)
		steps[p] = append(steps[p], next)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list steps of deletion request: %w", err)
	}
	return steps, nil
}

func timeOrNil(us sql.NullInt64) *time.Time {
	if !us.Valid {
		return nil
	}
	at := instant(us.Int64)
	return &at
}
