package verbs

import (
	"fmt"
	"strings"
	"time"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/lake/listen"
)

func sayReplay(p *frame.Page, r ingest.ReplayReport) {
	still, total := byReason(r.StillRefused)
	switch {
	case r.Read == 0 && r.Settled == 0:
		p.Idle("no refused record is of that kind")
	case r.Archived+r.DeletionRequested+r.Suppressed == 0 && r.Settled == 0:
		p.Idle("%s decoded again, all refused again", frame.CountOf(r.Read, "record"))
	default:
		p.Say("%s decoded again: %s archived, %s, %s suppressed, %s refused again", frame.CountOf(r.Read, "record"), frame.CountOf(r.Archived, "listen"), frame.CountOf(r.DeletionRequested, "deletion request"), frame.Thousands(r.Suppressed), frame.Thousands(total))
	}
	if r.Settled > 0 {
		p.Say("%s that a replay had brought in before it was cut off are marked now", frame.CountOf(r.Settled, "record"))
	}
	sayReasons(p, "refused again", still)
}

var refusedColumns = []frame.Column{{Name: "reason"}, {Name: "detail"}, {Name: "source", Goes: 3}, {Name: "partition", Goes: 3}, {Name: "offset", Goes: 2}, {Name: "received", Goes: 1}, {Name: "record", Goes: 4}}

func refusedCells(p *frame.Page, r ingest.Refused) []frame.Cell {
	return []frame.Cell{frame.Word(string(r.Reason)), frame.Word(days(r.Detail)), frame.Word(r.Source), frame.Name(int64(r.Partition)), frame.Name(r.Offset), frame.Word(p.At(r.ReceivedTime)), frame.Word(r.Raw)}
}

// days says the durations of a detail as people do.
func days(detail string) string {
	words := strings.Split(detail, " ")
	for i, w := range words {
		if d, err := time.ParseDuration(w); err == nil && d >= time.Minute {
			words[i] = frame.Span(d)
		}
	}
	return strings.Join(words, " ")
}

func sayQuarantine(p *frame.Page, q quarantineResult[ingest.Refused]) {
	sayRefused(p, q.Reasons, q.Replayed)
	var rows [][]frame.Cell
	for _, r := range q.Records {
		rows = append(rows, refusedCells(p, r))
	}
	p.Table("the newest", refusedColumns, rows)
}

func sayDecided(p *frame.Page, q quarantineResult[decidedRecord]) {
	sayRefused(p, q.Reasons, q.Replayed)
	var rows [][]frame.Cell
	for _, r := range q.Records {
		rows = append(rows, append([]frame.Cell{frame.Word(string(r.Outcome)), frame.Word(p.AtOr(r.OutcomeAt, "-"))}, refusedCells(p, r.Refused)...))
	}
	p.Table("the newest", append([]frame.Column{{Name: "outcome"}, {Name: "at", Goes: 1}}, refusedColumns...), rows)
}

func sayRefused(p *frame.Page, reasons map[listen.Reason]int64, replayed map[ingest.Outcome]int64) {
	refused, total := byReason(reasons)
	became, done := byReason(replayed)
	if total+done == 0 {
		p.Say("no record is refused")
		return
	}
	text := frame.CountOf(total, "refused record")
	if done > 0 {
		text += fmt.Sprintf("; %s taken in by a replay", frame.Thousands(done))
	}
	p.Say("%s", text)
	sayReasons(p, "", refused)
	p.Table("replayed, by what became of them", []frame.Column{{Name: "outcome"}, {Name: "records"}}, became)
}
