package main

import (
	"strconv"
	"strings"
)

func sayTables(p *page, tables []tableRow) {
	var rows [][]cell
	var snapshots int64
	for _, t := range tables {
		snapshots += int64(t.Snapshots)
		rows = append(rows, []cell{word(t.Table), digits(t.Rows), digits(t.Deleted), number(int64(t.Snapshots)), word(p.at(t.CommitTime)), name(t.SnapshotID)})
	}
	p.say("%s with %s", countOf(int64(len(tables)), "table"), countOf(snapshots, "snapshot"))
	p.table("", []column{{"table", 0}, {"rows", 0}, {"deleted rows", 2}, {"snapshots", 0}, {"committed", 0}, {"current snapshot", 1}}, rows)
}

// digits is the cell of a number that is a text already.
func digits(text string) cell {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return number(n)
	}
	return cell{text: word(text).text, right: true}
}

func saySnapshots(p *page, snapshots []snapshotRow) {
	if len(snapshots) == 0 {
		p.say("no snapshot: nothing was committed yet")
		return
	}
	var rows [][]cell
	for _, s := range snapshots {
		rows = append(rows, []cell{
			name(s.SnapshotID), word(p.at(s.CommitTime)), word(s.Job), digits(s.AddedRows), digits(s.Deleted), word(strings.Join(s.Tags, ", ")), word(strings.Join(s.Branches, ", ")), marked(s.OnMain), word(s.Operation),
		})
	}
	p.say("%s, the oldest first", countOf(int64(len(snapshots)), "snapshot"))
	p.table("", []column{{"snapshot", 0}, {"committed", 0}, {"job", 0}, {"rows added", 0}, {"rows deleted", 2}, {"tags", 1}, {"branches", 1}, {"on main", 3}, {"operation", 4}}, rows)
}

func sayTag(p *page, t tagResult) {
	switch {
	case t.Dropped:
		p.say("dropped tag %s of %s; it named snapshot %d", t.Tag, t.Table, t.SnapshotID)
	case t.MaxAge == "":
		p.say("tag %s keeps snapshot %d of %s until it is dropped", t.Tag, t.SnapshotID, t.Table)
	default:
		p.say("tag %s keeps snapshot %d of %s until the snapshot is %s old", t.Tag, t.SnapshotID, t.Table, days(t.MaxAge))
	}
}
