package royalty

import (
	"context"
	"errors"
	"fmt"

	"github.com/lakectl/lakectl/jobs"
)

// What a run is to its period.
const (
	StandsAsNewest   = "newest run of an open period"
	StandsAsReplaced = "replaced by a newer run"
)

// Standing says which of the runs of its period a run is.
type Standing struct {
	Standing       string `json:"standing"`
	StatementRunID string `json:"statement_run_id"` // the run that the period was closed with; "" while it is open
	NewestRunID    string `json:"newest_run_id"`
}

// StandingOf tells which run of its period a run is.
func StandingOf(ctx context.Context, env jobs.Env, run PublishedRun) (s Standing, err error) {
	closed, err := closedNow(ctx, env)
	if err != nil {
		return s, err
	}
	newest, err := NewestRun(ctx, env, run.Period)
	if err != nil {
		return s, err
	}
	c, is := closed[run.Period]
	s = Standing{StatementRunID: c.RunID, NewestRunID: newest.RunID}
	switch {
	case is && run.RunID == c.RunID && run.RunID == newest.RunID:
		s.Standing = fmt.Sprintf("statement v%d", c.Version)
	case is && run.RunID == c.RunID:
		s.Standing = fmt.Sprintf("statement v%d, restated since", c.Version)
	case is && run.RunID == newest.RunID:
		s.Standing = fmt.Sprintf("restates statement v%d", c.Version)
	case run.RunID == newest.RunID:
		s.Standing = StandsAsNewest
	default:
		s.Standing = StandsAsReplaced
	}
	return s, nil
}

// FindRun returns a run by its id, or the statement of a period: the run that it was closed with, or its newest while it is open.
func FindRun(ctx context.Context, env jobs.Env, runOrPeriod string) (PublishedRun, error) {
	closed, err := closedNow(ctx, env)
	if err != nil {
		return PublishedRun{}, err
	}
	if c, is := closed[runOrPeriod]; is {
		runOrPeriod = c.RunID
	}
	return NewestRun(ctx, env, runOrPeriod)
}

// NewestRun returns a run by its id, or the newest of a period, which of a closed one is not its statement.
func NewestRun(ctx context.Context, env jobs.Env, runOrPeriod string) (PublishedRun, error) {
	runs, err := Runs(ctx, env)
	if err != nil {
		return PublishedRun{}, err
	}
	return pickRun(runs, runOrPeriod)
}

func closedNow(ctx context.Context, env jobs.Env) (closed map[string]Closing, err error) {
	db, err := env.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return Closed(ctx, env, db)
}
