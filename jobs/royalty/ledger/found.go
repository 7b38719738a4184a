package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/trino"
)

// batchBytes bounds the paths in one query of Trino, whose texts have a million characters at most. Each quote in a
// path takes several, and Trino repeats the text in plans.
const batchBytes = 400_000

// looksByTrino tells whether Trino looks through the ledger. Copies of torn days are told by comparing rows, which is
// DuckDB's, so a run with such days is DuckDB's throughout.
func (u *update) looksByTrino() bool { return u.db.OnTrino() && !u.rebuild && len(u.torn) == 0 }

// find makes ledger_hits by Trino, as ledger/hits does.
func (u *update) find(ctx context.Context) error {
	if err := u.db.RunAll(ctx, "ledger/found_table", "ledger/seen_table"); err != nil {
		return err
	}
	ledger := trino.PinOf("ledger", u.ledger, append(u.ledgerColumns(), trino.Path)...)
	for _, b := range batches(u.added, batchBytes) {
		copies := trino.PinOf("copies", u.archive, "listen_id", "event_time")
		copies.Files = b.paths
		if _, err := u.db.Load(ctx, "ledger_seen", "ledger/seen.trino", []trino.Pin{copies}, b.from, b.to); err != nil {
			return err
		}
		if _, err := u.db.Load(ctx, "ledger_found", "ledger/found.trino", []trino.Pin{copies, ledger}, b.from, b.to); err != nil {
			return err
		}
	}
	if u.handsOver {
		duplicates := trino.PinOf("duplicates", u.duplicates, "listen_id", "source_topic", "source_partition", "source_offset")
		if _, err := u.db.Load(ctx, "ledger_found", "ledger/found_handed_over.trino", []trino.Pin{ledger, duplicates}); err != nil {
			return err
		}
	}
	if err := u.sawAll(ctx); err != nil {
		return err
	}
	return u.db.Run(ctx, "ledger/found_hits")
}

// sawAll holds the new copies that Trino saw against those that there are: an id that is not looked for would count
// twice.
func (u *update) sawAll(ctx context.Context) error {
	var saw, are int64
	if err := u.db.One(ctx, "ledger/seen_sum", nil, []any{&saw, &are}); err != nil {
		return err
	}
	if saw != are {
		return lake.WithHint(fmt.Errorf("trino sees %d rows in the new files of %s, there are %d: %w", saw, catalog.Listens, are, lake.ErrUnsupported),
			"run it with --engine duckdb")
	}
	return nil
}

// batch is files that one query names.
type batch struct {
	paths    []string
	from, to time.Time // of the event times in them
}

// batches are the files by their days, so that a query reads few of the archive's manifests.
func batches(files []lake.File, most int) (all []batch) {
	ordered := slices.SortedStableFunc(slices.Values(files), func(a, b lake.File) int { return firstDay(a) - firstDay(b) })
	size := 0
	for _, f := range ordered {
		size += len(f.FilePath())
		if len(all) == 0 || size > most {
			all = append(all, batch{from: always.from, to: always.to})
			size = len(f.FilePath())
		}
		last := &all[len(all)-1]
		last.paths = append(last.paths, f.FilePath())
	}
	i := 0
	for n := range all {
		here := ordered[i : i+len(all[n].paths)]
		i += len(here)
		first, known := lake.PartitionValue(here[0]).(int)
		end, _ := lake.PartitionValue(here[len(here)-1]).(int)
		if known {
			all[n].from, all[n].to = lake.DayStart(first), lake.DayStart(end+1)
		}
	}
	return all
}

// always is a time that every listen is in.
var always = batch{from: time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), to: time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)}

// firstDay sorts files; those that do not tell their day come first.
func firstDay(f lake.File) int {
	day, is := lake.PartitionValue(f).(int)
	if !is {
		return -1 << 40
	}
	return day
}

// local is the path by which DuckDB and [lake.LocalPath] name a file, of one that either engine named.
func local(path string) (string, error) {
	if scheme, _, is := strings.Cut(path, ":/"); is && !strings.Contains(scheme, "/") {
		return lake.LocalPath(path)
	}
	return path, nil
}

// findOrphans makes orphans by Trino, as ledger/orphans does.
func (u *update) findOrphans(ctx context.Context) error {
	if err := u.db.Run(ctx, "ledger/orphans_table"); err != nil {
		return err
	}
	_, err := u.db.Load(ctx, "orphans", "ledger/orphans.trino", []trino.Pin{
		trino.PinOf("duplicates", u.duplicates, "listen_id", "event_time"), trino.PinOf("ledger", u.ledger, "listen_id"),
	})
	return err
}
