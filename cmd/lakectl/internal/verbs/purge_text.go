package verbs

import (
	"cmp"
	"strings"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs/purge"
)

// sayPurged says what a purge did and what it could not; nothing where no request was due.
func sayPurged(p *frame.Page, r purge.Report) {
	if r.Due == 0 && r.Requests == 0 && len(r.Blocked) == 0 {
		return
	}
	p.Say("purged: %d of %s", r.Requests, frame.CountOf(int64(max(r.Due, r.Requests)), "due request"))
	var tables [][]frame.Cell
	for _, t := range r.Tables {
		if t.Files+t.Snapshots+t.Objects > 0 {
			tables = append(tables, []frame.Cell{
				frame.Word(t.Table), frame.Number(int64(t.Files)), frame.Number(t.Rows), frame.Number(t.BytesRead), frame.Number(t.BytesWritten),
				frame.Number(int64(t.Snapshots)), frame.Number(int64(t.Objects)), frame.Number(t.BytesRemoved),
			})
		}
	}
	p.Table("files rewritten, and what was removed", []frame.Column{
		{Name: "table"}, {Name: "files"}, {Name: "rows"}, {Name: "bytes read", Goes: 2}, {Name: "bytes written"}, {Name: "snapshots"}, {Name: "objects"}, {Name: "bytes removed", Goes: 1},
	}, tables)
	var left [][]frame.Cell
	for _, list := range [][]purge.Blocked{r.Waiting, r.Blocked} {
		for _, b := range list {
			what := b.By
			if len(b.Requests) > 0 {
				what += "; keeps " + strings.Join(b.Requests, ", ")
			}
			left = append(left, []frame.Cell{frame.Word(cmp.Or(b.Table, "-")), frame.Word(what), frame.Word(b.Hint)})
		}
	}
	for _, one := range r.Residuals {
		left = append(left, []frame.Cell{frame.Word(one.Table), frame.Word(one.What), frame.Word("run 'lakectl job deletions' again then")})
	}
	p.LongTable("keeps requests from being purged", []frame.Column{{Name: "table"}, {Name: "what"}, {Name: "what helps", Goes: 1}}, left)
}
