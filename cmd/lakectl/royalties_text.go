package main

import (
	"cmp"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/jobs/audit"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/statement"
)

func sayRuns(p *page, runs []runRow) {
	if len(runs) == 0 {
		p.say("no run is published yet: 'lakectl job royalties' makes the first")
		return
	}
	periods := map[string]bool{}
	var rows [][]cell
	for _, r := range runs {
		periods[r.Period] = true
		rows = append(rows, []cell{
			word(r.RunID), word(r.Cause), word(p.seconds(r.FinishedAt)), number(r.Listens), number(r.QualifiedListens), number(r.Duplicates), word(p.sum(r.Checksum)),
		})
	}
	p.say("%s of %s, the newest first", countOf(int64(len(runs)), "run"), countOf(int64(len(periods)), "period"))
	p.table("", []column{{"run", 0}, {"cause", 1}, {"finished", 2}, {"listens", 0}, {"qualified", 0}, {"duplicates", 3}, {"checksum", 0}}, rows)
}

// seconds is at for a time that is a text already.
func (p *page) seconds(text string) string {
	if whole, _, found := strings.Cut(text, "."); found && !p.wide {
		return whole + "Z"
	}
	return text
}

// shownStatement is a statement with what its tracks are called.
type shownStatement struct {
	royalty.Statement
	names     map[string]royalty.Name
	withLines bool
}

// byAmount are the payouts, the largest first.
func (s shownStatement) byAmount() []royalty.Payout {
	sorted := slices.Clone(s.Payouts)
	slices.SortStableFunc(sorted, func(a, b royalty.Payout) int {
		return cmp.Or(strings.Compare(a.Currency, b.Currency), cmp.Compare(b.AmountMinor, a.AmountMinor))
	})
	return sorted
}

// tracks are those whose names a page will show.
func (s shownStatement) tracks(wide bool) (ids []string) {
	paid := s.byAmount()
	if !wide {
		paid = paid[:min(pageRows, len(paid))]
	}
	for _, q := range paid {
		ids = append(ids, q.TrackID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func sayStatement(p *page, s shownStatement) {
	r := s.Run
	if paid := sumsPaid(s.Payouts); len(paid) > 0 {
		p.say("%s pays %s (minor units) for %s of %s", r.Period, strings.Join(paid, ", "), countOf(r.QualifiedListens, "qualified listen"), thousands(r.Listens))
	} else {
		p.say("%s pays nothing: it has no pools that anybody earned; %s of %s", r.Period, countOf(r.QualifiedListens, "qualified listen"), thousands(r.Listens))
	}
	p.say("run %s: %s; checksum %s over %s", r.RunID, standing(s.Standing, r.RunID), p.sum(r.Checksum), countOf(r.Lines, "line"))
	for _, u := range r.Undistributed {
		p.say("undistributed: %s of the pool for country %s, tier %s; nobody earned it", amount(u.Currency, u.AmountMinor), u.Country, u.Tier)
	}
	var rows [][]cell
	for _, q := range s.byAmount() {
		name := s.names[q.TrackID]
		rows = append(rows, []cell{
			number(q.AmountMinor), word(q.Currency), word(name.Title), word(name.Artist), word(q.ArtistID), word(q.TrackID), number(q.QualifiedListens), word(q.Country), word(q.Tier),
		})
	}
	p.longTable("payouts, the largest first", []column{
		{"amount", 0}, {"currency", 0}, {"title", 1}, {"artist", 1}, {"artist id", 0}, {"track id", 0}, {"qualified", 0}, {"country", 3}, {"tier", 3},
	}, rows)
	sayAdjustments(p, s.Adjustments)
	if s.withLines {
		sayLines(p, s.Lines)
	}
	p.rest("run", r)
}

// sayAdjustments shows what earlier periods posted, the largest amounts first.
func sayAdjustments(p *page, posted []royalty.Adjustment) {
	list := slices.Clone(posted)
	slices.SortStableFunc(list, func(a, b royalty.Adjustment) int { return cmp.Compare(abs(b.AmountMinor), abs(a.AmountMinor)) })
	var rows [][]cell
	for _, a := range list {
		rows = append(rows, append([]cell{word(a.OriginPeriod)}, differenceCells(a.Difference)...))
	}
	p.longTable("differences of earlier, closed periods that are posted here, the largest amounts first", append([]column{{"of", 0}}, differenceColumns...), rows)
}

func sayLines(p *page, lines []royalty.Line) {
	var rows [][]cell
	for _, l := range lines {
		rows = append(rows, []cell{word(l.ArtistID), word(l.TrackID), word(l.Country), word(l.Tier), number(l.Listens), number(l.QualifiedListens)})
	}
	p.table("lines", []column{{"artist id", 0}, {"track id", 0}, {"country", 0}, {"tier", 0}, {"listens", 0}, {"qualified", 0}}, rows)
}

// sumsPaid is the money of payouts, by currency.
func sumsPaid(payouts []royalty.Payout) (sums []string) {
	by := map[string]int64{}
	for _, q := range payouts {
		by[q.Currency] += q.AmountMinor
	}
	for currency, minor := range by {
		sums = append(sums, amount(currency, minor))
	}
	slices.Sort(sums)
	return sums
}

func amount(currency string, minor int64) string { return currency + " " + thousands(minor) }

func abs(n int64) int64 { return max(n, -n) }

// standing says which of its period's runs a run is, and names the others.
func standing(s royalty.Standing, runID string) string {
	text := s.Standing
	if s.StatementRunID != "" && s.StatementRunID != runID {
		text += ", the statement is " + s.StatementRunID
	}
	if s.NewestRunID != runID {
		text += ", the newest is " + s.NewestRunID
	}
	return text
}

func sayReproduced(p *page, r reproduced) {
	now, was := p.sum(r.RecomputedChecksum), p.sum(r.Checksum)
	switch {
	case r.Outcome == audit.Same:
		p.say("same: %s recomputes to %s from %s", r.RunID, now, countOf(r.RowsNow, "row"))
	case r.Outcome == audit.InputsErased && now == "":
		p.say("inputs_erased: %s cannot be recomputed to %s any more", r.RunID, was)
	case r.Outcome == audit.InputsErased:
		p.say("inputs_erased: %s recomputes to %s from %s; it was published with %s, from %s", r.RunID, now, countOf(r.RowsNow, "row"), was, thousands(r.RowsRead))
	default:
		p.say("%s: %s recomputes to %s from %s, and was published with %s", r.Outcome, r.RunID, now, countOf(r.RowsNow, "row"), was)
	}
	p.say("payouts: %s; standing: %s", r.Payouts, standing(r.Standing, r.RunID))
	if r.LinesHeld > 0 {
		p.say("held: %s came out different, which may be about one person; --operator names them", countOf(r.LinesHeld, "line"))
	}
	sayUnsealed(p, r.UnsealedFiles)
	var rows [][]cell
	for _, e := range r.Erased {
		rows = append(rows, []cell{word(e.RequestID), number(e.Rows)})
	}
	p.longTable("deletion requests that erased rows since", []column{{"request", 0}, {"rows", 0}}, rows)
	rows = nil
	for _, l := range r.LinesDiffer {
		rows = append(rows, []cell{
			word(l.ArtistID), word(l.TrackID), word(l.Country), word(l.Tier), number(l.ListensWas), number(l.ListensNow), number(l.QualifiedWas), number(l.QualifiedNow),
		})
	}
	p.longTable("lines that came out different", []column{
		{"artist id", 0}, {"track id", 0}, {"country", 0}, {"tier", 0}, {"listens was", 0}, {"now", 0}, {"qualified was", 0}, {"now", 0},
	}, rows)
	p.rest("all", r)
}

// sayUnsealed says how much rests on files without hashes.
func sayUnsealed(p *page, files int) {
	if files > 0 {
		p.say("read without a check: %s without hashes, which another engine or an earlier version wrote", countOf(int64(files), "file"))
	}
}

func sayExplanation(p *page, e *royalty.Explanation) {
	p.say("%s of %s in %s: %s of %s", e.TrackID, e.ArtistID, e.Period, countOf(e.QualifiedListens, "qualified listen"), thousands(e.Listens))
	ledger := "read as the run saw it"
	if !e.LedgerOfRun {
		ledger = "read as it is, since the run's has expired"
	}
	p.say("run %s: %s", e.RunID, standing(e.Standing, e.RunID))
	p.say("rules version %d; the ledger is %s; %s not counted", e.RulesVersion, ledger, countOf(e.Duplicates, "duplicate"))
	for _, h := range e.Held {
		p.say("held: fewer than five people changed %s since the period was closed, with %s of %s as published; --operator shows them",
			countOf(h.Lines, "line"), countOf(h.QualifiedListens, "qualified listen"), thousands(h.Listens))
	}
	var rows [][]cell
	for _, r := range e.Refused {
		rows = append(rows, []cell{ruled(r.Rule), number(r.Listens)})
	}
	p.table("do not qualify, by the rule that decided", []column{{"rule", 0}, {"listens", 0}}, rows)
	rows = nil
	for _, l := range e.Counted {
		length := word("")
		if l.TrackMs != nil {
			length = number(*l.TrackMs)
		}
		rows = append(rows, []cell{
			word(l.ListenID), word(p.at(l.EventTime)), word(l.Country), word(l.Tier), word(l.Device), number(l.MsPlayed), length, marked(l.Qualifies), ruled(l.Rule), number(l.Copies), word(p.at(l.ReceivedTime)),
		})
	}
	p.longTable("counted listens, those that do not qualify first", []column{
		{"listen id", 0}, {"heard at", 0}, {"country", 3}, {"tier", 3}, {"device", 2}, {"ms played", 0}, {"track ms", 4}, {"qualifies", 0}, {"rule", 0}, {"copies", 0}, {"received", 5},
	}, rows)
}

// ruled names the rule that decided about a listen.
func ruled(rule string) cell {
	if rule == "" {
		return word("(none matched)")
	}
	return word(rule)
}

func sayTracksHeard(p *page, a royalty.ArtistTracks) {
	if len(a.Tracks) == 0 {
		p.say("%s has no listens in the statement of %s", a.ArtistID, a.Period)
		return
	}
	p.say("%s has %s in %s: %s of %s; name one with --track", a.ArtistID, countOf(int64(len(a.Tracks)), "track"), a.Period,
		countOf(a.QualifiedListens, "qualified listen"), thousands(a.Listens))
	p.say("run %s: %s", a.RunID, standing(a.Standing, a.RunID))
	var rows [][]cell
	for _, t := range a.Tracks {
		rows = append(rows, []cell{word(t.Title), word(t.TrackID), number(t.Listens), number(t.QualifiedListens)})
	}
	p.longTable("tracks, the most heard first", []column{{"title", 1}, {"track id", 0}, {"listens", 0}, {"qualified", 0}}, rows)
}

var differenceColumns = []column{
	{"kind", 0}, {"cause", 0}, {"artist id", 0}, {"track id", 0}, {"country", 3}, {"tier", 3}, {"party", 2}, {"role", 5}, {"listens", 1}, {"qualified", 0}, {"amount", 0}, {"currency", 0},
}

func differenceCells(d royalty.Difference) []cell {
	return []cell{
		word(d.Kind), word(d.Cause), word(d.ArtistID), word(d.TrackID), word(d.Country), word(d.Tier), word(d.Party), word(d.Role),
		number(d.Listens), number(d.QualifiedListens), number(d.AmountMinor), word(d.Currency),
	}
}

func sayDiff(p *page, d royalty.DiffReport) {
	if d.Same {
		p.say("same: %s and %s publish the same lines, payouts and shares", d.From, d.To)
		return
	}
	p.say("different: %s differs from %s in %s", d.To, d.From, thousands(int64(len(d.Differences))+d.Left)+" lines, payouts and shares")
	for _, one := range d.Differences {
		if one.Kind == royalty.KindHeld {
			p.say("held: lines that the erasure of fewer than five people changed, %s listens and %s qualified; --operator shows them", thousands(one.Listens), thousands(one.QualifiedListens))
		}
	}
	var rows [][]cell
	for _, c := range d.Causes {
		rows = append(rows, []cell{word(c.Cause), number(c.Lines), number(c.Listens), number(c.QualifiedListens), number(c.Payouts), number(c.Shares)})
	}
	p.table("by cause: lines, payouts and shares that it changed", []column{{"cause", 0}, {"lines", 0}, {"listens", 0}, {"qualified", 0}, {"payouts", 0}, {"shares", 0}}, rows)
	rows = nil
	for _, one := range d.Differences {
		rows = append(rows, differenceCells(one))
	}
	p.longTable("differences", differenceColumns, rows)
	if d.Left > 0 {
		p.say("and %s: --limit 0 has all", countOf(d.Left, "difference"))
	}
}

func sayExport(p *page, r statement.Report) {
	did := "wrote"
	if r.AlreadyThere {
		did = "nothing to do: there already are"
	}
	p.say("%s %s of %s by %s, %s, in %s", did, countOf(r.Holders, "statement"), r.Period, r.By, r.Format, r.Folder)
	p.say("run %s; %s with checksum %s", r.RunID, countOf(r.Rows, "row"), p.sum(r.Checksum))
	sayUnsealed(p, r.UnsealedFiles)
	var rows [][]cell
	for _, t := range r.Totals {
		rows = append(rows, []cell{word(t.Currency), number(t.PayoutsMinor), number(t.AdjustmentsMinor), number(t.TotalMinor)})
	}
	p.table("totals in minor units", []column{{"currency", 0}, {"payouts", 0}, {"adjustments", 0}, {"total", 0}}, rows)
	p.rest("all", r)
}
