package royalty

import (
	"context"
	"errors"
	"fmt"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty/ledger"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake"
)

// publishedRun is the newest row of royalty_runs for a period.
type publishedRun struct {
	Period           string `col:"period"`
	RunID            string `col:"run_id"`
	LedgerSnapshotID int64  `col:"ledger_snapshot_id"`
	RulesVersion     int64  `col:"rules_version"`
	PoolsVersion     int64  `col:"pools_version"`
	SplitsVersion    int64  `col:"splits_version"`
	Checksum         string `col:"checksum"`
	LinesSnapshotID  int64  `col:"lines_snapshot_id"`
	ClosedVersion    int64  `col:"closed_version"` // of the statement that the run knew to be closed; 0: open
	SettledRunID     string `col:"settled_run_id"`
	CodeVersion      string `col:"code_version"`
}

// splitsInForce are the splits of the newest version and the snapshot they are read from.
type splitsInForce struct {
	version  int64
	snapshot lake.Snapshot
}

// plan is what one run will do: the snapshots it works on, the inputs and the periods.
type plan struct {
	ledger, duplicates, lines, payouts, shares, adjustments, runs, closes lake.Snapshot
	archive                                                               int64 // snapshot id of listens that the ledger covers
	rules                                                                 RuleSet
	pools                                                                 PoolSet
	splits                                                                splitsInForce
	history                                                               *history
	published                                                             map[string]publishedRun
	closed                                                                map[string]Closing
	periods                                                               []PeriodPlan
	rows                                                                  map[string]int64 // of the ledger's files, by period
	wholeLedger                                                           bool             // every changed period is in periods, so the state may move
	anew                                                                  map[string]bool  // published tables that somebody else changed, and whose files from before are gone
}

// cut is the archive as the ledger accounts for it.
func (p *plan) cut(ctx context.Context, env jobs.Env) (lake.Snapshot, error) {
	return snapshotAt(ctx, env, catalog.Listens, p.archive)
}

func (p *plan) names() []string {
	names := make([]string, len(p.periods))
	for i, period := range p.periods {
		names[i] = period.Period
	}
	return names
}

// makePlan loads the inputs and finds the periods whose inputs changed; only limits it to one period. Where a published
// table has to be made anew every period is in the plan.
func makePlan(ctx context.Context, env jobs.Env, db *jobs.Session, only string, putBack ...PutBack) (*plan, error) {
	p := &plan{anew: map[string]bool{}}
	for _, t := range []struct {
		name string
		into *lake.Snapshot
	}{
		{catalog.ListensCounted, &p.ledger},
		{catalog.Duplicates, &p.duplicates},
		{catalog.RoyaltyLines, &p.lines},
		{catalog.RoyaltyPayouts, &p.payouts},
		{catalog.RoyaltyShares, &p.shares},
		{catalog.Adjustments, &p.adjustments},
		{catalog.RoyaltyRuns, &p.runs},
		{catalog.RoyaltyCloses, &p.closes},
	} {
		var err error
		if *t.into, err = env.Snapshot(ctx, t.name); err != nil {
			return nil, err
		}
	}
	if err := p.runs.NeedColumns("closed_version", "settled_run_id"); err != nil {
		return nil, err
	}
	if err := p.loadInputs(ctx, env, db); err != nil {
		return nil, err
	}
	for _, b := range putBack {
		p.anew[b.Table] = b.Recomputed
		if b.Recomputed {
			only = "" // what is published anew is published as a whole
		}
	}
	return p, p.choose(ctx, db, only)
}

// loadInputs reads what the periods are judged by and what was published.
func (p *plan) loadInputs(ctx context.Context, env jobs.Env, db *jobs.Session) (err error) {
	if p.archive, err = p.ledger.StateNumber(catalog.CoversListens); err != nil {
		return err
	}
	if p.rules, err = latestRules(ctx, env, db); err != nil {
		return err
	}
	if p.pools, err = latestPools(ctx, env, db); err != nil {
		return err
	}
	if p.splits.snapshot, p.splits.version, err = latestSplits(ctx, env, db); err != nil {
		return err
	}
	p.history = &history{db: db, rules: map[int64][]terms.Rule{}, pools: map[int64][]terms.Pool{}}
	if p.published, err = publishedRuns(ctx, db, p.runs); err != nil {
		return err
	}
	p.closed, err = readCloses(ctx, db, p.closes)
	return err
}

// checkSettled refuses a ledger that an erasure changed after this run brought it up to date: copies that take
// the place of erased ones are not in it yet.
func (p *plan) checkSettled() error {
	settled, err := ledger.Settled(p.ledger, p.duplicates)
	if err != nil || settled {
		return err
	}
	return lake.WithHint(fmt.Errorf("the ledger changed while it was read: %w", lake.ErrFenced), "run 'lakectl job royalties' again")
}

// bindRuns makes the relations runs, and run_files with the order in which their rows were committed.
func bindRuns(ctx context.Context, db *jobs.Session, runs lake.Snapshot) error {
	if runs.NeedColumns("settled_run_id") == nil {
		return errors.Join(db.Bind(ctx, "runs", runs), db.BindCommits(ctx, "run_files", runs))
	}
	// An earlier version made the table.
	if err := db.Bind(ctx, "runs_before", runs); err != nil {
		return err
	}
	if err := db.Run(ctx, "royalty/runs_old"); err != nil {
		return err
	}
	return db.BindCommits(ctx, "run_files", runs)
}

// publishedRuns reads the newest run of each period.
func publishedRuns(ctx context.Context, db *jobs.Session, runs lake.Snapshot) (map[string]publishedRun, error) {
	if err := bindRuns(ctx, db, runs); err != nil {
		return nil, err
	}
	published := map[string]publishedRun{}
	err := jobs.EachRecord(ctx, db, "royalty/last_runs", nil, func(r publishedRun) error { published[r.Period] = r; return nil })
	if err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	return published, nil
}

// judgedThrough is the newest ledger snapshot that says the same as ledger about the period of a published run that
// summed it: every period was judged through it since, so the period did not change in between. Older ones are thinned
// out.
func (p *plan) judgedThrough(ledger int64) (int64, error) {
	judged, err := p.runs.StateNumber(catalog.CoversLedger)
	if err != nil || judged == 0 {
		return ledger, err
	}
	was, err := p.ledger.Table().ByID(ledger)
	if errors.Is(err, lake.ErrExpired) {
		return judged, nil
	}
	since, err2 := p.ledger.Table().ByID(judged)
	if err != nil || err2 != nil || since.Sequence() < was.Sequence() {
		return ledger, err // an expired state starts nothing
	}
	return judged, nil
}
