package verbs

import (
	"cmp"
	"time"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs/certificate"
)

func sayVerified(p *frame.Page, r certificate.Report) {
	if !r.Valid {
		p.Say("NOT VALID: %s", r.Reason)
		return
	}
	c := r.Certificate
	sentence := "valid: the certificate of %s of lake %s is as its owner signed it, at %s"
	if !r.KeyKnown {
		sentence = "unaltered: the certificate of %s of lake %s is as it was signed by a key that nobody vouched for, at %s"
	}
	p.Say(sentence, frame.CountOf(int64(len(c.Requests)), "erasure"), c.Lake, p.At(c.IssuedAt))
	p.WriteString("\n")
	switch {
	case !r.KeyKnown:
		p.Say("key: not checked; give --key with the owner's public key. It is signed by %s", c.Log.Key)
	case r.Rotations == 0:
		p.Say("key: signed by the key given")
	default:
		p.Say("key: %s away from the key given, each signed by the key before", frame.CountOf(r.Rotations, "change"))
	}
	if r.LogLines == 0 {
		p.Say("log: not checked; give --log with the owner's log")
	} else {
		p.Say("log: line %d of %d, and no line was dropped, added, changed or moved", c.Log.Index+1, r.LogLines)
	}
	for _, o := range r.Opened {
		p.Say("opening: it covers the request at offset %d of partition %d of %s, of subject %s, listens %s",
			o.SourceOffset, o.SourcePartition, o.SourceTopic, o.Subject, window(p, o.From, o.To))
	}
	sayErased(p, c)
}

// window is a window of event_time in words.
func window(p *frame.Page, from, to *time.Time) string {
	return "from " + p.AtOr(from, "ever") + " to " + p.AtOr(to, "the request")
}

func sayErased(p *frame.Page, c *certificate.Certificate) {
	rows := [][]frame.Cell{}
	if n := c.Counts; n != nil {
		rows = append(rows, []frame.Cell{frame.Word("people"), frame.Number(n.People)},
			[]frame.Cell{frame.Word("rows"), frame.Number(n.Rows)}, []frame.Cell{frame.Word("plays"), frame.Number(n.Plays)})
	}
	rows = append(rows, []frame.Cell{frame.Word("snapshots expired"), frame.Number(c.SnapshotsExpired.Count)},
		[]frame.Cell{frame.Word("objects removed"), frame.Number(c.ObjectsRemoved.Count)})
	title := "erased, as " + c.Verifier + " found"
	if c.Counts == nil {
		title += "; rows are told of five people or more"
	}
	p.Table(title+":", []frame.Column{{Name: "what"}, {Name: "how many"}}, rows)
	var left [][]frame.Cell
	for _, r := range c.Residuals {
		left = append(left, []frame.Cell{frame.Word(r.What), frame.Word(cmp.Or(p.AtOr(r.Until, ""), "not known"))})
	}
	p.Table("not looked at, may hold erased rows until:", []frame.Column{{Name: "what"}, {Name: "until"}}, left)
}
