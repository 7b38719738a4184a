package cut

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/serve/latest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/seek"
)

// Reader gives the newest Cut. It may be used by several goroutines.
type Reader struct {
	env    jobs.Env
	seek   *seek.Reader
	newest *latest.Value[Cut]
	files  files // what is known of the artists in them
}

// New makes a Reader that keeps so many bytes of decoded rows.
func New(env jobs.Env, cacheBytes int64) *Reader {
	r := &Reader{env: env, seek: seek.New(seek.Options{CacheBytes: cacheBytes, Verify: env.Duck.Verify})}
	r.newest = latest.New(env.Now, r.read, r.stays).Meanwhile(meanwhile)
	return r
}

// meanwhile is how old a Cut may be that answers while the next one is opened.
const meanwhile = 10 * time.Second

// Newest is the newest Cut that is open. Its error says that there is none, or that the lake cannot be read and never
// could.
func (r *Reader) Newest(ctx context.Context) (*Cut, error) { return r.newest.Get(ctx) }

// Follow looks for a new Cut every second until the context ends, so that it is open before somebody asks. Where tracks
// says labels it also learns their artists once, which takes a walk through plays_by_day.
func (r *Reader) Follow(ctx context.Context) {
	var learning sync.WaitGroup
	defer learning.Wait()
	learns := false
	for ctx.Err() == nil {
		c, err := r.Newest(ctx)
		if err == nil && !learns && len(c.Names.known) > 1 {
			learns = true
			learning.Go(func() {
				if _, err := c.Artists(ctx); err != nil && ctx.Err() == nil {
					r.env.Log.Warn("whose artists are whose is not known yet", "error", err)
				}
			})
		}
		if lake.Pause(ctx, time.Second) != nil {
			return
		}
	}
}

func (r *Reader) stays(before *Cut, err error) bool {
	if before == nil {
		return false
	}
	r.env.Log.Warn("the dashboard stays as it was", "error", err, "snapshot_id", before.Snapshot)
	return true
}

// read looks at the catalog and gives the Cut before where nothing has moved.
func (r *Reader) read(ctx context.Context, before *Cut) (*Cut, error) {
	days, err := r.published(ctx)
	if err != nil {
		return nil, err
	}
	tracks, err := r.env.Snapshot(ctx, catalog.Tracks)
	if err != nil {
		return nil, err
	}
	if before != nil && before.days == days.ID() && before.tracks == tracks.ID() {
		return before, nil
	}
	c := &Cut{reader: r, days: days.ID(), tracks: tracks.ID(), index: &index{}}
	if before != nil && before.tracks == tracks.ID() {
		c.Names = before.Names
	} else if c.Names, err = readNames(ctx, tracks, r.env.Duck.Verify); err != nil {
		return nil, err
	}
	if before != nil && before.days == days.ID() {
		kept := *before
		kept.Names, kept.tracks, kept.index = c.Names, c.tracks, c.index
		return &kept, kept.ready(ctx, before)
	}
	if err := r.open(ctx, c, days); err != nil {
		return nil, err
	}
	c.warm(ctx)
	return c, c.ready(ctx, before)
}

// warmDays are the days that most questions are about, and those that they compare them with.
const warmDays = 2 * 28

// warm opens what most questions need, so that none of them pays for it. What cannot be read fails them, not the Cut.
func (c *Cut) warm(ctx context.Context) {
	until := c.Until()
	span := Span{From: until.AddDate(0, 0, -warmDays), To: until.AddDate(0, 0, 1)}
	for _, v := range []*seek.View{c.byDay, c.listeners, c.changes} {
		v.Warm(ctx, months(span)) //nolint:errcheck // whoever asks for it has the error
	}
}

// ready makes what the Cut before was asked for, so that nobody waits for it.
func (c *Cut) ready(ctx context.Context, before *Cut) error {
	if before == nil || before.index.artists.Load() == nil {
		return nil
	}
	_, err := c.Artists(ctx)
	return err
}

// published is plays_by_day as the rollup published it last, whatever another engine did to its rows since.
func (r *Reader) published(ctx context.Context) (lake.Snapshot, error) {
	days, err := r.env.Snapshot(ctx, catalog.PlaysByDay)
	if err != nil {
		return days, err
	}
	altered := days.Table().Altered()
	if altered == nil {
		return days, nil
	}
	if altered.Before != 0 {
		days, err = days.Table().ByID(altered.Before)
	}
	if altered.Before == 0 || errors.Is(err, lake.ErrExpired) {
		err = lake.WithHint(fmt.Errorf("table %s: another engine changed it (snapshot %d), and what was published is gone", catalog.PlaysByDay, altered.By), "run 'lakectl job rollup', which makes it anew")
	}
	return days, err
}

// open finds the snapshots that belong to one of plays_by_day.
func (r *Reader) open(ctx context.Context, c *Cut, days lake.Snapshot) error {
	if err := r.openArchive(ctx, c, days); err != nil {
		return err
	}
	if err := readable(days); err != nil {
		return err
	}
	text, err := days.State(catalog.ProvisionalDays)
	if err != nil {
		return err
	}
	if c.provisional, err = catalog.ParseDays(text); err != nil {
		return fmt.Errorf("state %s of %s: %w", catalog.ProvisionalDays, catalog.PlaysByDay, err)
	}
	text, err = days.State(catalog.MarkedDays)
	if err != nil {
		return err
	}
	marked, err := catalog.ParseDays(text)
	if err != nil {
		return fmt.Errorf("state %s of %s: %w", catalog.MarkedDays, catalog.PlaysByDay, err)
	}
	for day := range marked {
		c.provisional[day] = true
	}
	names, err := catalog.CutOf(days)
	if err != nil {
		return err
	}
	for _, v := range c.views() {
		s := days
		if v.table != catalog.PlaysByDay {
			t, err := r.env.Lake.Table(ctx, v.table)
			if err != nil {
				return err
			}
			s = t.Empty()
			if id := names[v.table]; id != 0 {
				if s, err = t.ByID(id); err != nil {
					return err
				}
			}
		}
		if *v.into, err = r.seek.Open(ctx, s, "artist_id", v.columns...); err != nil {
			return err
		}
	}
	return nil
}

// readable refuses tables whose rows say something else than this version reads in them.
func readable(days lake.Snapshot) error {
	form, err := catalog.DashboardFormOf(days)
	if err != nil || form == "" || form == catalog.DashboardForm {
		return err
	}
	return lake.WithHint(fmt.Errorf("table %s has form %.20q, and this version reads %s: %w", catalog.PlaysByDay, form, catalog.DashboardForm, lake.ErrUnsupported), "run 'lakectl job rollup', which makes it anew")
}

// openArchive finds out which state of the archive the cut is of, and how far its clocks had come. The snapshot may
// have expired since: then the commit of plays_by_day dates it.
func (r *Reader) openArchive(ctx context.Context, c *Cut, days lake.Snapshot) (err error) {
	if c.Snapshot, err = days.StateNumber(catalog.CoversListens); err != nil {
		return err
	}
	c.AsOf = days.Time()
	if c.Snapshot == 0 {
		return nil
	}
	listens, err := r.env.Lake.Table(ctx, catalog.Listens)
	if err != nil {
		return err
	}
	s, err := listens.ByID(c.Snapshot)
	if errors.Is(err, lake.ErrExpired) {
		return nil
	}
	if err != nil {
		return err
	}
	c.AsOf = s.Time()
	marks, err := catalog.WatermarksOf(s)
	if err != nil {
		return err
	}
	c.Watermark = marks.Newest()
	return nil
}
