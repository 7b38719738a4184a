package rollup

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// Plan is one run worked out but not written. It holds the rows to write in a DuckDB: end it with Execute or
// Close.
type Plan struct {
	env      jobs.Env
	in       *inputs
	db       *jobs.Session
	trueUp   bool
	key      string // of the hash of listeners
	hourDays int    // that plays_by_hour has
	kept     int    // the first of them
	copies   copies
	piece    int64 // copies that are compared at once
	groups   []*group
	noticed  time.Time // by this run: noticed_at of its changes
	report   Report
}

// listenersLabel tells the key that listeners are hashed with from the other keys of the lake.
const listenersLabel = "lakectl dashboard listeners"

// Prepare works out what a run has to do, on the tables as they are now.
func Prepare(ctx context.Context, env jobs.Env, o Options) (_ *Plan, err error) {
	known, err := openCopies(ctx, env, o.RecentFolder) // first: whoever had it may have committed
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, known.close())
		}
	}()
	in, err := load(ctx, env)
	if err != nil {
		return nil, err
	}
	if o.TrueUp && in.unsettled != "" {
		return nil, lake.WithHint(fmt.Errorf("true-up: the ledger is not settled: %s", in.unsettled),
			"run 'lakectl job royalties' first, then 'lakectl job rollup --true-up' again")
	}
	db, err := env.Open(ctx)
	if err != nil {
		return nil, err
	}
	if err := db.JoinAsWritten(ctx); err != nil { // the statements have what a run is about at the right
		return nil, errors.Join(err, db.Close())
	}
	key := env.SubjectKey.Derived(listenersLabel)
	p := &Plan{env: env, in: in, db: db, trueUp: o.TrueUp, key: hex.EncodeToString(key[:]), hourDays: o.hourDays(), kept: in.kept(o.hourDays()), copies: known, piece: cmp.Or(o.PieceCopies, DefaultPieceCopies)}
	if err := p.work(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("plan rollup: %w", err), db.Close())
	}
	return p, nil
}

// Report says what Execute will do. Its SnapshotID is 0.
func (p *Plan) Report() Report { return p.report }

// Close drops a plan that is not executed. It may be called again.
func (p *Plan) Close() error {
	if p.db == nil {
		return nil
	}
	db := p.db
	p.db = nil
	return errors.Join(db.Close(), p.copies.close())
}

func (p *Plan) work(ctx context.Context) error {
	if err := p.db.RunAll(ctx, "rollup/macros", "rollup/nothing"); err != nil {
		return err
	}
	p.groups = groups(p)
	for _, g := range p.groups {
		if err := g.sinceThen(ctx); err != nil {
			return err
		}
	}
	if err := p.sift(ctx); err != nil {
		return err
	}
	for _, g := range p.groups {
		if err := g.work(ctx); err != nil {
			return err
		}
	}
	if err := p.explainChanges(ctx); err != nil {
		return err
	}
	return p.fillReport(ctx)
}

// fillReport takes what plays_by_day is to become: it has all days, and publishes the others.
func (p *Plan) fillReport(ctx context.Context) error {
	r := &p.report
	changed, marked := days{}, days{}
	for _, g := range p.groups {
		for _, s := range g.stands {
			maps.Copy(changed, s.changed)
			if s == p.in.days() {
				r.LaterCopies = g.plan.copies.among(g.fresh)
				r.RowsRead = g.rowsRead + r.LaterCopies
			}
		}
		maps.Copy(marked, g.marked)
		if len(g.foreign) > len(r.ForeignSnapshots) {
			r.ForeignSnapshots = g.foreign
		}
		if g.judged() {
			r.ExactThrough = p.in.ledgerCovers
		}
	}
	r.ArchiveSnapshotID, r.DaysRewritten, r.DaysMarked = p.in.archive.ID(), changed.list(), marked.list()
	var err error
	r.DeltaRows, err = p.db.Count(ctx, p.in.days().table+".appended")
	return err
}

func (g *group) work(ctx context.Context) error {
	g.everything = g.plan.trueUp || g.lost || g.moved.untold && g.in.unsettled == ""
	if err := g.readFresh(ctx); err != nil {
		return err
	}
	if err := g.readLog(ctx); err != nil {
		return err
	}
	g.chooseScope()
	if err := g.compare(ctx); err != nil {
		return err
	}
	g.settleMarks()
	return nil
}

// chooseScope decides which days are compared with what counts; the package comment has the rule.
func (g *group) chooseScope() {
	in, log := g.in, g.plan.env.Log
	news := g.first().compared != in.ledger.ID() || len(g.logged) > 0 || len(g.torn) > 0
	switch {
	case in.unsettled == "" && news:
		g.scope = g.marked
	case in.unsettled != "" && !g.everything:
		g.scope, g.tearing = g.torn, len(g.torn) > 0
	}
	if len(g.foreign) > 0 {
		log.Warn("another engine took rows of listens away or changed them", "snapshot_ids", g.foreign, "days", len(g.torn))
	}
	if g.lost {
		log.Warn("comparing every day: changes of the archive cannot be told, or another engine changed the dashboard",
			"altered", g.first().altered, "covers_snapshot_id", g.first().covered, "archive_snapshot_id", in.archive.ID(), "ledger_settled", in.unsettled == "")
	}
	if g.moved.untold && g.everything {
		log.Info("comparing every day: the ledger does not say in which days other copies count now", "compared_with_snapshot_id", g.first().compared, "ledger_snapshot_id", in.ledger.ID())
	}
}

// settleMarks drops the marks of compared days, except where late rows are in that the ledger does not cover. Torn days
// wait for a settled ledger: a copy that takes the place of one that went is not in it yet.
func (g *group) settleMarks() {
	switch {
	case !g.compares() || g.tearing:
	case !g.judged():
		g.marked = g.found
	default:
		g.marked = g.lateBeyond
	}
}

// eachDay runs a statement that gives a DATE and a number a row.
func (p *Plan) eachDay(ctx context.Context, statement string, visit func(day int, n int64)) error {
	var day time.Time
	var n int64
	return p.db.Each(ctx, statement, nil, []any{&day, &n}, func() error { visit(lake.Day(day), n); return nil })
}

// days runs a statement that gives one DATE a row.
func (p *Plan) days(ctx context.Context, statement string) (days, error) {
	set := days{}
	var day time.Time
	err := p.db.Each(ctx, statement, nil, []any{&day}, func() error { set[lake.Day(day)] = true; return nil })
	return set, err
}
