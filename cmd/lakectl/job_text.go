package main

import (
	"strings"

	"github.com/lakectl/lakectl/jobs/chain"
	"github.com/lakectl/lakectl/jobs/erase"
	"github.com/lakectl/lakectl/jobs/maintain"
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
func upToDate(p *page, published int64) {
	switch published {
	case -1:
		p.idle("every period is up to date")
	case 0:
		p.idle("no period is published, and no listens are there to count")
	case 1:
		p.idle("1 period is up to date")
	default:
		p.idle("%d periods are up to date", published)
	}
}

func sayForecast(p *page, f plannedRoyalties) {
	if len(f.Periods) == 0 && f.FilesToRead == 0 && !f.Rebuild && len(f.PutBack) == 0 {
		upToDate(p, f.published)
		return
	}
	p.say("would recompute %s, and read %s of %s that the ledger does not have", countOf(int64(len(f.Periods)), "period"), countOf(f.RowsToRead, "row"), countOf(int64(f.FilesToRead), "file"))
	if f.Rebuild {
		p.say("the ledger would be made anew: what changed in the archive cannot be told")
	}
	for _, back := range f.PutBack {
		p.say("would put back %s, which another engine has changed with snapshot %d", back.Table, back.SnapshotID)
	}
	var rows [][]cell
	for _, one := range f.Periods {
		rows = append(rows, []cell{word(one.Period), word(one.Cause), number(one.RowsToRead), marked(one.Closed)})
	}
	p.table("", []column{{"period", 0}, {"cause", 0}, {"rows to read", 0}, {"closed", 0}}, rows)
}

func sayRoyalties(p *page, r ranRoyalties) {
	switch {
	case r.Full != nil && r.Full.Agrees:
		p.say("agrees: %s recounted from %s of the archive, with the same checksums", countOf(int64(len(r.Full.Periods)), "period"), countOf(r.Full.RowsRead, "row"))
	case r.Full != nil && len(r.Full.Differ) == 0:
		p.say("not proved: %s of the archive recounted", countOf(r.Full.RowsRead, "row"))
	case r.Full != nil:
		p.say("DIFFERS: %s; %s recounted from %s of the archive", strings.Join(r.Full.Differ, ", "), countOf(int64(len(r.Full.Periods)), "period"), countOf(r.Full.RowsRead, "row"))
	}
	sayPublished(p, r)
	p.rest("ledger", r.Ledger)
}

// sayPublished is what the run itself did.
func sayPublished(p *page, r ranRoyalties) {
	switch {
	case len(r.Periods) > 0:
		p.say("published %s: %s read, %s counted, %s", countOf(int64(len(r.Periods)), "period"), countOf(r.Ledger.RowsRead, "row"), thousands(r.Ledger.Counted), countOf(r.Ledger.Duplicates, "duplicate"))
	case r.Written:
		p.say("brought up to date without a change of what is published: %s read", countOf(r.Ledger.RowsRead, "row"))
	case r.Full == nil:
		upToDate(p, r.published)
	}
	for _, back := range r.PutBack {
		p.say("put back: %s, which another engine had changed with snapshot %d", back.Table, back.SnapshotID)
	}
	if n := len(r.Ledger.ForeignSnapshots); n > 0 {
		p.say("other engines changed the archive with %s; the ledger lost %s by it", countOf(int64(n), "snapshot"), countOf(r.Ledger.Removed, "row"))
	}
	for _, one := range r.Periods {
		sayPosted(p, one)
	}
	sayUnsealed(p, r.UnsealedFiles)
	p.table("", []column{
		{"period", 0}, {"cause", 1}, {"run", 0}, {"changed", 2}, {"lines", 3}, {"listens", 0}, {"qualified", 0}, {"duplicates", 4}, {"checksum", 0},
	}, publishedRows(p, r.Periods))
	sayUnheard(p, r.Unheard)
}

func publishedRows(p *page, periods []royalty.PeriodReport) (rows [][]cell) {
	for _, one := range periods {
		rows = append(rows, []cell{
			word(one.Period), word(one.Cause), word(one.RunID), marked(one.Changed), number(one.Lines), number(one.Listens), number(one.QualifiedListens), number(one.Duplicates), word(p.sum(one.Checksum)),
		})
	}
	return rows
}

// sayPosted says of a period what somebody should know besides its sums.
func sayPosted(p *page, one royalty.PeriodReport) {
	if one.PostedRows > 0 {
		p.say("%s is closed: %s posted to %s", one.Period, countOf(one.PostedRows, "difference"), one.PostedTo)
	}
	if one.HeldRows > 0 {
		p.say("%s is closed: held until deletions are about five people: %s", one.Period, countOf(one.HeldRows, "difference"))
	}
	if one.PayloadConflicts > 0 {
		p.say("%s: %s of one listen differ in payload, %s of them in the user", one.Period, thousands(one.PayloadConflicts)+" copies", thousands(one.OtherUsers))
	}
	for _, u := range one.Undistributed {
		p.say("%s: %s of the pool for country %s, tier %s is undistributed; nobody earned it", one.Period, amount(u.Currency, u.AmountMinor), u.Country, u.Tier)
	}
}

func sayUnheard(p *page, unheard []royalty.Unheard) {
	var rows [][]cell
	for _, u := range unheard {
		rows = append(rows, []cell{word(u.Terms), word(u.Column), number(u.Values), word(strings.Join(u.First, ", "))})
	}
	p.table("unheard: named, and in no counted listen", []column{{"in", 0}, {"column", 0}, {"values", 0}, {"the first", 0}}, rows)
}

func sayRollup(p *page, r rollup.Report) {
	if r.SnapshotID == 0 {
		p.idle("plays_by_hour is up to date")
	} else {
		p.say("plays_by_hour is up to date: %s of the archive read, %s appended, %s rewritten", countOf(r.RowsRead, "row"), countOf(r.DeltaRows, "row"), countOf(int64(len(r.DaysRewritten)), "day"))
	}
	if len(r.DaysRewritten) > 0 {
		p.say("rewritten: %s", p.some(r.DaysRewritten))
	}
	if len(r.DaysMarked) > 0 {
		p.say("waiting for an exact rewrite: %s", p.some(r.DaysMarked))
	}
	if n := len(r.ForeignSnapshots); n > 0 {
		p.say("other engines changed the archive with %s", countOf(int64(n), "snapshot"))
	}
	sayUnsealed(p, r.UnsealedFiles)
	p.rest("all", r)
}

func sayDeletions(p *page, r chain.Deletions) {
	d := r.Deleted
	switch {
	case d.Requests == 0 && r.Confirmed.Requests == 0 && len(r.Confirmed.Waiting) == 0:
		p.idle("no deletion request is open")
	case d.Requests == 0:
		p.say("no rows to delete; %s confirmed", countOf(int64(r.Confirmed.Requests), "request"))
	default:
		p.say("%s carried forward: %s deleted from listens, %s from the ledger, %s duplicates, %s refused; %s confirmed", countOf(int64(d.Requests), "request"),
			countOf(d.Rows.Listens, "row"), thousands(d.Rows.Counted), thousands(d.Rows.Duplicates), thousands(d.Rows.Quarantine), thousands(int64(r.Confirmed.Requests)))
	}
	if n := len(d.Days); n > 0 {
		p.say("recomputed: %s in %s", countOf(int64(n), "day"), p.some(d.Periods))
	}
	var rows [][]cell
	for _, w := range r.Confirmed.Waiting {
		rows = append(rows, []cell{word(w.RequestID), word(w.For)})
	}
	p.longTable("wait", []column{{"request", 0}, {"for", 0}}, rows)
	if len(r.Royalties.Periods) > 0 {
		p.WriteByte('\n')
		sayPublished(p, ranRoyalties{Report: r.Royalties})
	}
	p.rest("all", r)
}

func sayRequests(p *page, requests []erase.Request) {
	if len(requests) == 0 {
		p.say("no deletion request has arrived")
		return
	}
	states := map[erase.State]int64{}
	var rows [][]cell
	for _, r := range requests {
		states[r.State]++
		rows = append(rows, requestCells(p, r))
	}
	var in []string
	for _, s := range []erase.State{erase.Requested, erase.Located, erase.RowsDeleted, erase.Recomputed, erase.Purged, erase.Verified} {
		if states[s] > 0 {
			in = append(in, thousands(states[s])+" "+string(s))
		}
	}
	p.say("%s: %s", countOf(int64(len(requests)), "deletion request"), strings.Join(in, ", "))
	p.table("", requestColumns, rows)
}

var requestColumns = []column{
	{"request", 0}, {"state", 0}, {"since", 1}, {"from", 2}, {"to", 2}, {"listens", 0}, {"counted", 3}, {"duplicates", 4}, {"quarantine", 4}, {"received", 5}, {"topic", 6}, {"partition", 6}, {"offset", 6},
}

func requestCells(p *page, r erase.Request) []cell {
	return []cell{
		word(r.RequestID), word(string(r.State)), word(p.at(r.At)), word(p.atOr(r.From, "ever")), word(p.atOr(r.To, "the request")),
		number(r.Listens), number(r.Counted), number(r.Duplicates), number(r.Quarantine), word(p.at(r.ReceivedTime)), word(r.Topic), name(r.Partition), name(r.Offset),
	}
}

func sayRequest(p *page, d erase.RequestDetail) {
	if len(d.Rows) == 1 {
		p.say("%s: %s since %s", d.RequestID, d.Rows[0].State, p.at(d.Rows[0].At))
	} else {
		p.say("%s was sent %d times; each binds", d.RequestID, len(d.Rows))
	}
	for _, r := range d.Rows {
		p.table("", requestColumns, [][]cell{requestCells(p, r.Request)})
		var rows [][]cell
		for _, s := range r.Steps {
			rows = append(rows, []cell{
				word(string(s.State)), word(p.at(s.At)), number(s.Listens), number(s.Counted), number(s.Duplicates), number(s.Quarantine), number(int64(len(s.Days))), word(p.some(s.Periods)),
			})
		}
		p.table("steps, with the rows deleted and the days and periods touched", []column{
			{"state", 0}, {"at", 0}, {"listens", 0}, {"counted", 0}, {"duplicates", 1}, {"quarantine", 1}, {"days", 0}, {"periods", 0},
		}, rows)
	}
	p.rest("all", d)
}

func sayMaintain(p *page, r maintain.Report) {
	var expired, kept, files, bytes int64
	var rows [][]cell
	for _, t := range r.Tables {
		expired, kept = expired+int64(t.Expired), kept+int64(t.Kept)
		files, bytes = files+int64(t.FilesDeleted), bytes+t.BytesFreed
		if t.Expired > 0 || p.wide {
			rows = append(rows, []cell{word(t.Table), number(int64(t.Before)), number(int64(t.Kept)), number(int64(t.Expired)), number(int64(t.FilesDeleted)), number(t.BytesFreed)})
		}
	}
	did := "expired"
	if r.DryRun {
		did = "would expire"
	}
	if expired == 0 && len(r.Refs) == 0 {
		p.idle("all %s are to be kept", countOf(kept, "snapshot"))
	} else {
		p.say("%s %s and kept %d: %s deleted, %s freed", did, countOf(expired, "snapshot"), kept, countOf(files, "file"), megabytes(bytes))
	}
	var held [][]cell
	for _, h := range r.Held {
		held = append(held, []cell{word(h.Table), number(int64(h.Snapshots)), word(h.For), word(p.at(h.Since)), word(h.Hint)})
	}
	p.table("held: what could not go, for whom, and what to do", []column{{"table", 0}, {"snapshots", 0}, {"for", 0}, {"since", 1}, {"do", 2}}, held)
	var refs [][]cell
	for _, ref := range r.Refs {
		refs = append(refs, []cell{word(ref.Table), word(ref.Name), name(ref.SnapshotID)})
	}
	p.table("tags and branches whose age has passed", []column{{"table", 0}, {"name", 0}, {"snapshot", 0}}, refs)
	p.table("snapshots by table", []column{{"table", 0}, {"before", 0}, {"kept", 0}, {"expired", 0}, {"files deleted", 1}, {"bytes freed", 1}}, rows)
}

// megabytes are bytes as people count them.
func megabytes(bytes int64) string { return thousands((bytes+500_000)/1_000_000) + " MB" }
