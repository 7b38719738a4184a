package serve

import (
	"context"

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
// alone could be worked out. The one with not_split set has plays of which nothing says where they were heard.
type part struct {
	Key      string `json:"key"`
	Other    bool   `json:"other,omitempty"`
	NotSplit bool   `json:"not_split,omitempty"`
	Why      string `json:"why,omitempty"` // it is not split
	Plays    int64  `json:"plays"`
	Millis   int64  `json:"ms_played"`
}

func (p parts) header() []string { return []string{p.Of, "other", "plays", "ms_played"} }

func (p parts) rows() [][]string {
	list := make([][]string, len(p.Parts))
	for i, c := range p.Parts {
		other := ""
		if c.Other {
			other = "other"
		}
		if c.NotSplit {
			other = "not split"
		}
		list[i] = []string{c.Key, other, number(c.Plays), number(c.Millis)}
	}
	return list
}

func countryOf(h cut.Heard) string { return h.Country }

func deviceOf(h cut.Heard) string { return h.Device }

func (q *question) parts(ctx context.Context, of string, key func(cut.Heard) string) (parts, error) {
	e, err := q.envelope(ctx)
	if err != nil {
		return parts{}, err
	}
	heard, apart, err := q.audience(ctx)
	if err != nil {
		return parts{}, err
	}
	p := partsOf(heard, apart, key)
	p.envelope, p.Of = e, of
	return p, nil
}

// partsOf are the parts of what was heard, by a key; apart has no key.
func partsOf(heard []cut.Heard, apart cut.Plays, key func(cut.Heard) string) parts {
	p := parts{Parts: []part{}}
	cells := make([]figures.Cell, len(heard))
	for i, h := range heard {
		cells[i] = figures.Cell{Key: key(h), Plays: h.Plays, Millis: h.Millis, Listeners: h.Listeners}
		p.Plays += h.Plays
	}
	for _, c := range figures.Breakdown(cells) {
		p.Parts = append(p.Parts, part{Key: c.Key, Other: c.Key == figures.Other, Plays: c.Plays, Millis: c.Millis})
	}
	if apart.Plays != 0 {
		p.Plays += apart.Plays
		p.Parts = append(p.Parts, part{NotSplit: true, Why: notSplitWhy, Plays: apart.Plays, Millis: apart.Millis})
	}
	return p
}
