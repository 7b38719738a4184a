package verbs

import (
	"strings"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs/chain"
	"github.com/lakectl/lakectl/jobs/rollup"
	"github.com/lakectl/lakectl/jobs/royalty"
)

// ranRoyalties is what a run of royalties did, and how many periods are published.
type ranRoyalties struct {
	royalty.Report
	published int64
}

// plannedRoyalties is what a run would do, and how many periods are published.
type plannedRoyalties struct {
	royalty.Forecast
	published int64
}

// upToDate says that there is nothing to do.
func upToDate(p *frame.Page, published int64) {
	switch published {
	case -1:
		p.Idle("every period is up to date")
	case 0:
		p.Idle("no period is published, and no listens are there to count")
	case 1:
		p.Idle("1 period is up to date")
	default:
		p.Idle("%d periods are up to date", published)
	}
}

func sayForecast(p *frame.Page, f plannedRoyalties) {
	if len(f.Periods) == 0 && f.FilesToRead == 0 && !f.Rebuild && len(f.PutBack) == 0 {
		upToDate(p, f.published)
		return
	}
	p.Say("would recompute %s, and read %s of %s that the ledger does not have", frame.CountOf(int64(len(f.Periods)), "period"), frame.CountOf(f.RowsToRead, "row"), frame.CountOf(int64(f.FilesToRead), "file"))
	if f.Rebuild {
		p.Say("the ledger would be made anew: what changed in the archive cannot be told")
	}
	for _, back := range f.PutBack {
		p.Say("would put back %s, which another engine has changed with snapshot %d", back.Table, back.SnapshotID)
	}
	var rows [][]frame.Cell
	for _, one := range f.Periods {
		rows = append(rows, []frame.Cell{frame.Word(one.Period), frame.Word(one.Cause), frame.Number(one.RowsToRead), frame.Marked(one.Closed)})
	}
	p.Table("", []frame.Column{{Name: "period"}, {Name: "cause"}, {Name: "rows to read"}, {Name: "closed"}}, rows)
}

func sayRoyalties(p *frame.Page, r ranRoyalties) {
	switch {
	case r.Full != nil && r.Full.Agrees:
		p.Say("agrees: %s recounted from %s of the archive, with the same checksums", frame.CountOf(int64(len(r.Full.Periods)), "period"), frame.CountOf(r.Full.RowsRead, "row"))
	case r.Full != nil && len(r.Full.Differ) == 0:
		p.Say("not proved: %s of the archive recounted", frame.CountOf(r.Full.RowsRead, "row"))
	case r.Full != nil:
		p.Say("DIFFERS: %s; %s recounted from %s of the archive", strings.Join(r.Full.Differ, ", "), frame.CountOf(int64(len(r.Full.Periods)), "period"), frame.CountOf(r.Full.RowsRead, "row"))
	}
	sayPublished(p, r)
	p.Rest("ledger", r.Ledger)
}

// sayPublished is what the run itself did.
func sayPublished(p *frame.Page, r ranRoyalties) {
	switch {
	case len(r.Periods) > 0:
		p.Say("published %s: %s read, %s counted, %s", frame.CountOf(int64(len(r.Periods)), "period"), frame.CountOf(r.Ledger.RowsRead, "row"), frame.Thousands(r.Ledger.Counted), frame.CountOf(r.Ledger.Duplicates, "duplicate"))
	case r.Written:
		p.Say("brought up to date without a change of what is published: %s read", frame.CountOf(r.Ledger.RowsRead, "row"))
	case r.Full == nil:
		upToDate(p, r.published)
	}
	for _, back := range r.PutBack {
		p.Say("put back: %s, which another engine had changed with snapshot %d", back.Table, back.SnapshotID)
	}
	if n := len(r.Ledger.ForeignSnapshots); n > 0 {
		p.Say("other engines changed the archive with %s; the ledger lost %s by it", frame.CountOf(int64(n), "snapshot"), frame.CountOf(r.Ledger.Removed, "row"))
	}
	for _, one := range r.Periods {
		sayPosted(p, one)
	}
	sayUnsealed(p, r.UnsealedFiles)
	p.Table("", []frame.Column{
		{Name: "period"}, {Name: "cause", Goes: 1}, {Name: "run"}, {Name: "changed", Goes: 2}, {Name: "lines", Goes: 3}, {Name: "listens"}, {Name: "qualified"}, {Name: "duplicates", Goes: 4}, {Name: "checksum"},
	}, publishedRows(p, r.Periods))
	sayUnheard(p, r.Unheard)
}

func publishedRows(p *frame.Page, periods []royalty.PeriodReport) (rows [][]frame.Cell) {
	for _, one := range periods {
		rows = append(rows, []frame.Cell{
			frame.Word(one.Period), frame.Word(one.Cause), frame.Word(one.RunID), frame.Marked(one.Changed), frame.Number(one.Lines), frame.Number(one.Listens), frame.Number(one.QualifiedListens), frame.Number(one.Duplicates), frame.Word(p.Sum(one.Checksum)),
		})
	}
	return rows
}

// sayPosted says of a period what somebody should know besides its sums.
func sayPosted(p *frame.Page, one royalty.PeriodReport) {
	if one.PostedRows > 0 {
		p.Say("%s is closed: %s posted to %s", one.Period, frame.CountOf(one.PostedRows, "difference"), one.PostedTo)
	}
	if one.HeldRows > 0 {
		p.Say("%s is closed: %s held until the deletions behind them are about at least five people", one.Period, frame.CountOf(one.HeldRows, "difference"))
	}
	if one.PayloadConflicts > 0 {
		p.Say("%s: %s differ from the counted copy of their listen, %s of them name another user", one.Period, frame.Thousands(one.PayloadConflicts)+" copies", frame.Thousands(one.OtherUsers))
	}
	for _, u := range one.Undistributed {
		p.Say("%s: %s of the pool for country %s, tier %s is undistributed; nobody earned it", one.Period, amount(u.Currency, u.AmountMinor), u.Country, u.Tier)
	}
}

func sayUnheard(p *frame.Page, unheard []royalty.Unheard) {
	var rows [][]frame.Cell
	for _, u := range unheard {
		rows = append(rows, []frame.Cell{frame.Word(u.Terms), frame.Word(u.Column), frame.Number(u.Values), frame.Word(strings.Join(u.First, ", "))})
	}
	p.Table("unheard: named, and in no counted listen", []frame.Column{{Name: "in"}, {Name: "column"}, {Name: "values"}, {Name: "the first"}}, rows)
}

func sayRollup(p *frame.Page, r rollup.Report) {
	if r.SnapshotID == 0 {
		p.Idle("the dashboard is up to date")
	} else {
		p.Say("the dashboard is up to date: %s of the archive read, %s of days appended, %s rewritten", frame.CountOf(r.RowsRead, "row"), frame.CountOf(r.DeltaRows, "row"), frame.CountOf(int64(len(r.DaysRewritten)), "day"))
	}
	if r.LaterCopies > 0 {
		p.Say("left out: %s of listens that came before", frame.CountOf(r.LaterCopies, "copy"))
	}
	if len(r.DaysRewritten) > 0 {
		p.Say("rewritten: %s", p.Some(r.DaysRewritten))
	}
	if len(r.DaysMarked) > 0 {
		p.Say("waiting for an exact rewrite: %s", p.Some(r.DaysMarked))
	}
	if n := len(r.ForeignSnapshots); n > 0 {
		p.Say("other engines changed the archive with %s", frame.CountOf(int64(n), "snapshot"))
	}
	sayUnsealed(p, r.UnsealedFiles)
	p.Rest("all", r)
}

func sayDeletions(p *frame.Page, r chain.Deletions) {
	d := r.Deleted
	switch {
	case d.Requests == 0 && r.Confirmed.Requests == 0 && len(r.Confirmed.Waiting) == 0:
		if r.Purged == nil || r.Purged.Due == 0 {
			p.Idle("no deletion request is open")
		}
	case d.Requests == 0:
		p.Say("no rows to delete; %s confirmed", frame.CountOf(int64(r.Confirmed.Requests), "request"))
	default:
		p.Say("%s carried forward: %s deleted from listens, %s from the ledger, %s duplicates, %s refused; %s confirmed", frame.CountOf(int64(d.Requests), "request"),
			frame.CountOf(d.Rows.Listens, "row"), frame.Thousands(d.Rows.Counted), frame.Thousands(d.Rows.Duplicates), frame.Thousands(d.Rows.Quarantine), frame.Thousands(int64(r.Confirmed.Requests)))
	}
	if n := len(d.Days); n > 0 {
		p.Say("recomputed: %s in %s", frame.CountOf(int64(n), "day"), p.Some(d.Periods))
	}
	var rows [][]frame.Cell
	for _, w := range r.Confirmed.Waiting {
		rows = append(rows, []frame.Cell{frame.Word(w.RequestID), frame.Word(w.For)})
	}
	p.LongTable("wait", []frame.Column{{Name: "request"}, {Name: "for"}}, rows)
	if r.Purged != nil {
		sayPurged(p, *r.Purged)
	}
	if len(r.Royalties.Periods) > 0 {
		p.WriteByte('\n')
		sayPublished(p, ranRoyalties{Report: r.Royalties})
	}
	p.Rest("all", r)
}

// megabytes are bytes as people count them.
func megabytes(bytes int64) string { return frame.Thousands((bytes+500_000)/1_000_000) + " MB" }
