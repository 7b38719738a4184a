package statement

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/lakectl/lakectl/jobs"
)

// pool tells sums apart that must hold each on their own.
type pool struct {
	Kind     string `col:"kind"`
	Origin   string `col:"origin_period"`
	Country  string `col:"country"`
	Tier     string `col:"tier"`
	Currency string `col:"currency"`
}

// currencyTotal is the money of one currency and the rows it is on. Usage rows are of no currency.
type currencyTotal struct {
	Total
	rows int64
}

// tally sums what was written.
type tally struct {
	holders, rows int64
	pools         map[pool]int64
	all, holder   map[string]*currencyTotal
}

func newTally() tally {
	return tally{pools: map[pool]int64{}, all: map[string]*currencyTotal{}, holder: map[string]*currencyTotal{}}
}

func (t *tally) add(r *row) error {
	t.rows++
	for _, totals := range []map[string]*currencyTotal{t.all, t.holder} {
		c := totals[r.Currency]
		if c == nil {
			c = &currencyTotal{Total: Total{Currency: r.Currency}}
			totals[r.Currency] = c
		}
		if err := c.add(r); err != nil {
			return err
		}
	}
	if r.Kind == kindUsage {
		return nil
	}
	p := pool{r.Kind, r.OriginPeriod, r.Country, r.Tier, r.Currency}
	sum, err := plus(t.pools[p], r.AmountMinor.Int64)
	t.pools[p] = sum
	return err
}

func (c *currencyTotal) add(r *row) (err error) {
	c.rows++
	part := &c.PayoutsMinor
	switch r.Kind {
	case kindUsage:
		return nil
	case kindAdjustment:
		part = &c.AdjustmentsMinor
	}
	if *part, err = plus(*part, r.AmountMinor.Int64); err != nil {
		return err
	}
	c.TotalMinor, err = plus(c.TotalMinor, r.AmountMinor.Int64)
	return err
}

// plus adds without wrapping around.
func plus(a, b int64) (int64, error) {
	sum := a + b
	if (sum > a) != (b > 0) && b != 0 {
		return 0, errors.New("a sum of amounts is beyond 64 bits of minor units")
	}
	return sum, nil
}

// endHolder returns the sums of the holder, by currency, and starts the next one's.
func (t *tally) endHolder() []currencyTotal {
	t.holders++
	list := sorted(t.holder)
	clear(t.holder)
	return list
}

// currencies are the sums of all holders.
func (t *tally) currencies() []Total {
	totals := []Total{}
	for _, c := range sorted(t.all) {
		if c.Currency != "" {
			totals = append(totals, c.Total)
		}
	}
	return totals
}

func sorted(totals map[string]*currencyTotal) []currencyTotal {
	var list []currencyTotal
	for _, currency := range slices.Sorted(maps.Keys(totals)) {
		list = append(list, *totals[currency])
	}
	return list
}

// prove holds the sums of what was written against the tables.
func (w *writer) prove(ctx context.Context, db *jobs.Session, period string) error {
	want := map[pool]int64{}
	type record struct {
		pool
		Sum int64 `col:"amount_minor"`
	}
	err := jobs.EachRecord(ctx, db, "statement/expected", []any{period}, func(r record) error { want[r.pool] = r.Sum; return nil })
	if err != nil {
		return fmt.Errorf("sum the payouts of %s: %w", period, err)
	}
	for _, sums := range []map[pool]int64{want, w.tally.pools} {
		for p := range sums {
			if got := w.tally.pools[p]; got != want[p] {
				return fmt.Errorf("statements sum to %d %s of %ss of %s from pool %s/%s, the tables to %d: %w",
					got, p.Currency, p.Kind, p.Origin, p.Country, p.Tier, want[p], jobs.ErrProof)
			}
		}
	}
	return nil
}
