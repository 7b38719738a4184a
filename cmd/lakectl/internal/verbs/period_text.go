package verbs

import (
	"maps"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs/royalty"
)

func sayPeriods(p *frame.Page, periods []royalty.PeriodStatus) {
	if len(periods) == 0 {
		p.Say("no period has listens yet")
		return
	}
	states := map[string]int64{}
	var pending []string
	var rows [][]frame.Cell
	for _, s := range periods {
		states[s.State]++
		if s.Pending != "" {
			pending = append(pending, s.Period+" ("+s.Pending+")")
		}
		rows = append(rows, []frame.Cell{
			frame.Word(s.Period), frame.Word(s.State), frame.Word(s.Pending), frame.Word(s.RunID), frame.Word(p.Sum(s.Checksum)), frame.Word(p.At(s.ClosedAt)), frame.Number(s.AdjustmentRows), frame.Number(s.PostedHere), frame.Marked(s.Waiting),
			frame.Word(s.ClosedBy), frame.Word(s.Tag), frame.Number(s.HeldRows), frame.Number(s.PendingRows),
		})
	}
	var in []string
	for _, state := range slices.Sorted(maps.Keys(states)) {
		in = append(in, frame.Thousands(states[state])+" "+state)
	}
	next := "all are up to date"
	if len(pending) > 0 {
		next = "'lakectl job royalties' will recompute " + p.Some(pending)
	}
	p.Say("%s: %s; %s", frame.CountOf(int64(len(periods)), "period"), strings.Join(in, ", "), next)
	p.Table("", []frame.Column{
		{Name: "period"}, {Name: "state"}, {Name: "pending", Goes: 1}, {Name: "run"}, {Name: "checksum", Goes: 2}, {Name: "closed at", Goes: 3}, {Name: "posted to later", Goes: 3}, {Name: "posted here", Goes: 3}, {Name: "waits", Goes: 4}, {Name: "closed by", Goes: 5}, {Name: "tag", Goes: 6}, {Name: "held rows", Goes: 7}, {Name: "rows to read", Goes: 7},
	}, rows)
}

func sayClose(p *frame.Page, r royalty.CloseReport) {
	did := "closed"
	if r.Already {
		did = "nothing to do: closed since " + p.At(r.ClosedAt) + ","
	}
	p.Say("%s %s: statement v%d is %s, checksum %s", did, r.Period, r.Version, r.RunID, p.Sum(r.Checksum))
	p.Say("by %s at %s; tag %s on %s", frame.Word(r.ClosedBy).Text, p.At(r.ClosedAt), r.Tag, frame.CountOf(int64(len(r.Tagged)), "table"))
	for _, missing := range r.Missing {
		p.Say("missing when it was closed: %s", missing)
	}
	if r.WithoutPools {
		p.Say("without pools: the statement pays nothing")
	}
	for _, u := range r.Undistributed {
		p.Say("undistributed: %s of the pool for country %s, tier %s; nobody earned it", amount(u.Currency, u.AmountMinor), u.Country, u.Tier)
	}
	sayUnsealed(p, r.UnsealedFiles)
	p.Rest("all", r)
}
