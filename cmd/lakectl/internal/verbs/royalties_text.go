package verbs

import (
	"cmp"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs/audit"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/statement"
)

func sayRuns(p *frame.Page, runs []runRow) {
	if len(runs) == 0 {
		p.Say("no run is published yet: 'lakectl job royalties' makes the first")
		return
	}
	periods := map[string]bool{}
	var rows [][]frame.Cell
	for _, r := range runs {
		periods[r.Period] = true
		rows = append(rows, []frame.Cell{
			frame.Word(r.RunID), frame.Word(r.Cause), frame.Word(seconds(p, r.FinishedAt)), frame.Number(r.Listens), frame.Number(r.QualifiedListens), frame.Number(r.Duplicates), frame.Word(p.Sum(r.Checksum)),
		})
	}
	p.Say("%s of %s, the newest first", frame.CountOf(int64(len(runs)), "run"), frame.CountOf(int64(len(periods)), "period"))
	p.Table("", []frame.Column{{Name: "run"}, {Name: "cause", Goes: 1}, {Name: "finished", Goes: 2}, {Name: "listens"}, {Name: "qualified"}, {Name: "duplicates", Goes: 3}, {Name: "checksum"}}, rows)
}

// seconds is at for a time that is a text already.
func seconds(p *frame.Page, text string) string {
	if whole, _, found := strings.Cut(text, "."); found && !p.Wide {
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
		paid = paid[:min(frame.PageRows, len(paid))]
	}
	for _, q := range paid {
		ids = append(ids, q.TrackID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func sayStatement(p *frame.Page, s shownStatement) {
	r := s.Run
	if paid := sumsPaid(s.Payouts); len(paid) > 0 {
		p.Say("%s pays %s (minor units) for %s of %s", r.Period, strings.Join(paid, ", "), frame.CountOf(r.QualifiedListens, "qualified listen"), frame.Thousands(r.Listens))
	} else {
		p.Say("%s pays nothing: it has no pools that anybody earned; %s of %s", r.Period, frame.CountOf(r.QualifiedListens, "qualified listen"), frame.Thousands(r.Listens))
	}
	p.Say("run %s: %s; checksum %s over %s", r.RunID, standing(s.Standing, r.RunID), p.Sum(r.Checksum), frame.CountOf(r.Lines, "line"))
	for _, u := range r.Undistributed {
		p.Say("undistributed: %s of the pool for country %s, tier %s; nobody earned it", amount(u.Currency, u.AmountMinor), u.Country, u.Tier)
	}
	var rows [][]frame.Cell
	for _, q := range s.byAmount() {
		name := s.names[q.TrackID]
		rows = append(rows, []frame.Cell{
			frame.Number(q.AmountMinor), frame.Word(q.Currency), frame.Word(name.Title), frame.Word(name.Artist), frame.Word(q.ArtistID), frame.Word(q.TrackID), frame.Number(q.QualifiedListens), frame.Word(q.Country), frame.Word(q.Tier),
		})
	}
	p.LongTable("payouts, the largest first", []frame.Column{
		{Name: "amount"}, {Name: "currency"}, {Name: "title", Goes: 1}, {Name: "artist", Goes: 1}, {Name: "artist id"}, {Name: "track id"}, {Name: "qualified"}, {Name: "country", Goes: 3}, {Name: "tier", Goes: 3},
	}, rows)
	sayAdjustments(p, s.Adjustments)
	if s.withLines {
		sayLines(p, s.Lines)
	}
	p.Rest("run", r)
}

// sayAdjustments shows what earlier periods posted, the largest amounts first.
func sayAdjustments(p *frame.Page, posted []royalty.Adjustment) {
	list := slices.Clone(posted)
	slices.SortStableFunc(list, func(a, b royalty.Adjustment) int { return cmp.Compare(abs(b.AmountMinor), abs(a.AmountMinor)) })
	var rows [][]frame.Cell
	for _, a := range list {
		rows = append(rows, append([]frame.Cell{frame.Word(a.OriginPeriod)}, differenceCells(a.Difference)...))
	}
	p.LongTable("differences of earlier, closed periods that are posted here, the largest amounts first", append([]frame.Column{{Name: "of"}}, differenceColumns...), rows)
}

func sayLines(p *frame.Page, lines []royalty.Line) {
	var rows [][]frame.Cell
	for _, l := range lines {
		rows = append(rows, []frame.Cell{frame.Word(l.ArtistID), frame.Word(l.TrackID), frame.Word(l.Country), frame.Word(l.Tier), frame.Number(l.Listens), frame.Number(l.QualifiedListens)})
	}
	p.Table("lines", []frame.Column{{Name: "artist id"}, {Name: "track id"}, {Name: "country"}, {Name: "tier"}, {Name: "listens"}, {Name: "qualified"}}, rows)
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

func amount(currency string, minor int64) string { return currency + " " + frame.Thousands(minor) }

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

func sayReproduced(p *frame.Page, r reproduced) {
	now, was := p.Sum(r.RecomputedChecksum), p.Sum(r.Checksum)
	switch {
	case r.Outcome == audit.Same:
		p.Say("same: %s recomputes to %s from %s", r.RunID, now, frame.CountOf(r.RowsNow, "row"))
	case r.Outcome == audit.InputsErased && now == "":
		p.Say("inputs_erased: %s cannot be recomputed to %s any more", r.RunID, was)
	case r.Outcome == audit.InputsErased:
		p.Say("inputs_erased: %s recomputes to %s from %s; it was published with %s, from %s", r.RunID, now, frame.CountOf(r.RowsNow, "row"), was, frame.Thousands(r.RowsRead))
	default:
		p.Say("%s: %s recomputes to %s from %s, and was published with %s", r.Outcome, r.RunID, now, frame.CountOf(r.RowsNow, "row"), was)
	}
	p.Say("payouts: %s; standing: %s", r.Payouts, standing(r.Standing, r.RunID))
	if r.LinesHeld > 0 {
		p.Say("held: %s came out different, which may be about one person; --operator names them", frame.CountOf(r.LinesHeld, "line"))
	}
	sayUnsealed(p, r.UnsealedFiles)
	var rows [][]frame.Cell
	for _, e := range r.Erased {
		rows = append(rows, []frame.Cell{frame.Word(e.RequestID), frame.Number(e.Rows)})
	}
	p.LongTable("deletion requests that erased rows since", []frame.Column{{Name: "request"}, {Name: "rows"}}, rows)
	rows = nil
	for _, l := range r.LinesDiffer {
		rows = append(rows, []frame.Cell{
			frame.Word(l.ArtistID), frame.Word(l.TrackID), frame.Word(l.Country), frame.Word(l.Tier), frame.Number(l.ListensWas), frame.Number(l.ListensNow), frame.Number(l.QualifiedWas), frame.Number(l.QualifiedNow),
		})
	}
	p.LongTable("lines that came out different", []frame.Column{
		{Name: "artist id"}, {Name: "track id"}, {Name: "country"}, {Name: "tier"}, {Name: "listens was"}, {Name: "now"}, {Name: "qualified was"}, {Name: "now"},
	}, rows)
	p.Rest("all", r)
}

// sayUnsealed says how much rests on files without hashes.
func sayUnsealed(p *frame.Page, files int) {
	if files > 0 {
		p.Say("read without a check: %s without hashes, which another engine or an earlier version wrote", frame.CountOf(int64(files), "file"))
	}
}

func sayExplanation(p *frame.Page, e *royalty.Explanation) {
	p.Say("%s of %s in %s: %s of %s", e.TrackID, e.ArtistID, e.Period, frame.CountOf(e.QualifiedListens, "qualified listen"), frame.Thousands(e.Listens))
	ledger := "read as the run saw it"
	if !e.LedgerOfRun {
		ledger = "read as it is, since the run's has expired"
	}
	p.Say("run %s: %s", e.RunID, standing(e.Standing, e.RunID))
	p.Say("rules version %d; the ledger is %s; %s not counted", e.RulesVersion, ledger, frame.CountOf(e.Duplicates, "duplicate"))
	for _, h := range e.Held {
		p.Say("held: fewer than five people changed %s since the period was closed, with %s of %s as published; --operator shows them",
			frame.CountOf(h.Lines, "line"), frame.CountOf(h.QualifiedListens, "qualified listen"), frame.Thousands(h.Listens))
	}
	var rows [][]frame.Cell
	for _, r := range e.Refused {
		rows = append(rows, []frame.Cell{ruled(r.Rule), frame.Number(r.Listens)})
	}
	p.Table("do not qualify, by the rule that decided", []frame.Column{{Name: "rule"}, {Name: "listens"}}, rows)
	rows = nil
	for _, l := range e.Counted {
		length := frame.Word("")
		if l.TrackMs != nil {
			length = frame.Number(*l.TrackMs)
		}
		rows = append(rows, []frame.Cell{
			frame.Word(l.ListenID), frame.Word(p.At(l.EventTime)), frame.Word(l.Country), frame.Word(l.Tier), frame.Word(l.Device), frame.Number(l.MsPlayed), length, frame.Marked(l.Qualifies), ruled(l.Rule), frame.Number(l.Copies), frame.Word(p.At(l.ReceivedTime)),
		})
	}
	p.LongTable("counted listens, those that do not qualify first", []frame.Column{
		{Name: "listen id"}, {Name: "heard at"}, {Name: "country", Goes: 3}, {Name: "tier", Goes: 3}, {Name: "device", Goes: 2}, {Name: "ms played"}, {Name: "track ms", Goes: 4}, {Name: "qualifies"}, {Name: "rule"}, {Name: "copies"}, {Name: "received", Goes: 5},
	}, rows)
}

// ruled names the rule that decided about a listen.
func ruled(rule string) frame.Cell {
	if rule == "" {
		return frame.Word("(none matched)")
	}
	return frame.Word(rule)
}

func sayTracksHeard(p *frame.Page, a royalty.ArtistTracks) {
	if len(a.Tracks) == 0 {
		p.Say("%s has no listens in the statement of %s", a.ArtistID, a.Period)
		return
	}
	p.Say("%s has %s in %s: %s of %s; name one with --track", a.ArtistID, frame.CountOf(int64(len(a.Tracks)), "track"), a.Period,
		frame.CountOf(a.QualifiedListens, "qualified listen"), frame.Thousands(a.Listens))
	p.Say("run %s: %s", a.RunID, standing(a.Standing, a.RunID))
	var rows [][]frame.Cell
	for _, t := range a.Tracks {
		rows = append(rows, []frame.Cell{frame.Word(t.Title), frame.Word(t.TrackID), frame.Number(t.Listens), frame.Number(t.QualifiedListens)})
	}
	p.LongTable("tracks, the most heard first", []frame.Column{{Name: "title", Goes: 1}, {Name: "track id"}, {Name: "listens"}, {Name: "qualified"}}, rows)
}

var differenceColumns = []frame.Column{
	{Name: "kind"}, {Name: "cause"}, {Name: "artist id"}, {Name: "track id"}, {Name: "country", Goes: 3}, {Name: "tier", Goes: 3}, {Name: "party", Goes: 2}, {Name: "role", Goes: 5}, {Name: "listens", Goes: 1}, {Name: "qualified"}, {Name: "amount"}, {Name: "currency"},
}

func differenceCells(d royalty.Difference) []frame.Cell {
	return []frame.Cell{
		frame.Word(d.Kind), frame.Word(d.Cause), frame.Word(d.ArtistID), frame.Word(d.TrackID), frame.Word(d.Country), frame.Word(d.Tier), frame.Word(d.Party), frame.Word(d.Role),
		frame.Number(d.Listens), frame.Number(d.QualifiedListens), frame.Number(d.AmountMinor), frame.Word(d.Currency),
	}
}

func sayDiff(p *frame.Page, d royalty.DiffReport) {
	if d.Same {
		p.Say("same: %s and %s publish the same lines, payouts and shares", d.From, d.To)
		return
	}
	p.Say("different: %s differs from %s in %s", d.To, d.From, frame.Thousands(int64(len(d.Differences))+d.Left)+" lines, payouts and shares")
	for _, one := range d.Differences {
		if one.Kind == royalty.KindHeld {
			p.Say("held: lines that the erasure of fewer than five people changed, %s listens and %s qualified; --operator shows them", frame.Thousands(one.Listens), frame.Thousands(one.QualifiedListens))
		}
	}
	var rows [][]frame.Cell
	for _, c := range d.Causes {
		rows = append(rows, []frame.Cell{frame.Word(c.Cause), frame.Number(c.Lines), frame.Number(c.Listens), frame.Number(c.QualifiedListens), frame.Number(c.Payouts), frame.Number(c.Shares)})
	}
	p.Table("by cause: lines, payouts and shares that it changed", []frame.Column{{Name: "cause"}, {Name: "lines"}, {Name: "listens"}, {Name: "qualified"}, {Name: "payouts"}, {Name: "shares"}}, rows)
	rows = nil
	for _, one := range d.Differences {
		rows = append(rows, differenceCells(one))
	}
	p.LongTable("differences", differenceColumns, rows)
	if d.Left > 0 {
		p.Say("and %s: --limit 0 has all", frame.CountOf(d.Left, "difference"))
	}
}

func sayExport(p *frame.Page, r statement.Report) {
	did := "wrote"
	if r.AlreadyThere {
		did = "nothing to do: there already are"
	}
	p.Say("%s %s of %s by %s, %s, in %s", did, frame.CountOf(r.Holders, "statement"), r.Period, r.By, r.Format, r.Folder)
	p.Say("run %s; %s with checksum %s", r.RunID, frame.CountOf(r.Rows, "row"), p.Sum(r.Checksum))
	sayUnsealed(p, r.UnsealedFiles)
	var rows [][]frame.Cell
	for _, t := range r.Totals {
		rows = append(rows, []frame.Cell{frame.Word(t.Currency), frame.Number(t.PayoutsMinor), frame.Number(t.AdjustmentsMinor), frame.Number(t.TotalMinor)})
	}
	p.Table("totals in minor units", []frame.Column{{Name: "currency"}, {Name: "payouts"}, {Name: "adjustments"}, {Name: "total"}}, rows)
	p.Rest("all", r)
}
