package audit

import (
	"context"
	"fmt"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// judgement settles the outcome and returns it as an error unless it is same.
func (a *audit) judgement(ctx context.Context) error {
	r := a.result
	r.Outcome = Different
	missing := r.RowsRead - r.RowsNow
	switch {
	case a.publishedIs != "" && a.publishedIs != a.run.checksum:
		return a.different("its published lines do not have its checksum")
	case r.Payouts == PayoutsDifferent:
		return a.different("its payouts are not what its lines and pools give")
	case a.linesSame():
		r.Outcome = Same
		return nil
	case missing < 0 && a.forgotten > 0:
		r.Outcome = InputsErased
		return lake.WithHint(fmt.Errorf("run %s: quarantine no longer tells what %d replays since brought into the archive: %w", r.RunID, a.forgotten, jobs.ErrInputsErased),
			"the statement of the run stands: 'lakectl royalties show %s'; 'lakectl job royalties --full' recounts what is published now", r.RunID)
	}
	explained, err := a.erasuresExplain(ctx, missing)
	if err != nil {
		return err
	}
	if explained {
		r.Outcome = InputsErased
		return lake.WithHint(fmt.Errorf("run %s: deletion requests have removed what it was computed from: %w", r.RunID, jobs.ErrInputsErased),
			"the statement of the run stands: 'lakectl royalties show %s'; 'lakectl royalties reproduce %s' proves the newest run of the period", r.RunID, r.Period)
	}
	switch {
	case a.others > a.run.sequence:
		r.Outcome = InputsErased
		return lake.WithHint(fmt.Errorf("run %s: another engine has taken away or changed rows of listens since: %w", r.RunID, jobs.ErrInputsErased),
			"the statement of the run stands: 'lakectl royalties show %s'; see who did it with 'lakectl snapshots listens'; after 'lakectl job royalties', 'lakectl royalties reproduce %s' proves the newest run of the period", r.RunID, r.Period)
	case missing > 0:
		return a.different(fmt.Sprintf("%d archived copies are gone, and deletion requests do not account for them", missing))
	case missing < 0:
		return a.different(fmt.Sprintf("the archive has %d copies more than the run saw", -missing))
	default:
		return a.different("the lines of the archive are other ones")
	}
}

// different is the error of a run that did not come out the same.
func (a *audit) different(why string) error {
	return lake.WithHint(fmt.Errorf("run %s: %s: %w", a.result.RunID, why, jobs.ErrProof),
		"do not pay by this run; keep the lake as it is and see what was committed with 'lakectl snapshots listens' and 'lakectl snapshots royalty_lines'")
}

// erasuresExplain tells whether deletion requests can account for the difference; the package comment has the rule.
func (a *audit) erasuresExplain(ctx context.Context, missing int64) (bool, error) {
	var erased int64
	for _, e := range a.result.Erased {
		erased += e.Rows
	}
	if erased == 0 || missing < 0 || missing > erased {
		return false, nil
	}
	var lost, gained, lostQualified, gainedQualified int64
	if a.publishedIs != "" {
		err := a.db.One(ctx, "audit/differences_sums", nil, []any{&lost, &gained, &lostQualified, &gainedQualified})
		if err != nil {
			return false, fmt.Errorf("sum differences: %w", err)
		}
	} else {
		var listens, qualified int64
		if err := a.db.One(ctx, "audit/lines_sums", nil, []any{&listens, &qualified}); err != nil {
			return false, fmt.Errorf("sum lines: %w", err)
		}
		lost, gained = a.run.listens-listens, listens-a.run.listens
		lostQualified, gainedQualified = a.run.qualified-qualified, qualified-a.run.qualified
	}
	return max(lost, lostQualified) <= missing && max(gained, gainedQualified) <= erased, nil
}
