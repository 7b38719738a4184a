package verbs

import (
	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
)

func sayRelocated(p *frame.Page, r open.Relocated) {
	var files int64
	var rows [][]frame.Cell
	for _, t := range r.Tables {
		files += int64(t.Files)
		rows = append(rows, []frame.Cell{frame.Word(t.Table), frame.Number(int64(t.Snapshots)), frame.Number(int64(t.Files))})
	}
	switch {
	case r.Kind == "in place":
		p.Idle("the lake names the files at its place, %s", r.To)
	case r.DryRun:
		p.Say("would relocate %s to %s (%s): %s", r.From, r.To, r.Kind, frame.CountOf(files, "metadata file"))
	default:
		p.Say("relocated %s from %s to %s: %s written", frame.CountOf(int64(len(r.Tables)), "table"), r.From, r.To, frame.CountOf(files, "metadata file"))
	}
	p.Say("kind: %s; lake %s", r.Kind, r.LakeID)
	p.Table("", []frame.Column{{Name: "table"}, {Name: "snapshots"}, {Name: "files written"}}, rows)
	rows = nil
	for _, l := range r.Left {
		rows = append(rows, []frame.Cell{frame.Word(l.Table), frame.Word(l.Reason)})
	}
	p.Table("tables of others that still lie at the old place", []frame.Column{{Name: "table"}, {Name: "reason"}}, rows)
}

func sayRestored(p *frame.Page, r open.Restored) {
	did := "restored"
	if r.DryRun {
		did = "would restore"
	}
	switch {
	case len(r.Heads) > 0:
		p.Say("nothing is switched: choose a state of each of these tables with --head TABLE=METADATA")
	case len(r.Tables) == 0:
		p.Idle("the catalog names the newest state of every table")
	default:
		p.Say("%s %s of lake %s", did, frame.CountOf(int64(len(r.Tables)), "table"), r.LakeID)
	}
	for _, note := range r.Notes {
		p.Say("note: %s", note)
	}
	var rows [][]frame.Cell
	for _, t := range r.Tables {
		rows = append(rows, []frame.Cell{frame.Word(t.Table), frame.Word(t.To), frame.Name(t.SnapshotID), frame.Word(t.From)})
	}
	p.Table("", []frame.Column{{Name: "table"}, {Name: "state"}, {Name: "snapshot", Goes: 1}, {Name: "was", Goes: 2}}, rows)
	rows = nil
	for _, h := range r.Heads {
		rows = append(rows, []frame.Cell{frame.Word(h.Table), frame.Word(h.Metadata), digits(h.Rows), frame.Number(int64(h.Snapshots)), frame.Word(p.At(h.CommitTime)), frame.Name(h.SnapshotID)})
	}
	p.Table("states to choose from", []frame.Column{{Name: "table"}, {Name: "metadata"}, {Name: "rows"}, {Name: "snapshots", Goes: 1}, {Name: "committed", Goes: 2}, {Name: "snapshot", Goes: 3}}, rows)
}
