package main

import (
	"fmt"
	"strings"

	"github.com/lakectl/lakectl/jobs/royalty"
)

// act is what a verb did with a set of inputs.
type act int

const (
	checked act = iota
	applied
	listed
	removed
)

// did says what was done with a set; what is how much of it there is.
func (a act) did(p *page, noun, what string, version int64, stored bool) {
	as := ""
	if version > 0 {
		as = fmt.Sprintf(" as version %d", version)
	}
	switch {
	case a == checked:
		p.say("the file is right: %s", what)
	case a == listed && version == 0 && noun == "rules":
		p.say("no rules are applied: the built-in one holds")
	case a == listed && version == 0 && noun != "tracks":
		p.say("no %s are applied", noun)
	case a == listed && noun == "tracks":
		p.say("%s", what)
	case a == listed:
		p.say("%s, version %d", what, version)
	case !stored:
		p.idle("the %s hold already: %s", noun, what)
	case a == removed:
		p.say("taken back%s; in force: %s", as, what)
	default:
		p.say("stored%s: %s", as, what)
	}
}

func sayRules(p *page, s royalty.RuleSet, a act) {
	a.did(p, "rules", countOf(int64(len(s.Rules)), "rule"), s.Version, s.Stored)
	var rows [][]cell
	for _, r := range s.Rules {
		least, part := number(r.MinMsPlayed), word("")
		if !r.Counts {
			least = word("never")
		}
		if r.MinFractionE4 > 0 {
			part = cell{text: fmt.Sprintf("%d.%02d%%", r.MinFractionE4/100, r.MinFractionE4%100), right: true}
		}
		rows = append(rows, []cell{word(r.ID), least, part, word(r.TrackID), word(r.ArtistID), word(r.Country), word(r.Tier), word(r.Device), word(r.EffectiveFrom), word(r.EffectiveTo)})
	}
	p.table("the first that matches a listen decides from how much on it qualifies", []column{
		{"rule", 0}, {"ms played", 0}, {"or part", 1}, {"track", 1}, {"artist", 1}, {"country", 1}, {"tier", 1}, {"device", 1}, {"from", 1}, {"to", 1},
	}, rows)
	sayUnheard(p, s.Unheard)
}

func sayPools(p *page, s royalty.PoolSet, a act) {
	a.did(p, "pools", countOf(int64(len(s.Pools)), "pool"), s.Version, s.Stored)
	if len(s.Removed) > 0 {
		p.say("taken back: %s", strings.Join(s.Removed, ", "))
	}
	var rows [][]cell
	for _, one := range s.Pools {
		rows = append(rows, []cell{word(one.Period), number(one.AmountMinor), word(one.Currency), word(one.Country), word(one.Tier)})
	}
	p.table("in minor units; * is any", []column{{"period", 0}, {"amount", 0}, {"currency", 0}, {"country", 0}, {"tier", 0}}, rows)
	sayUnheard(p, s.Unheard)
}

func saySplits(p *page, s royalty.SplitSet, a act) {
	a.did(p, "splits", fmt.Sprintf("%s of %s", countOf(int64(s.Rows), "part"), countOf(int64(s.Tracks), "track")), s.Version, s.Stored)
	var rows [][]cell
	for _, one := range s.Splits {
		rows = append(rows, []cell{word(one.TrackID), word(one.Party), word(one.Role), number(one.BasisPoints), word(one.EffectiveFrom), word(one.EffectiveTo)})
	}
	p.longTable("in basis points, 10,000 is all", []column{{"track", 0}, {"party", 0}, {"role", 0}, {"part", 0}, {"from", 1}, {"to", 1}}, rows)
	sayUnheard(p, s.Unheard)
}

func sayTracks(p *page, s royalty.TrackSet, a act) {
	what := countOf(int64(s.Rows), "row") + " of tracks"
	if s.Rows == 0 {
		what = "no tracks are loaded"
	}
	a.did(p, "tracks", what, 0, s.Stored)
	var rows [][]cell
	for _, t := range s.Tracks {
		rows = append(rows, []cell{word(t.Title), word(t.ArtistName), word(t.TrackID), word(t.LabelName), word(t.LabelID), word(t.ISRC), word(t.ValidFrom), word(t.ValidTo)})
	}
	p.longTable("", []column{{"title", 0}, {"artist", 0}, {"track id", 0}, {"label", 1}, {"label id", 3}, {"isrc", 2}, {"from", 1}, {"to", 1}}, rows)
	sayUnheard(p, s.Unheard)
}
