package cut

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/seek"
)

// Ranking are the tracks that have plays in a span, most plays first, then by id. It does not change.
type Ranking struct {
	Tracks []Ranked
	Plays  int64 // of all

	others map[string][]string // artists of tracks that have plays of several, besides the first
}

// Ranked is a track with what it has in the span, in the days that are compared, and in those before.
type Ranked struct {
	Track             string
	Plays, Millis     int64
	Current, Previous int64 // plays

	artist string // whom the first plays are of
	asked  bool   // it has a row in the span
}

// ArtistsOf are the artists that some of the tracks have plays of, ascending.
func (r *Ranking) ArtistsOf(tracks []Ranked) []string {
	var list []string
	for _, t := range tracks {
		list = append(append(list, t.artist), r.others[t.Track]...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// periods are the days that are asked for, those of them that are compared, and those before. The last two may be
// empty.
type periods struct{ asked, current, previous Span }

// all are the days from the first to the last.
func (p periods) all() Span {
	all := p.asked
	if p.previous.From.Before(p.previous.To) && p.previous.From.Before(all.From) {
		all.From = p.previous.From
	}
	return all
}

// name tells these from others.
func (p periods) name() string {
	text := strings.Builder{}
	for _, s := range []Span{p.asked, p.current, p.previous} {
		fmt.Fprintf(&text, "%d-%d,", lake.Day(s.From), lake.Day(s.To))
	}
	return text.String()
}

// within tells which days lie in a span. None lie in an empty one.
func within(s Span) func(day int64) bool {
	if !s.From.Before(s.To) {
		return func(int64) bool { return false }
	}
	from, to := int64(lake.Day(s.From)), int64(lake.Day(s.To))
	return func(day int64) bool { return day >= from && day < to }
}

// tracksIn are the tracks in each file, by artist.
func (s *Share) tracksIn(ctx context.Context, p periods) ([][]Ranked, error) {
	asked, current, previous := within(p.asked), within(p.current), within(p.previous)
	return fold(ctx, s, s.cut.byDay, "tracks:"+p.name(), p.all(), ofMonth, func(f seek.File, from, to int64) ([]Ranked, error) {
		of := s.owner()
		var list []Ranked
		err := f.Each(ctx, s.keys, func(key string, r seek.Row) {
			day := r.Number(1)
			if day < from || day >= to || !of.owns(r.Text(0), day) {
				return
			}
			if last := len(list) - 1; last < 0 || list[last].Track != r.Text(0) || list[last].artist != key {
				list = append(list, Ranked{Track: r.Text(0), artist: key})
			}
			t := &list[len(list)-1]
			if asked(day) {
				t.asked = true
				t.Plays += r.Number(2)
				t.Millis += r.Number(3)
			}
			if current(day) {
				t.Current += r.Number(2)
			}
			if previous(day) {
				t.Previous += r.Number(2)
			}
		})
		return slices.Clip(list), err
	}, rankedBytes)
}

func rankedBytes(list []Ranked) int { return 96 * len(list) }

func artistsOf(folds [][]Ranked, track string) (list []string) {
	for _, fold := range folds {
		for _, t := range fold {
			if t.Track == track && t.asked {
				list = append(list, t.artist)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Ranking ranks the tracks by their plays in a span; current and previous are compared. It is made once for a cut,
// however many pages of it are asked for.
func (s *Share) Ranking(ctx context.Context, span, current, previous Span) (*Ranking, error) {
	p := periods{span, current, previous}
	made, err := s.Keep("ranking:"+p.name(), func() (any, int64, error) {
		folds, err := s.tracksIn(context.WithoutCancel(ctx), p) // others may wait for it
		if err != nil {
			return nil, 0, err
		}
		r := &Ranking{others: map[string][]string{}}
		r.add(folds)
		r.sort()
		return r, int64(rankedBytes(r.Tracks) + 64*len(r.others)), nil
	})
	if err != nil {
		return nil, err
	}
	return made.(*Ranking), nil
}

// add sums what several files have of a track.
func (r *Ranking) add(folds [][]Ranked) {
	at := map[string]int32{}
	for _, fold := range folds {
		for _, t := range fold {
			n, known := at[t.Track]
			if !known {
				at[t.Track] = int32(len(r.Tracks))
				r.Tracks = append(r.Tracks, t)
				continue
			}
			sum := &r.Tracks[n]
			sum.Plays, sum.Millis, sum.Current, sum.Previous = sum.Plays+t.Plays, sum.Millis+t.Millis, sum.Current+t.Current, sum.Previous+t.Previous
			sum.asked = sum.asked || t.asked
			if t.artist != sum.artist && !slices.Contains(r.others[t.Track], t.artist) {
				r.others[t.Track] = append(r.others[t.Track], t.artist)
			}
		}
	}
}

func (r *Ranking) sort() {
	r.Tracks = slices.Clip(slices.DeleteFunc(r.Tracks, func(t Ranked) bool { return !t.asked }))
	for _, t := range r.Tracks {
		r.Plays += t.Plays
	}
	slices.SortFunc(r.Tracks, func(a, b Ranked) int { return cmp.Or(cmp.Compare(b.Plays, a.Plays), strings.Compare(a.Track, b.Track)) })
}

// Ranking ranks the tracks of an artist by their plays in a span; current and previous are compared.
func (c *Cut) Ranking(ctx context.Context, artist string, span, current, previous Span) (*Ranking, error) {
	p := periods{span, current, previous}
	plays, err := c.Days(ctx, artist, p.all())
	if err != nil {
		return nil, err
	}
	asked, now, before := within(span), within(current), within(previous)
	list := make([]Ranked, 0, len(plays))
	for _, one := range plays {
		day := int64(lake.Day(one.Day))
		t := Ranked{Track: one.Track, artist: artist}
		if asked(day) {
			t.asked, t.Plays, t.Millis = true, one.Plays, one.Millis
		}
		if now(day) {
			t.Current = one.Plays
		}
		if before(day) {
			t.Previous = one.Plays
		}
		list = append(list, t)
	}
	r := &Ranking{}
	r.add([][]Ranked{list})
	r.sort()
	return r, nil
}
