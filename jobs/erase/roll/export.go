package roll

import (
	"context"
	"errors"
	"fmt"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// Export reads the list of a lake.
func Export(ctx context.Context, env jobs.Env) (l List, err error) {
	s, err := read(ctx, env)
	if err != nil {
		return l, err
	}
	defer func() { err = errors.Join(err, s.db.Close()) }()
	if s.lakeID() == "" {
		return l, lake.WithHint(errors.New("the lake has no id"), "run 'lakectl init', which gives it one")
	}
	positions, err := s.requests.Positions()
	l.Head = Head{Form: form, LakeID: s.lakeID(), Requests: len(s.entries), Sequence: s.requests.Sequence(), LogSequence: s.log.Sequence(), Positions: positions}
	l.Entries = s.entries
	return l, err
}

// standing is what a lake says of its requests.
type standing struct {
	db            *jobs.Session
	requests, log lake.Snapshot
	entries       []Entry
}

func (s standing) lakeID() string { return s.requests.Table().Property(catalog.LakeIDProperty) }

// read opens a DuckDB with the views requests and log. The log is read first: what a run writes meanwhile is missing in
// both, or the request seems to be less far than it is.
func read(ctx context.Context, env jobs.Env) (s standing, err error) {
	if s.log, err = env.Snapshot(ctx, catalog.DeletionLog); err != nil {
		return s, err
	}
	if err = s.log.NeedColumns("why"); err != nil {
		return s, err
	}
	if s.requests, err = env.Snapshot(ctx, catalog.DeletionRequests); err != nil {
		return s, err
	}
	if s.db, err = env.Open(ctx); err != nil {
		return s, err
	}
	if err = errors.Join(s.db.Bind(ctx, "requests", s.requests), s.db.Bind(ctx, "log", s.log)); err == nil {
		if s.entries, err = jobs.Records[Entry](ctx, s.db, "roll/requests"); err != nil {
			err = fmt.Errorf("read deletion requests: %w", err)
		}
	}
	if err != nil {
		err = errors.Join(err, s.db.Close())
	}
	// DuckDB gives times in the zone of the machine.
	for i := range s.entries {
		s.entries[i].inUTC()
	}
	return s, err
}

func (e *Entry) inUTC() {
	e.RequestedAt, e.ReceivedTime = e.RequestedAt.UTC(), e.ReceivedTime.UTC()
	if e.From != nil {
		*e.From = e.From.UTC()
	}
	if e.To != nil {
		*e.To = e.To.UTC()
	}
}
