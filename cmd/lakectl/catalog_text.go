package main

import (
	"github.com/lakectl/lakectl/catalog/open"
)

func sayRelocated(p *page, r open.Relocated) {
	var files int64
	var rows [][]cell
	for _, t := range r.Tables {
		files += int64(t.Files)
		rows = append(rows, []cell{word(t.Table), number(int64(t.Snapshots)), number(int64(t.Files))})
	}
	switch {
	case r.Kind == "in place":
		p.idle("the lake names the files at its place, %s", r.To)
	case r.DryRun:
		p.say("would relocate %s to %s as a lake that is a %s or moved: %s", r.From, r.To, r.Kind, countOf(files, "metadata file"))
	default:
		p.say("relocated %s from %s to %s: %s written", countOf(int64(len(r.Tables)), "table"), r.From, r.To, countOf(files, "metadata file"))
	}
	p.say("kind: %s; lake %s", r.Kind, r.LakeID)
	p.table("", []column{{"table", 0}, {"snapshots", 0}, {"files written", 0}}, rows)
	rows = nil
	for _, l := range r.Left {
		rows = append(rows, []cell{word(l.Table), word(l.Reason)})
	}
	p.table("tables of others that still lie at the old place", []column{{"table", 0}, {"reason", 0}}, rows)
}

func sayRestored(p *page, r open.Restored) {
	did := "restored"
	if r.DryRun {
		did = "would restore"
	}
	switch {
	case len(r.Heads) > 0:
		p.say("nothing is switched: choose a state of each of these tables with --head TABLE=METADATA")
	case len(r.Tables) == 0:
		p.idle("the catalog names the newest state of every table")
	default:
		p.say("%s %s of lake %s", did, countOf(int64(len(r.Tables)), "table"), r.LakeID)
	}
	for _, note := range r.Notes {
		p.say("note: %s", note)
	}
	var rows [][]cell
	for _, t := range r.Tables {
		rows = append(rows, []cell{word(t.Table), word(t.To), name(t.SnapshotID), word(t.From)})
	}
	p.table("", []column{{"table", 0}, {"state", 0}, {"snapshot", 1}, {"was", 2}}, rows)
	rows = nil
	for _, h := range r.Heads {
		rows = append(rows, []cell{word(h.Table), word(h.Metadata), digits(h.Rows), number(int64(h.Snapshots)), word(p.at(h.CommitTime)), name(h.SnapshotID)})
	}
	p.table("states to choose from", []column{{"table", 0}, {"metadata", 0}, {"rows", 0}, {"snapshots", 1}, {"committed", 2}, {"snapshot", 3}}, rows)
}
