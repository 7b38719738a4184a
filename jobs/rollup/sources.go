package rollup

import (
	"context"
	"maps"
	"slices"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// sources are the files that a comparison reads.
type sources struct {
	g         *group
	counted   []lake.File            // whose rows count: of the ledger
	uncovered []lake.File            // and of the archive where the ledger does not reach
	standing  map[string][]lake.File // of each table of the dashboard
	tearing   *tornSources           // instead of the first two, for torn days
}

// tornSources are the files that tell what counts in torn days before the ledger has followed.
type tornSources struct{ archive, counted, duplicates []lake.File }

// sources lists the files. A ledger that is not settled counts for nothing; only a rebuild compares then.
func (g *group) sources(ctx context.Context) (*sources, error) {
	src := &sources{g: g, standing: map[string][]lake.File{}}
	for _, s := range g.stands {
		files, err := s.snapshot.Files(ctx)
		if err != nil {
			return nil, err
		}
		if err := s.snapshot.RefuseUnknown(files); err != nil {
			return nil, err
		}
		src.standing[s.table] = files
	}
	if g.in.unsettled != "" && !g.tearing {
		src.uncovered = g.in.archived
		return src, nil
	}
	counted, err := g.in.ledger.Files(ctx)
	if err != nil || !g.tearing {
		src.counted, src.uncovered = counted, g.in.uncovered
		return src, err
	}
	src.tearing = &tornSources{archive: g.in.archived, counted: counted}
	src.tearing.duplicates, err = g.in.duplicates.Files(ctx)
	return src, err
}

// bind makes the views counted and uncovered of what may have rows of days of one month; touched: only of the artists
// of touched. Files of the ledger have few days each, and say which.
func (src *sources) bind(ctx context.Context, scope days, touched bool) error {
	db, in := src.g.plan.db, src.g.in
	type bound struct {
		view  string
		of    lake.Snapshot
		files []lake.File
		parts map[int]bool
		only  []string
	}
	months := scope.months()
	counted := "counted"
	if touched {
		counted = "counted_whole"
	}
	list := []bound{{counted, in.ledger, src.counted, months, playColumns}, {"uncovered", in.archive, src.uncovered, scope, archiveColumns}}
	if t := src.tearing; t != nil {
		list = []bound{
			{"archive_torn", in.archive, t.archive, scope, nil},
			{"counted_torn", in.ledger, t.counted, months, nil},
			{"duplicates_torn", in.duplicates, t.duplicates, months, nil},
		}
	}
	for _, b := range list {
		files, without := lake.InPartitions(b.files, b.parts), map[string][]int64(nil)
		if slices.Contains(catalog.Ledger, b.of.Table().Name()) {
			files = scope.meeting(b.of.Table(), files)
		}
		if b.view == "uncovered" {
			var err error
			if without, err = src.g.plan.laterCopies(ctx, files); err != nil {
				return err
			}
			left, err := src.g.plan.daysLeft(ctx, files, without)
			if err != nil {
				return err
			}
			maps.Copy(src.g.beyond, left)
		}
		if err := db.BindFilesWithout(ctx, b.view, b.of, files, without, b.only...); err != nil {
			return err
		}
	}
	if touched {
		return db.Run(ctx, "rollup/touched_counted")
	}
	if src.tearing == nil {
		return nil
	}
	if err := db.RunAll(ctx, "rollup/torn", "ledger/unrecorded"); err != nil {
		return err
	}
	return db.Alias(ctx, "uncovered", "unrecorded")
}

// allMonths are the months that have rows in a table of the group, or are to have.
func (g *group) allMonths(ctx context.Context, src *sources) (map[int]bool, error) {
	months := map[int]bool{}
	add := func(of lake.Snapshot, files []lake.File, daily bool) error {
		var unplaced []lake.File
		for _, f := range files {
			switch part, known := lake.PartitionValue(f).(int); {
			case !known:
				unplaced = append(unplaced, f)
			case daily:
				months[int(lake.MonthOf(lake.DayStart(part)))] = true
			default:
				months[part] = true
			}
		}
		if len(unplaced) == 0 {
			return nil
		}
		if err := g.plan.db.BindFiles(ctx, "unplaced", of, unplaced, "event_time"); err != nil {
			return err
		}
		found, err := g.plan.days(ctx, "rollup/unplaced_days")
		for month := range found.months() {
			months[month] = true
		}
		return err
	}
	if err := add(g.in.ledger, src.counted, false); err != nil {
		return nil, err
	}
	if err := add(g.in.archive, src.uncovered, true); err != nil {
		return nil, err
	}
	for _, s := range g.stands {
		if err := add(s.snapshot, src.standing[s.table], s.newest); err != nil {
			return nil, err
		}
	}
	return months, nil
}
