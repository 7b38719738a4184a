package erase

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// Report says what a run did.
type Report struct {
	Requests int       `json:"requests"` // carried forward
	Rows     Counts    `json:"rows"`     // deleted by this run
	Days     []string  `json:"days"`     // to recompute, or recomputed
	Periods  []string  `json:"periods"`
	Waiting  []Waiting `json:"waiting,omitempty"` // requests that could not be confirmed yet
}

// Waiting is a request whose rows are deleted while something derived from them is not recomputed.
type Waiting struct {
	RequestID string `json:"request_id" col:"request_id"`
	Position
	For string `json:"for"`
}

// passes bounds how often one run plans: again each time it was fenced or others appended meanwhile.
const passes = 3

// Delete carries every open request, and every row that slipped past an earlier sweep, to [RowsDeleted].
// It commits nothing when there is none. [lake.ErrFenced] when others kept changing what it computed from.
func Delete(ctx context.Context, env jobs.Env) (Report, error) {
	var report Report
	worked := map[Position]bool{}
	for pass := 1; ; pass++ {
		done, again, err := deleteOnce(ctx, env, worked)
		report.add(done)
		report.Requests = len(worked)
		// A file that is missing went with a snapshot that a maintenance or a purge expired.
		if fenced := errors.Is(err, lake.ErrFenced) || errors.Is(err, fs.ErrNotExist); fenced && pass < passes {
			env.Log.Debug("deletions were fenced", "error", err)
		} else if err != nil || !again || pass == passes {
			return report, err
		}
	}
}

// deleteOnce plans and executes. again: rows were appended since the plan was made, and may have slipped past.
func deleteOnce(ctx context.Context, env jobs.Env, worked map[Position]bool) (done Report, again bool, err error) {
	plan, err := NewPlan(ctx, env)
	if err != nil {
		return done, false, err
	}
	defer func() { err = errors.Join(err, plan.Close()) }()
	if plan.Empty() {
		return done, false, plan.settle(ctx)
	}
	done, err = plan.Execute(ctx)
	if err == nil || done.Requests > 0 {
		for _, q := range plan.Requests {
			worked[q.Position] = true
		}
	}
	if err != nil {
		return done, false, err
	}
	again, err = plan.overtaken(ctx)
	return done, again, err
}

// overtaken tells whether others have appended to the tables that ingest writes since the plan was made.
func (p *Plan) overtaken(ctx context.Context) (bool, error) {
	for _, t := range p.targets {
		if t.derived {
			continue
		}
		now, err := p.env.Snapshot(ctx, t.Name)
		if err != nil {
			return false, err
		}
		since, ancestor := now.Since(t.base.ID())
		others := slices.ContainsFunc(since, func(s lake.Snapshot) bool { return s.Job() != catalog.DeletionsJob })
		if !ancestor || others {
			return true, nil
		}
	}
	return false, nil
}

func (r *Report) add(done Report) {
	r.Rows = r.Rows.plus(done.Rows)
	r.Days = sortedUnique(append(r.Days, done.Days...))
	r.Periods = periodsOf(r.Days)
}
