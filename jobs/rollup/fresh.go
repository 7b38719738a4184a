package rollup

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/lakectl/lakectl/lake"
)

// What the dashboard counts a play by, and for copies in the archive whether they came late.
var (
	playColumns    = []string{"event_time", "artist_id", "track_id", "country", "device", "ms_played", "user_id"}
	archiveColumns = append([]string{"received_time"}, playColumns...)
)

// sliceRows bounds the rows that are held at once while they are summed: some 150 bytes each.
const sliceRows = 4_000_000

// counts is the schema of the DuckDB with what counts in the days that are compared. Like [group].arrived it has a
// relation of every table's name, in the shape of the relation nothing.
const counts = "counts"

// readFresh sums the new archive rows for every table of the group and marks the days that late ones reached.
func (g *group) readFresh(ctx context.Context) error {
	db := g.plan.db
	if n := len(g.fresh); n > 0 {
		g.plan.env.Progress(fmt.Sprintf("rollup: reading %d new archive files", n))
	}
	g.marked, g.provisional = maps.Clone(g.first().marked), maps.Clone(g.first().provisional)
	maps.Copy(g.marked, g.torn)
	maps.Copy(g.marked, g.moved.days)
	left, err := g.plan.daysLeft(ctx, g.fresh, g.plan.copies.left)
	if err != nil {
		return err
	}
	maps.Copy(g.provisional, left)
	return db.InSchema(ctx, g.arrived, func() error {
		if err := g.clear(ctx, g.arrived); err != nil {
			return err
		}
		for _, files := range slicesOf(g.fresh) {
			if err := db.BindFilesWithout(ctx, "fresh", g.in.archive, files, g.plan.copies.left, archiveColumns...); err != nil {
				return err
			}
			if err := g.sum(ctx, "rollup/heard_fresh", func(h heardDay) {
				g.rowsRead += h.rows
				g.provisional[h.day] = true
				if h.late {
					g.marked[h.day] = true
				}
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

// slicesOf cuts files into slices of so many rows that they can be summed at once.
func slicesOf(files []lake.File) (list [][]lake.File) {
	rows := int64(sliceRows)
	for _, f := range files {
		if rows += f.Count(); rows > sliceRows {
			list, rows = append(list, nil), f.Count()
		}
		list[len(list)-1] = append(list[len(list)-1], f)
	}
	return list
}

// clear makes the relations of the group's tables in a schema, without rows.
func (g *group) clear(ctx context.Context, schema string) error {
	for _, s := range g.stands {
		if err := g.plan.db.Copy(ctx, schema+"."+s.table, "main.nothing"); err != nil {
			return fmt.Errorf("%s.%s: %w", schema, s.table, err)
		}
	}
	return nil
}

// heardDay is what was heard of a day.
type heardDay struct {
	day    int
	rows   int64
	late   bool // some came late
	beyond bool // some are not from the ledger
}

// sum runs a statement that makes the relation heard, tells of its days, and adds its rows to every table of the group.
func (g *group) sum(ctx context.Context, heard string, tell func(heardDay)) error {
	db := g.plan.db
	if err := db.Run(ctx, heard, g.plan.key); err != nil {
		return err
	}
	var at time.Time
	var h heardDay
	if err := db.Each(ctx, "rollup/heard_days", nil, []any{&at, &h.rows, &h.late, &h.beyond}, func() error {
		h.day = lake.Day(at)
		tell(h)
		return nil
	}); err != nil {
		return err
	}
	for _, s := range g.stands {
		if err := db.Run(ctx, s.rows, s.parameters(lake.DayStart(g.plan.kept))...); err != nil {
			return err
		}
	}
	return db.DropTable(ctx, "heard")
}

// readLog marks the days of deletions.
func (g *group) readLog(ctx context.Context) error {
	logged, err := g.loggedFiles(ctx)
	if err != nil {
		return err
	}
	if err := g.plan.db.BindFiles(ctx, "log", g.in.log, logged); err != nil {
		return err
	}
	if g.logged, err = g.plan.days(ctx, "rollup/log_days"); err != nil {
		return err
	}
	maps.Copy(g.marked, g.logged)
	if len(g.logged) == 0 || g.first().compared == 0 {
		return nil
	}
	return g.doubtLogged(ctx)
}

// doubtLogged makes days provisional of which the ledger may have lost rows before it was last compared with, as where
// an erasure died before it logged that they are gone: what the ledger lost since does not tell of them.
func (g *group) doubtLogged(ctx context.Context) error {
	since := map[int64]bool{g.first().compared: true}
	chain, _ := g.in.ledger.Since(g.first().compared)
	for _, at := range chain {
		since[at.ID()] = true
	}
	if err := g.plan.db.Bind(ctx, "log_steps", g.in.log, "state", "at", "source_topic", "source_partition", "source_offset", "ledger_snapshot_id"); err != nil {
		return err
	}
	return g.plan.eachDay(ctx, "rollup/log_located", func(day int, ledger int64) {
		if !since[ledger] {
			g.provisional[day] = true
		}
	})
}
