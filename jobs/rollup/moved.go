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

// tellMoved makes the relation moved of these days, of none where an erasure has begun.
func (g *group) tellMoved(ctx context.Context, begun bool) error {
	if err := g.plan.db.Run(ctx, "rollup/moved_table"); err != nil {
		return err
	}
	if begun {
		return nil
	}
	return g.plan.db.Fill(ctx, "moved", g.movedAlone().rows())
}

// erasing tells whether the ledger may lack rows of an erasure of which the log does not say yet that they are gone:
// one died, or went on while the inputs were loaded.
func (g *group) erasing(ctx context.Context) (bool, error) {
	log, err := g.plan.env.Snapshot(ctx, catalog.DeletionLog)
	if err != nil || log.ID() != g.in.log.ID() {
		return true, err
	}
	if err := g.plan.db.Bind(ctx, "log_begun", log, "state", "at", "source_topic", "source_partition", "source_offset"); err != nil {
		return false, err
	}
	var begun int64
	err = g.plan.db.One(ctx, "rollup/log_begun", nil, []any{&begun})
	return begun > 0, err
}
