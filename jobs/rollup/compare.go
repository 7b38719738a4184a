package rollup

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// compare finds what is to be written anew in every table of the group, some days of a month at a time: so what is held
// at once grows neither with the archive nor with a month.
func (g *group) compare(ctx context.Context) error {
	switch say := g.plan.env.Progress; {
	case g.everything:
		say("rollup: comparing every day with what counts")
	case g.tearing:
		say(fmt.Sprintf("rollup: comparing %d days that another engine changed", len(g.scope)))
	case len(g.scope) > 0:
		say(fmt.Sprintf("rollup: comparing %d marked days with what counts", len(g.scope)))
	}
	for _, s := range g.stands {
		if err := g.begin(ctx, s); err != nil {
			return err
		}
	}
	if g.compares() {
		if err := g.compareMonths(ctx); err != nil {
			return err
		}
	}
	for _, s := range g.stands {
		if err := g.finish(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// begin makes what a comparison fills, in the schema of the table.
func (g *group) begin(ctx context.Context, s *stand) error {
	db := g.plan.db
	return db.InSchema(ctx, s.table, func() error {
		if err := db.Run(ctx, "rollup/results"); err != nil {
			return err
		}
		return db.Alias(ctx, "deltas", g.arrived+"."+s.table)
	})
}

// finish makes the relations to write: output, and appended for those of its rows that are deltas.
func (g *group) finish(ctx context.Context, s *stand) error {
	db := g.plan.db
	return db.InSchema(ctx, s.table, func() error {
		statements := []string{"rollup/appended_keys", "rollup/output"}
		if s.newest {
			statements[0] = "rollup/appended_days"
		}
		if err := db.RunAll(ctx, statements...); err != nil {
			return err
		}
		var err error
		s.changed, err = g.plan.days(ctx, "rollup/differs_days")
		return err
	})
}

func (g *group) compareMonths(ctx context.Context) error {
	src, err := g.sources(ctx)
	if err != nil {
		return err
	}
	months := g.scope.months()
	if g.everything {
		if months, err = g.allMonths(ctx, src); err != nil {
			return err
		}
	}
	if g.everything && g.judged() {
		clear(g.provisional) // days without rows too
	}
	narrow, err := g.findTouched(ctx)
	if err != nil {
		return err
	}
	if len(narrow) > 0 {
		g.plan.env.Progress(fmt.Sprintf("rollup: in %d of these days only artists of rows that came or went", len(narrow)))
	}
	copies := g.in.copiesByDay()
	for _, month := range slices.Sorted(maps.Keys(months)) {
		whole, touched := days{}, days{}
		for day := lake.Day(lake.Month(month).Start()); day < lake.Day(lake.Month(month).End()); day++ {
			switch {
			case narrow[day]:
				touched[day] = true
			case g.everything || g.scope[day]:
				whole[day] = true
			}
		}
		err := g.compareTouched(ctx, src, touched, copies)
		if err == nil {
			err = g.compareWhole(ctx, src, whole, copies)
		}
		if err != nil {
			return fmt.Errorf("compare %s: %w", lake.Month(month), err)
		}
	}
	return nil
}

// compareWhole compares days of one month with all of their artists.
func (g *group) compareWhole(ctx context.Context, src *sources, scope days, copies map[int]int64) error {
	for _, piece := range scope.pieces(copies, g.plan.piece) {
		if err := g.plan.setScope(ctx, piece); err != nil {
			return err
		}
		if err := src.bind(ctx, piece, false); err != nil {
			return err
		}
		if err := g.compareDays(ctx, src, piece, false); err != nil {
			return err
		}
		g.settleProvisional(piece)
	}
	return nil
}

// setScope makes the relation scope of these days.
func (p *Plan) setScope(ctx context.Context, scope days) error {
	if err := p.db.Run(ctx, "rollup/scope_table"); err != nil {
		return err
	}
	if err := p.db.Fill(ctx, "scope", scope.rows()); err != nil {
		return fmt.Errorf("scope: %w", err)
	}
	return nil
}

// settleProvisional makes days exact that were compared with a settled ledger which has all their rows. The others stay
// provisional, or become so.
func (g *group) settleProvisional(scope days) {
	for day := range scope {
		switch {
		case !g.judged() && (g.found[day] || g.tearing), g.beyond[day]:
			g.provisional[day] = true
		case g.judged():
			delete(g.provisional, day)
		}
	}
}

// compareDays compares days of one month, whose views of src are bound; touched: only the artists of touched.
func (g *group) compareDays(ctx context.Context, src *sources, scope days, touched bool) error {
	if err := g.plan.setScope(ctx, scope); err != nil {
		return err
	}
	err := g.plan.db.InSchema(ctx, counts, func() error {
		if err := g.clear(ctx, counts); err != nil {
			return err
		}
		return g.sum(ctx, "rollup/heard_exact", func(h heardDay) {
			g.found[h.day] = true
			if h.late {
				g.lateBeyond[h.day] = true
			}
			if h.beyond {
				g.beyond[h.day] = true
			}
		})
	})
	if err != nil {
		return err
	}
	for _, s := range g.stands {
		if err := g.compareTable(ctx, s, src.standing[s.table], scope, touched); err != nil {
			return fmt.Errorf("%s: %w", s.table, err)
		}
	}
	return nil
}

// compareTable compares days of one table.
func (g *group) compareTable(ctx context.Context, s *stand, standing []lake.File, scope days, touched bool) error {
	db := g.plan.db
	scope = g.plan.keptOf(s, scope)
	return db.InSchema(ctx, s.table, func() error {
		if !touched || s.newest {
			if err := s.bindStood(ctx, db, standing, scope); err != nil {
				return err
			}
		}
		if err := db.Alias(ctx, "exact", counts+"."+s.table); err != nil {
			return err
		}
		stands := "rollup/standing"
		if touched {
			stands = "rollup/touched_in_scope"
		}
		if err := db.Run(ctx, stands); err != nil {
			return err
		}
		oneRow, hashes := g.plan.trueUp && s.newest, catalog.SketchSize(s.table)
		if err := db.Run(ctx, "rollup/differs", oneRow, hashes); err != nil {
			return err
		}
		if !s.newest {
			return db.RunAll(ctx, "rollup/rewritten_keys", "rollup/gone")
		}
		if touched {
			if err := db.Run(ctx, "rollup/touched_rest", hashes); err != nil {
				return err
			}
		}
		return db.Run(ctx, "rollup/rewritten_days")
	})
}

// keptOf are the days of scope that a table has.
func (p *Plan) keptOf(s *stand, scope days) days {
	if !s.newest {
		return scope
	}
	scope = maps.Clone(scope)
	maps.DeleteFunc(scope, func(day int, _ bool) bool { return day < p.kept })
	return scope
}

// bindStood makes the view stood of the files that a table has of these days.
func (s *stand) bindStood(ctx context.Context, db *jobs.Session, standing []lake.File, scope days) error {
	return db.BindFiles(ctx, "stood", s.snapshot, lake.InPartitions(standing, s.partitions(scope)))
}
