package royalty

import (
	"context"
	"errors"
	"fmt"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
)

// HeldLines are lines that are not explained: what they come to now would show what fewer than five people played. The
// numbers are those published: of the statement and the adjustments posted since.
type HeldLines struct {
	Lines            int64 `json:"lines"`
	Listens          int64 `json:"listens"`
	QualifiedListens int64 `json:"qualified_listens"`
}

// waits tells whether differences of the closed period waited after the run.
func (r PublishedRun) waits() bool {
	return r.ClosedVersion > 0 && r.SettledRunID != "" && r.SettledRunID != r.RunID
}

// hold fills the table held_lines, of lines that are left out, and sums those of the selection. Of an operator, and
// while nothing waits, there are none.
func (e *Explanation) hold(ctx context.Context, env jobs.Env, db *jobs.Session, register Register) error {
	statement, err := register.Find(e.Period)
	if err != nil {
		return err
	}
	adjustments, err := env.Snapshot(ctx, catalog.Adjustments)
	if err != nil {
		return err
	}
	err = errors.Join(
		bindPeriodAt(ctx, env, db, "closed_lines", catalog.RoyaltyLines, statement.LinesSnapshotID, e.Period),
		db.Bind(ctx, "adjustments", adjustments),
	)
	if err != nil {
		return err
	}
	if err := db.Run(ctx, "royalty/explain_held", e.Period, postedPending); err != nil {
		return fmt.Errorf("find the lines that wait: %w", err)
	}
	var held HeldLines
	err = db.One(ctx, "royalty/explain_held_sums", e.args()[1:], []any{&held.Lines, &held.Listens, &held.QualifiedListens})
	if err == nil && held.Lines > 0 {
		e.Held = []HeldLines{held}
	}
	return err
}
