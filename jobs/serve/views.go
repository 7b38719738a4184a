package serve

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lakectl/lakectl/jobs/serve/cut"
	"github.com/lakectl/lakectl/jobs/serve/figures"
	"github.com/lakectl/lakectl/jobs/serve/page"
)

func (v *viewer) overview(ctx context.Context) (any, error) {
	o := page.Overview{Frame: v.frame()}
	e, err := v.envelope(ctx)
	if err != nil {
		return nil, err
	}
	o.Chips = v.chips(e)
	if o.Say, err = v.sentence(ctx, v.plays); err != nil {
		return nil, err
	}
	heard, err := v.listeners(ctx)
	if err != nil {
		return nil, err
	}
	o.Listeners = listeners(heard)
	if o.Chart, err = v.chart(ctx, v.plays); err != nil {
		return nil, err
	}
	v.limit = firstTracks
	list, err := v.question.tracks(ctx)
	if err != nil {
		return nil, err
	}
	if o.Tracks, err = v.trackRows(ctx, list); err != nil {
		return nil, err
	}
	if v.of.wholeLabel() {
		v.limit = firstArtists
		list, err := v.question.roster(ctx)
		if err != nil {
			return nil, err
		}
		o.Roster = v.rosterRows(list)
	}
	if o.Places, o.Devices, err = v.bars(ctx, firstParts); err != nil {
		return nil, err
	}
	v.limit = firstChanges
	if o.Changes, o.Statement, err = v.booked(ctx); err != nil {
		return nil, err
	}
	o.Live, err = v.strip(ctx)
	return o, err
}

// booked are the newest changes and the newest statement. Where statements cannot be read, or a label's are too large
// for a page, the changes of days stand alone: plays do not depend on them.
func (v *viewer) booked(ctx context.Context) ([]page.Change, *page.Statement, error) {
	var changed changes
	var newest *page.Statement
	a, err := v.account(ctx)
	if err == nil {
		changed, err = v.question.changes(ctx, a)
	}
	if err == nil {
		newest, err = v.newestStatement(ctx, a)
	}
	if err != nil {
		v.withoutBooks(err)
		changed, err = v.question.changes(ctx, nil)
	}
	return v.changeList(changed.Changes), newest, err
}

func (v *viewer) withoutBooks(err error) {
	v.handler.env.Log.Warn("statements cannot be read: a page shows plays alone", "error", err)
}

// strip are the plays of the last hour, which are of no cut. It is empty where there were none, and where the archive
// cannot be read: the figures of the page do not depend on it, and the counter has logged why.
func (v *viewer) strip(ctx context.Context) (page.Live, error) {
	hour, list, err := v.handler.lastHour(ctx, v.of)
	if err != nil {
		return page.Live{}, ctx.Err()
	}
	l := page.Live{AsOf: hour.AsOf}
	for _, m := range list {
		l.Minutes = append(l.Minutes, page.Minute{At: m.At, Plays: m.Plays})
		l.LastHour += m.Plays
	}
	if l.LastHour == 0 {
		return page.Live{}, nil
	}
	l.LastMinute = l.Minutes[len(l.Minutes)-1].Plays
	return l, nil
}

// trackRows are the tracks of an answer with their course.
func (v *viewer) trackRows(ctx context.Context, list tracks) ([]page.TrackRow, error) {
	ids := make([]string, len(list.Tracks))
	for i, t := range list.Tracks {
		ids[i] = t.TrackID
	}
	course, err := v.trackDays(ctx, ids, list.artists)
	if err != nil {
		return nil, err
	}
	rows := make([]page.TrackRow, len(list.Tracks))
	for i, t := range list.Tracks {
		row := page.TrackRow{ID: t.TrackID, Title: t.Title, Plays: t.Plays, Change: signedPercent(t.Percent), URL: v.frame().Base() + "/tracks/" + url.PathEscape(t.TrackID) + v.rangeQuery()}
		if row.Title == "" {
			row.Title = t.TrackID
		}
		if named, ok := v.cut.Names.Track(t.TrackID, v.span.To.Add(-1)); ok && v.of.wholeLabel() {
			row.Artist = named.ArtistName
		}
		if row.Listeners = fmt.Sprintf("fewer than %d", figures.Few); t.Listeners != nil {
			row.Listeners = page.Count(*t.Listeners)
		}
		for _, p := range figures.Series(figures.Day, v.span, v.cut.Until(), course[t.TrackID]) {
			row.Spark = append(row.Spark, p.Plays)
		}
		rows[i] = row
	}
	return rows, nil
}

func signedPercent(n *int64) string {
	if n == nil {
		return ""
	}
	return page.Signed(*n) + " %"
}

func (v *viewer) rangeQuery() string { return v.frame().Range.Query() }

// bars are places and devices, at most so many of each: what is beyond goes to the last.
func (v *viewer) bars(ctx context.Context, most int) (places, devices page.Bars, err error) {
	heard, apart, err := v.question.audience(ctx)
	if err != nil {
		return places, devices, err
	}
	return barsOf("Places", partsOf(heard, apart, countryOf), most, placeName), barsOf("Devices", partsOf(heard, apart, deviceOf), most, asItIs), nil
}

func asItIs(s string) string { return s }

func barsOf(title string, p parts, most int, name func(string) string) page.Bars {
	b := page.Bars{Title: title, Total: p.Plays}
	rest := int64(0)
	few := false
	var apart part
	for i, c := range p.Parts {
		switch {
		case c.NotSplit:
			apart = c
		case c.Other:
			few = true
			rest += c.Plays
		case i >= most:
			rest += c.Plays
		default:
			b.Parts = append(b.Parts, page.Part{Name: name(c.Key), Plays: c.Plays})
		}
	}
	if rest > 0 {
		b.Parts = append(b.Parts, page.Part{Name: "other", Plays: rest})
	}
	if few {
		b.Note = fmt.Sprintf("In other is what fewer than %d people listened from, among the rest.", figures.Few)
	}
	if apart.Plays > 0 {
		b.Parts = append(b.Parts, page.Part{Name: "not split", Plays: apart.Plays})
		b.Note = strings.TrimSpace(b.Note + " Not split: " + lowerFirst(apart.Why))
	}
	return b
}

func (v *viewer) tracks(ctx context.Context) (any, error) {
	list, err := v.question.tracks(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := v.trackRows(ctx, list)
	if err != nil {
		return nil, err
	}
	return page.Tracks{Frame: v.frame(), Rows: rows, Total: list.Plays, Paging: v.paging(v.pageQuery)}, nil
}

// pageQuery asks for the rows of the same question after a cursor.
func (v *viewer) pageQuery(cursor string) string {
	q := v.rowsAfter(cursor)
	maps.Copy(q, v.sameRange())
	if v.sort != standardSort {
		q.Set("sort", v.sort)
	}
	if v.onlyTrack != "" {
		q.Set("track", v.onlyTrack)
	}
	return query(q)
}

// rowsAfter asks for as many rows after a cursor; for the first ones where there is none.
func (v *viewer) rowsAfter(cursor string) url.Values {
	q := url.Values{"limit": {strconv.Itoa(v.limit)}}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	return q
}

// sameRange asks for the range that is shown, as it was asked for.
func (v *viewer) sameRange() url.Values {
	if v.days != 0 {
		return url.Values{"days": {strconv.Itoa(v.days)}}
	}
	return v.dates()
}

func (v *viewer) dates() url.Values {
	return url.Values{"from": {v.span.From.Format(time.DateOnly)}, "to": {v.span.To.AddDate(0, 0, -1).Format(time.DateOnly)}}
}

func (v *viewer) track(ctx context.Context) (any, error) {
	t := page.Track{Frame: v.frame(), ID: v.item, Title: v.item}
	if row, ok := v.cut.Names.Track(v.item, v.span.To.Add(-1)); ok && row.Title != "" {
		t.Title = row.Title
	}
	mine := only(v.plays, v.item)
	e, err := v.envelope(ctx)
	if err != nil {
		return nil, err
	}
	t.Chips = v.chips(e)
	if t.Say, err = v.sentence(ctx, mine); err != nil {
		return nil, err
	}
	if t.Chart, err = v.chart(ctx, mine); err != nil {
		return nil, err
	}
	if t.Qualified, err = v.qualifying(ctx); err != nil && ctx.Err() == nil {
		v.withoutBooks(err)
	} else if err != nil {
		return nil, err
	}
	return t, v.newestHours(ctx, &t)
}

// newestHours fills in what is known by the hour: the course of the newest two days, places and devices.
func (v *viewer) newestHours(ctx context.Context, t *page.Track) error {
	heard, err := v.heardByHour(ctx)
	if err != nil {
		return err
	}
	end := figures.Hour.Start(v.cut.Until()).Add(time.Hour)
	last := figures.Range{From: end.Add(-48 * time.Hour), To: end}
	var hours []figures.Cell
	heard = slices.DeleteFunc(heard, func(h cut.Heard) bool { return h.Track != v.item })
	for _, h := range heard {
		if !h.At.Before(last.From) && h.At.Before(last.To) {
			hours = append(hours, figures.Cell{Key: h.At.Format(time.RFC3339), Plays: h.Plays, Millis: h.Millis, Listeners: h.Listeners})
		}
	}
	t.Places, t.Devices = hourBars("Places", heard, countryOf, placeName), hourBars("Devices", heard, deviceOf, asItIs)
	var shown []figures.Sum
	for _, c := range figures.Breakdown(hours) {
		if at, err := time.Parse(time.RFC3339, c.Key); err == nil && c.Key != figures.Other {
			shown = append(shown, figures.Sum{At: at, Plays: c.Plays})
		}
	}
	if len(shown) == 0 {
		return nil
	}
	t.Hours = &page.Chart{Name: "Plays an hour; hours with fewer than five listeners are left out", This: "plays"}
	for _, p := range figures.Series(figures.Hour, last, v.cut.Until(), shown) {
		t.Hours.Points = append(t.Hours.Points, page.Point{At: p.From, Label: p.From.Format("2 Jan 15:04"), Plays: p.Plays, Partial: !p.Whole})
	}
	return nil
}

func hourBars(title string, heard []cut.Heard, key func(cut.Heard) string, name func(string) string) page.Bars {
	b := barsOf(title, partsOf(heard, cut.Plays{}, key), mostLimit, name)
	if len(b.Parts) > 0 {
		b.Note = "Of the newest days, which are kept by the hour. " + b.Note
	}
	return b
}

func (v *viewer) audience(ctx context.Context) (any, error) {
	a := page.Audience{Frame: v.frame(), Exactness: "Listeners are counted exactly up to 65,535 and estimated above, within 1 % in 99 of 100 cases."}
	heard, err := v.listeners(ctx)
	if err != nil {
		return nil, err
	}
	if a.Listeners = listeners(heard); a.Listeners == "" {
		a.Listeners = "Nobody listened in this time"
	}
	a.Places, a.Devices, err = v.bars(ctx, mostLimit)
	return a, err
}

func (v *viewer) export(context.Context) (any, error) {
	f := v.frame()
	base := "/v1" + f.Base() + "/"
	dates := v.dates()
	with := func(key, value string) string {
		q := maps.Clone(dates)
		q.Set(key, value)
		return query(q)
	}
	files := []page.Link{
		{Text: "Days", URL: base + "timeseries" + with("step", "day")},
		{Text: "Weeks", URL: base + "timeseries" + with("step", "week")},
		{Text: "Tracks", URL: base + "tracks" + with("limit", "1000")},
		{Text: "Countries", URL: base + "countries" + query(dates)},
		{Text: "Devices", URL: base + "devices" + query(dates)},
		{Text: "Changes", URL: base + "changes" + query(dates)},
	}
	if v.of.wholeLabel() {
		files = append(files, page.Link{Text: "Roster", URL: base + "roster" + with("limit", "1000")})
	}
	return page.Export{Frame: f, Files: files}, nil
}
