package cut

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/serve/figures"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/seek"
)

// Share are the plays that a label sees: those of its tracks on the days on which they were its own. It may be narrowed
// to an artist and to a track.
type Share struct {
	cut    *Cut
	label  uint32
	artist string // "" for all
	track  string // "" for all
	keys   []string
}

// Share is the part of a label. Of an artist there is none where no track of the artist is or was the label's.
func (c *Cut) Share(ctx context.Context, label, artist string) (*Share, bool, error) {
	artists, err := c.Artists(ctx)
	if err != nil {
		return nil, false, err
	}
	s := &Share{cut: c, label: c.Names.labels[label], artist: artist}
	if artist != "" {
		s.keys = []string{artist}
		_, ok := artists.Has(label, artist)
		return s, ok, nil
	}
	for _, a := range artists.Of(label) {
		s.keys = append(s.keys, a.ID)
	}
	return s, true, nil
}

// Of is the share of one track, for questions about days of a span. There is none of a track that never was the
// label's.
func (s *Share) Of(ctx context.Context, track string, span Span) (*Share, bool, error) {
	if s.label == 0 || !s.cut.Names.Had(s.cut.Names.known[s.label].id, track) {
		return nil, false, nil
	}
	folds, err := s.tracksIn(ctx, periods{asked: span})
	if err != nil {
		return nil, false, err
	}
	one := *s
	one.track, one.keys = track, s.artistsOf(folds, track)
	return &one, true, nil
}

// name tells this share from others of the same process.
func (s *Share) name() string {
	name := fmt.Sprintf("%d:%d:%q:%q", s.cut.tracks, s.label, s.artist, s.track)
	if s.track != "" { // whose keys depend on the days that were asked for
		name += fmt.Sprintf(":%q", s.keys)
	}
	return name
}

// Keep gives what was made of the share under a name before, or makes it, once however many ask: as long as the cut is
// asked for it. bytes is about what it takes.
func (s *Share) Keep(name string, make func() (value any, bytes int64, err error)) (any, error) {
	return s.cut.reader.seek.Keep(fmt.Sprintf("share:%s:%s:%s", name, s.cut.Tag(), s.name()), make)
}

// owner tells whose a track is, and remembers the track it was asked for last: rows come track by track.
type owner struct {
	share      *Share
	track      string
	first, end int
}

func (s *Share) owner() *owner { return &owner{share: s} }

func (o *owner) owns(track string, day int64) bool {
	if o.share.track != "" && track != o.share.track || o.share.label == 0 {
		return false
	}
	n := o.share.cut.Names
	if track != o.track || o.end == 0 {
		o.track = track
		if o.end < len(n.rows) && n.rows[o.end].track == track { // ids that were given in turn come in turn
			o.first, o.end = n.from(o.end)
		} else {
			o.first, o.end = n.of(track)
		}
	}
	at := n.among(o.first, o.end, day)
	return at >= 0 && n.rows[at].label == o.share.label
}

// fold makes something of each file that may have days of a span, and keeps it: files never change, so the next cut
// reads the new ones. made is given the days to read, from inclusive, to exclusive; bytes is about what it takes.
func fold[T any](ctx context.Context, s *Share, v *seek.View, what string, span Span, partition func(any) (from, to int64), made func(f seek.File, from, to int64) (T, error), bytes func(T) int) ([]T, error) {
	return foldAs(ctx, s, v, func(int64, int64) string { return what }, span, partition, made, bytes)
}

// foldAs is fold of something that depends on more than the rows: what names that for some days.
func foldAs[T any](ctx context.Context, s *Share, v *seek.View, what func(from, to int64) string, span Span, partition func(any) (from, to int64), made func(f seek.File, from, to int64) (T, error), bytes func(T) int) ([]T, error) {
	first, end := int64(lake.Day(span.From)), int64(lake.Day(span.To))
	files := v.Files(func(p any) bool {
		from, to := partition(p)
		return from < end && to > first
	})
	list := make([]T, len(files))
	workers, ctx := errgroup.WithContext(ctx)
	workers.SetLimit(2) // decoding is what takes the time, on the cores that there are
	for i, f := range files {
		from, to := partition(f.Partition())
		from, to = max(from, first), min(to, end)
		workers.Go(lake.Safely(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			got, err := s.cut.reader.seek.Keep(fmt.Sprintf("%s:%s:%d:%d:%s", what(from, to), s.name(), from, to, f.Name()), func() (any, int64, error) {
				one, err := made(f, from, to)
				return one, 128 + int64(bytes(one)), err
			})
			if err == nil {
				list[i] = got.(T)
			}
			return err
		}))
	}
	return list, workers.Wait()
}

// ofMonth and ofDay are the days that a partition has; any where it is unknown.
func ofMonth(partition any) (from, to int64) {
	m, ok := partition.(int)
	if !ok {
		return -1 << 31, 1 << 31
	}
	return int64(lake.Day(lake.Month(m).Start())), int64(lake.Day(lake.Month(m + 1).Start()))
}

func ofDay(partition any) (from, to int64) {
	d, ok := partition.(int)
	if !ok {
		return -1 << 31, 1 << 31
	}
	return int64(d), int64(d) + 1
}

// artistDay is what a label has of an artist on a day, in one file or in all.
type artistDay struct {
	artist        string
	day           int64
	plays, millis int64
	others        int64 // plays of the artist on the day that are not the label's
}

// artistDays are the days of the label's artists in each file, in the order of artists and days where the file is
// sorted.
func (s *Share) artistDays(ctx context.Context, span Span) ([][]artistDay, error) {
	folds, err := s.artistMonths(ctx, span)
	in := within(span)
	for i, list := range folds {
		if slices.ContainsFunc(list, func(d artistDay) bool { return !in(d.day) }) {
			folds[i] = make([]artistDay, 0, len(list))
			for _, d := range list {
				if in(d.day) {
					folds[i] = append(folds[i], d)
				}
			}
		}
	}
	return folds, err
}

// artistMonths are artistDays of all days of the months: questions about different days of them read a file once.
func (s *Share) artistMonths(ctx context.Context, span Span) ([][]artistDay, error) {
	whole := Span{From: lake.MonthOf(span.From).Start(), To: (lake.MonthOf(span.To.Add(-1)) + 1).Start()}
	return fold(ctx, s, s.cut.byDay, "days", whole, ofMonth, func(f seek.File, from, to int64) ([]artistDay, error) {
		of := s.owner()
		var list []artistDay
		artist := ""
		days := map[int64]int{}
		err := f.Each(ctx, s.keys, func(key string, r seek.Row) {
			day := r.Number(1)
			if day < from || day >= to {
				return
			}
			if key != artist {
				artist = strings.Clone(key)
				clear(days)
			}
			at, ok := days[day]
			if !ok {
				at = len(list)
				days[day] = at
				list = append(list, artistDay{artist: artist, day: day})
			}
			if of.owns(r.Text(0), day) {
				list[at].plays += r.Number(2)
				list[at].millis += r.Number(3)
			} else {
				list[at].others += r.Number(2)
			}
		})
		return slices.Clip(list), err
	}, func(list []artistDay) int { return 48 * len(list) })
}

// Days are the plays by day, of all tracks together.
func (s *Share) Days(ctx context.Context, span Span) ([]Plays, error) {
	folds, err := s.artistDays(ctx, span)
	if err != nil {
		return nil, err
	}
	days := map[int64]*Plays{}
	for _, list := range folds {
		for _, d := range list {
			p := days[d.day]
			if p == nil {
				p = &Plays{Track: s.track, Day: lake.DayStart(int(d.day))}
				days[d.day] = p
			}
			p.Plays += d.plays
			p.Millis += d.millis
		}
	}
	sums := make([]Plays, 0, len(days))
	for _, p := range days {
		if p.Plays != 0 || p.Millis != 0 {
			sums = append(sums, *p)
		}
	}
	slices.SortFunc(sums, func(a, b Plays) int { return a.Day.Compare(b.Day) })
	return sums, nil
}

// RosterArtist is an artist of a label.
type RosterArtist struct {
	Artist
	Plays, Millis    int64
	Current, Compare int64 // plays of the days that are compared, and of those before
}

// Roster lists the artists of a label with plays of a span; current and previous are compared. It lists artists with
// plays in span or in previous.
func (s *Share) Roster(ctx context.Context, span, current, previous Span) ([]RosterArtist, error) {
	all := span
	if previous.From.Before(previous.To) {
		all.From = previous.From
	}
	folds, err := s.artistDays(ctx, all)
	if err != nil {
		return nil, err
	}
	rows := make([]RosterArtist, len(s.keys))
	in := func(r Span) func(day int64) bool {
		from, to := int64(lake.Day(r.From)), int64(lake.Day(r.To))
		return func(day int64) bool { return !r.From.IsZero() && day >= from && day < to }
	}
	asked, now, before := in(span), in(current), in(previous)
	for _, list := range folds {
		at := 0
		for _, d := range list {
			if at >= len(s.keys) || s.keys[at] != d.artist {
				at, _ = slices.BinarySearch(s.keys, d.artist)
			}
			if asked(d.day) {
				rows[at].Plays += d.plays
				rows[at].Millis += d.millis
			}
			if now(d.day) {
				rows[at].Current += d.plays
			}
			if before(d.day) {
				rows[at].Compare += d.plays
			}
		}
	}
	artists, err := s.cut.Artists(ctx)
	if err != nil {
		return nil, err
	}
	for i, a := range artists.Of(s.cut.Names.known[s.label].id) {
		rows[i].Artist = a
	}
	return slices.DeleteFunc(rows, func(r RosterArtist) bool { return r.Plays == 0 && r.Compare == 0 }), nil
}

// Courses are the plays by day of some artists of the label.
func (s *Share) Courses(ctx context.Context, span Span, artists []string) (map[string][]figures.Sum, error) {
	folds, err := s.artistDays(ctx, span)
	if err != nil {
		return nil, err
	}
	wanted := map[string][]figures.Sum{}
	for _, a := range artists {
		wanted[a] = nil
	}
	for _, list := range folds {
		for _, d := range list {
			if course, ok := wanted[d.artist]; ok {
				wanted[d.artist] = append(course, figures.Sum{At: lake.DayStart(int(d.day)), Plays: d.plays, Millis: d.millis})
			}
		}
	}
	return wanted, nil
}

// Changes are what changed of the label's tracks in the days of a span, in no order.
func (s *Share) Changes(ctx context.Context, span Span) ([]Change, error) {
	folds, err := fold(ctx, s, s.cut.changes, "changes", span, ofMonth, func(f seek.File, from, to int64) ([]Change, error) {
		of := s.owner()
		var list []Change
		err := f.Each(ctx, s.keys, func(_ string, r seek.Row) {
			if day := r.Number(2); day >= from && day < to && of.owns(r.Text(0), day) {
				one := changeOf(r)
				one.Track = strings.Clone(one.Track)
				list = append(list, one)
			}
		})
		return list, err
	}, func(list []Change) int { return 120 * len(list) })
	return slices.Concat(folds...), err
}

// Listeners are those of all of the label's tracks.
func (s *Share) Listeners(ctx context.Context, span Span) (figures.Set, error) {
	folds, err := fold(ctx, s, s.cut.listeners, "listeners", span, ofMonth, func(f seek.File, from, to int64) (figures.Set, error) {
		of := s.owner()
		var union figures.Union
		var wrong error
		err := f.Each(ctx, s.keys, func(_ string, r seek.Row) {
			if day := r.Number(2); r.Text(0) == "" || day < from || day >= to || !of.owns(r.Text(0), day) {
				return
			}
			set, err := listenersIn(r, 1, catalog.ListenersByDay)
			wrong = cmp.Or(wrong, err)
			union.Add(set)
		})
		return union.Set(), cmp.Or(err, wrong)
	}, func(set figures.Set) int { return set.Size() })
	return figures.Unite(folds...), err
}
