package purge

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/maintain"
	"github.com/lakectl/lakectl/jobs/rollup/recent"
	"github.com/lakectl/lakectl/lake"
)

// Options of one run.
type Options struct {
	Retention    time.Duration // a request is due when its rows have been gone for so long
	Now          bool          // every request is
	RecentFolder string        // of package recent; "": there is none
}

// pause is how long a run that was fenced waits, and longer each time.
const pause = 200 * time.Millisecond

// run is one run at work.
type run struct {
	env    jobs.Env
	o      Options
	work   *work
	needs  maintain.Needs
	report *Report
	left   map[string]bool // live files with deleted rows that stay: a hold keeps them, or lakectl cannot write them anew
	swept  []string        // tables
	young  []orphan
}

// Run purges what is due. Requests that something keeps from it stay as they are, and the report says what. With
// nothing due nothing is written.
func Run(ctx context.Context, env jobs.Env, o Options) (report Report, err error) {
	for pass := 1; ; pass++ {
		err = once(ctx, env, o, &report)
		// A file that is missing went with a snapshot that another run expired.
		if !errors.Is(err, lake.ErrFenced) && !errors.Is(err, fs.ErrNotExist) || pass == passes {
			break
		}
		env.Log.Debug("purge was fenced", "pass", pass, "error", err)
		if ended := lake.Pause(ctx, time.Duration(pass)*pause); ended != nil {
			err = errors.Join(err, ended)
			break
		}
	}
	if err != nil && report.wrote() {
		err = errors.Join(err, jobs.ErrPartial)
	}
	return report, err
}

// once is one attempt. What it does to the tables stays done when it is fenced.
func once(ctx context.Context, env jobs.Env, o Options, report *Report) error {
	work, err := readWork(ctx, env, o)
	if err != nil {
		return err
	}
	report.Due, report.Later, report.Waiting, report.Residuals = len(work.due), work.later, nil, nil
	defer func() { report.Blocked = work.blocked }()
	if work.allStuck() {
		return nil
	}
	r := &run{env: env, o: o, work: work, report: report, left: map[string]bool{}}
	if r.needs, err = maintain.NeedsOf(ctx, env, o.Retention); err != nil {
		return err
	}
	for _, step := range []func(context.Context, string) error{r.rewriteTable, r.clear} {
		for _, table := range catalog.ErasedFrom {
			if err := step(ctx, table); err != nil {
				return fmt.Errorf("purge %s: %w", table, err)
			}
		}
	}
	if o.RecentFolder != "" {
		if _, err := recent.Clear(ctx, o.RecentFolder); err != nil {
			return fmt.Errorf("forget which listens came lately: %w", err)
		}
	}
	stands, err := r.staged(ctx)
	if err != nil {
		return fmt.Errorf("staging tables: %w", err)
	}
	if err := r.findYoung(ctx); err != nil {
		return fmt.Errorf("orphans: %w", err)
	}
	if stands || r.keepsAll() {
		r.remain(r.youngest())
		return nil
	}
	done, err := r.settle(ctx)
	if err != nil || len(done) == 0 {
		return err
	}
	if err := work.finish(ctx, env, done); err != nil {
		return err
	}
	report.Requests += len(done)
	env.Log.Info("requests are purged", "requests", len(done))
	return nil
}

// wait notes that consumers have not read what was deleted.
func (r *run) wait(table string, lagging []maintain.Held) {
	for _, h := range lagging {
		r.report.Waiting = append(r.report.Waiting, Blocked{Table: table, By: h.For, SnapshotID: h.SnapshotID, Hint: h.Hint})
	}
}
