package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/erase"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/jobs/simulate"
	"github.com/lakectl/lakectl/lake"
)

// demoReport is the one screen that the demo ends with.
type demoReport struct {
	Month         string           `json:"month"`
	Seed          uint64           `json:"seed"`
	Lake          string           `json:"lake"`
	Broker        string           `json:"broker"`
	Seconds       float64          `json:"seconds"`
	Produced      int              `json:"produced"`
	Archived      int64            `json:"archived"`
	Requests      int64            `json:"requests"`
	Suppressed    int64            `json:"suppressed"`
	Refused       map[string]int64 `json:"refused"`
	Doubling      demoWeek         `json:"doubling"`
	Before        demoPeriod       `json:"before_late_buffers"`
	After         demoPeriod       `json:"after_late_buffers"`
	RerunWrote    bool             `json:"rerun_wrote"`
	RerunChecksum string           `json:"rerun_checksum"`
	Erased        demoErased       `json:"erased"`
	Final         demoPeriod       `json:"after_deletions"`
	Payouts       []demoArtist     `json:"payouts"`
	FullAgrees    bool             `json:"full_recount_agrees"`
	Checksum      string           `json:"checksum"`
}

// demoWeek is the week of the client that sends everything twice.
type demoWeek struct {
	Client        string    `json:"client"`
	Device        string    `json:"device"`
	From          time.Time `json:"from"`
	To            time.Time `json:"to"`
	PlaysLive     int64     `json:"plays_live"`
	PlaysExact    int64     `json:"plays_after_true_up"`
	CountedBefore int64     `json:"counted_before_true_up"`
	CountedAfter  int64     `json:"counted_after_true_up"`
}

// demoPeriod is what one run published for the month.
type demoPeriod struct {
	RunID            string `json:"run_id"`
	Listens          int64  `json:"listens"`
	QualifiedListens int64  `json:"qualified_listens"`
	Duplicates       int64  `json:"duplicates"`
	PayloadConflicts int64  `json:"payload_conflicts"`
	Checksum         string `json:"checksum"`
}

type demoErased struct {
	Requests   int   `json:"requests"`
	Listens    int64 `json:"listens"`
	Quarantine int64 `json:"quarantine"`
	Counted    int64 `json:"listens_counted"`
	Duplicates int64 `json:"listens_duplicates"`
	Days       int   `json:"days"`
}

type demoArtist struct {
	ArtistID         string `json:"artist_id"`
	Tracks           int64  `json:"tracks"`
	QualifiedListens int64  `json:"qualified_listens"`
	AmountMinor      int64  `json:"amount_minor"`
}

func (r *demoReport) add(in ingest.Report) {
	r.Archived, r.Requests, r.Suppressed = r.Archived+in.Archived, r.Requests+in.Deletions, r.Suppressed+in.Suppressed
	if r.Refused == nil {
		r.Refused = map[string]int64{}
	}
	for reason, n := range in.Quarantined {
		r.Refused[string(reason)] += n
	}
}

func erasedRows(r erase.Report) demoErased {
	return demoErased{
		Requests: r.Requests, Listens: r.Rows.Listens, Quarantine: r.Rows.Quarantine, Counted: r.Rows.Counted,
		Duplicates: r.Rows.Duplicates, Days: len(r.Days),
	}
}

// check holds the story against what the simulator planned, counted without the lake.
func (r *demoReport) check(truth simulate.Truth) error {
	period := truth.Period(r.Month)
	pairs := []struct {
		what      string
		got, want int64
	}{
		{"records", r.Archived + r.Requests + r.Suppressed + sum(r.Refused), int64(truth.Records)},
		{"archived copies", r.Archived, int64(truth.Copies)},
		{"suppressed copies", r.Suppressed, int64(truth.Suppressed)},
		{"listens counted before the late buffers", r.Before.Listens, int64(period.Archived.Listens - period.Late.Listens)},
		{"listens counted after the late buffers", r.After.Listens, int64(period.Archived.Listens)},
		{"qualified listens after the late buffers", r.After.QualifiedListens, int64(period.Archived.Qualified)},
		{"listens counted after the deletions", r.Final.Listens, int64(period.Archived.Listens - period.Erased.Listens)},
		{"live plays of the doubled week", r.Doubling.PlaysLive, int64(truth.Doubling.Copies)},
		{"plays of the doubled week after the true-up", r.Doubling.PlaysExact, int64(truth.Doubling.Listens)},
		{"counted listens of the doubled week", r.Doubling.CountedBefore, int64(truth.Doubling.Listens)},
	}
	for _, p := range pairs {
		if p.got != p.want {
			return lake.WithHint(fmt.Errorf("%s: the lake has %d, the simulation made %d: %w", p.what, p.got, p.want, jobs.ErrProof),
				"this is a bug in lakectl: keep the folder %s and report it with the seed", r.Lake)
		}
	}
	return nil
}

func sum(m map[string]int64) (n int64) {
	for _, v := range m {
		n += v
	}
	return n
}

// writeText prints the screen.
func (r demoReport) writeText(w io.Writer) error {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s of a simulated music service (seed %d), through Kafka (%s) into %s, in %.0f s", r.Month, r.Seed, r.Broker, r.Lake, r.Seconds)
	line("")
	line("ARRIVED      %11s records", thousands(int64(r.Produced)))
	line("  archived   %11s copies of listens, partitioned by device event day", thousands(r.Archived))
	line("  requests   %11s deletion requests", thousands(r.Requests))
	line("  suppressed %11s copies that came after a request that covers them", thousands(r.Suppressed))
	line("  refused    %11s records, kept in quarantine: %s", thousands(sum(r.Refused)), reasons(r.Refused))
	line("")
	line("COUNTED ONCE %11s listens of %s; %s duplicates collapsed, %s of them with another payload", thousands(r.After.Listens), r.Month, thousands(r.After.Duplicates), thousands(r.After.PayloadConflicts))
	d := r.Doubling
	line("  %s sent everything twice from %s to %s:", d.Client, d.From.Format(time.DateOnly), d.To.AddDate(0, 0, -1).Format(time.DateOnly))
	line("    dashboard live            %9s plays", thousands(d.PlaysLive))
	line("    dashboard after true-up   %9s plays", thousands(d.PlaysExact))
	line("    royalties before, after   %9s and %s: they never moved", thousands(d.CountedBefore), thousands(d.CountedAfter))
	line("")
	line("ROYALTIES of %s      listens   qualified  checksum", r.Month)
	for _, p := range []struct {
		when string
		demoPeriod
	}{{"at the month's end", r.Before}, {"with the late buffers", r.After}, {"after the deletions", r.Final}} {
		line("  %-22s %9s %11s  %s", p.when, thousands(p.Listens), thousands(p.QualifiedListens), short(p.Checksum))
	}
	line("  run again: %s, checksum %s; recount from the archive alone: %s", wrote(r.RerunWrote), short(r.RerunChecksum), agrees(r.FullAgrees))
	line("")
	line("PAYOUTS      artist      tracks   qualified          EUR")
	for _, a := range r.Payouts {
		line("             %-10s %7s %11s %12s", a.ArtistID, thousands(a.Tracks), thousands(a.QualifiedListens), money(a.AmountMinor))
	}
	line("")
	e := r.Erased
	line("ERASED       %d requests: %s rows of listens, %s of the ledger, %s duplicates, %s refused records; %d days recomputed",
		e.Requests, thousands(e.Listens), thousands(e.Counted), thousands(e.Duplicates), thousands(e.Quarantine), e.Days)
	line("")
	line("TRY NEXT")
	for _, next := range r.next() {
		line("  %s", next)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r demoReport) next() []string {
	return []string{
		"lakectl royalties show " + r.Month,
		`lakectl sql "SELECT device, count(*) FROM listens GROUP BY device ORDER BY 2 DESC"`,
		`lakectl sql --as-of run:` + r.Before.RunID + ` "SELECT sum(qualified_listens) FROM royalty_lines"`,
		"lakectl quarantine list --reason event_time_in_future",
		"lakectl deletions list",
		"lakectl snapshots listens",
	}
}

func reasons(refused map[string]int64) string {
	var parts []string
	for _, reason := range slices.Sorted(maps.Keys(refused)) {
		parts = append(parts, fmt.Sprintf("%s %s", reason, thousands(refused[reason])))
	}
	return strings.Join(parts, ", ")
}

func wrote(did bool) string {
	if did {
		return "WROTE AGAIN"
	}
	return "nothing written"
}

func agrees(yes bool) string {
	if yes {
		return "same checksum"
	}
	return "DIFFERS"
}

// short is the start of a checksum, enough to compare by eye.
func short(checksum string) string { return checksum[:min(16, len(checksum))] }

// money writes minor units with two decimals, in integers.
func money(minor int64) string { return fmt.Sprintf("%s.%02d", thousands(minor/100), minor%100) }
