package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/jobs/royalty"
)

func sayPeriods(p *page, periods []royalty.PeriodStatus) {
	if len(periods) == 0 {
		p.say("no period has listens yet")
		return
	}
	states := map[string]int64{}
	var pending []string
	var rows [][]cell
	for _, s := range periods {
		states[s.State]++
		if s.Pending != "" {
			pending = append(pending, s.Period+" ("+s.Pending+")")
		}
		rows = append(rows, []cell{
			word(s.Period), word(s.State), word(s.Pending), word(s.RunID), word(p.sum(s.Checksum)), word(p.at(s.ClosedAt)), number(s.AdjustmentRows), number(s.PostedHere), marked(s.Waiting),
			word(s.ClosedBy), word(s.Tag), number(s.HeldRows), number(s.PendingRows),
		})
	}
	var in []string
	for _, state := range slices.Sorted(maps.Keys(states)) {
		in = append(in, thousands(states[state])+" "+state)
	}
	next := "all are up to date"
	if len(pending) > 0 {
		next = "'lakectl job royalties' will recompute " + p.some(pending)
	}
	p.say("%s: %s; %s", countOf(int64(len(periods)), "period"), strings.Join(in, ", "), next)
	p.table("", []column{
		{"period", 0}, {"state", 0}, {"pending", 1}, {"run", 0}, {"checksum", 2}, {"closed at", 3}, {"posted to later", 3}, {"posted here", 3}, {"waits", 4}, {"closed by", 5}, {"tag", 6}, {"held rows", 7}, {"rows to read", 7},
	}, rows)
}

func sayClose(p *page, r royalty.CloseReport) {
	did := "closed"
	if r.Already {
		did = "nothing to do: closed since " + p.at(r.ClosedAt) + ","
	}
	p.say("%s %s: statement v%d is %s, checksum %s", did, r.Period, r.Version, r.RunID, p.sum(r.Checksum))
	p.say("by %s at %s; tag %s on %s", word(r.ClosedBy).text, p.at(r.ClosedAt), r.Tag, countOf(int64(len(r.Tagged)), "table"))
	for _, missing := range r.Missing {
		p.say("missing when it was closed: %s", missing)
	}
	if r.WithoutPools {
		p.say("without pools: the statement pays nothing")
	}
	for _, u := range r.Undistributed {
		p.say("undistributed: %s of the pool for country %s, tier %s; nobody earned it", amount(u.Currency, u.AmountMinor), u.Country, u.Tier)
	}
	sayUnsealed(p, r.UnsealedFiles)
	p.rest("all", r)
}
