package run

import (
	"context"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// follows are the tables whose state says how far jobs have taken the archive in.
var follows = map[string]string{"rollup": catalog.PlaysByDay, "royalties": catalog.ListensCounted}

// watch looks at the tables for what is new: at once where this process wrote it. It reads metadata that stays parsed.
func (r *Runner) watch(ctx context.Context) error {
	for {
		err := r.look(ctx)
		r.mu.Lock()
		r.looked, r.lookErr = time.Now(), ""
		if err != nil && ctx.Err() == nil {
			r.lookErr = err.Error()
		}
		r.mu.Unlock()
		if err != nil && ctx.Err() == nil {
			r.env.Log.Debug("the tables cannot be read", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-r.news:
		case <-time.After(r.every):
		}
	}
}

func (r *Runner) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*lookEvery)
	defer cancel()
	archive, err := r.env.Snapshot(ctx, catalog.Listens)
	if err != nil {
		return err
	}
	marks, err := catalog.WatermarksOf(archive)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.archive = Archive{ID: archive.ID(), CommittedAt: archive.Time().UTC()}
	if archive.ID() == 0 {
		r.archive.CommittedAt = time.Time{}
	}
	r.ingester.Watermark = marks.Newest()
	r.mu.Unlock()
	for _, t := range r.tasks {
		table, does := follows[t.Name]
		if !does {
			continue
		}
		watermark, behind, err := r.followed(ctx, table, archive)
		if err != nil {
			return err
		}
		r.mu.Lock()
		t.is.Watermark, t.is.behind = watermark, behind
		r.mu.Unlock()
	}
	return nil
}

// followed is how far a table has taken the archive in: the commit time of the snapshot it covers, and that of the
// oldest one it does not; zero for none.
func (r *Runner) followed(ctx context.Context, table string, archive lake.Snapshot) (watermark, behind time.Time, err error) {
	made, err := r.env.Snapshot(ctx, table)
	if err != nil {
		return watermark, behind, err
	}
	covered, err := made.StateNumber(catalog.CoversListens)
	if err != nil || archive.ID() == 0 {
		return watermark, behind, err
	}
	if covered == archive.ID() {
		return archive.Time().UTC(), behind, nil
	}
	if at, err := archive.Table().ByID(covered); covered != 0 && err == nil {
		watermark = at.Time().UTC()
	}
	since, _ := archive.Since(covered)
	for _, s := range since {
		if at := s.Time().UTC(); behind.IsZero() || at.Before(behind) {
			behind = at
		}
	}
	return watermark, behind, nil
}
