package royalty

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty/ledger"
	"github.com/lakectl/lakectl/lake"
)

// FullReport is the comparison of the published runs with a recount from the archive alone.
type FullReport struct {
	Agrees   bool     `json:"agrees"`
	Periods  []string `json:"periods"`
	Differ   []string `json:"differ,omitempty"`
	RowsRead int64    `json:"rows_read"`
}

// recountFromArchive picks the winners from all archived copies, without the ledger, and takes the published lines
// of every period off them: nothing must be left. It writes nothing; a difference is jobs.ErrProof.
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
	if err := p.recount(ctx, env, db, report); err != nil {
		return nil, err
	}
	report.Agrees = len(report.Differ) == 0
	if !report.Agrees {
		return report, lake.WithHint(fmt.Errorf("periods %v differ from a recount of the archive: %w", report.Differ, jobs.ErrProof),
			"do not pay these periods; keep the lake as it is and compare with 'lakectl sql' which lines differ")
	}
	return report, nil
}

// contentColumns are those that decide which copy counts; the lines need no others.
var contentColumns = []string{
	"listen_id", "received_time", "event_time", "ms_played", "track_id", "artist_id", "user_id", "country", "tier", "device", "track_ms",
}

// recount finds the periods of the report whose lines differ in the archive as the ledger accounts for it.
func (p *plan) recount(ctx context.Context, env jobs.Env, db *jobs.Session, report *FullReport) error {
	cut, err := p.cut(ctx, env)
	if err != nil {
		return err
	}
	env.Progress("royalties: recounting from the archive")
	count, less := p.judgeWinners, lessJudged
	if db.OnTrino() {
		count, less = p.recountOnTrino, lessRecounted
	}
	if report.RowsRead, err = count(ctx, db, cut); err != nil {
		return err
	}
	for _, period := range report.Periods {
		differ, err := p.differs(ctx, env, db, period, less)
		if err != nil {
			return fmt.Errorf("compare %s: %w", period, err)
		}
		if differ {
			report.Differ = append(report.Differ, period)
		}
	}
	return nil
}

// judgeWinners makes the view judged of the copies that count, and returns how many copies there are.
func (p *plan) judgeWinners(ctx context.Context, db *jobs.Session, cut lake.Snapshot) (copies int64, err error) {
	if err := db.JoinAsWritten(ctx); err != nil {
		return 0, err
	}
	if err := db.Bind(ctx, "fresh", cut, contentColumns...); err != nil {
		return 0, err
	}
	if copies, err = db.Count(ctx, "fresh"); err != nil {
		return 0, err
	}
	if err := ledger.PickWinners(ctx, db, copies); err != nil {
		return 0, fmt.Errorf("winners: %w", err)
	}
	return copies, judge(ctx, db, "winners", p.rules.Rules)
}

// lessJudged counts the lines of a period in which what is judged differs from the view published_month.
func lessJudged(ctx context.Context, db *jobs.Session, period string) (lines int64, err error) {
	if err := bindMonth(ctx, db, period); err != nil {
		return 0, err
	}
	err = db.One(ctx, "royalty/recount_differs", nil, []any{&lines})
	return lines, err
}

// differs tells whether any line of a period is not the published one; less counts these.
func (p *plan) differs(ctx context.Context, env jobs.Env, db *jobs.Session, period string, less func(context.Context, *jobs.Session, string) (int64, error)) (bool, error) {
	run := p.published[period]
	err := bindPeriodAt(ctx, env, db, "published_month", catalog.RoyaltyLines, run.LinesSnapshotID, period)
	gone := errors.Is(err, lake.ErrExpired) // by another engine: package maintain keeps it
	if gone {
		err = db.BindPartitions(ctx, "published_month", p.lines, []any{period})
	}
	if err != nil {
		return false, err
	}
	if lines, err := less(ctx, db, period); err != nil || lines > 0 || !gone {
		return lines > 0, err
	}
	checksum, err := checksumOf(ctx, db, period)
	return checksum != run.Checksum, err
}

// checksumOf is the checksum of the lines that the view published_month has.
func checksumOf(ctx context.Context, db *jobs.Session, period string) (string, error) {
	if err := db.Run(ctx, "royalty/lines_published"); err != nil {
		return "", err
	}
	sums, err := summarize(ctx, db, []string{period})
	return sums[period].Checksum, err
}
