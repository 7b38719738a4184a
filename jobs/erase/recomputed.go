package erase

import (
	"context"
	"errors"
	"fmt"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// rollupState is what the tables of the dashboard say about themselves.
type rollupState struct {
	logs   []int64         // of each the snapshot of deletion_log whose days it has marked
	marked map[string]bool // days that wait for their rewrite in any
}

func readRollup(ctx context.Context, env jobs.Env) (rollupState, error) {
	s := rollupState{marked: map[string]bool{}}
	for _, table := range catalog.Compared {
		plays, err := env.Snapshot(ctx, table)
		if err != nil {
			return s, err
		}
		log, err := plays.StateNumber(catalog.CoversDeletionLog)
		if err != nil {
			return s, err
		}
		marked, err := plays.State(catalog.MarkedDays)
		if err != nil {
			return s, err
		}
		s.logs = append(s.logs, log)
		for _, day := range unlist(marked) {
			s.marked[day] = true
		}
	}
	return s, nil
}

// seen is the log as the table has seen it that has seen least of it; a snapshot that expired is older than all that
// are left.
func (s rollupState) seen(log *lake.Table) (least lake.Snapshot, err error) {
	for i, id := range s.logs {
		at, err := log.ByID(id)
		if errors.Is(err, lake.ErrExpired) {
			return log.Empty(), nil
		} else if err != nil {
			return least, err
		}
		if i == 0 || at.Sequence() < least.Sequence() {
			least = at
		}
	}
	return least, nil
}

// royaltyState is what the royalty tables say about themselves.
type royaltyState struct {
	archive *lake.Table
	ledger  lake.Snapshot
	covers  int64              // archive snapshot the ledger accounts for
	judged  int64              // ledger snapshot through which every period was judged
	runs    map[string][]int64 // period -> ledger snapshots its runs summed
	lines   map[string]bool    // periods that have lines
}

func readRoyalties(ctx context.Context, env jobs.Env, db *jobs.Session) (*royaltyState, error) {
	s := &royaltyState{runs: map[string][]int64{}, lines: map[string]bool{}}
	var err error
	if s.ledger, err = env.Snapshot(ctx, catalog.ListensCounted); err != nil {
		return nil, err
	}
	if s.covers, err = s.ledger.StateNumber(catalog.CoversListens); err != nil {
		return nil, err
	}
	if s.archive, err = env.Lake.Table(ctx, catalog.Listens); err != nil {
		return nil, err
	}
	lines, err := env.Snapshot(ctx, catalog.RoyaltyLines)
	if err != nil {
		return nil, err
	}
	files, err := lines.Files(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if period, ok := lake.PartitionValue(f).(string); ok {
			s.lines[period] = true
		}
	}
	return s, s.readRuns(ctx, env, db)
}

func (s *royaltyState) readRuns(ctx context.Context, env jobs.Env, db *jobs.Session) error {
	runs, err := env.Snapshot(ctx, catalog.RoyaltyRuns)
	if err != nil {
		return err
	}
	if s.judged, err = runs.StateNumber(catalog.CoversLedger); err != nil {
		return err
	}
	if err := db.Bind(ctx, "runs", runs); err != nil {
		return err
	}
	var period string
	var ledger int64
	err = db.Each(ctx, "erase/run_ledgers", nil, []any{&period, &ledger}, func() error {
		s.runs[period] = append(s.runs[period], ledger)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read royalty runs: %w", err)
	}
	return nil
}

// settledAfter tells whether royalties were the last to change the ledger and read the archive at or after a
// snapshot: copies that take the place of erased ones are in.
func (s *royaltyState) settledAfter(archive int64) (bool, error) {
	if s.ledger.LastChangeBy() != catalog.RoyaltiesJob {
		return false, nil
	}
	return notBefore(s.archive, s.covers, archive)
}

// published tells whether what a period says comes from the ledger without the deleted rows: royalties have
// judged every period through the snapshot that deleted them, or a run of this one summed the ledger at or
// after it, or nothing was ever published.
func (s *royaltyState) published(period string, ledger int64) (bool, error) {
	if len(s.runs[period]) == 0 && !s.lines[period] {
		return true, nil
	}
	for _, id := range append([]int64{s.judged}, s.runs[period]...) {
		if id == 0 {
			continue
		}
		after, err := notBefore(s.ledger.Table(), id, ledger)
		if err != nil || after {
			return after, err
		}
	}
	return false, nil
}

// notBefore tells whether snapshot a of a table is b or came after it. An expired snapshot is older than all
// that are left; of two expired ones nobody can tell, unless they are the same.
func notBefore(t *lake.Table, a, b int64) (bool, error) {
	if a == b {
		return true, nil
	}
	later, err := t.ByID(a)
	if errors.Is(err, lake.ErrExpired) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	earlier, err := t.ByID(b)
	if errors.Is(err, lake.ErrExpired) {
		return true, nil
	}
	return err == nil && later.Sequence() >= earlier.Sequence(), err
}
