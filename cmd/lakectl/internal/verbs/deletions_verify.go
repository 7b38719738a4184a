package verbs

import (
	"cmp"
	"context"
	"slices"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/jobs/attest"
	"github.com/lakectl/lakectl/jobs/chain"
	"github.com/lakectl/lakectl/jobs/verify"
	"github.com/lakectl/lakectl/jobs/verify/recount"
)

func deletionsVerifyVerb() frame.Verb {
	return frame.Verb{
		Name: "verify", Args: "[REQUEST]", Short: "Prove that nothing is left of what was purged, and issue the certificate.",
		Long: `Decodes every file of the lake that is left, whatever leads to it or nothing: data, row deletes, manifests, statistics,
metadata, orphans, the folders for spill and for local memory. Before that an invented listener is planted in a file of
each kind and must be found. Something found, a file that cannot be decoded or a check that is blind ends with 5. So does a
day of the dashboard or a month of the royalties from which rows went, where a recount of the ledger's files comes to something else.

Without REQUEST it looks for all purged requests. Where nothing of them is left they become verified: their certificate
is issued and entered in the log of catalog.certificate_dir, and who asked and why is wiped from the lake. With REQUEST
it only looks, for one request whose rows are gone from the tables; one that was wiped ends with 6.

What no look can see is listed with the dates that are known, here and in the certificate. If listens were archived from
kafka.topic its brokers are asked what they still have; if none answers within 5 s, that is said and nothing more.`,
		Examples: []string{"lakectl deletions verify", "lakectl deletions verify r-17"},
		Exits:    []int{frame.ExitPartial, frame.ExitFenced, frame.ExitProof, frame.ExitGone},
		Keys:     []string{"duckdb.memory_limit", "duckdb.threads", "kafka.brokers", "kafka.topic"},
		Text:     []frame.Teller{frame.Text(sayLooked)}, Run: runDeletionsVerify,
	}
}

func runDeletionsVerify(ctx context.Context, c *frame.Call) (any, error) {
	env, closeEnv, err := reach.Env(ctx, c)
	if err != nil {
		return nil, err
	}
	defer closeEnv()
	o := reach.VerifyOptions(c, c.Args().First())
	var r chain.Proved
	if o.Request != "" {
		r.Report, err = verify.Look(ctx, env, o)
	} else {
		dir, missing := reach.CertificateDir(c)
		if missing != nil {
			return nil, missing
		}
		r, err = chain.Prove(ctx, env, o, dir)
	}
	if err != nil && len(r.Requests) == 0 {
		return nil, err
	}
	return r, err // what was found stands beside a proof that did not hold
}

func sayLooked(p *frame.Page, r chain.Proved) {
	if len(r.Requests) == 0 {
		p.Idle("no request waits to be verified")
		return
	}
	sayProof(p, r)
	if c := r.Concluded; c != nil {
		sayConcluded(p, *c)
	}
	var checks [][]frame.Cell
	for _, c := range r.Checks {
		checks = append(checks, []frame.Cell{frame.Word(c.Kind), frame.Number(c.Files), frame.Number(c.Bytes), frame.Number(c.Found)})
	}
	p.Table("what was looked at", []frame.Column{{Name: "kind"}, {Name: "files"}, {Name: "bytes"}, {Name: "found"}}, checks)
	sayConserved(p, r.Rows)
	sayRecounts(p, r.Recounts)
	var found [][]frame.Cell
	for _, l := range r.Leaks {
		found = append(found, []frame.Cell{frame.Word(l.RequestID), frame.Word(l.Kind), frame.Number(l.Count), frame.Word(l.File)})
	}
	p.LongTable("where rows are", []frame.Column{{Name: "request"}, {Name: "kind", Goes: 1}, {Name: "found"}, {Name: "file"}}, found)
	sayUnseen(p, r.Report)
}

// sayUnseen says what may still hold erased rows, and until when.
func sayUnseen(p *frame.Page, r verify.Report) {
	var unseen, logs [][]frame.Cell
	for _, one := range r.Residuals {
		when := "not known"
		switch {
		case one.Until != nil:
			when = "until " + p.At(*one.Until)
		case one.Before != nil:
			when = "made before " + p.At(*one.Before)
		}
		unseen = append(unseen, []frame.Cell{frame.Word(one.What), frame.Word(when), frame.Word(one.Why)})
	}
	p.Table("what no look at the lake can see", []frame.Column{{Name: "what"}, {Name: "may hold rows"}, {Name: "why"}}, unseen)
	for _, l := range r.Logs {
		holds := "no"
		if l.Holds {
			holds = "yes"
		}
		logs = append(logs, []frame.Cell{
			frame.Name(int64(l.Partition)), frame.Word(holds), frame.Word(p.AtOr(l.Until, "-")), frame.Name(l.Start), frame.Word(p.AtOr(l.StartTime, "-")), frame.Name(l.Erased),
		})
	}
	p.LongTable("what the topic still has of the records from which rows were erased", []frame.Column{
		{Name: "partition"}, {Name: "holds some"}, {Name: "until"}, {Name: "log starts"}, {Name: "with", Goes: 1}, {Name: "erased before"},
	}, logs)
}

// sayProof says in one line whether the proof holds.
func sayProof(p *frame.Page, r chain.Proved) {
	var files, bytes, leaks int64
	for _, c := range r.Checks {
		files, bytes = files+c.Files, bytes+c.Bytes
	}
	for _, l := range r.Leaks {
		if !l.Expected {
			leaks++
		}
	}
	requests := frame.CountOf(int64(len(r.Requests)), "request")
	switch {
	case leaks > 0:
		p.Say("NOT ERASED: %s of %s hold erased rows", frame.CountOf(leaks, "file"), requests)
	case len(r.Unread) > 0:
		p.Say("NOT PROVED: %s could not be looked at", frame.CountOf(int64(len(r.Unread)), "file"))
	case slices.ContainsFunc(r.Rows, func(rows verify.Rows) bool { return rows.Wrong != "" }):
		p.Say("NOT PROVED: what metadata says of the rows differs from what the files hold")
	case slices.ContainsFunc(r.Recounts, recount.Count.Differs):
		p.Say("NOT PROVED: what is published differs from a recount")
	case len(r.Leaks) > 0:
		p.Say("%s hold rows of %s, which is not purged yet", frame.CountOf(int64(len(r.Leaks)), "file"), requests)
	default:
		p.Say("nothing is left of %s: %s of %s bytes were decoded", requests, frame.CountOf(files, "file"), frame.Thousands(bytes))
	}
}

// sayConserved says of each table that has rows how many were decoded, and what its metadata says else.
func sayConserved(p *frame.Page, tables []verify.Rows) {
	var rows [][]frame.Cell
	for _, t := range tables {
		if t.Files > 0 || t.Wrong != "" {
			rows = append(rows, []frame.Cell{
				frame.Word(t.Table), frame.Number(int64(t.Files)), frame.Number(t.Rows), frame.Number(t.Deleted), frame.Number(t.Left), frame.Word(cmp.Or(t.Wrong, "same")),
			})
		}
	}
	p.Table("rows as decoded, against the newest metadata", []frame.Column{
		{Name: "table"}, {Name: "files", Goes: 1}, {Name: "rows"}, {Name: "deleted", Goes: 2}, {Name: "left"}, {Name: "metadata"},
	}, rows)
}

// sayRecounts says of each table how many days or months were counted anew.
func sayRecounts(p *frame.Page, counts []recount.Count) {
	var rows [][]frame.Cell
	for list := counts; len(list) > 0; {
		var same, differ, wait int64
		table := list[0].Table
		for ; len(list) > 0 && list[0].Table == table; list = list[1:] {
			switch {
			case list[0].Waits:
				wait++
			case list[0].Same:
				same++
			default:
				differ++
			}
		}
		rows = append(rows, []frame.Cell{frame.Word(table), frame.Number(same), frame.Number(differ), frame.Number(wait)})
	}
	p.Table("affected days and months, counted anew", []frame.Column{{Name: "table"}, {Name: "same"}, {Name: "different"}, {Name: "not exact yet"}}, rows)
}

func sayConcluded(p *frame.Page, r attest.Report) {
	if r.Verified > 0 {
		p.Say("verified: %s; who asked is wiped from %s", frame.CountOf(int64(r.Verified), "request"), frame.CountOf(int64(r.FilesWiped), "file"))
	}
	for _, one := range r.Certificates {
		p.Say("certificate: %s, entry %d of the log", one.Path, one.Index)
	}
	if r.Left > 0 {
		p.Say("%s left for the next run: something was done for them meanwhile", frame.CountOf(int64(r.Left), "request"))
	}
}
