package demo

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs/chain"
	"github.com/lakectl/lakectl/jobs/ingest"
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
	Proof         demoProof        `json:"proof"`
	Final         demoPeriod       `json:"after_deletions"`
	Closed        demoClose        `json:"closed"`
	Conflicts     int64            `json:"payload_conflicts_of_all_periods"`
	Pools         []demoPool       `json:"pools"`
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
	Copies        int64     `json:"copies"`
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
	Replaced   int64 `json:"listens_replaced"` // of the erased rows of the ledger, those for which another copy counts now
	Days       int   `json:"days"`
}

// demoPool is a pool that was applied and what became of it.
type demoPool struct {
	Country       string `json:"country"`
	Tier          string `json:"tier"`
	Currency      string `json:"currency"`
	AmountMinor   int64  `json:"amount_minor"`
	PaidMinor     int64  `json:"paid_minor"`
	Undistributed bool   `json:"undistributed"` // nobody earned it
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

func erasedRows(done chain.Deletions) demoErased {
	r := done.Deleted
	return demoErased{
		Requests: r.Requests, Listens: r.Rows.Listens, Quarantine: r.Rows.Quarantine, Counted: r.Rows.Counted,
		Duplicates: r.Rows.Duplicates, Replaced: done.Royalties.Ledger.Counted, Days: len(r.Days),
	}
}

// above says by how much the live figure was too large.
func (w demoWeek) above() string {
	more := w.PlaysLive - w.PlaysExact
	if more == 0 {
		return "each listen once"
	}
	return fmt.Sprintf("%+.1f %% of the exact figure", float64(100*more)/float64(w.PlaysExact))
}

// mostAbovePercent is by how much the live figure of the doubled week may differ from the exact one.
const mostAbovePercent = 1

func sum(m map[string]int64) (n int64) {
	for _, v := range m {
		n += v
	}
	return n
}

// WriteText prints the screen.
func (r demoReport) WriteText(w io.Writer) error {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s of a simulated music service (seed %d), through Kafka (%s) into %s, in %.0f s", r.Month, r.Seed, r.Broker, r.Lake, r.Seconds)
	line("")
	line("ARRIVED      %11s records", frame.Thousands(int64(r.Produced)))
	line("  archived   %11s copies of listens, partitioned by device event day", frame.Thousands(r.Archived))
	line("  requests   %11s deletion requests", frame.Thousands(r.Requests))
	line("  suppressed %11s copies that came after a request that covers them", frame.Thousands(r.Suppressed))
	line("  refused    %11s records, kept in quarantine: %s", frame.Thousands(sum(r.Refused)), reasons(r.Refused))
	line("")
	line("COUNTED ONCE %11s listens of %s; %s duplicates collapsed, %s of them with another payload", frame.Thousands(r.After.Listens), r.Month, frame.Thousands(r.After.Duplicates), frame.Thousands(r.After.PayloadConflicts))
	d := r.Doubling
	line("  %s sent everything twice from %s to %s:", d.Client, d.From.Format(time.DateOnly), d.To.AddDate(0, 0, -1).Format(time.DateOnly))
	line("    copies in the archive     %9s", frame.Thousands(d.Copies))
	line("    dashboard live            %9s plays, %s", frame.Thousands(d.PlaysLive), d.above())
	line("    dashboard after true-up   %9s plays", frame.Thousands(d.PlaysExact))
	line("    royalties before, after   %9s and %s: they never moved", frame.Thousands(d.CountedBefore), frame.Thousands(d.CountedAfter))
	line("")
	line("ROYALTIES of %s      listens   qualified  checksum", r.Month)
	for _, p := range []struct {
		when string
		demoPeriod
	}{{"at the month's end", r.Before}, {"with the late buffers", r.After}, {"after the deletions", r.Final}} {
		line("  %-22s %9s %11s  %s", p.when, frame.Thousands(p.Listens), frame.Thousands(p.QualifiedListens), frame.Short(p.Checksum))
	}
	line("  run again: %s, checksum %s; recount from the archive alone: %s", wrote(r.RerunWrote), frame.Short(r.RerunChecksum), agrees(r.FullAgrees))
	line("")
	for _, text := range r.closedLines() {
		line("%s", text)
	}
	line("")
	line("PAYOUTS      artist      tracks   qualified          EUR")
	for _, a := range r.Payouts {
		line("             %-10s %7s %11s %12s", a.ArtistID, frame.Thousands(a.Tracks), frame.Thousands(a.QualifiedListens), money(a.AmountMinor))
	}
	line("")
	e := r.Erased
	line("ERASED       %d requests: %s rows of listens, %s of the ledger, %s duplicates, %s refused records; %d days recomputed",
		e.Requests, frame.Thousands(e.Listens), frame.Thousands(e.Counted), frame.Thousands(e.Duplicates), frame.Thousands(e.Quarantine), e.Days)
	for _, text := range r.Proof.lines() {
		line("%s", text)
	}
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
		"lakectl period status",
		"lakectl royalties diff " + r.Before.RunID + " " + r.Final.RunID,
		"lakectl quarantine list --reason event_time_in_future",
		"lakectl deletions list",
		"lakectl snapshots royalty_lines",
	}
}

func reasons(refused map[string]int64) string {
	var parts []string
	for _, reason := range slices.Sorted(maps.Keys(refused)) {
		parts = append(parts, fmt.Sprintf("%s %s", reason, frame.Thousands(refused[reason])))
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

// money writes minor units with two decimals, in integers.
func money(minor int64) string { return fmt.Sprintf("%s.%02d", frame.Thousands(minor/100), minor%100) }
