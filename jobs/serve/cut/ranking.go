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

// Ranked is a track with what it has.
type Ranked struct {
	Track string
	Sums
	artist string // whom the first plays are of
	row    int32  // of Names, the first of the track; of a label's tracks alone, which all have one
}

// Sums are what a track has in the span, in the days that are compared, and in those before.
type Sums struct {
	Plays, Millis     int64
	Current, Previous int64 // plays
	asked             bool  // it has a row in the span
}

func (s *Sums) add(of Sums) {
	s.Plays, s.Millis, s.Current, s.Previous = s.Plays+of.Plays, s.Millis+of.Millis, s.Current+of.Current, s.Previous+of.Previous
	s.asked = s.asked || of.asked
}

// tracksOf are the tracks in a file, by artist.
type tracksOf struct {
	artists []string
	tracks  []trackOf
}

// trackOf is small, for a label may have millions.
type trackOf struct {
	Sums
	row    int32 // of Names, the first of the track
	artist int32 // in artists
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

// sums is what a row of plays_by_day has in each of the periods.
func (p periods) sums() func(r seek.Row) Sums {
	asked, current, previous := within(p.asked), within(p.current), within(p.previous)
	return func(r seek.Row) (s Sums) {
		day, plays := r.Number(1), r.Number(2)
		if asked(day) {
			s.asked, s.Plays, s.Millis = true, plays, r.Number(3)
		}
		if current(day) {
			s.Current = plays
		}
		if previous(day) {
			s.Previous = plays
		}
		return s
	}
}

// tracksIn are the tracks in each file.
func (s *Share) tracksIn(ctx context.Context, p periods) ([]tracksOf, error) {
	sums := p.sums()
	return fold(ctx, s, s.cut.byDay, "tracks:"+p.name(), p.all(), ofMonth, func(f seek.File, from, to int64) (tracksOf, error) {
		of := s.owner()
		var list tracksOf
		err := f.Each(ctx, s.keys, func(key string, r seek.Row) {
			day := r.Number(1)
			if day < from || day >= to || !of.owns(r.Text(0), day) {
				return
			}
			if last := len(list.artists) - 1; last < 0 || list.artists[last] != key {
				list.artists = append(list.artists, strings.Clone(key))
			}
			row, artist := int32(of.first), int32(len(list.artists)-1)
			if last := len(list.tracks) - 1; last < 0 || list.tracks[last].row != row || list.tracks[last].artist != artist {
				list.tracks = append(list.tracks, trackOf{row: row, artist: artist})
			}
			list.tracks[len(list.tracks)-1].add(sums(r))
		})
		list.tracks = slices.Clip(list.tracks)
		return list, err
	}, func(list tracksOf) int { return 48*len(list.tracks) + 32*len(list.artists) })
}

// artistsOf are those that have plays of a track in the span.
func (s *Share) artistsOf(folds []tracksOf, track string) (list []string) {
	row, _ := s.cut.Names.of(track)
	for _, fold := range folds {
		for _, t := range fold.tracks {
			if t.row == int32(row) && t.asked {
				list = append(list, fold.artists[t.artist])
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
		r.add(folds, s.cut.Names)
		r.sort()
		return r, int64(80*len(r.Tracks) + 64*len(r.others)), nil
	})
	if err != nil {
		return nil, err
	}
	return made.(*Ranking), nil
}

// add sums what several files have of a track.
func (r *Ranking) add(folds []tracksOf, n *Names) {
	at := make([]int32, len(n.rows)) // place in Tracks, from 1
	most := 0
	for _, fold := range folds {
		most = max(most, len(fold.tracks))
	}
	r.Tracks = make([]Ranked, 0, most)
	for _, fold := range folds {
		for _, t := range fold.tracks {
			artist := fold.artists[t.artist]
			if at[t.row] == 0 {
				r.Tracks = append(r.Tracks, Ranked{n.rows[t.row].track, t.Sums, artist, t.row})
				at[t.row] = int32(len(r.Tracks))
				continue
			}
			known := &r.Tracks[at[t.row]-1]
			known.add(t.Sums)
			if artist != known.artist && !slices.Contains(r.others[known.Track], artist) {
				r.others[known.Track] = append(r.others[known.Track], artist)
			}
		}
	}
}

// sort puts the tracks in order and leaves those out that are not asked for. Of a million tracks it moves 16 bytes
// each until their order is known, and compares no texts: Names is in the order of tracks.
func (r *Ranking) sort() {
	type key struct {
		plays   int64
		row, at int32
	}
	keys := make([]key, 0, len(r.Tracks))
	for i := range r.Tracks {
		if t := &r.Tracks[i]; t.asked {
			keys = append(keys, key{t.Plays, t.row, int32(i)})
			r.Plays += t.Plays
		}
	}
	slices.SortFunc(keys, func(a, b key) int {
		switch {
		case a.plays != b.plays:
			return cmp.Compare(b.plays, a.plays)
		case a.row != b.row:
			return cmp.Compare(a.row, b.row)
		}
		return strings.Compare(r.Tracks[a.at].Track, r.Tracks[b.at].Track)
	})
	sorted := make([]Ranked, len(keys))
	for i, k := range keys {
		sorted[i] = r.Tracks[k.at]
	}
	r.Tracks = sorted
}

// Ranking ranks the tracks of an artist by their plays in a span; current and previous are compared.
func (c *Cut) Ranking(ctx context.Context, artist string, span, current, previous Span) (*Ranking, error) {
	p := periods{span, current, previous}
	sums, in := p.sums(), within(p.all())
	r, at := &Ranking{}, map[string]int{}
	err := c.byDay.Rows(ctx, artist, months(p.all()), func(row seek.Row) {
		if !in(row.Number(1)) {
			return
		}
		n, known := at[row.Text(0)]
		if !known {
			n = len(r.Tracks)
			at[row.Text(0)] = n
			r.Tracks = append(r.Tracks, Ranked{Track: row.Text(0), artist: artist})
		}
		r.Tracks[n].add(sums(row))
	})
	if err != nil {
		return nil, err
	}
	r.sort()
	return r, nil
}
