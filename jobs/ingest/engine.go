package ingest

import (
	"context"

	"github.com/lakectl/lakectl/jobs"
)

// engine is the DuckDB of one run. Most runs of a settled topic need none, so it starts when first asked for.
type engine struct {
	env jobs.Env
	db  *jobs.Session
}

func (e *engine) open(ctx context.Context) (*jobs.Session, error) {
	var err error
	if e.db == nil {
		e.db, err = e.env.Open(ctx)
	}
	return e.db, err
}

func (e *engine) close() error {
	if e.db == nil {
		return nil
	}
	return e.db.Close()
}
