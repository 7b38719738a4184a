package verbs

import (
	"strconv"
	"strings"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
)

func sayTables(p *frame.Page, tables []tableRow) {
	var rows [][]frame.Cell
	var snapshots int64
	for _, t := range tables {
		snapshots += int64(t.Snapshots)
		rows = append(rows, []frame.Cell{frame.Word(t.Table), digits(t.Rows), digits(t.Deleted), frame.Number(int64(t.Snapshots)), frame.Word(p.At(t.CommitTime)), frame.Name(t.SnapshotID)})
	}
	p.Say("%s with %s", frame.CountOf(int64(len(tables)), "table"), frame.CountOf(snapshots, "snapshot"))
	p.Table("", []frame.Column{{Name: "table"}, {Name: "rows"}, {Name: "deleted rows", Goes: 2}, {Name: "snapshots"}, {Name: "committed"}, {Name: "current snapshot", Goes: 1}}, rows)
}

// digits is the cell of a number that is a text already.
func digits(text string) frame.Cell {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return frame.Number(n)
	}
	return frame.Cell{Text: frame.Word(text).Text, Right: true}
}

func saySnapshots(p *frame.Page, snapshots []snapshotRow) {
	if len(snapshots) == 0 {
		p.Say("no snapshot: nothing was committed yet")
		return
	}
	var rows [][]frame.Cell
	for _, s := range snapshots {
		rows = append(rows, []frame.Cell{
			frame.Name(s.SnapshotID), frame.Word(p.At(s.CommitTime)), frame.Word(s.Job), digits(s.AddedRows), digits(s.Deleted), frame.Word(strings.Join(s.Tags, ", ")), frame.Word(strings.Join(s.Branches, ", ")), frame.Marked(s.OnMain), frame.Word(s.Operation),
		})
	}
	p.Say("%s, the oldest first", frame.CountOf(int64(len(snapshots)), "snapshot"))
	p.Table("", []frame.Column{{Name: "snapshot"}, {Name: "committed"}, {Name: "job"}, {Name: "rows added"}, {Name: "rows deleted", Goes: 2}, {Name: "tags", Goes: 1}, {Name: "branches", Goes: 1}, {Name: "on main", Goes: 3}, {Name: "operation", Goes: 4}}, rows)
}

func sayTag(p *frame.Page, t tagResult) {
	switch {
	case t.Dropped:
		p.Say("dropped tag %s of %s; it named snapshot %d", t.Tag, t.Table, t.SnapshotID)
	case t.MaxAge == "":
		p.Say("tag %s keeps snapshot %d of %s until it is dropped", t.Tag, t.SnapshotID, t.Table)
	default:
		p.Say("tag %s keeps snapshot %d of %s until the snapshot is %s old", t.Tag, t.SnapshotID, t.Table, days(t.MaxAge))
	}
}
