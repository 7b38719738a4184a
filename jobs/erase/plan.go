package erase

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/erase/book"
)

// Plan is what one run will do, worked out from one snapshot of each table. It keeps the addresses of the rows
// in a DuckDB of its own: Close it, whether it was executed or not.
type Plan struct {
	Requests []PlannedRequest `json:"requests"`
	Tables   []PlannedTable   `json:"tables"` // in the order in which they are committed
	Days     []string         `json:"days"`
	Periods  []string         `json:"periods"`

	env      jobs.Env
	db       *jobs.Session
	log      logbook
	requests []*request
	withheld []*request // for which nothing is done
	targets  []*target
	fence    bool // the archive lost rows, or did in a run that ended early
	whole    bool // everything was searched for the rows of every request
	spent    bool
	erased   string // plays_erased of the step
}

// PlannedRequest is a request the plan carries forward.
type PlannedRequest struct {
	RequestID string `json:"request_id"`
	Position
	Rows    Counts   `json:"rows"` // to delete now
	Days    []string `json:"days"` // with those of earlier sweeps that are not recomputed yet
	Periods []string `json:"periods"`

	fresh    []string // days located now
	located  bool     // an earlier run that ended early wrote down what it would do
	finished Counts   // what that run deleted

	ledger, finishedLedger monthCounts // rows of listens_counted among these, by month
}

// PlannedTable is a table rows are deleted from.
type PlannedTable struct {
	Name         string `json:"table"`
	Snapshot     int64  `json:"snapshot_id,string"`
	FilesScanned int    `json:"files_scanned"`
	FilesTouched int    `json:"files_touched"`
	Rows         int64  `json:"rows"`
}

// NewPlan finds out what is open, what slipped past earlier sweeps, and every row that is to go.
// It changes nothing.
func NewPlan(ctx context.Context, env jobs.Env) (*Plan, error) { return newPlan(ctx, env, "") }

// newPlan plans for the requests of one id alone, whatever withholds them, or with "" for all that nothing withholds.
func newPlan(ctx context.Context, env jobs.Env, only string) (p *Plan, err error) {
	db, err := env.Open(ctx)
	if err != nil {
		return nil, err
	}
	p = &Plan{env: env, db: db}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("plan deletions: %w", err), db.Close())
		}
	}()
	if err := db.Run(ctx, "erase/relations"); err != nil {
		return nil, err
	}
	if err := p.standsBeside(ctx); err != nil {
		return nil, err
	}
	if err := p.readRequests(ctx, only); err != nil {
		return nil, err
	}
	if len(p.requests) == 0 {
		return p, nil
	}
	if err := p.find(ctx); err != nil {
		return nil, err
	}
	return p, p.assemble(ctx)
}

// Empty says that no request is open and none has rows left: there is nothing to execute.
func (p *Plan) Empty() bool { return len(p.Requests) == 0 }

// Close forgets the rows that were found. It does not undo an execution.
func (p *Plan) Close() error { return p.db.Close() }

// standsBeside makes sure that no request or refused record which the archive was filtered through was rolled back. The
// archive comes first: what is committed meanwhile does no harm.
func (p *Plan) standsBeside(ctx context.Context) error {
	archive, err := p.env.Snapshot(ctx, catalog.Listens)
	if err != nil {
		return err
	}
	for _, table := range []string{catalog.DeletionRequests, catalog.Quarantine} {
		small, err := p.env.Snapshot(ctx, table)
		if err == nil {
			err = catalog.CheckBeside(archive, small)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readRequests loads the log and the requests. The log comes first: a step logged after it fences the plan.
func (p *Plan) readRequests(ctx context.Context, only string) (err error) {
	if p.log, err = openLog(ctx, p.env, p.db); err != nil {
		return err
	}
	standing, err := p.env.Snapshot(ctx, catalog.DeletionRequests)
	if err != nil {
		return err
	}
	if err := p.db.Bind(ctx, "requests", standing); err != nil {
		return err
	}
	if err := book.Decisions(ctx, p.db, p.log.snapshot); err != nil {
		return err
	}
	if p.requests, err = readRequests(ctx, p.db, standing); err != nil {
		return err
	}
	now := p.env.Now()
	p.requests = slices.DeleteFunc(p.requests, func(r *request) bool {
		if only != "" && r.id != only {
			return true
		}
		withheld := r.withheld(p.env.Erasure, now) != "" && (only == "" || r.state == Withdrawn)
		if withheld {
			p.withheld = append(p.withheld, r)
		}
		return withheld
	})
	for i, r := range p.requests {
		r.ord = int64(i)
	}
	return nil
}

// assemble turns what was found into the plan of each request.
func (p *Plan) assemble(ctx context.Context) error {
	worked, err := p.countRows(ctx)
	if err != nil || len(worked) == 0 {
		return err
	}
	if err := p.addDays(ctx, worked); err != nil {
		return err
	}
	if err := p.addRounds(ctx, worked); err != nil {
		return err
	}
	if err := p.addPlays(ctx, worked); err != nil {
		return err
	}
	for _, r := range p.requests {
		q, ok := worked[r.ord]
		if !ok {
			continue
		}
		q.Days = sortedUnique(q.Days)
		q.Periods = periodsOf(q.Days)
		p.Requests = append(p.Requests, *q)
		p.Days = append(p.Days, q.Days...)
	}
	p.Days = sortedUnique(p.Days)
	p.Periods = periodsOf(p.Days)
	for _, t := range p.targets {
		p.Tables = append(p.Tables, t.PlannedTable)
	}
	return nil
}

// countRows picks the requests that are worked on, the open ones and those with rows to delete, by place.
func (p *Plan) countRows(ctx context.Context) (map[int64]*PlannedRequest, error) {
	worked := map[int64]*PlannedRequest{}
	add := func(ord int64) *PlannedRequest {
		if worked[ord] == nil {
			worked[ord] = &PlannedRequest{RequestID: p.requests[ord].id, Position: p.requests[ord].Position}
		}
		return worked[ord]
	}
	for _, r := range p.requests {
		if r.open() {
			add(r.ord)
		}
	}
	var table string
	var ord, rows int64
	err := p.db.Each(ctx, "erase/counts", nil, []any{&table, &ord, &rows}, func() error {
		t := p.target(table)
		*t.count(&add(ord).Rows) += rows
		t.Rows += rows
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count rows to delete: %w", err)
	}
	if err := p.countMonths(ctx, worked); err != nil {
		return nil, err
	}
	return worked, p.listHits(ctx)
}

func (p *Plan) listHits(ctx context.Context) error {
	for _, t := range p.targets {
		var f hitFile
		err := p.db.Each(ctx, "erase/hit_files", []any{t.Name}, []any{&f.path, &f.rows}, func() error {
			t.hits = append(t.hits, f)
			return nil
		})
		if err != nil {
			return fmt.Errorf("list files that lose rows: %w", err)
		}
		t.FilesTouched = len(t.hits)
	}
	return nil
}

// addDays finds the days that the rows to delete affect. Rows of quarantine affect none.
func (p *Plan) addDays(ctx context.Context, worked map[int64]*PlannedRequest) error {
	p.fence = slices.ContainsFunc(p.targets, func(t *target) bool { return t.Rows > 0 && t.Name != catalog.Quarantine })
	if !p.fence {
		return nil
	}
	if err := p.db.Bind(ctx, "counted", p.target(catalog.ListensCounted).base, "listen_id", "event_time"); err != nil {
		return err
	}
	if err := p.db.Bind(ctx, "duplicates", p.target(catalog.Duplicates).base, "listen_id", "event_time", "winner_event_time"); err != nil {
		return err
	}
	var ord int64
	var day string
	err := p.db.Each(ctx, "erase/affected", nil, []any{&ord, &day}, func() error {
		if q := worked[ord]; q != nil {
			q.fresh = append(q.fresh, day)
			q.Days = append(q.Days, day)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("find affected days: %w", err)
	}
	return nil
}

func (p *Plan) target(table string) *target {
	for _, t := range p.targets {
		if t.Name == table {
			return t
		}
	}
	return nil
}

func sortedUnique(items []string) []string {
	slices.Sort(items)
	return slices.Compact(items)
}

// periodsOf lists the months of sorted days.
func periodsOf(days []string) []string {
	var periods []string
	for _, day := range days {
		periods = append(periods, day[:len("2006-01")])
	}
	return slices.Compact(periods)
}
