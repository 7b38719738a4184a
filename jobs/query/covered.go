package query

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// covered are the rows of a snapshot, by file, that deletion requests cover which were carried out since: an older
// snapshot still has them until it is purged. The newest has none.
func covered(ctx context.Context, env jobs.Env, s lake.Snapshot) (rows map[string][]int64, err error) {
	if !mayBeCovered(s) {
		return nil, nil
	}
	requests, err := env.Snapshot(ctx, catalog.DeletionRequests)
	if err != nil || requests.ID() == 0 {
		return nil, err
	}
	log, err := env.Snapshot(ctx, catalog.DeletionLog)
	if err != nil {
		return nil, err
	}
	files, err := s.Files(ctx)
	if err != nil {
		return nil, err
	}
	db, err := env.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := errors.Join(db.Bind(ctx, "requests", requests), db.Bind(ctx, "log", log), db.Bind(ctx, "copies", s, "user_id", "event_time", "received_time")); err != nil {
		return nil, err
	}
	if rows, err = db.Positions(ctx, files, "query/covered"); err != nil {
		return nil, fmt.Errorf("find erased rows of %s: %w", s.Table().Name(), err)
	}
	return rows, nil
}

// mayBeCovered tells the snapshots that rows were erased from after them.
func mayBeCovered(s lake.Snapshot) bool {
	return slices.Contains(catalog.ErasedFrom, s.Table().Name()) && s.ID() != s.Table().Current().ID()
}
