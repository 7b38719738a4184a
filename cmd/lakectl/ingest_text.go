package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/jobs/ingest"
)

// byReason are counts by a name, the largest first.
func byReason[K ~string](counts map[K]int64) (rows [][]cell, total int64) {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b K) int {
		if counts[a] != counts[b] {
			return int(counts[b] - counts[a])
		}
		return strings.Compare(string(a), string(b))
	})
	for _, reason := range names {
		rows = append(rows, []cell{word(string(reason)), number(counts[reason])})
		total += counts[reason]
	}
	return rows, total
}

func sayReasons(p *page, title string, rows [][]cell) {
	p.table(title, []column{{"reason", 0}, {"records", 0}}, rows)
}

func sayIngest(p *page, r ingest.Report) {
	refused, total := byReason(r.Quarantined)
	switch already := r.Records == 0; {
	case already && len(r.Files) > 0:
		p.idle("%s ingested before, to the end", countOf(int64(len(r.Files)), "file"))
	case already:
		p.idle("no records came")
	default:
		p.say("%s: %s archived, %s, %s refused, %s suppressed", countOf(r.Records, "record"), countOf(r.Archived, "listen"), countOf(r.Deletions, "deletion request"), thousands(total), thousands(r.Suppressed))
	}
	for _, gone := range r.Recovered {
		p.say("the positions of %s were gone and are worked out from its rows: records may be archived twice; they count once", gone.Table)
	}
	sayReasons(p, "refused, kept in quarantine", refused)
	var rows [][]cell
	for _, f := range r.Files {
		rows = append(rows, []cell{word(f.Path), number(f.Records), marked(f.Already), word(f.Source)})
	}
	p.table("files", []column{{"path", 0}, {"records", 0}, {"done before", 0}, {"source", 1}}, rows)
	p.rest("all", r)
}

func sayIngestStatus(p *page, s ingestLag) {
	switch {
	case s.unknown != "":
		p.say("how far the archive is behind topic %s is not known: %s", s.Topic, s.unknown)
	case s.Problem != "":
		p.say("ingest would stop: %s", s.Problem)
	case s.LagRecords == 0:
		p.say("up to date: the archive has all of topic %s", s.Topic)
	case s.LagSeconds == nil:
		p.say("behind by %s of topic %s", countOf(s.LagRecords, "record"), s.Topic)
	default:
		p.say("behind by %s of topic %s, the oldest from %s ago", countOf(s.LagRecords, "record"), s.Topic, span(time.Duration(*s.LagSeconds)*time.Second))
	}
	refused, total := byReason(s.Quarantined)
	last := "nothing was committed yet"
	if s.LastCommitAt != nil {
		last = "the last commit was at " + p.at(*s.LastCommitAt)
		if s.LastCommitSeconds != nil {
			last += fmt.Sprintf(" and took %.1f s", *s.LastCommitSeconds)
		}
	}
	p.say("archived: %s; refused: %s; suppressed: %s; %s", countOf(s.ArchivedRows, "row"), thousands(total), thousands(s.Suppressed), last)
	var rows [][]cell
	for _, one := range s.Partitions {
		behind, from := word("not known"), word("")
		if one.LagSeconds != nil {
			behind = number(*one.LagSeconds)
		}
		if one.CommittedOffset != nil {
			from = name(*one.CommittedOffset)
		}
		end, lag := name(one.EndOffset), number(one.LagRecords)
		if s.unknown != "" {
			end, lag, behind = word(""), word(""), word("")
		}
		rows = append(rows, []cell{name(int64(one.Partition)), lag, behind, from, end, word(p.atOr(one.EventTimeWatermark, "-")), word(one.Problem)})
	}
	p.table("partitions", []column{{"partition", 0}, {"records behind", 1}, {"seconds behind", 1}, {"archived up to", 0}, {"end", 1}, {"newest listen", 2}, {"problem", 3}}, rows)
	sayReasons(p, "refused", refused)
}

// ingestLag is how far the archive is, and why it is not known how far the topic is.
type ingestLag struct {
	ingest.Status
	unknown string
}
