package rollup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// explainChanges makes the rows of plays_changes: what this run changes in days that had ended when plays_by_day was
// last written.
func (p *Plan) explainChanges(ctx context.Context) error {
	s := p.in.days()
	ended, err := s.ended()
	if err != nil {
		return err
	}
	last, err := p.in.changes.StateNumber(catalog.NoticedAt)
	if err != nil {
		return err
	}
	p.noticed = time.UnixMicro(max(p.env.Now().UnixMicro(), last+1)).UTC()
	g := p.groupOf(s)
	return p.db.InSchema(ctx, s.table, func() error {
		steps, err := g.readErasures(ctx, s)
		if err != nil {
			return err
		}
		begun := false
		if steps == 1 || len(g.movedAlone()) > 0 {
			if begun, err = g.erasing(ctx); err != nil {
				return err
			}
		}
		if err := g.tellMoved(ctx, begun); err != nil {
			return err
		}
		alone := steps == 1 && len(g.foreign) == 0 && !g.lost && !begun
		return p.db.Run(ctx, "rollup/changes", ended, p.noticed, p.in.archive.ID(), alone)
	})
}

// ended is the start of the first day that had not ended when the table was last written: by the clock, and by what
// had arrived. Before that nobody was shown the day as ended; so a run that catches up with what stood still changes no
// past day.
func (s *stand) ended() (time.Time, error) {
	if s.snapshot.ID() == 0 {
		return lake.DayStart(0), nil
	}
	newest, err := s.snapshot.StateNumber(catalog.NewestEvent)
	ended := s.snapshot.Time()
	if at := time.UnixMicro(newest); newest != 0 && at.Before(ended) {
		ended = at
	}
	return lake.DayStart(lake.Day(ended)), err
}

// readErasures makes the relation erasures of what was deleted since marked days were last compared with the ledger,
// and tells in how many steps. Without a comparison there is none yet.
func (g *group) readErasures(ctx context.Context, s *stand) (steps int64, err error) {
	db, newest := g.plan.db, int64(0)
	g.explained = s.explained
	if g.judged() {
		err = db.Bind(ctx, "log_whole", g.in.log, "state", "at", "plays_erased")
	} else {
		err = db.BindFiles(ctx, "log_whole", g.in.log, nil, "state", "at", "plays_erased")
	}
	if err != nil {
		return 0, err
	}
	if err := db.Run(ctx, "rollup/erasures_log", s.explained); err != nil {
		return 0, err
	}
	if err := db.One(ctx, "rollup/erasures_steps", nil, []any{&steps, &newest}); err != nil {
		return 0, err
	}
	g.explained = max(g.explained, newest)
	return steps, db.Run(ctx, "rollup/erasures")
}

// writeChanges commits the changes, before plays_by_day has them.
func (p *Plan) writeChanges(ctx context.Context) error {
	c := lake.Commit{Job: catalog.RollupJob}
	if err := p.takeBackChanges(ctx, &c); err != nil {
		return fmt.Errorf("rollup: %w", err)
	}
	if len(c.Deletes) == 0 { // else rows that are to go would be merged with others
		if err := p.tidy(ctx, shape{table: catalog.PlaysChanges, order: changesOrder}, &p.in.changes); err != nil {
			return err
		}
	}
	days, changes := p.in.days(), p.in.changes
	c.Stage = lake.IfUnmoved(changes, map[string]string{
		lake.StateKey(catalog.ChangesOf): strconv.FormatInt(days.snapshot.ID(), 10),
		lake.StateKey(catalog.NoticedAt): strconv.FormatInt(p.noticed.UnixMicro(), 10),
	})
	err := p.db.InSchema(ctx, days.table, func() error {
		touched, err := p.days(ctx, "rollup/changes_days")
		if err != nil {
			return err
		}
		for _, month := range slices.Sorted(maps.Keys(touched.months())) {
			files, err := p.db.WriteSorted(ctx, changes.Table(), catalog.RollupJob, "changes", month, changesOrder, groupRows)
			if err != nil {
				return err
			}
			c.Add = append(c.Add, files...)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("rollup: %w", err)
	}
	if len(c.Add)+len(c.Deletes) == 0 {
		return nil
	}
	p.in.changes, err = p.env.Lake.Commit(ctx, catalog.PlaysChanges, c)
	return err
}

// takeBackChanges undoes changes that plays_by_day does not publish. Rows that came after the changes it names go:
// their run ended in between, or another was faster. Rows of those it names that such a run deleted come again: it took
// the run that was about to publish them for one that had ended.
func (p *Plan) takeBackChanges(ctx context.Context, c *lake.Commit) error {
	published, last, after, err := p.published()
	if err != nil || !after {
		return err
	}
	files, err := p.in.changes.Files(ctx)
	if err != nil {
		return err
	}
	err = errors.Join(p.db.Bind(ctx, "changes_standing", p.in.changes), p.db.Bind(ctx, "changes_published", published))
	if err != nil {
		return err
	}
	rows, err := p.db.Positions(ctx, files, "rollup/changes_unpublished", last)
	if err != nil {
		return err
	}
	if c.Deletes, err = p.in.changes.WritePositionDeletes(ctx, catalog.RollupJob, files, rows); err != nil {
		return err
	}
	return p.db.InSchema(ctx, p.in.days().table, func() error { return p.db.Run(ctx, "rollup/changes_again", last) })
}

// published are the changes that plays_by_day names and when the last of them were noticed; after tells whether runs of
// ours changed rows since. Where their snapshot is gone, the newest ones are known not to be published while
// plays_by_day is still at what they come on top of.
func (p *Plan) published() (at lake.Snapshot, last int64, after bool, err error) {
	days, changes := p.in.days().snapshot, p.in.changes
	cut, err := catalog.CutOf(days)
	if err != nil || days.ID() == 0 {
		return at, 0, false, err
	}
	named, says := cut[catalog.PlaysChanges]
	at, gone := changes.Table().ByID(named)
	if says && gone == nil {
		chain, unbroken := changes.Since(named) // broken where another engine rolled the table back
		last, err = at.StateNumber(catalog.NoticedAt)
		return at, last, !unbroken || slices.ContainsFunc(chain, func(s lake.Snapshot) bool {
			return s.Operation() != "replace" && s.Job() == catalog.RollupJob
		}), err
	}
	of, err := changes.StateNumber(catalog.ChangesOf)
	if err != nil {
		return at, 0, false, err
	}
	last, err = changes.StateNumber(catalog.NoticedAt)
	return changes, last - 1, of == days.ID(), err
}
