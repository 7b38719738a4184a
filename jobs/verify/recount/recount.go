package recount

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// Count is a day or month of a table: what it says, and what was counted.
type Count struct {
	Table   string `json:"table"`
	Part    string `json:"part"`            // 2026-03-05 or 2026-03
	Says    int64  `json:"says"`            // plays or listens
	Counted int64  `json:"counted"`         // by the ledger's rows
	Same    bool   `json:"same"`            // key by key, plays and milliseconds or listens and those that qualify
	Waits   bool   `json:"waits,omitempty"` // it is not exact yet, by design
}

// Differs tells whether it should say something else.
func (c Count) Differs() bool { return !c.Same && !c.Waits }

// Report says what was counted.
type Report struct {
	Counts []Count `json:"counts"`
}

// Run counts days, since 1970, and months, as 2026-03. The report is whole beside an error that is [jobs.ErrProof].
func Run(ctx context.Context, env jobs.Env, days map[int]bool, months map[string]bool) (report Report, err error) {
	if len(days)+len(months) == 0 {
		return report, nil
	}
	r := &run{env: env, days: days, ledgers: map[int64]*counted{}}
	for month := range months {
		if r.months == nil {
			r.months = map[uint64]string{}
		}
		r.months[textHash(month)] = month
	}
	var claims []claim
	for _, d := range dashboards {
		c, err := r.dashboard(ctx, d)
		if err != nil {
			return report, err
		}
		claims = append(claims, c...)
	}
	lines, err := r.lines(ctx)
	if err != nil {
		return report, err
	}
	if err := r.countLedgers(ctx, append(claims, lines...)); err != nil {
		return report, err
	}
	for _, c := range append(claims, lines...) {
		report.Counts = append(report.Counts, c.held(r))
	}
	return report, report.judge()
}

// judge names the first that differs.
func (r Report) judge() error {
	i := slices.IndexFunc(r.Counts, Count.Differs)
	if i < 0 {
		return nil
	}
	c := r.Counts[i]
	hint := "run 'lakectl job rollup --true-up', which compares every day, then verify again"
	if c.Table == catalog.RoyaltyLines {
		hint = "run 'lakectl job royalties --full', which says what differs, then verify again"
	}
	return lake.WithHint(fmt.Errorf("%s of %s says %d, and the ledger's rows come to %d, or other keys: %w", c.Table, c.Part, c.Says, c.Counted, jobs.ErrProof), "%s", hint)
}

// run is one recount.
type run struct {
	env     jobs.Env
	days    map[int]bool
	months  map[uint64]string // by hash
	ledgers map[int64]*counted
}

// claim is what a table says of a day or month, and the snapshot of the ledger that it was made from.
type claim struct {
	table, part string
	at          int64 // day, or hash of the month
	ledger      int64
	rules       int64 // version, of lines
	says        sum
	waits       bool
}

// held is a claim against what was counted.
func (c claim) held(r *run) Count {
	if c.waits {
		return Count{Table: c.table, Part: c.part, Says: c.says.first, Waits: true}
	}
	want := sum{}
	if s := r.ledgers[c.ledger].by[c.table][c.at]; s != nil {
		want = *s
	}
	return Count{Table: c.table, Part: c.part, Says: c.says.first, Counted: want.first, Same: c.says == want}
}

func dayText(day int) string { return lake.DayStart(day).Format(time.DateOnly) }

// ledger loads a snapshot of the ledger.
func (r *run) ledger(ctx context.Context, id int64) (lake.Snapshot, error) {
	t, err := r.env.Lake.Table(ctx, catalog.ListensCounted)
	if err != nil || id == 0 {
		return lake.Snapshot{}, err
	}
	s, err := t.WithRowsOf(id)
	if errors.Is(err, lake.ErrExpired) {
		return s, lake.WithHint(fmt.Errorf("the ledger that figures were made from is gone: %w: %w", err, jobs.ErrProof), "run 'lakectl job royalties' and 'lakectl job rollup', then verify again")
	}
	return s, err
}

// countLedgers counts each snapshot of the ledger that claims were made from.
func (r *run) countLedgers(ctx context.Context, claims []claim) error {
	rules, err := r.rules(ctx)
	if err != nil {
		return err
	}
	for _, c := range claims {
		if c.waits {
			continue
		}
		if r.ledgers[c.ledger] == nil {
			r.ledgers[c.ledger] = newCounted(r.days)
		}
		if c.table == catalog.RoyaltyLines {
			r.ledgers[c.ledger].rules[c.part] = ruling(rules, c.rules)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(r.ledgers)) {
		s, err := r.ledger(ctx, id)
		if err != nil {
			return err
		}
		if err := r.ledgers[id].read(ctx, s); err != nil {
			return err
		}
	}
	return nil
}
