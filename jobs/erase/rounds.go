package erase

import (
	"context"
	"fmt"
	"strconv"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/erase/book"
)

// addRounds adds what earlier runs wrote down about the requests: the days that still have to be recomputed,
// and the rows that are deleted but not summed up in the log.
func (p *Plan) addRounds(ctx context.Context, worked map[int64]*PlannedRequest) error {
	var rows [][]any
	for ord, q := range worked {
		rows = append(rows, []any{ord, q.Topic, q.Partition, q.Offset})
	}
	if err := p.db.Fill(ctx, "worked", rows); err != nil {
		return err
	}
	type round struct {
		Ord int64 `col:"ord"`
		At  int64 `col:"at_us"`
		Counts
		Days      string `col:"days"`
		Uncounted bool   `col:"uncounted"`
		Ledger    string `col:"ledger_rows"`
	}
	err := jobs.EachRecord(ctx, p.db, "erase/rounds", nil, func(r round) error {
		q := worked[r.Ord]
		q.Days = append(q.Days, unlist(r.Days)...)
		if !r.Uncounted {
			return nil
		}
		q.located = true
		p.fence = p.fence || r.Days != ""
		q.finished = q.finished.plus(p.landed(r.At, r.Counts))
		if p.target(catalog.ListensCounted).landed[r.At] != 0 {
			months, err := parseMonths(r.Ledger)
			if err != nil {
				return err
			}
			q.finishedLedger = q.finishedLedger.plus(months)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read what was located: %w", err)
	}
	return nil
}

// landed keeps of the rows located at a time those whose delete was committed.
func (p *Plan) landed(at int64, located Counts) Counts {
	var c Counts
	for _, t := range p.targets {
		if t.landed[at] != 0 {
			*t.count(&c) = *t.count(&located)
		}
	}
	return c
}

// landings lists the located times that commits on a table name, with the snapshot of each.
func (t *target) landings() map[int64]int64 {
	landed := map[int64]int64{}
	for _, s := range t.base.Table().Snapshots() {
		if at, err := strconv.ParseInt(s.Property(book.LocatedKey), 10, 64); err == nil {
			landed[at] = s.ID()
		}
	}
	return landed
}
