package duck

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/lake"
)

// Spans says how the rows of a month are divided among files: a span of days with many rows gets a file of its own, and
// the others share one. So who rewrites the rows of few days rewrites few files.
type Spans struct {
	Days int           // of a span, which are counted from 1970 on; the ends of the month cut them
	Rows map[int]int64 // of each day of the month that has any, by its number since 1970
	Many int64         // from so many rows on a span gets a file of its own
}

// Apart are the first and the last day of each span that gets a file of its own, in their order.
func (s Spans) Apart(month lake.Month) (apart [][2]int) {
	first, last := lake.Day(month.Start()), lake.Day(month.End())-1
	rows := map[int]int64{}
	for day, n := range s.Rows {
		if first <= day && day <= last {
			rows[s.start(day)] += n
		}
	}
	for _, start := range slices.Sorted(maps.Keys(rows)) {
		if rows[start] >= s.Many {
			apart = append(apart, [2]int{max(first, start), min(last, start+s.Days-1)})
		}
	}
	return apart
}

// start is the first day of the span that a day is of.
func (s Spans) start(day int) int { return day - ((day%s.Days)+s.Days)%s.Days }

// piece is a file of a month, by the condition that its rows fulfil, and how many these are.
type piece struct {
	where string
	rows  int64
}

// pieces are the files of a month: the one that spans share, where there is something for it, and those of spans.
func (s Spans) pieces(month lake.Month, column string) (list []piece) {
	during := func(from, to int) string { return Between(column, lake.DayStart(from), lake.DayStart(to)) }
	var gaps []string
	shared := int64(0)
	for _, n := range s.Rows {
		shared += n
	}
	at, end := lake.Day(month.Start()), lake.Day(month.End())
	for _, span := range s.Apart(month) {
		if at < span[0] {
			gaps = append(gaps, during(at, span[0]))
		}
		p := piece{where: during(span[0], span[1]+1)}
		for day := span[0]; day <= span[1]; day++ {
			p.rows += s.Rows[day]
		}
		list, shared = append(list, p), shared-p.rows
		at = span[1] + 1
	}
	if at < end {
		gaps = append(gaps, during(at, end))
	}
	if shared == 0 || len(gaps) == 0 {
		return list
	}
	return append([]piece{{"(" + strings.Join(gaps, " OR ") + ")", shared}}, list...)
}

// ErrMiscounted says that other rows were written than there are.
var ErrMiscounted = errors.New("the number of rows that were written is wrong")

// WriteSpans is [DB.WritePartition] for a month of a column of instants, with a file for each of the spans: first that
// of all spans that share one, then those of the others by time. [ErrMiscounted] where a file has not got the rows that
// the spans say, which must be of days of the month. Within a file the rows are in the order of some columns of the
// relation, or as they come where none is named.
func (d *DB) WriteSpans(ctx context.Context, t *lake.Table, job, relation string, month lake.Month, s Spans, order ...string) (files []iceberg.DataFile, err error) {
	p, err := partitioningOf(t)
	if err != nil {
		return nil, err
	}
	// One COPY that tells them apart would be a scan less, but it holds rows of all files at once and shuffles them.
	for _, piece := range s.pieces(month, p.source) {
		c := copyOf{relation: relation, where: " WHERE " + piece.where, value: int(month), order: order}
		written, err := d.write(ctx, t, job, c)
		if err != nil {
			return nil, err
		}
		rows := int64(0)
		for _, f := range written {
			rows += f.Count()
		}
		if rows != piece.rows {
			return nil, fmt.Errorf("write %s: %d rows of %d that there are, of month %s: %w", t.Name(), rows, piece.rows, month, ErrMiscounted)
		}
		files = append(files, written...)
	}
	return files, nil
}
