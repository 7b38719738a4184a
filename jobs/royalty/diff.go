package royalty

import (
	"context"
	"errors"
	"fmt"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// KindHeld is the kind of the one row into which [Diff] folds what fewer than five people changed.
const KindHeld = "held"

// Difference is what one cause did to a line, a payout or a share of a statement. Fields that the kind has not are
// empty.
type Difference struct {
	Kind             string `json:"kind" col:"kind"` // line, payout, share or [KindHeld]
	Cause            string `json:"cause" col:"cause"`
	ArtistID         string `json:"artist_id" col:"artist_id"`
	TrackID          string `json:"track_id" col:"track_id"`
	Country          string `json:"country" col:"country"`
	Tier             string `json:"tier" col:"tier"`
	Currency         string `json:"currency" col:"currency"`
	Party            string `json:"party" col:"party"`
	Role             string `json:"role" col:"role"`
	Listens          int64  `json:"listens" col:"listens"` // signed, as the next two
	QualifiedListens int64  `json:"qualified_listens" col:"qualified_listens"`
	AmountMinor      int64  `json:"amount_minor" col:"amount_minor"` // minor units
}

// CauseSum is what one cause did in all.
type CauseSum struct {
	Cause            string `json:"cause" col:"cause"`
	Lines            int64  `json:"lines" col:"lines"` // that it changed
	Listens          int64  `json:"listens" col:"listens"`
	QualifiedListens int64  `json:"qualified_listens" col:"qualified_listens"`
	Payouts          int64  `json:"payouts" col:"payouts"` // that it changed
	Shares           int64  `json:"shares" col:"shares"`
}

// DiffReport is how the statement of one run became that of another.
type DiffReport struct {
	Period      string       `json:"period"`
	From        string       `json:"from_run_id"`
	To          string       `json:"to_run_id"`
	Same        bool         `json:"same"`
	Causes      []CauseSum   `json:"causes"`
	Differences []Difference `json:"differences"`
	Left        int64        `json:"differences_left_out"` // beyond the limit
}

// Diff explains every line, payout and share in which two runs of a period (see [FindRun]) differ, by the input that
// changed. The statements are read from the snapshots the runs name; what lies between them is computed from the
// ledger. lake.ErrExpired when these are gone. limit bounds the differences returned, 0 does not. Unless an operator
// asks, lines that the erasure of fewer than five people changed, and what they do to the money of others, are one
// difference of the kind held.
func Diff(ctx context.Context, env jobs.Env, from, to string, limit int, operator bool) (report DiffReport, err error) {
	db, err := env.Open(ctx)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	p, err := makePlan(ctx, env, db, "")
	if err != nil {
		return report, err
	}
	a, b, err := pickTwo(ctx, db, p.statement(from), p.statement(to))
	if err != nil {
		return report, err
	}
	report = DiffReport{Period: a.Period, From: a.RunID, To: b.RunID}
	for schema, run := range map[string]PublishedRun{schemaWas: a, schemaNow: b} {
		err := db.InSchema(ctx, schema, func() error {
			if err := bindStatement(ctx, env, db, "", run); err != nil {
				return err
			}
			return db.Run(ctx, "royalty/full_shares")
		})
		if err != nil {
			return report, err
		}
	}
	var differs bool
	if err := db.One(ctx, "royalty/statement_differs", nil, []any{&differs}); err != nil {
		return report, fmt.Errorf("compare statements: %w", err)
	}
	if report.Same = !differs; report.Same {
		return report, nil
	}
	if err := db.Run(ctx, "royalty/differences"); err != nil {
		return report, err
	}
	r := restatement{env: env, db: db, ledger: p.ledger.Table(), splits: p.splits.snapshot, period: a.Period, untold: CauseListens}
	if r.from, err = p.history.basisOf(ctx, a); err != nil {
		return report, err
	}
	if r.to, err = p.history.basisOf(ctx, b); err != nil {
		return report, err
	}
	if err := r.explain(ctx); err != nil {
		return report, err
	}
	if !operator {
		if err := r.fold(ctx); err != nil {
			return report, err
		}
	}
	return report, report.read(ctx, db, limit)
}

// statement is the run that a period was closed with; anything else is left as it is.
func (p *plan) statement(runOrPeriod string) string {
	if c, is := p.closed[runOrPeriod]; is {
		return c.RunID
	}
	return runOrPeriod
}

// pickTwo finds two runs of one period, the older one first.
func pickTwo(ctx context.Context, db *jobs.Session, from, to string) (a, b PublishedRun, err error) {
	runs, err := readRuns(ctx, db)
	if err != nil {
		return a, b, err
	}
	if a, err = pickRun(runs, from); err != nil {
		return a, b, err
	}
	if b, err = pickRun(runs, to); err != nil {
		return a, b, err
	}
	if a.Period != b.Period {
		return a, b, lake.WithHint(fmt.Errorf("run %s is of %s, run %s of %s", a.RunID, a.Period, b.RunID, b.Period), "name two runs of one period; list them with 'lakectl royalties show'")
	}
	for _, r := range runs { // newest first
		if r.RunID == b.RunID {
			return a, b, nil
		}
		if r.RunID == a.RunID {
			return a, b, lake.WithHint(fmt.Errorf("run %s is newer than run %s", a.RunID, b.RunID), "name the older run first")
		}
	}
	return a, b, nil
}

// bindStatement makes the views lines, payouts and shares, with a prefix to their names, of what a run published.
func bindStatement(ctx context.Context, env jobs.Env, db *jobs.Session, prefix string, run PublishedRun) error {
	for _, t := range []struct {
		view, table string
		snapshot    int64
	}{
		{"lines", catalog.RoyaltyLines, run.LinesSnapshotID},
		{"payouts", catalog.RoyaltyPayouts, run.PayoutsSnapshotID},
		{"shares", catalog.RoyaltyShares, run.SharesSnapshotID},
	} {
		if err := bindPeriodAt(ctx, env, db, prefix+t.view, t.table, t.snapshot, run.Period); err != nil {
			return err
		}
	}
	return nil
}

// read collects the differences.
func (r *DiffReport) read(ctx context.Context, db *jobs.Session, limit int) error {
	causes, err := jobs.Records[CauseSum](ctx, db, "royalty/difference_causes")
	r.Causes = append(r.Causes, causes...)
	if err != nil {
		return fmt.Errorf("sum differences: %w", err)
	}
	if limit <= 0 {
		limit = 1 << 62
	}
	total, err := db.Count(ctx, "differences")
	if err != nil {
		return err
	}
	r.Left = max(0, total-int64(limit))
	differences, err := jobs.Records[Difference](ctx, db, "royalty/differences_sorted", limit)
	r.Differences = append(r.Differences, differences...)
	return err
}
