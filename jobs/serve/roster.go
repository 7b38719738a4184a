package serve

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/jobs/serve/cut"
	"github.com/lakectl/lakectl/jobs/serve/figures"
)

// roster answers with the artists of a label in a range.
type roster struct {
	envelope
	Plays   int64       `json:"plays"` // of all artists, those on other pages too
	Count   int         `json:"count"` // of artists on all pages
	Sort    string      `json:"sort"`
	Artists []rosterRow `json:"artists"`
	Next    string      `json:"next,omitempty"` // cursor of the page after this one
}

type rosterRow struct {
	ArtistID string  `json:"artist_id"`
	Name     string  `json:"artist_name,omitempty"`
	Plays    int64   `json:"plays"`
	Millis   int64   `json:"ms_played"`
	Current  int64   `json:"compared_plays"` // of the days that are over
	Previous int64   `json:"previous_plays"` // of as many days before
	Percent  *int64  `json:"change_percent"`
	Course   []int64 `json:"course"` // plays of each day, or of each week of a range over 200 days
}

func (r roster) header() []string {
	return []string{"artist_id", "artist_name", "plays", "ms_played", "compared_plays", "previous_plays", "change_percent"}
}

func (r roster) rows() [][]string {
	list := make([][]string, len(r.Artists))
	for i, a := range r.Artists {
		change := ""
		if a.Percent != nil {
			change = number(*a.Percent)
		}
		list[i] = []string{a.ArtistID, a.Name, number(a.Plays), number(a.Millis), number(a.Current), number(a.Previous), change}
	}
	return list
}

// orders are those of a roster. The id decides between equals, so an order is of all rows.
var orders = map[string]func(a, b cut.RosterArtist) int{
	"plays":    func(a, b cut.RosterArtist) int { return cmp.Compare(b.Plays, a.Plays) },
	"previous": func(a, b cut.RosterArtist) int { return cmp.Compare(b.Compare, a.Compare) },
	"change": func(a, b cut.RosterArtist) int {
		return cmp.Or(cmp.Compare(b.Current-b.Compare, a.Current-a.Compare), cmp.Compare(b.Plays, a.Plays))
	},
	"name": func(a, b cut.RosterArtist) int {
		return cmp.Compare(strings.ToLower(cmp.Or(a.Name, a.ID)), strings.ToLower(cmp.Or(b.Name, b.ID)))
	},
}

// standardSort is the order of a roster that nobody asked for.
const standardSort = "plays"

func (q *question) roster(ctx context.Context) (roster, error) {
	r := roster{Artists: []rosterRow{}, Sort: q.sort}
	var err error
	if r.envelope, err = q.envelope(ctx); err != nil {
		return r, err
	}
	all, err := q.sorted(ctx)
	if err != nil {
		return r, err
	}
	for _, a := range all {
		r.Plays += a.Plays
	}
	r.Count = len(all)
	page, next, err := pageOf(q, q.cut.Tag(), all, func(a cut.RosterArtist) string { return q.sort + "/" + a.ID })
	if err != nil {
		return r, err
	}
	r.Next = next
	ids := make([]string, len(page))
	for i, a := range page {
		ids[i] = a.ID
	}
	days, err := q.share.Courses(ctx, q.span, ids)
	if err != nil {
		return r, err
	}
	for _, a := range page {
		row := rosterRow{ArtistID: a.ID, Name: a.Name, Plays: a.Plays, Millis: a.Millis, Current: a.Current, Previous: a.Compare, Course: q.course(days[a.ID])}
		if percent, ok := figures.Change(a.Current, a.Compare); ok {
			row.Percent = &percent
		}
		r.Artists = append(r.Artists, row)
	}
	return r, nil
}

// sorted are all artists of the label in the order that is asked for, made once for a cut. Whoever asks does not alter
// them.
func (q *question) sorted(ctx context.Context) ([]cut.RosterArtist, error) {
	made, err := q.share.Keep(fmt.Sprintf("roster:%d-%d:%s", q.span.From.Unix(), q.span.To.Unix(), q.sort), func() (any, int64, error) {
		c := figures.Compare(q.span, q.cut.Until())
		all, err := q.share.Roster(context.WithoutCancel(ctx), q.span, c.Current, c.Previous)
		slices.SortFunc(all, func(a, b cut.RosterArtist) int { return cmp.Or(orders[q.sort](a, b), strings.Compare(a.ID, b.ID)) })
		return all, int64(96 * len(all)), err
	})
	if err != nil {
		return nil, err
	}
	return made.([]cut.RosterArtist), nil
}

// course are the plays of each day, or of each week where there are many.
func (q *question) course(days []figures.Sum) []int64 {
	list := []int64{}
	for _, p := range figures.Series(q.courseStep(), q.span, q.cut.Until(), days) {
		list = append(list, p.Plays)
	}
	return list
}

// courseStep keeps a course readable.
func (q *question) courseStep() figures.Step {
	if q.span.To.Sub(q.span.From) > mostCourse*24*time.Hour {
		return figures.Week
	}
	return figures.Day
}

// mostCourse is the most days that a course has day by day.
const mostCourse = 200

// readSort reads the order of a roster.
func (q *question) readSort(text string) error {
	q.sort = cmp.Or(text, standardSort)
	if orders[q.sort] == nil {
		return refusal("sort is one of plays, previous, change, name")
	}
	return nil
}

// notSplitWhy says why plays have no country and device.
const notSplitWhy = "Played on days on which the artist also has tracks that are not the label's. Where such plays were heard is known by track for the newest days alone, which are kept by the hour."
