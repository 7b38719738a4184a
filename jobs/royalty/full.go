package royalty

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
	lakesql "github.com/lakectl/lakectl/sql"
)

// FullReport is the comparison of the published runs with a recount from the archive alone.
type FullReport struct {
	Agrees   bool     `json:"agrees"`
	Periods  []string `json:"periods"`
	Differ   []string `json:"differ,omitempty"`
	RowsRead int64    `json:"rows_read"`
}

// recountFromArchive picks the winners from all archived copies, without the ledger, makes the lines of every
// published period from them and compares checksums. It writes nothing; a difference is jobs.ErrProof.
func recountFromArchive(ctx context.Context, env jobs.Env, only string) (report *FullReport, err error) {
	db, err := env.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	p, err := makePlan(ctx, env, db, only)
	if err == nil {
		err = p.checkSettled()
	}
	if err != nil {
		return nil, err
	}
	if len(p.periods) > 0 {
		return nil, lake.WithHint(fmt.Errorf("compare with the archive: inputs changed meanwhile: %w", lake.ErrFenced), "run 'lakectl job royalties --full' again")
	}
	report = &FullReport{}
	for _, period := range slices.Sorted(maps.Keys(p.published)) {
		if only == "" || only == period {
			report.Periods = append(report.Periods, period)
		}
	}
	sums, err := p.recount(ctx, env, db, report)
	if err != nil {
		return nil, err
	}
	for _, period := range report.Periods {
		if sums[period].Checksum != p.published[period].Checksum {
			report.Differ = append(report.Differ, period)
		}
	}
	report.Agrees = len(report.Differ) == 0
	if !report.Agrees {
		return report, lake.WithHint(fmt.Errorf("periods %v differ from a recount of the archive: %w", report.Differ, jobs.ErrProof),
			"do not pay these periods; keep the lake as it is and compare with 'lakectl sql' which lines differ")
	}
	return report, nil
}

// recount makes the lines of the report's periods from the archive as the ledger accounts for it.
func (p *plan) recount(ctx context.Context, env jobs.Env, db *duck.DB, report *FullReport) (map[string]LinesReport, error) {
	cut, err := p.cut(ctx, env)
	if err != nil {
		return nil, err
	}
	if err := db.JoinAsWritten(ctx); err != nil {
		return nil, err
	}
	if err := db.Bind(ctx, "fresh", cut); err != nil {
		return nil, err
	}
	env.Progress("royalties: recounting from the archive")
	if err := db.One(ctx, "SELECT count(*) FROM fresh", nil, []any{&report.RowsRead}); err != nil {
		return nil, err
	}
	if err := pickWinners(ctx, db, report.RowsRead); err != nil {
		return nil, fmt.Errorf("winners: %w", err)
	}
	if err := computeLines(ctx, db, "winners", p.rules.Rules, report.Periods); err != nil {
		return nil, err
	}
	return summarize(ctx, db, report.Periods)
}

// pickWinners makes the view winners from the copies of the view fresh.
func pickWinners(ctx context.Context, db *duck.DB, rows int64) error {
	if err := contest(ctx, db, rows); err != nil {
		return err
	}
	if err := rank(ctx, db, "contested_copies", "winners_contested", "winners_contested"); err != nil {
		return err
	}
	return db.Exec(ctx, lakesql.Text("royalty/winners"))
}
