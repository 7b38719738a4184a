package erase

import (
	"context"
	"fmt"
	"strconv"

	"github.com/lakectl/lakectl/catalog"
)

// locatedKey is the summary property of every commit that deletes rows or fences: when the located rows it
// carries out were logged, in microseconds. It tells a later run how far a run that ended early came.
const locatedKey = "lakectl.deletions.located"

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
	var ord, at int64
	var c Counts
	var days, ledger string
	var uncounted bool
	dest := []any{&ord, &at, &c.Listens, &c.Quarantine, &c.Counted, &c.Duplicates, &days, &uncounted, &ledger}
	err := p.db.Each(ctx, "erase/rounds", nil, dest, func() error {
		q := worked[ord]
		q.Days = append(q.Days, unlist(days)...)
		if uncounted {
			q.located = true
			p.fence = p.fence || days != ""
			q.finished = q.finished.plus(p.landed(at, c))
			if p.target(catalog.ListensCounted).landed[at] {
				months, err := parseMonths(ledger)
				if err != nil {
					return err
				}
				q.finishedLedger = q.finishedLedger.plus(months)
			}
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
		if t.landed[at] {
			*t.count(&c) = *t.count(&located)
		}
	}
	return c
}

// landings lists the located times that commits on a table name.
func (t *target) landings() map[int64]bool {
	landed := map[int64]bool{}
	for _, s := range t.base.Table().Snapshots() {
		if at, err := strconv.ParseInt(s.Property(locatedKey), 10, 64); err == nil {
			landed[at] = true
		}
	}
	return landed
}
