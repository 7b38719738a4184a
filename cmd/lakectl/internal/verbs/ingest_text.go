package verbs

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/lake"
)

// byReason are counts by a name, the largest first.
func byReason[K ~string](counts map[K]int64) (rows [][]frame.Cell, total int64) {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b K) int {
		if counts[a] != counts[b] {
			return int(counts[b] - counts[a])
		}
		return strings.Compare(string(a), string(b))
	})
	for _, reason := range names {
		rows = append(rows, []frame.Cell{frame.Word(string(reason)), frame.Number(counts[reason])})
		total += counts[reason]
	}
	return rows, total
}

func sayReasons(p *frame.Page, title string, rows [][]frame.Cell) {
	p.Table(title, []frame.Column{{Name: "reason"}, {Name: "records"}}, rows)
}

func sayIngest(p *frame.Page, r ingest.Report) {
	refused, total := byReason(r.Quarantined)
	switch already := r.Records == 0; {
	case already && len(r.Files) > 0:
		p.Idle("%s ingested before, to the end", frame.CountOf(int64(len(r.Files)), "file"))
	case already:
		p.Idle("no records came")
	default:
		p.Say("%s: %s archived, %s, %s refused, %s suppressed", frame.CountOf(r.Records, "record"), frame.CountOf(r.Archived, "listen"), frame.CountOf(r.Deletions, "deletion request"), frame.Thousands(total), frame.Thousands(r.Suppressed))
	}
	for _, gone := range r.Recovered {
		p.Say("the positions of %s were gone and are worked out from its rows: records may be archived twice; they count once", gone.Table)
	}
	sayReasons(p, "refused, kept in quarantine", refused)
	var rows [][]frame.Cell
	for _, f := range r.Files {
		rows = append(rows, []frame.Cell{frame.Word(f.Path), frame.Number(f.Records), frame.Marked(f.Already), frame.Word(f.Source)})
	}
	p.Table("files", []frame.Column{{Name: "path"}, {Name: "records"}, {Name: "done before"}, {Name: "source", Goes: 1}}, rows)
	p.Rest("all", r)
}

func sayIngestStatus(p *frame.Page, s ingestLag) {
	switch {
	case s.unknown != "":
		p.Say("how far the archive is behind topic %s is not known: %s", s.Topic, s.unknown)
	case s.Problem != "":
		p.Say("ingest would stop: %s", s.Problem)
	case s.LagRecords == 0:
		p.Say("up to date: the archive has all of topic %s", s.Topic)
	case s.LagSeconds == nil:
		p.Say("behind by %s of topic %s", frame.CountOf(s.LagRecords, "record"), s.Topic)
	default:
		p.Say("behind by %s of topic %s, the oldest from %s ago", frame.CountOf(s.LagRecords, "record"), s.Topic, frame.Span(time.Duration(*s.LagSeconds)*time.Second))
	}
	refused, total := byReason(s.Quarantined)
	last := "nothing was committed yet"
	if s.LastCommitAt != nil {
		last = "the last commit was at " + p.At(*s.LastCommitAt)
		if s.LastCommitSeconds != nil {
			last += fmt.Sprintf(" and took %.1f s", *s.LastCommitSeconds)
		}
	}
	p.Say("archived: %s; refused: %s; suppressed: %s; %s", frame.CountOf(s.ArchivedRows, "row"), frame.Thousands(total), frame.Thousands(s.Suppressed), last)
	sayDebt(p, s.Debt)
	var rows [][]frame.Cell
	for _, one := range s.Partitions {
		behind, from := frame.Word("not known"), frame.Word("")
		if one.LagSeconds != nil {
			behind = frame.Number(*one.LagSeconds)
		}
		if one.CommittedOffset != nil {
			from = frame.Name(*one.CommittedOffset)
		}
		end, lag := frame.Name(one.EndOffset), frame.Number(one.LagRecords)
		if s.unknown != "" {
			end, lag, behind = frame.Word(""), frame.Word(""), frame.Word("")
		}
		rows = append(rows, []frame.Cell{frame.Name(int64(one.Partition)), lag, behind, from, end, frame.Word(p.AtOr(one.EventTimeWatermark, "-")), frame.Word(one.Problem)})
	}
	p.Table("partitions", []frame.Column{{Name: "partition"}, {Name: "records behind", Goes: 1}, {Name: "seconds behind", Goes: 1}, {Name: "archived up to"}, {Name: "end", Goes: 1}, {Name: "newest listen", Goes: 2}, {Name: "problem", Goes: 3}}, rows)
	sayReasons(p, "refused", refused)
}

// ingestLag is how far the archive is, and why it is not known how far the topic is.
type ingestLag struct {
	ingest.Status
	unknown string
}

// sayDebt is what maintenance has left to do, in one line.
func sayDebt(p *frame.Page, debts []lake.Debt) {
	var each []string
	for _, d := range debts {
		if d.Snapshots > 0 {
			each = append(each, fmt.Sprintf("%s %s, %s, %s", d.Table, frame.CountOf(int64(d.Snapshots), "snapshot"), frame.CountOf(int64(d.SmallFiles), "small file"), frame.CountOf(int64(d.DeleteFiles), "delete file")))
		}
	}
	if len(each) > 0 {
		p.Say("to be maintained: %s", strings.Join(each, "; "))
	}
}
