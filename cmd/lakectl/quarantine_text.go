package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/lake/listen"
)

func sayReplay(p *page, r ingest.ReplayReport) {
	still, total := byReason(r.StillRefused)
	switch {
	case r.Read == 0 && r.Settled == 0:
		p.idle("no refused record is of that kind")
	case r.Archived+r.DeletionRequested+r.Suppressed == 0 && r.Settled == 0:
		p.idle("all %s are refused today, too", countOf(r.Read, "record"))
	default:
		p.say("%s decoded again: %s archived, %s, %s suppressed, %s refused again", countOf(r.Read, "record"), countOf(r.Archived, "listen"), countOf(r.DeletionRequested, "deletion request"), thousands(r.Suppressed), thousands(total))
	}
	if r.Settled > 0 {
		p.say("%s that a replay had brought in before it was cut off are marked now", countOf(r.Settled, "record"))
	}
	sayReasons(p, "refused again", still)
}

var refusedColumns = []column{{"reason", 0}, {"detail", 0}, {"source", 3}, {"partition", 3}, {"offset", 2}, {"received", 1}, {"record", 4}}

func refusedCells(p *page, r ingest.Refused) []cell {
	return []cell{word(string(r.Reason)), word(days(r.Detail)), word(r.Source), name(int64(r.Partition)), name(r.Offset), word(p.at(r.ReceivedTime)), word(r.Raw)}
}

// days says the durations of a detail as people do.
func days(detail string) string {
	words := strings.Split(detail, " ")
	for i, w := range words {
		if d, err := time.ParseDuration(w); err == nil && d >= time.Minute {
			words[i] = span(d)
		}
	}
	return strings.Join(words, " ")
}

func sayQuarantine(p *page, q quarantineResult[ingest.Refused]) {
	sayRefused(p, q.Reasons, q.Replayed)
	var rows [][]cell
	for _, r := range q.Records {
		rows = append(rows, refusedCells(p, r))
	}
	p.table("the newest", refusedColumns, rows)
}

func sayDecided(p *page, q quarantineResult[decidedRecord]) {
	sayRefused(p, q.Reasons, q.Replayed)
	var rows [][]cell
	for _, r := range q.Records {
		rows = append(rows, append([]cell{word(string(r.Outcome)), word(p.atOr(r.OutcomeAt, "-"))}, refusedCells(p, r.Refused)...))
	}
	p.table("the newest", append([]column{{"outcome", 0}, {"at", 1}}, refusedColumns...), rows)
}

func sayRefused(p *page, reasons map[listen.Reason]int64, replayed map[ingest.Outcome]int64) {
	refused, total := byReason(reasons)
	became, done := byReason(replayed)
	if total+done == 0 {
		p.say("no record is refused")
		return
	}
	text := countOf(total, "refused record")
	if done > 0 {
		text += fmt.Sprintf("; %s taken in by a replay", thousands(done))
	}
	p.say("%s", text)
	sayReasons(p, "", refused)
	p.table("replayed, by what became of them", []column{{"outcome", 0}, {"records", 0}}, became)
}
