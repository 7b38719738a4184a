package bench

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// The tables as the rollup leaves them.
const (
	daysATrack   = 200 // rows of plays_by_day; half as many of plays_by_hour
	tracksArtist = 10
	serveMonths  = 24
	hourDays     = 14
	recentDays   = 60 // that audience_by_day and listeners_by_day have
	groupRows    = 20_480
	tailFiles    = 11    // of each of two tiers, in the newest partition: one more and the rollup would merge them
	newShare     = 0.004 // of a day's rows, in a run of the rollup
	minuteShare  = 12 * newShare
)

// serveToday is the day in which the tables end, half over.
var serveToday = time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)

// dashboard are the tables that bench serve fills.
type dashboard struct {
	b    *bench
	db   *jobs.Session
	salt int // of the newest rows
	rows map[string]int64
}

// filled is a table: the statement that makes its rows, and its order.
type filled struct {
	table, statement string
	order            []string
	since            time.Time // first day
	daily            bool      // partitioned by day, else by month
}

func fills() []filled {
	return []filled{
		{catalog.PlaysByHour, "bench/serve_hours", []string{"artist_id", "track_id", "hour"}, serveToday.AddDate(0, 0, -hourDays), true},
		{catalog.AudienceByDay, "bench/serve_audience", []string{"artist_id", "day", "country", "device"}, serveToday.AddDate(0, 0, -recentDays), false},
		{catalog.ListenersByDay, "bench/serve_listeners", []string{"artist_id", "track_id", "day"}, serveToday.AddDate(0, 0, -recentDays), false},
		{catalog.PlaysByDay, "bench/serve_days", []string{"artist_id", "track_id", "day"}, serveToday.AddDate(0, -serveMonths, 0), false},
	}
}

// newDashboard makes the catalogue and fills the tables.
func newDashboard(ctx context.Context, c *frame.Call, b *bench, rows int) (*dashboard, error) {
	db, err := b.env.Open(ctx)
	if err != nil {
		return nil, err
	}
	d := &dashboard{b: b, db: db, rows: map[string]int64{}}
	tracks := max(rows/daysATrack, 200)
	err = db.Run(ctx, "bench/serve_catalogue", tracks, max(tracks/tracksArtist, 20))
	if err == nil {
		err = d.fill(ctx, c)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return d, nil
}

// fill writes what was merged, a file a partition, then the small files of the newest hours, and publishes them.
func (d *dashboard) fill(ctx context.Context, c *frame.Call) error {
	added := map[string][]iceberg.DataFile{}
	for _, f := range fills() {
		for first := f.since; first.Before(serveToday); {
			c.Progress.Say("bench: " + f.table + " of " + first.Format(time.DateOnly))
			next := first.AddDate(0, 0, 1)
			if !f.daily {
				next = time.Date(first.Year(), first.Month()+1, 1, 0, 0, 0, 0, time.UTC)
			}
			if next.After(serveToday) {
				next = serveToday
			}
			files, err := d.write(ctx, f, first, next, 1)
			if err != nil {
				return err
			}
			added[f.table] = append(added[f.table], files...)
			first = next
		}
		for _, share := range []float64{minuteShare, newShare} {
			for range tailFiles {
				files, err := d.write(ctx, f, serveToday, serveToday.AddDate(0, 0, 1), share)
				if err != nil {
					return err
				}
				added[f.table] = append(added[f.table], files...)
			}
		}
	}
	return d.publish(ctx, added)
}

// write writes a sorted file of the days from first to next, with a share of the rows that they have in full.
func (d *dashboard) write(ctx context.Context, f filled, first, next time.Time, share float64) ([]iceberg.DataFile, error) {
	d.salt++
	if err := d.db.Run(ctx, "bench/serve_stretch", first, int(next.Sub(first)/(24*time.Hour)), share, d.salt); err != nil {
		return nil, err
	}
	if err := d.db.Run(ctx, f.statement); err != nil {
		return nil, err
	}
	s, err := d.b.env.Snapshot(ctx, f.table)
	if err != nil {
		return nil, err
	}
	part := int(lake.MonthOf(first))
	if f.daily {
		part = lake.Day(first)
	}
	files, err := d.db.WriteSorted(ctx, s.Table(), catalog.RollupJob, "output", part, f.order, groupRows)
	for _, file := range files {
		d.rows[f.table] += file.Count()
	}
	return files, err
}

// next publishes what a run of the rollup adds.
func (d *dashboard) next(ctx context.Context) error {
	added := map[string][]iceberg.DataFile{}
	for _, f := range fills() {
		files, err := d.write(ctx, f, serveToday, serveToday.AddDate(0, 0, 1), newShare)
		if err != nil {
			return err
		}
		added[f.table] = files
	}
	return d.publish(ctx, added)
}

// publish commits files as the rollup does: a listen to account for, then the tables, plays_by_day last.
func (d *dashboard) publish(ctx context.Context, added map[string][]iceberg.DataFile) error {
	const quarterHours = 4 * 24 * 14 // of the 14 days before serveToday, in 15 s flushes 60 each
	if _, err := CommitLikeIngest(ctx, d.b.env, quarterHours*60+2880+d.salt); err != nil {
		return err
	}
	archive, err := d.b.env.Snapshot(ctx, catalog.Listens)
	if err != nil {
		return err
	}
	cut := catalog.Cut{}
	for _, table := range catalog.Dashboard {
		state := map[string]string{lake.StateKey(catalog.CoversListens): strconv.FormatInt(archive.ID(), 10)}
		if table == catalog.PlaysByDay {
			state[lake.StateKey(catalog.CutKey)] = cut.String()
		}
		s, err := d.b.env.Lake.Commit(ctx, table, lake.Commit{
			Job: catalog.RollupJob, Add: added[table], Stage: func(lake.Snapshot) (map[string]string, error) { return state, nil },
		})
		if err != nil {
			return err
		}
		cut[table] = s.ID()
	}
	return nil
}

// artists draws artists by what is played of them.
func (d *dashboard) artists(ctx context.Context, n int) (list []string, err error) {
	var one string
	err = d.db.Each(ctx, "bench/serve_artists", []any{n}, []any{&one}, func() error {
		list = append(list, one)
		return nil
	})
	return list, err
}
