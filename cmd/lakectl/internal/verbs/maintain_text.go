package verbs

import (
	"slices"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs/maintain"
)

func sayMaintain(p *frame.Page, r maintain.Report) {
	var expired, kept, files, bytes int64
	var rows [][]frame.Cell
	for _, t := range r.Tables {
		expired, kept = expired+int64(t.Expired), kept+int64(t.Kept)
		files, bytes = files+int64(t.FilesDeleted), bytes+t.BytesFreed
		if t.Expired > 0 || p.Wide {
			rows = append(rows, []frame.Cell{frame.Word(t.Table), frame.Number(int64(t.Before)), frame.Number(int64(t.Kept)), frame.Number(int64(t.Expired)), frame.Number(int64(t.FilesDeleted)), frame.Number(t.BytesFreed)})
		}
	}
	did := "expired"
	if r.DryRun {
		did = "would expire"
	}
	nothing := expired == 0 && len(r.Refs)+len(r.Orphans)+len(r.Bounds)+len(r.Staging) == 0 && r.Quarantine == nil
	switch {
	case nothing && slices.ContainsFunc(compactions(r), rewrote):
	case nothing:
		p.Idle("all %s are to be kept", frame.CountOf(kept, "snapshot"))
	default:
		p.Say("%s %s and kept %d: %s deleted, %s freed", did, frame.CountOf(expired, "snapshot"), kept, frame.CountOf(files, "file"), megabytes(bytes))
	}
	if q := r.Quarantine; q != nil {
		did = "dropped"
		if r.DryRun {
			did = "would drop"
		}
		p.Say("%s %s of refused records, %s to %s: %s, %s in %s", did, frame.CountOf(int64(len(q.Days)), "day"), q.Days[0], q.Days[len(q.Days)-1],
			frame.CountOf(q.Rows, "row"), megabytes(q.Bytes), frame.CountOf(int64(q.Files), "file"))
	}
	sayCompactions(p, r)
	var held [][]frame.Cell
	for _, h := range r.Held {
		held = append(held, []frame.Cell{frame.Word(h.Table), frame.Number(int64(h.Snapshots)), frame.Word(h.For), frame.Word(p.At(h.Since)), frame.Word(h.Hint)})
	}
	p.Table("held: what could not go, for whom, and what to do", []frame.Column{{Name: "table"}, {Name: "snapshots"}, {Name: "for"}, {Name: "since", Goes: 1}, {Name: "do", Goes: 2}}, held)
	var refs [][]frame.Cell
	for _, ref := range r.Refs {
		refs = append(refs, []frame.Cell{frame.Word(ref.Table), frame.Word(ref.Name), frame.Name(ref.SnapshotID)})
	}
	p.Table("tags and branches whose age has passed", []frame.Column{{Name: "table"}, {Name: "name"}, {Name: "snapshot"}}, refs)
	sayTold(p, r)
	sayStaging(p, r)
	sayOrphans(p, r)
	p.Table("snapshots by table", []frame.Column{{Name: "table"}, {Name: "before"}, {Name: "kept"}, {Name: "expired"}, {Name: "files deleted", Goes: 1}, {Name: "bytes freed", Goes: 1}}, rows)
}

// done is the title of what a run did, or would do.
func done(r maintain.Report, what, how string) string {
	if r.DryRun {
		return what + " that would be " + how
	}
	return what + " " + how
}

// sayOrphans lists the files that nothing refers to.
func sayOrphans(p *frame.Page, r maintain.Report) {
	var rows [][]frame.Cell
	for _, o := range r.Orphans {
		rows = append(rows, []frame.Cell{frame.Word(o.Table), frame.Number(int64(o.Files)), frame.Number(o.Bytes), frame.Word(o.Reason)})
	}
	p.Table(done(r, "orphans", "deleted"), []frame.Column{{Name: "table"}, {Name: "files"}, {Name: "bytes"}, {Name: "reason"}}, rows)
}

// sayStaging lists the staging tables that dead runs left.
func sayStaging(p *frame.Page, r maintain.Report) {
	var rows [][]frame.Cell
	for _, s := range r.Staging {
		rows = append(rows, []frame.Cell{frame.Word(s.Table), frame.Number(int64(s.Tables)), frame.Number(int64(s.Files)), frame.Number(s.Bytes)})
	}
	p.Table(done(r, "staging tables", "dropped"), []frame.Column{{Name: "for table"}, {Name: "staging tables"}, {Name: "files"}, {Name: "bytes"}}, rows)
}

// sayTold lists the manifests that told values of personal columns.
func sayTold(p *frame.Page, r maintain.Report) {
	var rows [][]frame.Cell
	for _, b := range r.Bounds {
		rows = append(rows, []frame.Cell{frame.Word(b.Table), frame.Number(int64(b.Manifests)), frame.Number(int64(b.Entries)), frame.Word(b.Reason)})
	}
	p.Table(done(r, "manifests", "written anew"), []frame.Column{{Name: "table"}, {Name: "manifests"}, {Name: "entries"}, {Name: "reason"}}, rows)
}
