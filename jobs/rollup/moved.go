package rollup

import (
	"context"
	"fmt"
	"maps"

	"github.com/lakectl/lakectl/catalog"
)

// moved are the days in which other copies of listens count than when the marked days were last compared, as the ledger
// says.
type moved struct {
	days   days
	untold bool // the ledger does not say: every day may be one
	erased bool // rows went from the ledger since, for another cause
}

// followLedger finds the exact days in which other copies count now. Days that are not exact wait for a true-up.
func (g *group) followLedger() error {
	s, ledger := g.first(), g.in.ledger
	if s.compared == 0 || s.compared == ledger.ID() { // nothing is exact yet, or as it was
		return nil
	}
	chain, unbroken := ledger.Since(s.compared)
	g.moved = moved{days: days{}, untold: !unbroken}
	for _, at := range chain {
		if at.Operation() == "replace" { // a compaction
			continue
		}
		g.behind = g.in.unsettled == ""
		switch {
		case at.Job() == catalog.DeletionsJob || at.Job() == catalog.RemovalsJob: // named by deletion_log, or torn
			g.moved.erased = true
		default:
			of, says, err := catalog.MovedDaysOf(at)
			if err != nil {
				return fmt.Errorf("days that moved: %w", err)
			}
			g.moved.untold = g.moved.untold || !says
			maps.Copy(g.moved.days, of)
		}
	}
	maps.DeleteFunc(g.moved.days, func(day int, _ bool) bool { return s.provisional[day] })
	return nil
}

// movedAlone are the days whose figures differ for no other cause than that other copies count: they were exact, and
// nobody's erasure is in the difference.
func (g *group) movedAlone() days {
	if g.moved.erased || g.moved.untold || g.lost || len(g.foreign) > 0 {
		return nil
	}
	alone := days{}
	for day := range g.moved.days {
		if !g.first().marked[day] && !g.logged[day] {
			alone[day] = true
		}
	}
	return alone
}

// tellMoved makes the relation moved of these days. While an erasure has not logged that its rows are gone none is one:
// the ledger may have lost rows of it before the tables last said which ledger they had seen.
func (g *group) tellMoved(ctx context.Context) error {
	if err := g.plan.db.Run(ctx, "rollup/moved_table"); err != nil {
		return err
	}
	alone := g.movedAlone()
	if len(alone) == 0 {
		return nil
	}
	if err := g.plan.db.Bind(ctx, "log_begun", g.in.log, "state", "at", "source_topic", "source_partition", "source_offset"); err != nil {
		return err
	}
	var begun int64
	if err := g.plan.db.One(ctx, "rollup/log_begun", nil, []any{&begun}); err != nil || begun > 0 {
		return err
	}
	return g.plan.db.Fill(ctx, "moved", alone.rows())
}
