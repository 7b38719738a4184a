package cut

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/serve/figures"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/seek"
)

// Where a label's plays were heard is in audience_by_day by artist, not by track. So an artist's day counts from there
// where all plays of it are the label's. Of a day that an artist shares between the label and others, plays_by_hour
// says it by track, for the newest days; for older ones nothing does, and the plays stand apart as not split.

// place is where and on what plays were heard.
type place struct{ country, device string }

// gathered are plays with a sketch of who heard them, enough to tell few.
type gathered struct {
	plays, millis int64
	union         figures.Union
}

func (g *gathered) add(r seek.Row, plays, millis, listeners int, of string) error {
	set, err := listenersIn(r, listeners, of)
	if err != nil {
		return err
	}
	g.plays += r.Number(plays)
	g.millis += r.Number(millis)
	g.union.Add(set)
	return nil
}

// sharedDays are days on which artists have plays that are not the label's, as bits from the first day of the span.
type sharedDays struct {
	first int64
	bits  map[string][]uint64
}

func (d sharedDays) add(artist string, day int64) {
	at := int(day - d.first)
	list := d.bits[artist]
	for len(list) <= at/64 {
		list = append(list, 0)
	}
	list[at/64] |= 1 << (at % 64)
	d.bits[artist] = list
}

func (d sharedDays) has(artist string, day int64) bool {
	at, list := int(day-d.first), d.bits[artist]
	return at/64 < len(list) && list[at/64]>>(at%64)&1 == 1
}

// digest names what is shared in some days, from inclusive, to exclusive.
func (d sharedDays) digest(keys []string, from, to int64) uint64 {
	h := fnv.New64a()
	for _, artist := range keys {
		if d.bits[artist] == nil {
			continue
		}
		for day := from; day < to; day++ {
			if d.has(artist, day) {
				fmt.Fprintf(h, "%q%d", artist, day-from) //nolint:errcheck // it cannot fail
			}
		}
	}
	return h.Sum64()
}

type artistOnDay struct {
	artist string
	day    int64
}

// Audience are the plays of a label by country and device, in no order; a key may come several times. notSplit are the
// plays of which no table says where they were heard by track: of artists shared with others, on days before the oldest
// of plays_by_hour.
func (s *Share) Audience(ctx context.Context, span Span) (heard []Heard, notSplit Plays, err error) {
	days, err := s.artistDays(ctx, span)
	if err != nil {
		return nil, notSplit, err
	}
	apart := sharedDays{int64(lake.Day(span.From)), map[string][]uint64{}}
	for _, list := range days {
		for _, d := range list {
			if d.others != 0 {
				apart.add(d.artist, d.day)
			}
		}
	}
	mine := map[artistOnDay]Plays{}
	for _, list := range days {
		for _, d := range list {
			if d.plays != 0 && apart.has(d.artist, d.day) {
				sum := mine[artistOnDay{d.artist, d.day}]
				sum.Plays += d.plays
				sum.Millis += d.millis
				mine[artistOnDay{d.artist, d.day}] = sum
			}
		}
	}
	if heard, err = s.wholly(ctx, span, apart); err != nil {
		return nil, notSplit, err
	}
	split, err := s.byHours(ctx, span, mine)
	if err != nil {
		return nil, notSplit, err
	}
	for on, sum := range mine {
		var hours int64
		for _, h := range split[on] {
			hours += h.Plays
		}
		if hours != sum.Plays {
			notSplit.Plays += sum.Plays
			notSplit.Millis += sum.Millis
			continue
		}
		heard = append(heard, split[on]...)
	}
	return heard, notSplit, nil
}

// wholly are the plays of artists' days that are the label's alone.
func (s *Share) wholly(ctx context.Context, span Span, apart sharedDays) ([]Heard, error) {
	what := func(from, to int64) string { return fmt.Sprintf("audience:%x", apart.digest(s.keys, from, to)) }
	folds, err := foldAs(ctx, s, s.cut.audience, what, span, ofMonth, func(f seek.File, from, to int64) ([]Heard, error) {
		places := map[place]*gathered{}
		var wrong error
		err := f.Each(ctx, s.keys, func(artist string, r seek.Row) {
			day := r.Number(3)
			if day < from || day >= to || apart.has(artist, day) {
				return
			}
			at := place{r.Text(0), r.Text(1)}
			if places[at] == nil {
				places[at] = &gathered{}
			}
			wrong = cmp.Or(wrong, places[at].add(r, 4, 5, 2, catalog.AudienceByDay))
		})
		list := make([]Heard, 0, len(places))
		for at, g := range places {
			list = append(list, Heard{Country: strings.Clone(at.country), Device: strings.Clone(at.device), Plays: g.plays, Millis: g.millis, Listeners: g.union.Set()})
		}
		return list, cmp.Or(err, wrong)
	}, func(list []Heard) int { return 192 * len(list) })
	return slices.Concat(folds...), err
}

// byHours are the plays of shared artists by day, from the hours.
func (s *Share) byHours(ctx context.Context, span Span, mine map[artistOnDay]Plays) (map[artistOnDay][]Heard, error) {
	artists := []string{}
	wanted := map[int64]bool{}
	for on := range mine {
		artists = append(artists, on.artist)
		wanted[on.day] = true
	}
	slices.Sort(artists)
	artists = slices.Compact(artists)
	of := s.owner()
	split := map[artistOnDay][]Heard{}
	var wrong error
	for _, f := range s.cut.byHour.Files(days(span)) {
		if from, to := ofDay(f.Partition()); to-from == 1 && !wanted[from] {
			continue
		}
		err := f.Each(ctx, artists, func(artist string, r seek.Row) {
			on := artistOnDay{artist, dayOfHour(r)}
			if _, ok := mine[on]; !ok || !of.owns(r.Text(0), on.day) {
				return
			}
			h, err := heardIn(r)
			wrong = cmp.Or(wrong, err)
			split[on] = append(split[on], h)
		})
		if err = cmp.Or(err, wrong); err != nil {
			return nil, err
		}
	}
	return split, nil
}

// Hours are the plays of a label by hour, country and device, in no order; a key may come several times. Only the
// newest days have hours.
func (s *Share) Hours(ctx context.Context, span Span) ([]Heard, error) {
	type hour struct {
		at int64
		place
	}
	folds, err := fold(ctx, s, s.cut.byHour, "hours", span, ofDay, func(f seek.File, from, to int64) ([]Heard, error) {
		of := s.owner()
		hours := map[hour]*gathered{}
		var wrong error
		err := f.Each(ctx, s.keys, func(_ string, r seek.Row) {
			if day := dayOfHour(r); day < from || day >= to || !of.owns(r.Text(0), day) {
				return
			}
			at := hour{r.Number(4), place{r.Text(1), r.Text(2)}}
			if hours[at] == nil {
				hours[at] = &gathered{}
			}
			wrong = cmp.Or(wrong, hours[at].add(r, 5, 6, 3, catalog.PlaysByHour))
		})
		list := make([]Heard, 0, len(hours))
		for at, g := range hours {
			list = append(list, Heard{s.track, strings.Clone(at.country), strings.Clone(at.device), instant(at.at), g.plays, g.millis, g.union.Set()})
		}
		return list, cmp.Or(err, wrong)
	}, func(list []Heard) int { return 192 * len(list) })
	return slices.Concat(folds...), err
}
