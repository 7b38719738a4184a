package verbs

import (
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs/compact"
	"github.com/lakectl/lakectl/jobs/maintain"
)

// compactions are those of a maintenance, the archive's first.
func compactions(r maintain.Report) (list []*compact.Report) {
	list = append(list, r.Compaction, r.Refused)
	for i := range r.Others {
		list = append(list, &r.Others[i])
	}
	return list
}

// sayCompactions says of each table what was done, then lists the files of all.
func sayCompactions(p *frame.Page, r maintain.Report) {
	var rows [][]frame.Cell
	for _, c := range compactions(r) {
		if c == nil {
			continue
		}
		sayCompaction(p, c, r.DryRun)
		for _, d := range c.Days {
			rows = append(rows, []frame.Cell{frame.Word(c.Table), frame.Word(d.Day), frame.Number(int64(d.Files)), frame.Number(d.Bytes), frame.Word(d.Reason)})
		}
		for _, s := range c.Skipped {
			rows = append(rows, []frame.Cell{frame.Word(c.Table), frame.Word(s.Day), frame.Number(int64(s.Files)), frame.Number(0), frame.Word("left: " + s.Why)})
		}
	}
	p.Table("files rewritten, each line as one", []frame.Column{{Name: "table"}, {Name: "partition"}, {Name: "files"}, {Name: "bytes"}, {Name: "because"}}, rows)
}

func sayCompaction(p *frame.Page, c *compact.Report, dryRun bool) {
	files := frame.CountOf(int64(c.Files), "file")
	switch {
	case c.Files == 0: // there were none, or all were skipped
	case dryRun:
		p.Say("would rewrite %s of %s, %s, as %s at most", files, c.Table, megabytes(c.Bytes), frame.CountOf(int64(c.Written), "file"))
	case c.Written == 0:
		p.Say("took %s of %s away: all of the rows were deleted", files, c.Table)
	default:
		p.Say("rewrote %s of %s, %s, as %s", files, c.Table, megabytes(c.Bytes), frame.CountOf(int64(c.Written), "file"))
	}
	if n := int64(c.Merged); n > 0 && dryRun {
		p.Say("would merge %s of %s into one for each data file", frame.CountOf(n, "delete file"), c.Table)
	} else if n > 0 {
		p.Say("merged %s of %s into one for each data file", frame.CountOf(n, "delete file"), c.Table)
	}
	if c.Left > 0 && c.Files+len(c.Skipped) > 0 {
		p.Say("%s left for the next run%s", frame.CountOf(int64(c.Left), "new file"), because(c.Ended))
	}
}

func rewrote(c *compact.Report) bool { return c != nil && c.Files+c.Merged > 0 }

func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}
