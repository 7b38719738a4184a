package verbs

import (
	"fmt"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs/erase"
)

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
			frame.Word(r.RequestID), frame.Word(string(r.State)), frame.Number(r.Rows.Listens), frame.Number(r.Rows.Counted), frame.Number(r.Rows.Duplicates), frame.Number(r.Rows.Quarantine),
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
		if r.State == erase.Requested || r.State == erase.Located {
			open++
		}
	}
	switch {
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
