package audit

import (
	"context"
	"errors"
	"fmt"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// copyColumns are the columns of the archive that say which copy counts, and where each came from.
var copyColumns = []string{
	"listen_id", "received_time", "event_time", "ms_played", "track_id", "artist_id", "user_id", "country", "tier", "device", "track_ms",
	"source_topic", "source_partition", "source_offset",
}

// makeCut makes the view cut: the archive as it is now, without what came after the run. The archive is loaded before
// everything that tells about its rows.
func (a *audit) makeCut(ctx context.Context) error {
	archive, err := a.env.Snapshot(ctx, catalog.Listens)
	if err != nil {
		return err
	}
	if err := errors.Join(a.db.Bind(ctx, "archive", archive, copyColumns...), a.db.BindCommits(ctx, "archive_files", archive)); err != nil {
		return err
	}
	if a.others, err = a.changedByOthers(ctx, archive); err != nil {
		return err
	}
	if err := a.db.Run(ctx, "audit/seen"); err != nil {
		return err
	}
	if err := a.db.Fill(ctx, "seen", [][]any{{a.run.sequence}}); err != nil {
		return err
	}
	if err := a.fillReach(ctx); err != nil {
		return fmt.Errorf("positions of run %s: %w", a.run.id, err)
	}
	if err := a.findReplayed(ctx, archive); err != nil {
		return fmt.Errorf("replayed records: %w", err)
	}
	return a.db.Run(ctx, "audit/cut")
}

// changedByOthers is the newest value of [catalog.ChangedByOthers]: that of the tables that were made from the archive,
// and of what happened to it since.
func (a *audit) changedByOthers(ctx context.Context, archive lake.Snapshot) (newest int64, err error) {
	for _, table := range catalog.Ledger {
		s, err := a.env.Snapshot(ctx, table)
		if err != nil {
			return 0, err
		}
		before, err := s.StateNumber(catalog.ChangedByOthers)
		if err != nil {
			return 0, err
		}
		covered, err := s.StateNumber(catalog.CoversListens)
		if err != nil {
			return 0, err
		}
		since, err := archive.Changes(ctx, covered)
		if err != nil {
			return 0, err
		}
		newest = max(newest, before, catalog.ChangedSince(archive, covered, since, s))
	}
	return newest, nil
}

// fillReach says how far the run's archive reached into each source.
func (a *audit) fillReach(ctx context.Context) error {
	if err := a.db.Run(ctx, "audit/reach"); err != nil {
		return err
	}
	var rows [][]any
	for _, t := range a.run.positions.Topics {
		for partition, next := range t.Next {
			rows = append(rows, []any{t.Topic, int32(partition), next})
		}
	}
	for source, next := range a.run.positions.Files {
		rows = append(rows, []any{source, int32(0), next})
	}
	for source, partitions := range a.run.positions.Rows {
		for partition, next := range partitions {
			rows = append(rows, []any{source, int32(partition), next})
		}
	}
	if err := a.db.Fill(ctx, "reach", rows); err != nil {
		return err
	}
	if !a.run.archiveRows {
		return nil
	}
	sources, err := a.env.Snapshot(ctx, catalog.Sources)
	if err != nil {
		return err
	}
	if err := a.db.Bind(ctx, "sources", sources); err != nil {
		return err
	}
	return a.db.Run(ctx, "audit/reach_finished", a.run.committed)
}

// findReplayed tells which refused records replays brought in, before the run and since. Quarantine is loaded after
// the archive: it marks all that the archive has, but for the records of a replay that was cut off.
func (a *audit) findReplayed(ctx context.Context, archive lake.Snapshot) error {
	held, err := archive.StateNumber(catalog.Replays)
	if err != nil {
		return err
	}
	quarantine, err := a.env.Snapshot(ctx, catalog.Quarantine)
	if err != nil {
		return err
	}
	marked, err := quarantine.StateNumber(catalog.MarkedListens)
	if err != nil {
		return err
	}
	if held > 0 {
		err = quarantine.NeedColumns("outcome", "outcome_at")
	} else {
		quarantine = quarantine.Table().Empty() // whatever version made it, nothing was brought in
	}
	if err != nil {
		return err
	}
	if err := a.db.Bind(ctx, "quarantine", quarantine); err != nil {
		return err
	}
	rounds := max(0, marked-a.run.replays)
	if err := a.db.Run(ctx, "audit/later_rounds", a.run.committed, rounds); err != nil {
		return err
	}
	found, err := a.db.Count(ctx, "later_rounds")
	if err != nil {
		return err
	}
	a.forgotten = rounds - found
	return a.db.Run(ctx, "audit/replayed", held > a.run.replays)
}
