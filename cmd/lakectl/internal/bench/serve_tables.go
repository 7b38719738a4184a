package bench

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/apache/iceberg-go"
	"golang.org/x/sync/errgroup"

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
	makers       = 2 // DuckDBs that write at a time, a thread each: hashing and describing a file take one alone
)

// serveToday is the day in which the tables end, half over.
var serveToday = time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)

// dashboard are the tables that bench serve fills.
type dashboard struct {
	b    *bench
	idle chan *jobs.Session // makers that write nothing now

	mu   sync.Mutex
	salt int // of the newest rows
	rows map[string]int64
}

// filled is a table and the statement that makes its rows, in the order of the table.
type filled struct {
	table, statement string
	since            time.Time // first day
	daily            bool      // partitioned by day, else by month
}

func fills() []filled {
	return []filled{
		{catalog.PlaysByHour, "bench/serve_hours", serveToday.AddDate(0, 0, -hourDays), true},
		{catalog.AudienceByDay, "bench/serve_audience", serveToday.AddDate(0, 0, -recentDays), false},
		{catalog.ListenersByDay, "bench/serve_listeners", serveToday.AddDate(0, 0, -recentDays), false},
		{catalog.PlaysByDay, "bench/serve_days", serveToday.AddDate(0, -serveMonths, 0), false},
	}
}

// stretch are days of a table, within one partition, with a share of the rows that they have in full.
type stretch struct {
	filled
	first, end time.Time // end exclusive
	share      float64
}

// newDashboard makes the catalogue, for tables of so many rows of plays_by_day.
func newDashboard(ctx context.Context, b *bench, rows int) (*dashboard, error) {
	d := &dashboard{b: b, idle: make(chan *jobs.Session, makers), rows: map[string]int64{}}
	env := b.env
	env.Duck.Threads = max(env.Duck.Threads/makers, 1)
	tracks := max(rows/daysATrack, 200)
	for range makers {
		db, err := env.Open(ctx)
		if err != nil {
			return nil, errors.Join(err, d.close())
		}
		d.idle <- db
		if err = db.KeepOrder(ctx); err == nil {
			err = db.Run(ctx, "bench/serve_catalogue", tracks, max(tracks/tracksArtist, 20))
		}
		if err != nil {
			return nil, errors.Join(err, d.close())
		}
	}
	return d, nil
}

func (d *dashboard) close() error {
	var errs []error
	for len(d.idle) > 0 {
		errs = append(errs, (<-d.idle).Close())
	}
	return errors.Join(errs...)
}

// fill writes what was merged, a file a partition, then the small files of the newest hours, and publishes them.
func (d *dashboard) fill(ctx context.Context, c *frame.Call) error {
	var list []stretch
	for _, f := range fills() {
		for first := f.since; first.Before(serveToday); {
			end := first.AddDate(0, 0, 1)
			if !f.daily {
				end = time.Date(first.Year(), first.Month()+1, 1, 0, 0, 0, 0, time.UTC)
			}
			if end.After(serveToday) {
				end = serveToday
			}
			list = append(list, stretch{f, first, end, 1})
			first = end
		}
		for _, share := range []float64{minuteShare, newShare} {
			for range tailFiles {
				list = append(list, stretch{f, serveToday, serveToday.AddDate(0, 0, 1), share})
			}
		}
	}
	return d.publish(ctx, list, func(done int) { c.Progress.Say(fmt.Sprintf("bench: %d of %d files", done, len(list))) })
}

// next publishes what a run of the rollup adds.
func (d *dashboard) next(ctx context.Context) error {
	var list []stretch
	for _, f := range fills() {
		list = append(list, stretch{f, serveToday, serveToday.AddDate(0, 0, 1), newShare})
	}
	return d.publish(ctx, list, func(int) {})
}

// publish writes stretches, as many at a time as there are makers, and commits them.
func (d *dashboard) publish(ctx context.Context, list []stretch, say func(done int)) error {
	files, done := make([][]iceberg.DataFile, len(list)), 0
	workers, working := errgroup.WithContext(ctx)
	workers.SetLimit(makers)
	for i, s := range list {
		d.salt++
		salt := d.salt
		workers.Go(lake.Safely(func() (err error) {
			files[i], err = d.write(working, s, salt)
			d.mu.Lock()
			defer d.mu.Unlock()
			done++
			say(done)
			return err
		}))
	}
	if err := workers.Wait(); err != nil {
		return err
	}
	added := map[string][]iceberg.DataFile{}
	for i, s := range list {
		added[s.table] = append(added[s.table], files[i]...)
	}
	return d.commit(ctx, added)
}

// write writes a file in order, as the rollup does.
func (d *dashboard) write(ctx context.Context, s stretch, salt int) ([]iceberg.DataFile, error) {
	db := <-d.idle
	defer func() { d.idle <- db }()
	if err := db.Run(ctx, "bench/serve_stretch", s.first, int(s.end.Sub(s.first)/(24*time.Hour)), s.share, salt); err != nil {
		return nil, err
	}
	if err := db.RunAll(ctx, "bench/serve_constants", s.statement); err != nil {
		return nil, err
	}
	head, err := d.b.env.Snapshot(ctx, s.table)
	if err != nil {
		return nil, err
	}
	part := int(lake.MonthOf(s.first))
	if s.daily {
		part = lake.Day(s.first)
	}
	files, err := db.WriteInOrder(ctx, head.Table(), catalog.RollupJob, "output", part, groupRows)
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, file := range files {
		d.rows[s.table] += file.Count()
	}
	return files, err
}

// commit publishes files as the rollup does: a listen to account for, then the tables, plays_by_day last.
func (d *dashboard) commit(ctx context.Context, added map[string][]iceberg.DataFile) error {
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
	db := <-d.idle
	defer func() { d.idle <- db }()
	var one string
	err = db.Each(ctx, "bench/serve_artists", []any{n}, []any{&one}, func() error {
		list = append(list, one)
		return nil
	})
	return list, err
}
