package verbs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs/erase"
)

func sayRequests(p *frame.Page, requests []erase.Request) {
	if len(requests) == 0 {
		p.Say("no deletion request has arrived")
		return
	}
	states := map[erase.State]int64{}
	var rows [][]frame.Cell
	for _, r := range requests {
		states[r.State]++
		rows = append(rows, requestCells(p, r))
	}
	var in []string
	for _, s := range []erase.State{erase.Requested, erase.Located, erase.RowsDeleted, erase.Recomputed, erase.Purged, erase.Verified, erase.Withdrawn} {
		if states[s] > 0 {
			in = append(in, frame.Thousands(states[s])+" "+string(s))
		}
	}
	p.Say("%s: %s", frame.CountOf(int64(len(requests)), "deletion request"), strings.Join(in, ", "))
	sayMissed(p, requests)
	sayKept(p, requests)
	p.Table("", requestColumns, rows)
}

// sayMissed says which requests are not done by their deadline, and what keeps them.
func sayMissed(p *frame.Page, requests []erase.Request) {
	var ids []string
	var rows [][]frame.Cell
	for _, r := range requests {
		if r.Misses != "" {
			ids = append(ids, r.RequestID)
		}
		if r.HeldSince != nil || r.DelayedUntil != nil || r.Misses != "" || r.Why != "" {
			rows = append(rows, []frame.Cell{
				frame.Word(r.RequestID), frame.Word(p.AtOr(r.HeldSince, "-")), frame.Word(p.AtOr(r.DelayedUntil, "-")), frame.Word(p.At(r.Deadline)), frame.Word(cmp.Or(r.Misses, "-")), frame.Word(cmp.Or(r.Why, "-")),
			})
		}
	}
	if len(ids) > 0 {
		p.Say("%s will miss the deadline: %s", frame.CountOf(int64(len(ids)), "request"), p.Some(ids))
	}
	if len(rows) > 0 {
		p.LongTable("held, delayed, withdrawn or late", []frame.Column{{Name: "request"}, {Name: "held since"}, {Name: "delayed until", Goes: 2}, {Name: "deadline"}, {Name: "misses it"}, {Name: "reason", Goes: 1}}, rows)
	}
}

// sayKept says what keeps the files of recomputed requests; of all of them it is the same.
func sayKept(p *frame.Page, requests []erase.Request) {
	at := slices.IndexFunc(requests, func(r erase.Request) bool { return len(r.Kept) > 0 })
	if at < 0 {
		return
	}
	var rows [][]frame.Cell
	for _, k := range requests[at].Kept {
		rows = append(rows, []frame.Cell{frame.Word(k.By), frame.Word(cmp.Or(k.Table, "-")), frame.Word(p.AtOr(k.Until, "-")), frame.Word(cmp.Or(k.Hint, "-"))})
	}
	p.LongTable("what keeps the files of recomputed requests", []frame.Column{{Name: "what"}, {Name: "table"}, {Name: "until"}, {Name: "what to do", Goes: 1}}, rows)
}

func sayRequestDecided(p *frame.Page, d erase.Decided) {
	is := "is not held"
	for _, r := range d.Rows {
		switch {
		case r.State == erase.Withdrawn:
			is = "is withdrawn"
		case r.HeldSince != nil:
			is = "is held since " + p.At(*r.HeldSince)
		}
	}
	if d.Changed {
		p.Say("%s %s", d.RequestID, is)
	} else {
		p.Idle("%s %s", d.RequestID, is)
	}
	p.Rest("all", d)
}

var requestColumns = []frame.Column{
	{Name: "request"}, {Name: "state"}, {Name: "since", Goes: 1}, {Name: "from", Goes: 2}, {Name: "to", Goes: 2}, {Name: "listens"}, {Name: "counted", Goes: 3}, {Name: "duplicates", Goes: 4}, {Name: "quarantine", Goes: 4}, {Name: "received", Goes: 5}, {Name: "deadline", Goes: 5}, {Name: "topic", Goes: 6}, {Name: "partition", Goes: 6}, {Name: "offset", Goes: 6},
}

func requestCells(p *frame.Page, r erase.Request) []frame.Cell {
	return []frame.Cell{
		frame.Word(r.RequestID), frame.Word(string(r.State)), frame.Word(p.At(r.At)), frame.Word(p.AtOr(r.From, "ever")), frame.Word(p.AtOr(r.To, "the request")),
		frame.Number(r.Listens), frame.Number(r.Counted), frame.Number(r.Duplicates), frame.Number(r.Quarantine), frame.Word(p.At(r.ReceivedTime)), frame.Word(p.At(r.Deadline)), frame.Word(r.Topic), frame.Name(r.Partition), frame.Name(r.Offset),
	}
}

func sayRequest(p *frame.Page, d erase.RequestDetail) {
	if len(d.Rows) == 1 {
		p.Say("%s: %s since %s", d.RequestID, d.Rows[0].State, p.At(d.Rows[0].At))
	} else {
		p.Say("%s was sent %d times; each binds", d.RequestID, len(d.Rows))
	}
	for _, r := range d.Rows {
		p.Table("", requestColumns, [][]frame.Cell{requestCells(p, r.Request)})
		var rows [][]frame.Cell
		for _, s := range r.Steps {
			rows = append(rows, []frame.Cell{
				frame.Word(string(s.State)), frame.Word(p.At(s.At)), frame.Number(s.Listens), frame.Number(s.Counted), frame.Number(s.Duplicates), frame.Number(s.Quarantine), frame.Number(int64(len(s.Days))), frame.Word(p.Some(s.Periods)),
			})
		}
		p.Table("steps, with the rows deleted and the days and periods touched", []frame.Column{
			{Name: "state"}, {Name: "at"}, {Name: "listens"}, {Name: "counted"}, {Name: "duplicates", Goes: 1}, {Name: "quarantine", Goes: 1}, {Name: "days"}, {Name: "periods"},
		}, rows)
	}
	p.Rest("all", d)
}

func sayForeseen(p *frame.Page, f erase.Forecast) {
	if len(f.Tables) == 0 {
		sayNothingForeseen(p, f)
	} else {
		p.Say("would delete %s of listens, %s of the ledger, %s duplicates, %s refused, and recompute %s in %s", frame.CountOf(f.Rows.Listens, "row"),
			frame.Thousands(f.Rows.Counted), frame.Thousands(f.Rows.Duplicates), frame.Thousands(f.Rows.Quarantine), frame.CountOf(int64(len(f.Days)), "day"), p.Some(f.Periods))
		p.Say("to take the rows out of the files, %s would be rewritten for %s of rows: %.1f times", size(f.Bytes), size(f.RowBytes), f.Amplification)
	}
	var tables [][]frame.Cell
	for _, t := range f.Tables {
		tables = append(tables, []frame.Cell{
			frame.Word(t.Name), frame.Number(t.Files), frame.Number(t.RowGroups), frame.Number(t.Bytes), frame.Number(t.Rows), frame.Number(t.RowBytes),
			{Text: fmt.Sprintf("%.1f", t.Amplification), Right: true},
		})
	}
	p.Table("where the rows lie", []frame.Column{{Name: "table"}, {Name: "files"}, {Name: "row groups", Goes: 2}, {Name: "bytes"}, {Name: "rows"}, {Name: "bytes of rows", Goes: 1}, {Name: "amplification"}}, tables)
	var requests [][]frame.Cell
	for _, r := range f.Requests {
		requests = append(requests, []frame.Cell{
			frame.Word(r.RequestID), frame.Word(cmp.Or(r.Withheld, string(r.State))), frame.Number(r.Rows.Listens), frame.Number(r.Rows.Counted), frame.Number(r.Rows.Duplicates), frame.Number(r.Rows.Quarantine),
			frame.Number(int64(len(r.Days))), frame.Word(p.Some(r.Periods)),
		})
	}
	p.LongTable("for each request", []frame.Column{
		{Name: "request"}, {Name: "state"}, {Name: "listens"}, {Name: "counted"}, {Name: "duplicates", Goes: 2}, {Name: "quarantine", Goes: 2}, {Name: "days"}, {Name: "periods", Goes: 1},
	}, requests)
	p.Rest("all", f)
}

// sayNothingForeseen says why no row goes.
func sayNothingForeseen(p *frame.Page, f erase.Forecast) {
	open := 0
	for _, r := range f.Requests {
		if r.Withheld == "" && (r.State == erase.Requested || r.State == erase.Located) {
			open++
		}
	}
	switch {
	case len(f.Requests) == 1 && f.Requests[0].Withheld != "":
		p.Idle("%s is %s", f.Requests[0].RequestID, f.Requests[0].Withheld)
	case len(f.Requests) == 0:
		p.Idle("no deletion request is open")
	case open == 0:
		p.Idle("no rows would be deleted: none that the request covers is left")
	default:
		p.Say("no rows would be deleted: no table has any that %s covers", frame.CountOf(int64(open), "open request"))
	}
}

// size is a number of bytes in the unit in which it is read best.
func size(bytes int64) string {
	switch {
	case bytes < 100_000:
		return frame.CountOf(bytes, "byte")
	case bytes < 10_000_000:
		return frame.Thousands((bytes+500)/1000) + " kB"
	}
	return megabytes(bytes)
}
