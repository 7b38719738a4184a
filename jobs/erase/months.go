package erase

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// monthCounts are rows of listens_counted by month, like 2026-03. It is how deletion_log says of how many rows of a
// closed month's statement a request is about, when the rows themselves are gone.
type monthCounts map[string]int64

func (m monthCounts) plus(o monthCounts) monthCounts {
	sum := monthCounts{}
	for _, counts := range []monthCounts{m, o} {
		for month, n := range counts {
			sum[month] += n
		}
	}
	return sum
}

// text is the form in deletion_log, like 2026-03:4,2026-04:1; empty when there are none.
func (m monthCounts) text() string {
	var items []string
	for _, month := range slices.Sorted(maps.Keys(m)) {
		items = append(items, fmt.Sprintf("%s:%d", month, m[month]))
	}
	return list(items)
}

func parseMonths(text string) (monthCounts, error) {
	m := monthCounts{}
	for _, item := range unlist(text) {
		month, count, _ := strings.Cut(item, ":")
		n, err := strconv.ParseInt(count, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("ledger_rows %q of deletion_log: %w", text, err)
		}
		m[month] += n
	}
	return m, nil
}

// countMonths counts the rows of listens_counted that each request takes, by month.
func (p *Plan) countMonths(ctx context.Context, worked map[int64]*PlannedRequest) error {
	var ord, rows int64
	var month string
	err := p.db.Each(ctx, "erase/ledger_months", nil, []any{&ord, &month, &rows}, func() error {
		if q := worked[ord]; q != nil {
			q.ledger = q.ledger.plus(monthCounts{month: rows})
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("count rows of the ledger by month: %w", err)
	}
	return nil
}
