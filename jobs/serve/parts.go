package serve

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/jobs/serve/cut"
	"github.com/lakectl/lakectl/jobs/serve/figures"
)

// parts answers with the countries or devices of a range.
type parts struct {
	envelope
	Plays int64  `json:"plays"` // of all parts
	Of    string `json:"of"`    // country or device
	Parts []part `json:"parts"`
}

// part is a country or device. The one with other set has those with too few listeners to show, and another where one
// alone could be worked out.
type part struct {
	Key    string `json:"key"`
	Other  bool   `json:"other,omitempty"`
	Plays  int64  `json:"plays"`
	Millis int64  `json:"ms_played"`
}

func (p parts) header() []string { return []string{p.Of, "other", "plays", "ms_played"} }

func (p parts) rows() [][]string {
	list := make([][]string, len(p.Parts))
	for i, c := range p.Parts {
		other := ""
		if c.Other {
			other = "other"
		}
		list[i] = []string{c.Key, other, number(c.Plays), number(c.Millis)}
	}
	return list
}

func (q *question) parts(ctx context.Context, of string, key func(cut.Heard) string) (parts, error) {
	p := parts{Of: of, Parts: []part{}}
	var err error
	if p.envelope, err = q.envelope(ctx); err != nil {
		return p, err
	}
	heard, err := q.cut.Audience(ctx, q.of.id, q.span)
	if err != nil {
		return p, err
	}
	cells := make([]figures.Cell, len(heard))
	for i, h := range heard {
		cells[i] = figures.Cell{Key: key(h), Plays: h.Plays, Millis: h.Millis, Listeners: h.Listeners}
		p.Plays += h.Plays
	}
	for _, c := range figures.Breakdown(cells) {
		p.Parts = append(p.Parts, part{c.Key, c.Key == figures.Other, c.Plays, c.Millis})
	}
	return p, nil
}

// changes answers with what changed in days of a range after they had ended.
type changes struct {
	envelope
	Changes []change `json:"changes"`
}

// change is the change of a day: the plays before and after, and causes that sum to the difference.
type change struct {
	Day     string    `json:"day"`
	Before  int64     `json:"plays_before"`
	After   int64     `json:"plays_after"`
	Noticed time.Time `json:"noticed_at"` // the newest cause
	Causes  []cause   `json:"causes"`
}

type cause struct {
	Cause  string `json:"cause"`
	Plays  int64  `json:"plays"`
	Millis int64  `json:"ms_played"`
}

func (c changes) header() []string {
	return []string{"day", "plays_before", "plays_after", "cause", "plays", "ms_played", "noticed_at"}
}

func (c changes) rows() [][]string {
	var list [][]string
	for _, d := range c.Changes {
		for _, why := range d.Causes {
			list = append(list, []string{d.Day, number(d.Before), number(d.After), why.Cause, number(why.Plays), number(why.Millis), d.Noticed.Format(time.RFC3339)})
		}
	}
	return list
}

func (q *question) changes(ctx context.Context) (changes, error) {
	c := changes{Changes: []change{}}
	var err error
	if c.envelope, err = q.envelope(ctx); err != nil {
		return c, err
	}
	rows, err := q.cut.Changes(ctx, q.of.id, q.span)
	if err != nil {
		return c, err
	}
	plays, err := q.plays(ctx, q.span)
	if err != nil {
		return c, err
	}
	now := map[string]int64{}
	for _, p := range plays {
		now[p.Day.Format(time.DateOnly)] += p.Plays
	}
	byDay := map[string]*change{}
	for _, r := range rows {
		day := r.Day.Format(time.DateOnly)
		d := byDay[day]
		if d == nil {
			d = &change{Day: day, Before: now[day], After: now[day]}
			byDay[day] = d
		}
		d.add(r)
	}
	for _, d := range byDay {
		c.Changes = append(c.Changes, *d)
	}
	slices.SortFunc(c.Changes, func(a, b change) int { return cmp.Or(b.Noticed.Compare(a.Noticed), strings.Compare(b.Day, a.Day)) })
	return c, nil
}

func (d *change) add(r cut.Change) {
	d.Before -= r.Plays
	if r.Noticed.After(d.Noticed) {
		d.Noticed = r.Noticed
	}
	at := slices.IndexFunc(d.Causes, func(c cause) bool { return c.Cause == r.Cause })
	if at < 0 {
		d.Causes = append(d.Causes, cause{Cause: r.Cause})
		slices.SortFunc(d.Causes, func(a, b cause) int { return strings.Compare(a.Cause, b.Cause) })
		at = slices.IndexFunc(d.Causes, func(c cause) bool { return c.Cause == r.Cause })
	}
	d.Causes[at].Plays += r.Plays
	d.Causes[at].Millis += r.Millis
}
