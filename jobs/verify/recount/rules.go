package recount

import (
	"math"
	"slices"

	"github.com/lakectl/lakectl/catalog"
)

// rule is a royalty rule whose texts are hashes; 0 is any.
type rule struct {
	track, artist, country, tier, device uint64
	from, to                             int64 // days since 1970, from from to before to
	counts                               bool
	ms, fractionE4                       int64
}

// ruling is the rules of a version, in order. Version 0 is before any were applied.
func ruling(all []catalog.RuleRow, version int64) []rule {
	if version == 0 {
		return []rule{{from: math.MinInt64, to: math.MaxInt64, counts: true, ms: 30_000}}
	}
	of := slices.DeleteFunc(slices.Clone(all), func(r catalog.RuleRow) bool { return r.Version != version })
	slices.SortFunc(of, func(a, b catalog.RuleRow) int { return a.Position - b.Position })
	list := make([]rule, len(of))
	for i, r := range of {
		list[i] = rule{
			any0(r.TrackID), any0(r.ArtistID), any0(r.Country), any0(r.Tier), any0(r.Device), math.MinInt64, math.MaxInt64,
			r.Counts, r.MinMsPlayed, r.MinFractionE4,
		}
		if r.EffectiveFrom != nil {
			list[i].from = floor(r.EffectiveFrom.UnixMicro(), usDay)
		}
		if r.EffectiveTo != nil {
			list[i].to = floor(r.EffectiveTo.UnixMicro(), usDay)
		}
	}
	return list
}

// any0 is the hash of a selector.
func any0(text string) uint64 {
	if text == "" {
		return 0
	}
	return textHash(text)
}

// listened is a row of the ledger; texts are hashes.
type listened struct {
	track, artist, country, tier, device uint64
	event, ms, long                      int64 // long is 0 where the track's length is not known
}

// qualifies tells whether a listen does: the first rule that matches decides.
func qualifies(rules []rule, l listened) bool {
	day := floor(l.event, usDay)
	is := func(selector, value uint64) bool { return selector == 0 || selector == value }
	for _, r := range rules {
		if !is(r.track, l.track) || !is(r.artist, l.artist) || !is(r.country, l.country) || !is(r.tier, l.tier) || !is(r.device, l.device) || day < r.from || day >= r.to {
			continue
		}
		return r.counts && (l.ms >= r.ms || r.fractionE4 > 0 && l.long > 0 && l.ms*10_000 >= r.fractionE4*l.long)
	}
	return false
}
