package serve

import (
	"context"
	"strconv"
	"time"

	"github.com/lakectl/lakectl/jobs/serve/cut"
	"github.com/lakectl/lakectl/jobs/serve/figures"
)

// compared is a figure beside that of the time before, both of days that are over.
type compared struct {
	From         string `json:"from"` // first day of the part of the range that is over
	To           string `json:"to"`
	Plays        int64  `json:"plays"`
	PreviousFrom string `json:"previous_from"`
	PreviousTo   string `json:"previous_to"`
	Previous     int64  `json:"previous_plays"`
	Percent      *int64 `json:"change_percent"` // null where nothing was played before
	Whole        bool   `json:"whole"`          // the whole range is over and compared
}

// summary answers with the sums of a range.
type summary struct {
	envelope
	Plays  int64 `json:"plays"`
	Millis int64 `json:"ms_played"`
	people
	Compared *compared `json:"compared"` // null where no day of the range is over
}

func (q *question) summary(ctx context.Context) (summary, error) {
	var s summary
	var err error
	if s.envelope, err = q.envelope(ctx); err != nil {
		return s, err
	}
	plays, err := q.plays(ctx, q.span)
	if err != nil {
		return s, err
	}
	for _, p := range plays {
		s.Plays += p.Plays
		s.Millis += p.Millis
	}
	heard, err := q.listeners(ctx)
	if err != nil {
		return s, err
	}
	s.people = peopleOf(heard)
	s.Compared, err = q.compare(ctx, plays)
	return s, err
}

// compare compares the plays of the days that are over with those of the time before.
func (q *question) compare(ctx context.Context, plays []cut.Plays) (*compared, error) {
	c := figures.Compare(q.span, q.cut.Until())
	if c == (figures.Comparison{}) {
		return nil, nil
	}
	before, err := q.plays(ctx, c.Previous)
	if err != nil {
		return nil, err
	}
	last := func(r figures.Range) string { return r.To.AddDate(0, 0, -1).Format(time.DateOnly) }
	out := &compared{
		From: c.Current.From.Format(time.DateOnly), To: last(c.Current), Whole: c.All,
		PreviousFrom: c.Previous.From.Format(time.DateOnly), PreviousTo: last(c.Previous),
		Plays: within(plays, c.Current), Previous: within(before, c.Previous),
	}
	if percent, ok := figures.Change(out.Plays, out.Previous); ok {
		out.Percent = &percent
	}
	return out, nil
}

func within(plays []cut.Plays, r figures.Range) (n int64) {
	for _, p := range plays {
		if !p.Day.Before(r.From) && p.Day.Before(r.To) {
			n += p.Plays
		}
	}
	return n
}

// timeseries answers with the plays of each step of a range.
type timeseries struct {
	envelope
	Step   figures.Step `json:"step"`
	Points []point      `json:"points"`
	// Other are the plays in hours with too few listeners to show, and of another hour where one alone could be worked
	// out; null for other steps.
	Other *otherPlays `json:"other,omitempty"`
}

type point struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Plays  int64     `json:"plays"`
	Millis int64     `json:"ms_played"`
	Whole  bool      `json:"whole"` // it lies in the range from begin to end, and is over
}

type otherPlays struct {
	Plays  int64 `json:"plays"`
	Millis int64 `json:"ms_played"`
}

func (t timeseries) header() []string { return []string{"from", "to", "plays", "ms_played", "whole"} }

func (t timeseries) rows() [][]string {
	list := make([][]string, 0, len(t.Points))
	for _, p := range t.Points {
		list = append(list, []string{p.From.Format(time.RFC3339), p.To.Format(time.RFC3339), number(p.Plays), number(p.Millis), strconv.FormatBool(p.Whole)})
	}
	if t.Other != nil {
		list = append(list, []string{"other", "", number(t.Other.Plays), number(t.Other.Millis), ""})
	}
	return list
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func (q *question) timeseries(ctx context.Context) (timeseries, error) {
	t := timeseries{Step: q.step, Points: []point{}}
	var err error
	if t.envelope, err = q.envelope(ctx); err != nil {
		return t, err
	}
	var sums []figures.Sum
	if q.step == figures.Hour {
		if sums, t.Other, err = q.hours(ctx); err != nil {
			return t, err
		}
	} else {
		plays, err := q.plays(ctx, q.span)
		if err != nil {
			return t, err
		}
		for _, p := range plays {
			sums = append(sums, figures.Sum{At: p.Day, Plays: p.Plays, Millis: p.Millis})
		}
	}
	for _, p := range figures.Series(q.step, q.span, q.cut.Until(), sums) {
		t.Points = append(t.Points, point{p.From, p.To, p.Plays, p.Millis, p.Whole})
	}
	return t, nil
}

// hours are the plays of hours with enough listeners, and what the others have together.
func (q *question) hours(ctx context.Context) (sums []figures.Sum, other *otherPlays, err error) {
	if err := q.needHours(ctx); err != nil {
		return nil, nil, err
	}
	heard, err := q.heardByHour(ctx)
	if err != nil {
		return nil, nil, err
	}
	cells := make([]figures.Cell, len(heard))
	for i, h := range heard {
		cells[i] = figures.Cell{Key: h.At.Format(time.RFC3339), Plays: h.Plays, Millis: h.Millis, Listeners: h.Listeners}
	}
	other = &otherPlays{}
	for _, c := range figures.Breakdown(cells) {
		if c.Key == figures.Other {
			*other = otherPlays{c.Plays, c.Millis}
			continue
		}
		at, err := time.Parse(time.RFC3339, c.Key)
		if err != nil {
			return nil, nil, err
		}
		sums = append(sums, figures.Sum{At: at, Plays: c.Plays, Millis: c.Millis})
	}
	return sums, other, nil
}

// needHours refuses a range with plays in days that have no hours any more.
func (q *question) needHours(ctx context.Context) error {
	if days := int(q.span.To.Sub(q.span.From) / (24 * time.Hour)); days > mostHourDays {
		return refusal("step hour is for at most %d days, and these are %d; ask for step day", mostHourDays, days)
	}
	before := figures.Range{From: q.span.From, To: q.cut.HoursFrom()}
	if before.To.After(q.span.To) || before.To.IsZero() {
		before.To = q.span.To
	}
	if !before.From.Before(before.To) {
		return nil
	}
	plays, err := q.plays(ctx, before)
	if err != nil || len(plays) == 0 {
		return err
	}
	return refusal("hours are kept from %s on; ask for step day, or for days from then on", q.cut.HoursFrom().Format(time.DateOnly))
}

// tracks answers with the tracks of a range, most plays first.
type tracks struct {
	envelope
	Plays  int64      `json:"plays"` // of all tracks, those on other pages too
	Count  int        `json:"count"` // of tracks on all pages
	Tracks []trackRow `json:"tracks"`
	Next   string     `json:"next,omitempty"` // cursor of the page after this one

	artists []string // whom the plays of the tracks on this page are of
}

type trackRow struct {
	TrackID string `json:"track_id"`
	Title   string `json:"title,omitempty"`
	Artist  string `json:"artist_name,omitempty"`
	Plays   int64  `json:"plays"`
	Millis  int64  `json:"ms_played"`
	people
	Percent *int64 `json:"change_percent"` // of the days that are over, against the time before
}

func (t tracks) header() []string {
	return []string{"track_id", "title", "artist_name", "plays", "ms_played", "listeners", "change_percent"}
}

func (t tracks) rows() [][]string {
	list := make([][]string, len(t.Tracks))
	for i, r := range t.Tracks {
		change := ""
		if r.Percent != nil {
			change = number(*r.Percent)
		}
		list[i] = []string{r.TrackID, r.Title, r.Artist, number(r.Plays), number(r.Millis), r.text(), change}
	}
	return list
}

func (q *question) tracks(ctx context.Context) (tracks, error) {
	t := tracks{Tracks: []trackRow{}}
	var err error
	if t.envelope, err = q.envelope(ctx); err != nil {
		return t, err
	}
	ranking, err := q.ranking(ctx)
	if err != nil {
		return t, err
	}
	t.Plays, t.Count = ranking.Plays, len(ranking.Tracks)
	page, next, err := pageOf(q, q.cut.Tag(), ranking.Tracks, func(r cut.Ranked) string { return number(r.Plays) + "/" + r.Track })
	if err != nil {
		return t, err
	}
	t.Next, t.artists = next, ranking.ArtistsOf(page)
	return t, q.describe(ctx, &t, page)
}

// describe makes the rows of a page, with names, listeners and changes.
func (q *question) describe(ctx context.Context, t *tracks, page []cut.Ranked) error {
	ids := make([]string, len(page))
	for i, row := range page {
		ids[i] = row.Track
	}
	sets, err := q.trackListeners(ctx, ids, t.artists)
	if err != nil {
		return err
	}
	for _, r := range page {
		row := trackRow{TrackID: r.Track, Plays: r.Plays, Millis: r.Millis, people: peopleOf(sets[r.Track])}
		if named, ok := q.cut.Names.Track(r.Track, q.span.To.Add(-1)); ok {
			row.Title, row.Artist = named.Title, named.ArtistName
		}
		if percent, ok := figures.Change(r.Current, r.Previous); ok {
			row.Percent = &percent
		}
		t.Tracks = append(t.Tracks, row)
	}
	return nil
}
