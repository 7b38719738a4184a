package verbs

import (
	"fmt"
	"strings"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
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
func (a act) did(p *frame.Page, noun, what string, version int64, stored bool) {
	as := ""
	if version > 0 {
		as = fmt.Sprintf(" as version %d", version)
	}
	switch {
	case a == checked:
		p.Say("the file is right: %s", what)
	case a == listed && version == 0 && noun == "rules":
		p.Say("no rules are applied: the built-in one holds")
	case a == listed && version == 0 && noun != "tracks":
		p.Say("no %s are applied", noun)
	case a == listed && noun == "tracks":
		p.Say("%s", what)
	case a == listed:
		p.Say("%s, version %d", what, version)
	case !stored:
		p.Idle("the %s hold already: %s", noun, what)
	case a == removed:
		p.Say("taken back%s; all others stay as they are", as)
	default:
		p.Say("stored%s: %s", as, what)
	}
}

func sayRules(p *frame.Page, s royalty.RuleSet, a act) {
	a.did(p, "rules", frame.CountOf(int64(len(s.Rules)), "rule"), s.Version, s.Stored)
	var rows [][]frame.Cell
	for _, r := range s.Rules {
		least, part := frame.Number(r.MinMsPlayed), frame.Word("")
		if !r.Counts {
			least = frame.Word("never")
		}
		if r.MinFractionE4 > 0 {
			part = frame.Cell{Text: fmt.Sprintf("%d.%02d%%", r.MinFractionE4/100, r.MinFractionE4%100), Right: true}
		}
		rows = append(rows, []frame.Cell{frame.Word(r.ID), least, part, frame.Word(r.TrackID), frame.Word(r.ArtistID), frame.Word(r.Country), frame.Word(r.Tier), frame.Word(r.Device), frame.Word(r.EffectiveFrom), frame.Word(r.EffectiveTo)})
	}
	p.Table("the first rule that matches a listen decides how long it must be heard to qualify", []frame.Column{
		{Name: "rule"}, {Name: "ms played"}, {Name: "or part", Goes: 1}, {Name: "track", Goes: 1}, {Name: "artist", Goes: 1}, {Name: "country", Goes: 1}, {Name: "tier", Goes: 1}, {Name: "device", Goes: 1}, {Name: "from", Goes: 1}, {Name: "to", Goes: 1},
	}, rows)
	sayUnheard(p, s.Unheard)
}

func sayPools(p *frame.Page, s royalty.PoolSet, a act) {
	a.did(p, "pools", frame.CountOf(int64(len(s.Pools)), "pool"), s.Version, s.Stored)
	if len(s.Removed) > 0 {
		p.Say("taken back: %s", strings.Join(s.Removed, ", "))
	}
	var rows [][]frame.Cell
	for _, one := range s.Pools {
		rows = append(rows, []frame.Cell{frame.Word(one.Period), frame.Number(one.AmountMinor), frame.Word(one.Currency), frame.Word(one.Country), frame.Word(one.Tier)})
	}
	p.Table("in minor units; * is any", []frame.Column{{Name: "period"}, {Name: "amount"}, {Name: "currency"}, {Name: "country"}, {Name: "tier"}}, rows)
	sayUnheard(p, s.Unheard)
}

func saySplits(p *frame.Page, s royalty.SplitSet, a act) {
	a.did(p, "splits", fmt.Sprintf("%s of %s", frame.CountOf(int64(s.Rows), "part"), frame.CountOf(int64(s.Tracks), "track")), s.Version, s.Stored)
	var rows [][]frame.Cell
	for _, one := range s.Splits {
		rows = append(rows, []frame.Cell{frame.Word(one.TrackID), frame.Word(one.Party), frame.Word(one.Role), frame.Number(one.BasisPoints), frame.Word(one.EffectiveFrom), frame.Word(one.EffectiveTo)})
	}
	p.LongTable("in basis points, 10,000 is all", []frame.Column{{Name: "track"}, {Name: "party"}, {Name: "role"}, {Name: "part"}, {Name: "from", Goes: 1}, {Name: "to", Goes: 1}}, rows)
	sayUnheard(p, s.Unheard)
}

func sayTracks(p *frame.Page, s royalty.TrackSet, a act) {
	what := frame.CountOf(int64(s.Rows), "row") + " of tracks"
	if s.Rows == 0 {
		what = "no tracks are loaded"
	}
	a.did(p, "tracks", what, 0, s.Stored)
	var rows [][]frame.Cell
	for _, t := range s.Tracks {
		rows = append(rows, []frame.Cell{frame.Word(t.Title), frame.Word(t.ArtistName), frame.Word(t.TrackID), frame.Word(t.LabelName), frame.Word(t.LabelID), frame.Word(t.ISRC), frame.Word(t.ValidFrom), frame.Word(t.ValidTo)})
	}
	p.LongTable("", []frame.Column{{Name: "title"}, {Name: "artist"}, {Name: "track id"}, {Name: "label", Goes: 1}, {Name: "label id", Goes: 3}, {Name: "isrc", Goes: 2}, {Name: "from", Goes: 1}, {Name: "to", Goes: 1}}, rows)
	sayUnheard(p, s.Unheard)
}
