package compact

import (
	"context"
	"slices"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// byDay tells whether files of a table are kept to single days within its partitions: it is partitioned by month, and
// who erases or purges few days of a listener should find few files.
func byDay(table string) bool { return slices.Contains(catalog.Ledger, table) }

// dayOf is the day that all rows of a file are of, where they are enough for a file of their own; 0 otherwise, and in
// tables that are not kept so. Files that say nothing of their instants lie with those of several days.
func (r *run) dayOf(t *lake.Table, f lake.File) int {
	if !byDay(t.Name()) || f.Count() < r.o.dayRows {
		return 0
	}
	if day, one := t.OneDay(f, "event_time"); one {
		return day
	}
	return 0
}

// writePieces writes a file for each day of the group that has many rows, and one for all other days.
func (s *sorting) writePieces(ctx context.Context, base lake.Snapshot, g Group, order string) error {
	if err := s.db.Run(ctx, "compact/apart", s.dayRows); err != nil {
		return err
	}
	if err := s.db.Run(ctx, order); err != nil {
		return err
	}
	var pieces []int64
	var rows int64
	err := s.db.Each(ctx, "compact/pieces", nil, []any{&rows}, func() error { pieces = append(pieces, rows); return nil })
	if err != nil {
		return err
	}
	place := int64(0)
	for _, rows := range pieces {
		if err := s.db.Run(ctx, "compact/piece", place, place+rows); err != nil {
			return err
		}
		if err := s.writeOne(ctx, base, g, place); err != nil {
			return err
		}
		place += rows
	}
	return nil
}

// at is the new file with a place, and the row there.
func (s *sorting) at(place int64) (path string, row int64) {
	i, found := slices.BinarySearch(s.starts, place)
	if !found {
		i--
	}
	return s.files[i].FilePath(), place - s.starts[i]
}

// fillStarts makes the table of where the new files begin.
func (s *sorting) fillStarts(ctx context.Context) error {
	list := make([][]any, len(s.files))
	for i, f := range s.files {
		path, err := lake.LocalPath(f.FilePath())
		if err != nil {
			return err
		}
		list[i] = []any{path, s.starts[i]}
	}
	if err := s.db.Run(ctx, "compact/starts"); err != nil {
		return err
	}
	return s.db.Fill(ctx, "starts", list)
}
