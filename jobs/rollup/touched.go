package rollup

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/lakectl/lakectl/lake"
)

// touchedColumns are what tells which artist of which day a row of the ledger is of.
var touchedColumns = []string{"event_time", "artist_id"}

// findTouched finds the days of scope that are compared for some artists only: the exact ones, where the ledger tells
// which of its rows came and went since it was last compared with. The relation touched has these artists.
func (g *group) findTouched(ctx context.Context) (narrow days, err error) {
	if err := g.plan.db.Run(ctx, "rollup/touched_table"); err != nil {
		return nil, err
	}
	narrow = g.exactInScope()
	if len(narrow) == 0 {
		return nil, nil
	}
	if err := g.plan.setScope(ctx, narrow); err != nil {
		return nil, err
	}
	told, err := g.tellTouched(ctx)
	if err != nil {
		return nil, fmt.Errorf("rows of the ledger that came and went: %w", err)
	}
	if !told {
		return nil, nil
	}
	return narrow, nil
}

// exactInScope are the days of scope whose standing rows are what the ledger had when it was last compared with.
func (g *group) exactInScope() days {
	if g.everything || g.tearing || g.in.unsettled != "" {
		return nil
	}
	narrow := maps.Clone(g.scope)
	maps.DeleteFunc(narrow, func(day int, _ bool) bool { return g.first().provisional[day] || g.provisional[day] || g.torn[day] })
	for _, f := range slices.Concat(g.fresh, g.in.uncovered) {
		day, known := lake.PartitionValue(f).(int)
		if !known {
			return nil
		}
		delete(narrow, day)
	}
	return narrow
}

// tellTouched fills touched from the commits on the ledger since it was last compared with; false where one of them
// does not tell.
func (g *group) tellTouched(ctx context.Context) (told bool, err error) {
	if g.in.ledger.ID() == g.first().compared {
		return false, nil
	}
	steps, told, err := g.in.ledger.StepsSince(g.first().compared)
	if err != nil || !told {
		return false, err
	}
	for _, step := range steps {
		if told, err := g.touchedBy(ctx, step.Before, step.After); err != nil || !told {
			return false, err
		}
	}
	return true, nil
}

// touchedBy adds what one commit on the ledger touched; false where it took whole files away, or deletes back.
func (g *group) touchedBy(ctx context.Context, parent, at lake.Snapshot) (told bool, err error) {
	came, _, lost, err := at.Gained(ctx, parent)
	if err != nil || lost {
		return false, err
	}
	db := g.plan.db
	if err := db.BindFiles(ctx, "ledger_rows", at, came, touchedColumns...); err != nil {
		return false, err
	}
	if err := db.Run(ctx, "rollup/touched_add"); err != nil {
		return false, err
	}
	if err := db.BindDeleted(ctx, "ledger_rows", parent, at, touchedColumns...); err != nil {
		return false, err
	}
	return true, db.Run(ctx, "rollup/touched_add")
}

// chunkPieces bounds what is read at once of the touched artists: so many times the copies that are compared at once.
const chunkPieces = 8

// compareTouched compares the artists of touched in days of one month. What stands of some days and the ledger's rows
// of them are read once, and compared as many days at a time as have so many copies of these artists.
func (g *group) compareTouched(ctx context.Context, src *sources, scope days, copies map[int]int64) error {
	for _, chunk := range scope.pieces(copies, chunkPieces*g.plan.piece) {
		if err := g.plan.setScope(ctx, chunk); err != nil {
			return err
		}
		if err := src.bind(ctx, chunk, true); err != nil {
			return err
		}
		if err := g.readTouched(ctx, src, chunk); err != nil {
			return err
		}
		read := map[int]int64{}
		if err := g.plan.eachDay(ctx, "rollup/touched_copies", func(day int, n int64) { read[day] = n }); err != nil {
			return err
		}
		for _, piece := range chunk.pieces(read, g.plan.piece) {
			if err := g.compareDays(ctx, src, piece, true); err != nil {
				return err
			}
			g.settleProvisional(piece)
		}
	}
	return nil
}

// readTouched reads what the tables have of the touched artists in these days: their files are of months.
func (g *group) readTouched(ctx context.Context, src *sources, scope days) error {
	db := g.plan.db
	for _, s := range g.stands {
		err := db.InSchema(ctx, s.table, func() error {
			if err := s.bindStood(ctx, db, src.standing[s.table], g.plan.keptOf(s, scope)); err != nil {
				return err
			}
			return db.Run(ctx, "rollup/touched_standing")
		})
		if err != nil {
			return fmt.Errorf("%s: %w", s.table, err)
		}
	}
	return nil
}
