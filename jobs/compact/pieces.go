package compact

import (
	"context"
	"fmt"
	"slices"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
)

// bySpan tells whether files of a table are kept to spans of few days within its partitions: it is partitioned by
// month, and who erases or purges few days of a listener should find few files.
func bySpan(table string) bool { return slices.Contains(catalog.Ledger, table) }

// apart is the span that all rows of a file are of, where they are enough for a file of their own; 0 otherwise, and in
// tables that are not kept so. Files that say nothing of their instants lie with those of several spans.
func (r *run) apart(t *lake.Table, f lake.File) int {
	if !bySpan(t.Name()) || f.Count() < r.o.spanRows {
		return 0
	}
	first, last, ok := t.DaysOf(f, "event_time")
	if span := catalog.LedgerSpanOf(first); ok && span == catalog.LedgerSpanOf(last) {
		return span
	}
	return 0
}

// writePieces writes a file for each span of the group that has many rows, and one for all others: first that one, then
// the others by time.
func (s *sorting) writePieces(ctx context.Context, base lake.Snapshot, g Group, order string) error {
	month, is := g.Part.(int)
	if !is {
		return fmt.Errorf("partition %v of %s is no month: %w", g.Part, base.Table().Name(), lake.ErrUnsupported)
	}
	spans := duck.Spans{Days: catalog.LedgerSpan, Rows: map[int]int64{}, Many: s.spanRows}
	var day, rows int64
	err := s.db.Each(ctx, "compact/days", nil, []any{&day, &rows}, func() error { spans.Rows[int(day)] = rows; return nil })
	if err != nil {
		return err
	}
	if err := s.fillApart(ctx, spans.Apart(lake.Month(month))); err != nil {
		return err
	}
	if err := s.db.Run(ctx, order); err != nil {
		return err
	}
	if s.files, err = s.db.WriteSpans(ctx, base.Table(), maintainJob, "merged", lake.Month(month), spans, "place"); err != nil {
		return err
	}
	place := int64(0)
	for _, f := range s.files {
		s.starts, place = append(s.starts, place), place+f.Count()
	}
	return nil
}

// fillApart makes the table of the spans that get files of their own, by their first and last days.
func (s *sorting) fillApart(ctx context.Context, spans [][2]int) error {
	list := make([][]any, len(spans))
	for i, span := range spans {
		list[i] = []any{int64(span[0]), int64(span[1])}
	}
	if err := s.db.Run(ctx, "compact/apart"); err != nil {
		return err
	}
	return s.db.Fill(ctx, "apart", list)
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
