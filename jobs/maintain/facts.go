package maintain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// consumers are the state keys that name a snapshot from which a job will walk on, one a line: the table with
// the state, the key, the table whose snapshot it names, and what to run to move it.
var consumers = []struct{ table, key, of, hint string }{
	{catalog.ListensCounted, catalog.CoversListens, catalog.Listens, "run 'lakectl job royalties'"},
	{catalog.Duplicates, catalog.CoversListens, catalog.Listens, "run 'lakectl job royalties'"},
	{catalog.PlaysByHour, catalog.CoversListens, catalog.Listens, runRollup},
	{catalog.PlaysByHour, catalog.CoversDeletionLog, catalog.DeletionLog, runRollup},
	{catalog.PlaysByHour, catalog.CoversLedger, catalog.ListensCounted, runRollup},
	{catalog.AudienceByDay, catalog.CoversListens, catalog.Listens, runRollup},
	{catalog.AudienceByDay, catalog.CoversDeletionLog, catalog.DeletionLog, runRollup},
	{catalog.AudienceByDay, catalog.CoversLedger, catalog.ListensCounted, runRollup},
	{catalog.ListenersByDay, catalog.CoversListens, catalog.Listens, runRollup},
	{catalog.ListenersByDay, catalog.CoversDeletionLog, catalog.DeletionLog, runRollup},
	{catalog.ListenersByDay, catalog.CoversLedger, catalog.ListensCounted, runRollup},
	{catalog.PlaysByDay, catalog.CoversListens, catalog.Listens, runRollup},
	{catalog.PlaysByDay, catalog.CoversDeletionLog, catalog.DeletionLog, runRollup},
	{catalog.PlaysByDay, catalog.CoversLedger, catalog.ListensCounted, runRollup},
	{catalog.RoyaltyRuns, catalog.CoversLedger, catalog.ListensCounted, "run 'lakectl job royalties' without --period"},
}

const runRollup = "run 'lakectl job rollup'"

// facts are the tables as they were when the run began and what they say about each other.
type facts struct {
	now       time.Time
	retention time.Duration
	dryRun    bool
	heads     []lake.Snapshot  // of every table, in the order of the catalog
	seen      map[string]int64 // sequence of the current snapshot; later ones are not judged
	bases     map[string][]base
	pins      map[string]map[int64]bool // named by royalty runs
	erasure   erasure
}

// base is a snapshot that somebody will walk from.
type base struct {
	id       int64
	by, hint string
}

func gather(ctx context.Context, env jobs.Env, o Options) (*facts, error) {
	f := &facts{now: env.Now(), retention: o.Retention, dryRun: o.DryRun, seen: map[string]int64{}, bases: map[string][]base{}, pins: map[string]map[int64]bool{}}
	heads := map[string]lake.Snapshot{}
	for _, spec := range catalog.Specs() { // listens comes first, as package maintain says it must
		head, err := env.Snapshot(ctx, spec.Name)
		if err != nil {
			return nil, err
		}
		f.heads, heads[spec.Name], f.seen[spec.Name] = append(f.heads, head), head, head.Sequence()
	}
	for _, c := range consumers {
		id, err := heads[c.table].StateNumber(c.key)
		if err != nil {
			return nil, err
		}
		f.addBase(c.of, id, c.table, c.hint)
	}
	if err := f.pinCuts(heads[catalog.PlaysByDay]); err != nil {
		return nil, err
	}
	if heads[catalog.DeletionRequests].ID() == 0 && heads[catalog.RoyaltyRuns].ID() == 0 {
		return f, nil
	}
	return f, f.query(ctx, env, heads)
}

func (f *facts) addBase(table string, id int64, by, hint string) {
	if id != 0 {
		f.bases[table] = append(f.bases[table], base{id, by, hint})
	}
}

// query reads what rows say: royalty runs, deletion requests and their log.
func (f *facts) query(ctx context.Context, env jobs.Env, heads map[string]lake.Snapshot) (err error) {
	db, err := env.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := f.readRuns(ctx, db, heads[catalog.RoyaltyRuns], heads[catalog.RoyaltyCloses]); err != nil {
		return fmt.Errorf("read royalty runs: %w", err)
	}
	f.erasure.retention, f.erasure.delay, f.erasure.now = f.retention, env.Erasure.Delay, f.now
	waiting, err := f.erasure.read(ctx, db, heads[catalog.DeletionRequests], heads[catalog.DeletionLog])
	if err != nil {
		return fmt.Errorf("read deletion requests: %w", err)
	}
	for _, id := range waiting {
		f.addBase(catalog.ListensCounted, id, "deletions that are not recomputed yet", "run 'lakectl job deletions'")
	}
	return nil
}

// readRuns pins what royalty runs name.
func (f *facts) readRuns(ctx context.Context, db *jobs.Session, runs, closes lake.Snapshot) error {
	if err := errors.Join(runs.NeedColumns("closed_version"), db.Bind(ctx, "runs", runs), db.Bind(ctx, "closes", closes)); err != nil {
		return err
	}
	if err := db.BindCommits(ctx, "run_files", runs); err != nil {
		return err
	}
	statements := []string{catalog.RoyaltyLines, catalog.RoyaltyPayouts, catalog.RoyaltyShares, catalog.Adjustments}
	return jobs.EachRecord(ctx, db, "maintain/runs", nil, func(r namedByRun) error {
		recent := f.now.Sub(time.UnixMicro(r.Finished)) < f.retention
		for table, id := range r.snapshots() {
			if recent || r.Published && slices.Contains(statements, table) {
				f.pin(table, id)
			}
		}
		return nil
	})
}

// namedByRun are the snapshots that one royalty run names; 0 is an empty table.
type namedByRun struct {
	Finished    int64 `col:"finished"`  // microseconds since 1970
	Published   bool  `col:"published"` // or closed
	Listens     int64 `col:"listens"`
	Ledger      int64 `col:"ledger"`
	Duplicates  int64 `col:"duplicates"`
	Lines       int64 `col:"lines"`
	Payouts     int64 `col:"payouts"`
	Rules       int64 `col:"rules"`
	Pools       int64 `col:"pools"`
	Splits      int64 `col:"splits"`
	Shares      int64 `col:"shares"`
	Adjustments int64 `col:"adjustments"`
	Runs        int64 `col:"runs"`
}

func (r namedByRun) snapshots() map[string]int64 {
	return map[string]int64{
		catalog.Listens: r.Listens, catalog.ListensCounted: r.Ledger, catalog.Duplicates: r.Duplicates,
		catalog.RoyaltyLines: r.Lines, catalog.RoyaltyPayouts: r.Payouts, catalog.RoyaltyShares: r.Shares, catalog.Adjustments: r.Adjustments,
		catalog.RoyaltyRules: r.Rules, catalog.RoyaltyPools: r.Pools, catalog.RoyaltySplits: r.Splits, catalog.RoyaltyRuns: r.Runs,
	}
}

func (f *facts) pin(table string, id int64) {
	if f.pins[table] == nil {
		f.pins[table] = map[int64]bool{}
	}
	f.pins[table][id] = true
}
