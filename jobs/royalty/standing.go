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

// Register is what was published and what was closed, read at once.
type Register struct {
	Closed map[string]Closing // by period
	runs   []PublishedRun     // newest first
}

// ReadRegister reads the closes before the runs: each run that a period was closed with is among them.
func ReadRegister(ctx context.Context, env jobs.Env) (r Register, err error) {
	db, err := env.Open(ctx)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if r.Closed, err = closedPeriods(ctx, env, db); err != nil {
		return r, err
	}
	r.runs, err = runsNow(ctx, env, db)
	return r, err
}

// Find returns a run by its id, or the statement of a period: the run that it was closed with, or its newest while it
// is open.
func (r Register) Find(runOrPeriod string) (PublishedRun, error) {
	if c, is := r.Closed[runOrPeriod]; is {
		runOrPeriod = c.RunID
	}
	return r.Newest(runOrPeriod)
}

// Newest returns a run by its id, or the newest of a period, which of a closed one is not its statement.
func (r Register) Newest(runOrPeriod string) (PublishedRun, error) {
	return pickRun(r.runs, runOrPeriod)
}

// StandingOf is Standing of the run with an id.
func (r Register) StandingOf(runID string) (Standing, error) {
	run, err := r.Newest(runID)
	if err != nil {
		return Standing{}, err
	}
	return r.Standing(run)
}

// Standing tells which run of its period a run is.
func (r Register) Standing(run PublishedRun) (s Standing, err error) {
	newest, err := r.Newest(run.Period)
	if err != nil {
		return s, err
	}
	c, is := r.Closed[run.Period]
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

// FindRun is [Register.Find] for one question.
func FindRun(ctx context.Context, env jobs.Env, runOrPeriod string) (PublishedRun, error) {
	r, err := ReadRegister(ctx, env)
	if err != nil {
		return PublishedRun{}, err
	}
	return r.Find(runOrPeriod)
}

// NewestRun returns a run by its id, or the newest of a period, which of a closed one is not its statement.
func NewestRun(ctx context.Context, env jobs.Env, runOrPeriod string) (PublishedRun, error) {
	runs, err := Runs(ctx, env)
	if err != nil {
		return PublishedRun{}, err
	}
	return pickRun(runs, runOrPeriod)
}
