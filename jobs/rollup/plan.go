package rollup

import (
	"context"
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
	env jobs.Env
	in  *inputs
	db  *jobs.Session

	logged     days // named by deletion_log since the last run
	marked     days // marked after this run
	scope      days // compared with what counts, when everything is false
	everything bool // every day is compared
	torn       bool // scope are torn days, compared without a settled ledger
	oneRow     bool // days with several rows a key are rewritten too
	changed    days // rewritten
	report     Report
}

// Prepare works out what a run has to do, on the tables as they are now.
func Prepare(ctx context.Context, env jobs.Env, o Options) (*Plan, error) {
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
	p := &Plan{env: env, in: in, db: db, everything: o.TrueUp || in.lost, oneRow: o.TrueUp}
	if err := p.work(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("plan rollup: %w", err), p.Close())
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
	return db.Close()
}

func (p *Plan) work(ctx context.Context) error {
	if err := p.readFresh(ctx); err != nil {
		return err
	}
	p.chooseScope()
	if err := p.compare(ctx); err != nil {
		return err
	}
	if err := p.settleMarks(ctx); err != nil {
		return err
	}
	r := &p.report
	r.ArchiveSnapshotID, r.DaysRewritten, r.DaysMarked = p.in.archive.ID(), p.changed.list(), p.marked.list()
	r.ForeignSnapshots = p.in.foreign
	if p.judged() {
		r.ExactThrough = p.in.ledgerCovers
	}
	return p.db.One(ctx, "rollup/counts", nil, []any{&r.RowsRead, &r.DeltaRows})
}

// What the dashboard counts a play by, and for copies in the archive whether they came late.
var (
	playColumns    = []string{"event_time", "artist_id", "track_id", "country", "device", "ms_played"}
	archiveColumns = append([]string{"received_time"}, playColumns...)
)

// readFresh makes the deltas and marks the days that late rows and deletions reached.
func (p *Plan) readFresh(ctx context.Context) error {
	if n := len(p.in.fresh); n > 0 {
		p.env.Progress(fmt.Sprintf("rollup: reading %d new archive files", n))
	}
	if err := p.db.BindFiles(ctx, "fresh", p.in.archive, p.in.fresh, archiveColumns...); err != nil {
		return err
	}
	if err := p.db.RunAll(ctx, "rollup/macros", "rollup/deltas"); err != nil {
		return err
	}
	late, err := p.days(ctx, "rollup/late_deltas")
	if err != nil {
		return err
	}
	logged, err := p.in.loggedFiles(ctx)
	if err != nil {
		return err
	}
	if err := p.db.BindFiles(ctx, "log", p.in.log, logged); err != nil {
		return err
	}
	if p.logged, err = p.days(ctx, "rollup/log_days"); err != nil {
		return err
	}
	p.marked = maps.Clone(p.in.marked)
	maps.Copy(p.marked, late)
	maps.Copy(p.marked, p.logged)
	maps.Copy(p.marked, p.in.torn)
	return nil
}

// chooseScope decides which days are compared with what counts; the package comment has the rule.
func (p *Plan) chooseScope() {
	news := p.in.compared != p.in.ledger.ID() || len(p.logged) > 0 || len(p.in.torn) > 0
	switch {
	case p.in.unsettled == "" && news:
		p.scope = p.marked
	case p.in.unsettled != "" && !p.everything:
		p.scope, p.torn = p.in.torn, len(p.in.torn) > 0
	}
	if len(p.in.foreign) > 0 {
		p.env.Log.Warn("another engine took rows of listens away or changed them", "snapshot_ids", p.in.foreign, "days", len(p.in.torn))
	}
	if p.in.lost {
		p.env.Log.Warn("comparing every day: changes of the archive cannot be told, or another engine changed the dashboard",
			"altered", p.in.altered, "covers_snapshot_id", p.in.covered, "archive_snapshot_id", p.in.archive.ID(), "ledger_settled", p.in.unsettled == "")
	}
}

func (p *Plan) compares() bool { return p.everything || len(p.scope) > 0 }

// judged tells whether the marked days were compared with the ledger.
func (p *Plan) judged() bool { return p.compares() && p.in.unsettled == "" }

// compare finds the days to rewrite. With an empty scope all its relations are empty.
func (p *Plan) compare(ctx context.Context) error {
	switch {
	case p.everything:
		p.env.Progress("rollup: comparing every day with what counts")
	case p.torn:
		p.env.Progress(fmt.Sprintf("rollup: comparing %d days that another engine changed", len(p.scope)))
	case len(p.scope) > 0:
		p.env.Progress(fmt.Sprintf("rollup: comparing %d marked days with what counts", len(p.scope)))
	}
	if err := p.bindScope(ctx); err != nil {
		return err
	}
	if err := p.db.Run(ctx, "rollup/exact", p.everything); err != nil {
		return err
	}
	if err := p.db.Run(ctx, "rollup/changed", p.everything, p.oneRow); err != nil {
		return err
	}
	if err := p.db.Run(ctx, "rollup/output"); err != nil {
		return err
	}
	var err error
	p.changed, err = p.days(ctx, "rollup/changed_days")
	return err
}

// bindScope makes the relations of a comparison, of the partitions in scope only.
func (p *Plan) bindScope(ctx context.Context) error {
	if err := p.db.Run(ctx, "rollup/scope_table"); err != nil {
		return err
	}
	if err := p.db.Fill(ctx, "scope", p.scope.rows()); err != nil {
		return fmt.Errorf("scope: %w", err)
	}
	standing, err := p.in.plays.Files(ctx)
	if err != nil {
		return err
	}
	if !p.everything {
		standing = lake.InPartitions(standing, p.scope)
	}
	if err := p.db.BindFiles(ctx, "standing", p.in.plays, standing); err != nil {
		return err
	}
	if p.torn {
		return p.bindTorn(ctx)
	}
	counted, uncovered, err := p.sources(ctx)
	if err != nil {
		return err
	}
	if !p.everything {
		counted, uncovered = lake.InPartitions(counted, p.scope.months()), lake.InPartitions(uncovered, p.scope)
	}
	if err := p.db.BindFiles(ctx, "counted", p.in.ledger, counted, playColumns...); err != nil {
		return err
	}
	return p.db.BindFiles(ctx, "uncovered", p.in.archive, uncovered, archiveColumns...)
}

// bindTorn makes the views counted and uncovered of torn days that a settled ledger does not account for yet: what
// the ledger has and the archive still has too, and what the archive has and the ledger does not know.
func (p *Plan) bindTorn(ctx context.Context) error {
	months := p.scope.months()
	for _, t := range []struct {
		view  string
		of    lake.Snapshot
		parts map[int]bool
	}{
		{"archive_torn", p.in.archive, p.scope},
		{"counted_torn", p.in.ledger, months},
		{"duplicates_torn", p.in.duplicates, months},
	} {
		files, err := t.of.Files(ctx)
		if err != nil {
			return err
		}
		if err := p.db.BindFiles(ctx, t.view, t.of, lake.InPartitions(files, t.parts)); err != nil {
			return err
		}
	}
	if err := p.db.RunAll(ctx, "rollup/torn", "ledger/unrecorded"); err != nil {
		return err
	}
	return p.db.Alias(ctx, "uncovered", "unrecorded")
}

// sources are the files whose rows count: of the ledger, and of the archive where the ledger does not reach. A
// ledger that is not settled counts for nothing; only a rebuild compares then.
func (p *Plan) sources(ctx context.Context) (counted, uncovered []lake.File, err error) {
	if p.in.unsettled != "" {
		uncovered, err = p.in.archive.Files(ctx)
		return nil, uncovered, err
	}
	counted, err = p.in.ledger.Files(ctx)
	return counted, p.in.uncovered, err
}

// settleMarks drops the marks of compared days, except where late rows are in that the ledger does not cover. Torn days
// wait for a settled ledger: a copy that takes the place of one that went is not in it yet.
func (p *Plan) settleMarks(ctx context.Context) (err error) {
	switch {
	case !p.compares() || p.torn:
	case !p.judged():
		p.marked, err = p.days(ctx, "rollup/exact_days")
	default:
		p.marked, err = p.days(ctx, "rollup/late_exact")
	}
	return err
}

// days runs a statement that gives one DATE a row.
func (p *Plan) days(ctx context.Context, statement string) (days, error) {
	set := days{}
	var day time.Time
	err := p.db.Each(ctx, statement, nil, []any{&day}, func() error { set[lake.Day(day)] = true; return nil })
	return set, err
}
