package ingest

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// requests are the deletion requests that every listen is checked against: those of the table and those
// decoded since. A request stands for ever, so windows are only ever added.
type requests struct {
	env      jobs.Env
	engine   *engine
	windows  map[listen.Subject][]listen.Window
	loaded   int64 // id of the snapshot of deletion_requests that was read last
	sequence int64 // its sequence number
	at       lake.Snapshot
}

func newRequests(env jobs.Env, e *engine) requests {
	return requests{env: env, engine: e, windows: map[listen.Subject][]listen.Window{}}
}

// refresh reads what came to deletion_requests since the last time.
func (r *requests) refresh(ctx context.Context) error {
	s, err := r.env.Snapshot(ctx, catalog.DeletionRequests)
	if err != nil || s.ID() == r.loaded {
		return err
	}
	if err := r.load(ctx, s); err != nil {
		return fmt.Errorf("read deletion requests: %w", err)
	}
	r.loaded, r.sequence, r.at = s.ID(), s.Sequence(), s
	return nil
}

func (r *requests) load(ctx context.Context, s lake.Snapshot) error {
	files, err := filesSince(ctx, s, r.loaded)
	if err != nil {
		return err
	}
	db, err := r.engine.open(ctx)
	if err != nil {
		return err
	}
	if err := db.BindFiles(ctx, "requests", s, files); err != nil {
		return err
	}
	type record struct {
		Subject  string `col:"subject"`
		Received int64  `col:"received_us"`
		From     *int64 `col:"from_us"`
		To       *int64 `col:"to_us"`
	}
	return jobs.EachRecord(ctx, db, "ingest/requests", nil, func(d record) error {
		raw, err := hex.DecodeString(d.Subject)
		if err != nil || len(raw) != len(listen.Subject{}) {
			return lake.WithHint(errors.New("a row has no valid subject, so nobody can tell whom it concerns"),
				"look for it with 'lakectl sql \"SELECT request_id FROM deletion_requests WHERE length(subject) IS DISTINCT FROM 32\"'")
		}
		r.add(listen.Subject(raw), listen.Deletion{ReceivedTime: d.Received, From: d.From, To: d.To}.Window())
		return nil
	})
}

// filesSince lists the files that came after the snapshot with id since, or all of them where that cannot be
// told or since is 0. The caller must not mind rows it has seen before.
func filesSince(ctx context.Context, s lake.Snapshot, since int64) ([]lake.File, error) {
	if since != 0 {
		changes, err := s.Changes(ctx, since)
		if err != nil || !changes.Broken {
			return changes.Added, err
		}
	}
	return s.Files(ctx)
}

func (r *requests) add(subject listen.Subject, w listen.Window) {
	if !slices.Contains(r.windows[subject], w) {
		r.windows[subject] = append(r.windows[subject], w)
	}
}

// cover tells whether a request known so far says that this listen is to be erased.
func (r *requests) cover(l *listen.Listen) bool {
	if len(r.windows) == 0 {
		return false
	}
	for _, w := range r.windows[r.env.SubjectKey.Subject(l.UserID)] {
		if w.Covers(l.EventTime, l.ReceivedTime) {
			return true
		}
	}
	return false
}
