package royalty

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake"
)

// batch is what erased listens do to the lines of a closed period.
type batch struct {
	posted, waiting int64 // lines that differ
	people          int64 // whose erasure they are about, at least
}

// decide says which of the lines that erased listens changed, between the statements of two schemas, are posted: the
// most for which everyone who sees some of them (main.held_groups) sees those of at least [deletionBatch] people.
// main.held_out are the others.
//
// A person counts for a line that came out different because of them. People whose rows the ledger's snapshots still
// show are told exactly. Of the others deletion_log says only how many rows each took from the month, so they are
// counted as the fewest who can account for what is left.
func (w *wait) decide(ctx context.Context, before, after string) (out batch, err error) {
	for view, schema := range map[string]string{"before_lines": before, "after_lines": after} {
		if err := w.db.AliasAnywhere(ctx, view, schema+".lines"); err != nil {
			return out, err
		}
	}
	if err := w.bindHolders(ctx); err != nil {
		return out, err
	}
	if err := w.db.RunAll(ctx, "royalty/held_keys", "royalty/held_people", "royalty/held_groups"); err != nil {
		return out, err
	}
	others, err := w.unseen(ctx)
	if err != nil {
		return out, err
	}
	args := []any{deletionBatch, others[0], others[1], others[2], others[3]}
	for last := int64(-1); out.waiting != last; {
		last = out.waiting
		if err := w.db.Run(ctx, "royalty/held_out", args...); err != nil {
			return out, fmt.Errorf("find the lines that wait: %w", err)
		}
		if out.waiting, err = w.db.Count(ctx, "main.held_out"); err != nil {
			return out, err
		}
	}
	err = w.db.One(ctx, "royalty/held_counts", args[1:], []any{&out.posted, &out.waiting, &out.people})
	if err != nil {
		err = fmt.Errorf("count the lines that wait: %w", err)
	}
	w.report.DeletionSubjects = out.people
	return out, err
}

// bindHolders makes the tables of those who see a track's lines: labels by the tracks of today, and pools.
func (w *wait) bindHolders(ctx context.Context) error {
	tracks, err := w.env.Snapshot(ctx, catalog.Tracks)
	if err != nil {
		return err
	}
	if err := w.db.Bind(ctx, "tracks", tracks); err != nil {
		return err
	}
	if err := w.db.Run(ctx, "royalty/held_labels", w.period); err != nil {
		return fmt.Errorf("find labels: %w", err)
	}
	if err := w.db.Run(ctx, "royalty/held_pools_table"); err != nil {
		return err
	}
	var rows [][]any
	for _, pools := range [][]terms.Pool{w.from.pools, w.to.pools} {
		for _, p := range pools {
			rows = append(rows, []any{p.Country, p.Tier, p.Currency})
		}
	}
	return w.db.Fill(ctx, "held_pools", rows)
}

// unseen are how many rows the one, two, three and four people have at most who took most from the period and whom no
// snapshot of the ledger shows. Where the log does not account for what is left to the row, it may all be one person's.
func (w *wait) unseen(ctx context.Context) (most [4]int64, err error) {
	for i := range most {
		most[i] = math.MaxInt64
	}
	var rest, missing int64
	var plain bool
	if err := w.db.One(ctx, "royalty/held_rest", nil, []any{&rest, &missing, &plain}); err != nil || rest == 0 {
		return most, err
	}
	if err := w.bindSeen(ctx); err != nil {
		return most, err
	}
	var rows, sum, people int64
	firsts := [4]int64{}
	err = w.db.Each(ctx, "royalty/unseen", []any{w.period, w.settled.StartedAt.UTC()}, []any{&rows}, func() error {
		sum += rows
		if people < int64(len(firsts)) {
			firsts[people] = sum
		}
		people++
		return nil
	})
	if err != nil {
		return most, fmt.Errorf("count rows of deletion requests: %w", err)
	}
	if !plain || missing != sum {
		return most, nil
	}
	for i := range firsts {
		if int64(i) >= people {
			firsts[i] = sum
		}
	}
	return firsts, nil
}

// bindSeen makes the table main.seen of the subjects whose erased listens snapshots of the ledger show.
func (w *wait) bindSeen(ctx context.Context) error {
	if err := w.db.Run(ctx, "royalty/seen"); err != nil {
		return fmt.Errorf("find the requests of erased listens: %w", err)
	}
	var user string
	var rows [][]any
	err := w.db.Each(ctx, "royalty/held_persons", nil, []any{&user}, func() error {
		rows = append(rows, []any{w.env.SubjectKey.Subject(user).String()})
		return nil
	})
	return errors.Join(err, w.db.Fill(ctx, "seen", rows))
}

// prepare finds whose erased listens changed which lines since the settled run, and what waits already. dated: the
// splits of a track among these change within the month.
func (w *wait) prepare(ctx context.Context) (dated bool, err error) {
	was, err := w.ledger.ByID(w.from.ledger)
	if err != nil {
		return false, err
	}
	now, err := w.ledger.ByID(w.to.ledger)
	if err != nil {
		return false, err
	}
	if err := w.touched(ctx, "fresh", "erased", was, now); err != nil {
		return false, err
	}
	base := was
	if w.before {
		base, err = w.settledLedger(ctx, was, now)
	} else {
		err = w.db.Copy(ctx, "main.erased_all", "main.erased")
	}
	if err != nil {
		return false, err
	}
	if err := w.touched(ctx, "told", "erased_all", base, now); err != nil {
		return false, err
	}
	if err := w.bindWaiting(ctx); err != nil {
		return false, err
	}
	for _, version := range []int64{w.from.splits, w.to.splits} {
		if err := bindSplits(ctx, w.db, w.splits, version); err != nil {
			return false, err
		}
		var one bool
		if err := w.db.One(ctx, "royalty/held_dated", []any{w.period}, []any{&one}); err != nil {
			return false, fmt.Errorf("look for splits within the month: %w", err)
		}
		dated = dated || one
	}
	return dated, w.db.Run(ctx, "royalty/kept_in")
}

// settledLedger is the ledger of the settled run with main.erased_all since, or was where its snapshots are gone.
func (w *wait) settledLedger(ctx context.Context, was, now lake.Snapshot) (lake.Snapshot, error) {
	s, err := w.ledger.ByID(w.settled.LedgerSnapshotID)
	if err == nil {
		_, told, err := w.bindErased(ctx, "erased_all", s, now)
		if err != nil || told {
			return s, err
		}
	} else if !errors.Is(err, lake.ErrExpired) {
		return s, err
	}
	return was, w.db.Copy(ctx, "main.erased_all", "main.erased")
}

// touched makes tables of what erasures changed between two ledgers, by the rules of before: main.touched_NAME by line
// and person, main.erased_keys_NAME the lines of each erased listen.
func (w *wait) touched(ctx context.Context, name, erased string, base, now lake.Snapshot) error {
	return w.db.InSchema(ctx, "touched", func() error {
		for view, s := range map[string]lake.Snapshot{"base_rows": base, "left_rows": now} {
			if err := bindPeriods(ctx, w.db, view, s, []string{w.period}); err != nil {
				return err
			}
		}
		if err := w.db.Alias(ctx, "erased_ids", "main."+erased); err != nil {
			return err
		}
		if err := w.db.Run(ctx, "royalty/touched_rows"); err != nil {
			return err
		}
		for rows, judged := range map[string]string{"base_erased": "base_judging", "left_erased": "left_judging"} {
			query, err := judging(ctx, w.db, rows, w.from.rules)
			if err == nil {
				err = w.db.MakeView(ctx, judged, query)
			}
			if err != nil {
				return fmt.Errorf("judge erased listens: %w", err)
			}
		}
		if err := w.db.RunAll(ctx, "royalty/touched_judged", "royalty/touched"); err != nil {
			return fmt.Errorf("find the lines of erased listens: %w", err)
		}
		for _, made := range []string{"touched", "erased_keys"} {
			if err := w.db.Copy(ctx, "main."+made+"_"+name, made); err != nil {
				return err
			}
		}
		return nil
	})
}

// bindWaiting makes main.waiting_lines: what the statement with its adjustments has more than the run that they go
// through.
func (w *wait) bindWaiting(ctx context.Context) error {
	if err := bindPeriodAt(ctx, w.env, w.db, "through_lines", catalog.RoyaltyLines, w.through.LinesSnapshotID, w.period); err != nil {
		return err
	}
	if err := w.db.Run(ctx, "royalty/waiting_lines", w.before); err != nil {
		return fmt.Errorf("work out what waits: %w", err)
	}
	return nil
}
