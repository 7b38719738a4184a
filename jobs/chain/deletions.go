package chain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/erase"
	"github.com/lakectl/lakectl/jobs/erase/book"
	"github.com/lakectl/lakectl/jobs/purge"
	"github.com/lakectl/lakectl/jobs/rollup"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/lake"
)

// Deletions is what [CarryOut] did.
type Deletions struct {
	Deleted   erase.Report   `json:"deleted"`
	Royalties royalty.Report `json:"royalties"`
	Rollup    rollup.Report  `json:"rollup"`
	Confirmed erase.Report   `json:"confirmed"`
	Purged    *purge.Report  `json:"purged,omitempty"`
}

// DeletionsOptions say how deletion requests are carried out.
type DeletionsOptions struct {
	Rollup rollup.Options
	// OnlyOpen has nothing recomputed where no request is open, for whoever asks every minute.
	OnlyOpen bool
	// Purge says how requests that were carried out are purged; nil: they are not.
	Purge *purge.Options
}

// CarryOut carries every open deletion request forward and recomputes what was derived from its rows, and whatever else
// royalties and dashboard have not followed yet; then it purges the requests that are due. From the first committed
// delete on, an error means partly done.
func CarryOut(ctx context.Context, env jobs.Env, o DeletionsOptions) (report Deletions, err error) {
	if report, err = erased(ctx, env, o); err != nil || o.Purge == nil {
		return report, err
	}
	err = purged(ctx, env, o, &report)
	return report, err
}

// purged purges what is due. Whoever reads the tables must have read them up to where the files were rewritten, so that
// is done in between.
func purged(ctx context.Context, env jobs.Env, o DeletionsOptions, report *Deletions) error {
	done, err := purge.Run(ctx, env, *o.Purge)
	if report.Purged = &done; err != nil {
		return fmt.Errorf("purge: %w", err)
	}
	if len(done.Waiting) > 0 {
		if _, err := royalty.Run(ctx, env, royalty.Options{}); err != nil {
			return err
		}
		if _, err := rollup.Run(ctx, env, o.Rollup); err != nil {
			return err
		}
		again, err := purge.Run(ctx, env, *o.Purge)
		done.Add(again)
		if err != nil {
			return fmt.Errorf("purge: %w", err)
		}
	}
	if err := book.NoteKept(ctx, env, keptBy(done)); err != nil {
		return err
	}
	why, left := done.Left()
	if !left || !o.Purge.Now {
		return nil
	}
	return lake.WithHint(fmt.Errorf("%d requests are not purged: %s: %w", done.Due-done.Requests, why.By, jobs.ErrPartial), "%s", why.Hint)
}

// keptBy is what a purge found to keep requests, for whoever lists them. Holds are named without their request, so what
// several keep in a table is told as one.
func keptBy(r purge.Report) []book.Kept {
	of := map[book.Kept][]string{}
	for _, b := range r.Blocked {
		if strings.HasPrefix(b.By, "hold of request ") {
			b.By, b.Hint = "hold", "end it with 'lakectl deletions release'"
		}
		k := book.Kept{Table: b.Table, By: b.By, Hint: b.Hint}
		of[k] = append(of[k], b.Places...)
	}
	var kept []book.Kept
	for k, places := range of {
		slices.Sort(places)
		k.Of = strings.Join(slices.Compact(places), " ")
		kept = append(kept, k)
	}
	for _, b := range r.Waiting {
		kept = append(kept, book.Kept{Table: b.Table, By: b.By, Waits: true, Hint: b.Hint})
	}
	for _, one := range r.Residuals {
		kept = append(kept, book.Kept{Table: one.Table, By: "orphans", Until: &one.Until, Hint: "run 'lakectl job deletions' again then"})
	}
	slices.SortFunc(kept, func(a, b book.Kept) int { return strings.Compare(a.Table+"\x00"+a.By, b.Table+"\x00"+b.By) })
	return slices.CompactFunc(kept, func(a, b book.Kept) bool { return a.Table == b.Table && a.By == b.By })
}

// erased is all before that.
func erased(ctx context.Context, env jobs.Env, o DeletionsOptions) (report Deletions, err error) {
	partly := func(err error) error {
		if err == nil {
			return nil
		}
		return fmt.Errorf("rows are deleted, derived tables not all recomputed: %w", errors.Join(err, jobs.ErrPartial))
	}
	if report.Deleted, err = erase.Delete(ctx, env); err != nil {
		if report.Deleted.Rows != (erase.Counts{}) {
			err = partly(err)
		}
		return report, err
	}
	if o.OnlyOpen && report.Deleted.Requests == 0 {
		if waits, err := anyWaits(ctx, env); err != nil || !waits {
			return report, err
		}
	}
	if report.Royalties, err = royalty.Run(ctx, env, royalty.Options{}); err != nil {
		return report, partly(err)
	}
	if report.Rollup, err = rollup.Run(ctx, env, o.Rollup); err != nil {
		return report, partly(err)
	}
	if report.Confirmed, err = erase.Confirm(ctx, env); err != nil {
		return report, partly(err)
	}
	return report, unfinished(report.Confirmed.Waiting)
}

// anyWaits tells whether a request is not carried out to its end.
func anyWaits(ctx context.Context, env jobs.Env) (bool, error) {
	list, err := erase.List(ctx, env)
	return slices.ContainsFunc(list, erase.Request.Open), err
}

// unfinished says that requests stay open because something derived from their rows is not recomputed: others
// wrote while the chain ran.
func unfinished(waiting []erase.Waiting) error {
	if len(waiting) == 0 {
		return nil
	}
	return lake.WithHint(fmt.Errorf("%d deletion requests wait, the first for %s: %w", len(waiting), waiting[0].For, jobs.ErrPartial),
		"run 'lakectl job deletions' again")
}
