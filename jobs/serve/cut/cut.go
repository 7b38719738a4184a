package cut

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/serve/figures"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/seek"
)

// Cut is one published state of the dashboard. It does not change.
type Cut struct {
	Snapshot  int64     // of listens, that all tables account for; 0 before the first
	AsOf      time.Time // when that was committed
	Watermark time.Time // newest event time in it; zero where that is not on record
	Names     *Names

	reader       *Reader
	days, tracks int64 // snapshots of plays_by_day and tracks
	provisional  map[int]bool

	byDay, byHour, audience, listeners, changes *seek.View
	index                                       *index
}

type view struct {
	table   string
	into    **seek.View
	columns []string
}

// views are the tables of a cut with what is read of them.
func (c *Cut) views() []view {
	return []view{
		{catalog.PlaysByDay, &c.byDay, []string{"track_id", "day", "plays", "ms_played"}},
		{catalog.PlaysByHour, &c.byHour, []string{"track_id", "country", "device", "listeners", "hour", "plays", "ms_played"}},
		{catalog.AudienceByDay, &c.audience, []string{"country", "device", "listeners", "day", "plays", "ms_played"}},
		{catalog.ListenersByDay, &c.listeners, []string{"track_id", "listeners", "day"}},
		{catalog.PlaysChanges, &c.changes, []string{"track_id", "cause", "day", "noticed_at", "plays", "ms_played"}},
	}
}

// Tag names what an answer from this cut depends on.
func (c *Cut) Tag() string { return fmt.Sprintf("%d-%d", c.days, c.tracks) }

// Provisional tells whether the figures of a day may still change without anybody sending anything.
func (c *Cut) Provisional(day time.Time) bool { return c.provisional[lake.Day(day)] }

// Span are the days from From, inclusive, to To, exclusive: instants at which UTC days begin.
type Span = figures.Range

func months(s Span) func(any) bool {
	from, to := int(lake.MonthOf(s.From)), int(lake.MonthOf(s.To.Add(-1)))
	return func(partition any) bool {
		m, ok := partition.(int)
		return !ok || m >= from && m <= to
	}
}

func days(s Span) func(any) bool {
	from, to := lake.Day(s.From), lake.Day(s.To)
	return func(partition any) bool {
		d, ok := partition.(int)
		return !ok || d >= from && d < to
	}
}

// Plays are plays of one track on one day.
type Plays struct {
	Track  string
	Day    time.Time
	Plays  int64
	Millis int64 // milliseconds heard
}

// Days gives the plays of an artist by track and day, in no order; a key may come several times.
func (c *Cut) Days(ctx context.Context, artist string, s Span) ([]Plays, error) {
	var list []Plays
	from, to := int64(lake.Day(s.From)), int64(lake.Day(s.To))
	err := c.byDay.Rows(ctx, artist, months(s), func(r seek.Row) {
		if day := r.Number(1); day >= from && day < to {
			list = append(list, Plays{r.Text(0), lake.DayStart(int(day)), r.Number(2), r.Number(3)})
		}
	})
	return list, err
}

// Heard are plays of one hour or day with who heard them.
type Heard struct {
	Track, Country, Device string // Track is "" where days are asked for
	At                     time.Time
	Plays                  int64
	Millis                 int64       // milliseconds heard
	Listeners              figures.Set // enough of them to tell few
}

// Hours gives the plays of an artist by hour, track, country and device, in no order; a key may come several times.
// Only the newest days have hours.
func (c *Cut) Hours(ctx context.Context, artist string, s Span) ([]Heard, error) {
	var list []Heard
	var wrong error
	err := c.byHour.Rows(ctx, artist, days(s), func(r seek.Row) {
		if at := instant(r.Number(4)); at.Before(s.From) || !at.Before(s.To) {
			return
		}
		h, err := heardIn(r)
		if err != nil {
			wrong = err
		}
		list = append(list, h)
	})
	if err == nil {
		err = wrong
	}
	return list, err
}

// HoursFrom is the begin of the first day that has hours, for any artist; the zero time where none has.
func (c *Cut) HoursFrom() time.Time {
	var first time.Time
	c.byHour.Partitions(func(partition any) {
		if day, ok := partition.(int); ok && (first.IsZero() || lake.DayStart(day).Before(first)) {
			first = lake.DayStart(day)
		}
	})
	return first
}

// listenersIn are the listeners that a column of a row of a table has.
func listenersIn(r seek.Row, column int, table string) (figures.Set, error) {
	set, err := figures.ParseSet([]byte(r.Text(column)), catalog.SketchSize(table))
	if err != nil {
		err = fmt.Errorf("%s: %w", table, err)
	}
	return set, err
}

// heardIn is a row of plays_by_hour.
func heardIn(r seek.Row) (Heard, error) {
	set, err := listenersIn(r, 3, catalog.PlaysByHour)
	return Heard{r.Text(0), r.Text(1), r.Text(2), instant(r.Number(4)), r.Number(5), r.Number(6), set}, err
}

func instant(micros int64) time.Time { return time.UnixMicro(micros).UTC() }

func dayOfHour(r seek.Row) int64 { return int64(lake.Day(instant(r.Number(4)))) }

// Audience gives the plays of an artist by day, country and device, in no order; a key may come several times.
func (c *Cut) Audience(ctx context.Context, artist string, s Span) ([]Heard, error) {
	var list []Heard
	var wrong error
	from, to := int64(lake.Day(s.From)), int64(lake.Day(s.To))
	err := c.audience.Rows(ctx, artist, months(s), func(r seek.Row) {
		if day := r.Number(3); day < from || day >= to {
			return
		}
		set, err := listenersIn(r, 2, catalog.AudienceByDay)
		wrong = cmp.Or(wrong, err)
		list = append(list, Heard{"", r.Text(0), r.Text(1), lake.DayStart(int(r.Number(3))), r.Number(4), r.Number(5), set})
	})
	return list, cmp.Or(err, wrong)
}

// Listeners are those of an artist in the days of a span: of the tracks that are asked for by their ids, ascending,
// where "" is of all tracks together; of each and of all where none is named.
func (c *Cut) Listeners(ctx context.Context, artist string, s Span, tracks ...string) (map[string]figures.Set, error) {
	sets := map[string][]figures.Set{}
	first, end := int64(lake.Day(s.From)), int64(lake.Day(s.To))
	files := c.listeners.Files(months(s))
	made := make([]map[string]figures.Set, len(files))
	workers, ctx := errgroup.WithContext(ctx)
	workers.SetLimit(2) // decoding is what takes the time, on the cores that there are
	for i, f := range files {
		from, to := ofMonth(f.Partition())
		from, to = max(from, first), min(to, end)
		workers.Go(lake.Safely(func() error {
			// Files never change, so the next cut unites what is new.
			one, err := c.reader.seek.Keep(fmt.Sprintf("listeners:%q:%q:%d:%d:%s", artist, tracks, from, to, f.Name()), func() (any, int64, error) {
				united, err := listenersOf(ctx, f, artist, from, to, tracks)
				return united, bytesOf(united), err
			})
			if err == nil {
				made[i] = one.(map[string]figures.Set)
			}
			return err
		}))
	}
	if err := workers.Wait(); err != nil {
		return nil, err
	}
	for _, one := range made {
		for track, set := range one {
			sets[track] = append(sets[track], set)
		}
	}
	return unite(sets), nil
}

func unite(sets map[string][]figures.Set) map[string]figures.Set {
	united := make(map[string]figures.Set, len(sets))
	for track, list := range sets {
		united[track] = figures.Unite(list...)
	}
	return united
}

func bytesOf(sets map[string]figures.Set) int64 {
	n := 256
	for track, set := range sets {
		n += 64 + len(track) + set.Size()
	}
	return int64(n)
}

// listenersOf unites what a file has of an artist.
func listenersOf(ctx context.Context, f seek.File, artist string, from, to int64, tracks []string) (map[string]figures.Set, error) {
	sets := map[string][]figures.Set{}
	var wrong error
	err := f.Each(ctx, []string{artist}, func(_ string, r seek.Row) {
		_, wanted := slices.BinarySearch(tracks, r.Text(0))
		if day := r.Number(2); day < from || day >= to || len(tracks) > 0 && !wanted {
			return
		}
		set, err := listenersIn(r, 1, catalog.ListenersByDay)
		wrong = cmp.Or(wrong, err)
		sets[strings.Clone(r.Text(0))] = append(sets[r.Text(0)], set)
	})
	return unite(sets), cmp.Or(err, wrong)
}

// Change is a difference of plays of one track on a day that had ended, with its cause.
type Change struct {
	Track, Cause string
	Day          time.Time
	Noticed      time.Time
	Plays        int64
	Millis       int64 // milliseconds heard
}

// Changes gives what changed of an artist in the days of a span, in no order.
func (c *Cut) Changes(ctx context.Context, artist string, s Span) ([]Change, error) {
	var list []Change
	from, to := int64(lake.Day(s.From)), int64(lake.Day(s.To))
	err := c.changes.Rows(ctx, artist, months(s), func(r seek.Row) {
		if day := r.Number(2); day >= from && day < to {
			list = append(list, changeOf(r))
		}
	})
	return list, err
}

func changeOf(r seek.Row) Change {
	return Change{r.Text(0), r.Text(1), lake.DayStart(int(r.Number(2))), instant(r.Number(3)), r.Number(4), r.Number(5)}
}

// Until is the instant up to which the tables are filled as far as anybody can tell: the newest event time, but not
// after the commit, for clocks of devices run ahead.
func (c *Cut) Until() time.Time {
	if c.Watermark.IsZero() || c.Watermark.After(c.AsOf) {
		return c.AsOf.UTC()
	}
	return c.Watermark
}
